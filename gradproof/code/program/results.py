"""What code returns, stores and writes in place, and which quantity each of that claims to be.

A claim comes from the case, from a key, a name or a place; the value never makes one, but it can acquit: what has no
claim and agrees with a truth is that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof.code.naming import gradients_of, is_loss
from gradproof.code.paths import arrays_in, part_of
from gradproof.code.program.calls import TABLES, Call, Given, returned_names
from gradproof.code.program.objects import places_of
from gradproof.code.program.running import Outcome, Program
from gradproof.code.quantities import Quantities
from gradproof.code.spec import Structure
from gradproof.errors import GradproofError
from gradproof.tolerances import IS_TRUTH
from gradproof.truth.sources import Derivative, Leaf, Result, Updated


@dataclass(frozen=True)
class Claim:
    """One value that the code gives.

    Attributes:
        label: What it is in the code: `dW`, `the second result`, `self.grads[0]`.
        quantity: The quantity that it claims to be; empty where nothing says.
        why: What says so: `case`, `key`, `name`, `place`, `shape`, `value`, `in place`.
        pick: How it is taken from an outcome.
        firm: Whether it is to be judged where it disagrees; else it only counts where it agrees.
        returned: Whether it is part of what the last function returns.
        path: Where it is in that.
    """

    label: str
    quantity: str
    why: str
    pick: Callable[[Outcome], Any]
    firm: bool = True
    returned: bool = False
    path: str = ""


def claims_of(program: Program, outcome: Outcome, quantities: Quantities) -> list[Claim]:
    """All claims, the surest first, one for each quantity.

    Raises:
        GradproofError: `results` does not fit what the last function returns.
    """
    places = places_of(program, quantities)
    found = [
        *_returned(program, outcome, quantities),
        *_listed(program, outcome, quantities),
        *_attributes(places, outcome, quantities),
        *_in_place(program, places, outcome, quantities),
        *_outputs(program, outcome, quantities),
    ]
    firm: dict[str, Claim] = {}
    for claim in sorted(found, key=lambda one: not one.firm):
        if not claim.quantity:
            continue
        if not claim.firm and not agrees(claim.pick(outcome), quantities.samples.of(claim.quantity)):
            continue
        firm.setdefault(claim.quantity, claim)
    nameless = [claim for claim in found if not claim.quantity]
    return [*firm.values(), *_acquitted(nameless, firm, program, outcome, quantities)]


def _acquitted(
    nameless: list[Claim], firm: Mapping[str, Claim], program: Program, outcome: Outcome, quantities: Quantities
) -> Iterator[Claim]:
    """Values that nothing names, as the one quantity with which they agree."""
    loss = quantities.loss
    wanted = [name for name in (*quantities.binding.results, loss) if name not in firm]
    wanted += [f"d{loss}_d{root}" for root in quantities.binding.roots if f"d{loss}_d{root}" not in firm]
    for claim in nameless:
        value = claim.pick(outcome)
        fitting = [q for q in wanted if quantities.is_computed(q) and agrees(value, quantities.samples.of(q))]
        left = _left_over(value, wanted, program, quantities) or _beside(claim, firm, program, outcome, quantities)
        quantity, why = (fitting[0], "value") if fitting else (left, "place")
        if quantity in wanted:
            wanted.remove(quantity)
        yield Claim(claim.label, quantity, why, claim.pick, returned=claim.returned, path=claim.path)


def _left_over(value: Any, wanted: list[str], program: Program, quantities: Quantities) -> str:
    """The gradient of the one input, where a function that is handed what comes from above gives no other."""
    only = f"d{quantities.loss}_d{quantities.only_input}"
    return only if only in wanted and _of_position(program.calls[-1], value, quantities) == only else ""


def _beside(claim: Claim, firm: Mapping[str, Claim], program: Program, outcome: Outcome, quantities: Quantities) -> str:
    """The gradient of the argument at that place, where every gradient that is named beside it stands at its own."""
    named = {one.path: one.quantity for one in firm.values() if one.returned}
    returned = outcome.returned[-1]
    paths = [f"[{place}]" for place in range(len(returned))] if isinstance(returned, (tuple, list)) else []
    if not claim.returned or not named or claim.path not in paths:
        return ""
    for call in program.calls:
        given = [one.structure for one in call.arguments.values() if isinstance(one, Given)]
        leaves = [leaf for leaf in given if isinstance(leaf, str) and _is_real(outcome.given.get(leaf))]
        if len(leaves) != len(paths):
            continue
        at = {path: f"d{quantities.loss}_d{leaf}" for path, leaf in zip(paths, leaves, strict=True)}
        truth = quantities.samples.of(at[claim.path])
        if all(at.get(path) == quantity for path, quantity in named.items()) and truth is not None:
            return at[claim.path] if np.shape(truth) == np.shape(claim.pick(outcome)) else ""
    return ""


# What the last function returns -----------------------------------------------------------------------------------


def _returned(program: Program, outcome: Outcome, quantities: Quantities) -> Iterator[Claim]:
    last, value = program.calls[-1], outcome.returned[-1]
    if quantities.code.results:
        yield from _by_structure(quantities.code.results, value, last)
        return
    yield from _by_names(value, returned_names(last.plain), last, quantities)


def _by_structure(structure: tuple[Structure, ...], value: Any, call: Call) -> Iterator[Claim]:
    """What the case says of each returned value, in order."""
    parts: Structure = structure
    if len(structure) == 1 and not isinstance(value, (tuple, list)):
        parts = structure[0]
    for path, quantity in _paired(parts, value, "", call):
        yield Claim(_label(path), quantity, "case", _picking(path), returned=True, path=path)


def _is_of_numbers(value: Any) -> bool:
    """Whether a list or a tuple holds numbers alone, and so is an array in all but name."""
    try:
        return isinstance(value, (list, tuple)) and np.asarray(value).dtype.kind in "fiu"
    except ValueError:  # its rows differ in length
        return False


def _paired(structure: Structure, value: Any, path: str, call: Call) -> Iterator[tuple[str, str]]:
    if structure is None:
        return
    if isinstance(structure, str):
        if not isinstance(value, (np.ndarray, np.generic, float, int)) and not _is_of_numbers(value):
            raise GradproofError(
                f"Code(results=...): {structure} is {_label(path)} of {call.name}, which is a {type(value).__name__}; "
                "say what it holds: a list or a dict of quantities, or None"
            )
        yield path, structure
    elif isinstance(structure, Mapping):
        for key, part in structure.items():
            try:
                item = value[key]
            except (TypeError, KeyError, IndexError) as error:
                raise GradproofError(f"Code(results=...): {call.name} returns nothing under {key!r}") from error
            yield from _paired(part, item, f"{path}[{key!r}]", call)
    else:
        items = value if isinstance(value, (tuple, list)) else None
        flat = [part for part, _ in arrays_in(value)]
        if items is not None and len(items) == len(structure):
            for place, (part, item) in enumerate(zip(structure, items, strict=True)):
                yield from _paired(part, item, f"{path}[{place}]", call)
        elif len(flat) == len(structure) and all(part is None or isinstance(part, str) for part in structure):
            yield from ((f"{path}{own}", part) for own, part in zip(flat, structure, strict=True) if part)
        else:
            count = len(items) if items is not None else len(flat)
            raise GradproofError(
                f"Code(results=...) names {len(structure)} quantities, but {call.name} returns {count} arrays"
            )


def _by_names(value: Any, names: Any, call: Call, quantities: Quantities, path: str = "") -> Iterator[Claim]:
    """What names and keys say of returned values."""
    if isinstance(value, dict):
        inner = names if isinstance(names, dict) else {}
        holder = names if isinstance(names, str) else ""
        for key, item in value.items():
            if isinstance(item, (dict, list, tuple)):
                yield from _by_names(item, inner.get(key), call, quantities, f"{path}[{key!r}]")
            elif _is_real(item):
                quantity = _of_key(str(key), holder, item, call, quantities)
                at = f"{path}[{key!r}]"
                yield Claim(_label(at), quantity or "", "key", _picking(at), returned=True, path=at)
    elif isinstance(value, (tuple, list)):
        listed = gradients_of(names, quantities.parameters) if isinstance(names, str) else []
        if len(listed) == len(value) and all(_is_real(item) for item in value):
            for place, symbol in enumerate(listed):
                at = f"{path}[{place}]"
                yield Claim(
                    f"{names}[{place}]", f"d{quantities.loss}_d{symbol}", "name", _picking(at), returned=True, path=at
                )
            return
        each = names if isinstance(names, list) and len(names) == len(value) else [None] * len(value)
        for place, (item, name) in enumerate(zip(value, each, strict=True)):
            yield from _by_names(item, name, call, quantities, f"{path}[{place}]")
    elif _is_real(value):
        name = names if isinstance(names, str) else ""
        quantity = _of_returned(name, value, call, quantities) if name else ""
        if not quantity and not path and not name:
            quantity = _of_position(call, value, quantities)
        is_none = name and quantities.denied(name, call.name)
        if not is_none:
            yield Claim(name or _label(path), quantity or "", "name", _picking(path), returned=True, path=path)


def _of_key(key: str, holder: str, value: Any, call: Call, quantities: Quantities) -> str | None:
    """The quantity of an entry of a returned dict: a key that is a parameter's is its gradient or its updated value."""
    gradient = quantities.of_variable(f"grads['{key}']", call.name)
    updated = quantities.of_variable(key, call.name)
    if "grad" in holder.lower() or updated is None or not isinstance(quantities.binding.find(updated), Updated):
        return gradient
    if agrees(value, quantities.samples.of(gradient)) if gradient is not None else False:
        return gradient
    is_table = holder.lower() in TABLES
    return updated if is_table or agrees(value, quantities.samples.of(updated)) else gradient


def _of_returned(name: str, value: Any, call: Call, quantities: Quantities) -> str:
    quantity = quantities.of_variable(name, call.name)
    if quantity in quantities.samples.leaves:
        return ""  # what is drawn is never computed
    if quantity is not None and (quantities.fits(name, quantity, value) or quantities.is_of_parameter(quantity)):
        return quantity
    is_scalar = np.shape(value) == ()
    return quantities.loss if is_scalar and is_loss(name, quantities.loss) else ""


def _of_position(call: Call, value: Any, quantities: Quantities) -> str:
    """The one result of a function that is handed what comes from above: the gradient of the one input."""
    cotangents = set(quantities.binding.cotangents.values())
    given = {
        one.structure for one in call.arguments.values() if isinstance(one, Given) and isinstance(one.structure, str)
    }
    only = quantities.only_input
    if cotangents & given and only and np.shape(value) == np.shape(quantities.samples.of(only)):
        return f"d{quantities.loss}_d{only}"
    return ""


# What the case names, what is stored, what is written in place -----------------------------------------------------


def _listed(program: Program, outcome: Outcome, quantities: Quantities) -> Iterator[Claim]:
    for key, quantity in quantities.code.names.items():
        _, is_self, path = key.rpartition("self.")
        if quantity is None or not is_self or quantity in quantities.samples.leaves:
            continue  # what is drawn counts where it was changed
        wanted = quantities.listed_as_computed(key, "") or quantity
        if not quantities.is_computed(wanted):
            continue
        for owner in outcome.objects:
            pick = _attribute_pick(owner, path)
            if _is_real(_try(pick, outcome)):
                quantities.used.add(key)
                yield Claim(f"self.{path}", wanted, "case", pick)


def _attributes(places: Mapping[type, Mapping[str, str]], outcome: Outcome, quantities: Quantities) -> Iterator[Claim]:
    """Attributes whose names say gradients, and lists of them beside lists of parameters."""
    for owner, made in outcome.objects.items():
        paths = [path for path, _ in arrays_in(made)]
        for path in paths:
            quantity = quantities.of_variable(f"self.{path}", owner.__name__)
            if quantity is None or quantities.binding.find(quantity) is None:
                quantity = quantities.beside(path, places.get(owner, {}))
            source = quantities.binding.find(quantity) if quantity else None
            if quantity is None or source is None or isinstance(source, Leaf) or quantities.denied(f"self.{path}", ""):
                continue
            value = part_of(made, path)
            firm = isinstance(source, Derivative) and quantities.fits(path, quantity, value)
            if not isinstance(source, Updated):
                yield Claim(f"self.{path}", quantity, "name", _attribute_pick(owner, path), firm=firm)
        yield from _lists(owner, made, outcome, quantities)


def _lists(owner: type, made: Any, outcome: Outcome, quantities: Quantities) -> Iterator[Claim]:
    """A list of gradients beside a list of parameters, by their order."""
    lists = {name: value for name, value in getattr(made, "__dict__", {}).items() if isinstance(value, (list, tuple))}
    for name, gradients in lists.items():
        for other, parameters in lists.items():
            if "grad" not in name.lower() or "param" not in other.lower() or len(gradients) != len(parameters):
                continue
            for place, parameter in enumerate(parameters):
                quantity = _drawn_as(parameter, outcome, quantities)
                if quantity and _is_real(gradients[place]):
                    path = f"{name}[{place}]"
                    derived = f"d{quantities.loss}_d{quantity}"
                    yield Claim(f"self.{path}", derived, "place", _attribute_pick(owner, path))


def _drawn_as(value: Any, outcome: Outcome, quantities: Quantities) -> str:
    if not isinstance(value, np.ndarray):
        return ""
    return next(
        (name for name, one in outcome.given.items() if isinstance(one, np.ndarray) and np.array_equal(one, value)), ""
    )


def _in_place(
    program: Program, places: Mapping[type, Mapping[str, str]], outcome: Outcome, quantities: Quantities
) -> Iterator[Claim]:
    """What was drawn and stands changed after the calls, and has a value after the optimizer's step."""
    for name in program.inputs:
        updated = f"{name}_new"
        if quantities.binding.find(updated) is None:
            continue
        before = quantities.samples.of(name)
        if isinstance(outcome.given[name], np.ndarray) and not np.array_equal(outcome.given[name], before):
            yield Claim(name, updated, "in place", _given_pick(name))
    for owner, made in outcome.objects.items():
        for path, _ in arrays_in(made):
            symbol = _updated_name(path, owner, program, quantities, places.get(owner, {}))
            if symbol:
                before = quantities.samples.of(symbol.removesuffix("_new"))
                if not np.array_equal(part_of(made, path), before):
                    yield Claim(f"self.{path}", symbol, "in place", _attribute_pick(owner, path))


def _updated_name(path: str, owner: type, program: Program, quantities: Quantities, places: Mapping[str, str]) -> str:
    given = program.attributes.get(owner, {}).get(path) or places.get(path)
    quantity = f"{given}_new" if given else quantities.of_variable(f"self.{path}", owner.__name__)
    if not quantity or not isinstance(quantities.binding.find(quantity), Updated):
        return ""
    return quantity if quantity.removesuffix("_new") in program.inputs else ""


def _outputs(program: Program, outcome: Outcome, quantities: Quantities) -> Iterator[Claim]:
    """What functions return that are handed nothing from above: the model's results, by their place and shape."""
    wanted = quantities.binding.results or {quantities.loss: ()}
    cotangents = set(quantities.binding.cotangents.values())
    for number, call in enumerate(program.calls):
        given = {str(one.structure) for one in call.arguments.values() if isinstance(one, Given)}
        if cotangents & given:
            continue
        value = outcome.returned[number]
        parts = list(value) if isinstance(value, (tuple, list)) else [value]
        last = number == len(program.calls) - 1
        for place, ((name, shape), part) in enumerate(zip(wanted.items(), parts, strict=False)):
            if (
                not _is_real(part)
                or np.shape(part) != shape
                or not isinstance(quantities.binding.roots.get(name), Result)
            ):
                continue
            path = f"[{place}]" if isinstance(value, (tuple, list)) else ""
            pick = _picking(path, number)
            yield Claim(_label(path), name, "place", pick, firm=not last or (len(program.calls) == 1 and not path))


# Small parts ------------------------------------------------------------------------------------------------------


def agrees(value: Any, truth: Any) -> bool:
    """Whether a value is a truth, but for rounding and for axes of size 1."""
    if truth is None or not _is_real(value):
        return False
    one, other = np.asarray(value, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if one.shape != other.shape:
        if not same_but_for_form(one.shape, other.shape):
            return False
        one = one.reshape(other.shape)
    return IS_TRUTH.holds(one, other)


def same_but_for_form(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether two shapes differ in axes of size 1 alone."""
    return [size for size in shape if size != 1] == [size for size in wanted if size != 1]


def _is_real(value: Any) -> bool:
    is_number = isinstance(value, (np.ndarray, np.generic, float))
    return is_number and np.asarray(value).dtype.kind == "f"


def _picking(path: str, call: int = -1) -> Callable[[Outcome], Any]:
    return lambda outcome: part_of(outcome.returned[call], path)


def _attribute_pick(owner: type, path: str) -> Callable[[Outcome], Any]:
    return lambda outcome: part_of(outcome.objects[owner], path)


def _given_pick(name: str) -> Callable[[Outcome], Any]:
    return lambda outcome: outcome.given[name]


def _try(pick: Callable[[Outcome], Any], outcome: Outcome) -> Any:
    try:
        return pick(outcome)
    except LookupError:
        return None


def _label(path: str) -> str:
    return f"result{path}" if path else "the result"
