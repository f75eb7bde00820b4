"""What the case names, what is stored, what is written in place and what other functions return, as claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from gradproof.code.paths import arrays_in, part_of
from gradproof.code.program.calls import Given
from gradproof.code.program.claim import Claim, attribute_pick, is_real, label_of, picking
from gradproof.code.program.objects import places_of
from gradproof.code.program.running import Outcome, Program
from gradproof.code.quantities import Quantities
from gradproof.truth.sources import Derivative, Leaf, Result, Updated


def stored_claims(program: Program, outcome: Outcome, quantities: Quantities) -> Iterator[Claim]:
    """All of these, those that the case names first."""
    places = places_of(program, quantities)
    yield from _listed(outcome, quantities)
    yield from _attributes(places, outcome, quantities)
    yield from _in_place(program, places, outcome, quantities)
    yield from _outputs(program, outcome, quantities)


def _listed(outcome: Outcome, quantities: Quantities) -> Iterator[Claim]:
    for key, quantity in quantities.code.names.items():
        _, is_self, path = key.rpartition("self.")
        if quantity is None or not is_self or quantity in quantities.samples.leaves:
            continue  # what is drawn counts where it was changed
        wanted = quantities.listed_as_computed(key, "") or quantity
        if not quantities.is_computed(wanted):
            continue
        for owner in outcome.objects:
            pick = attribute_pick(owner, path)
            if is_real(_try(pick, outcome)):
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
                yield Claim(f"self.{path}", quantity, "name", attribute_pick(owner, path), firm=firm)
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
                if quantity and is_real(gradients[place]):
                    path = f"{name}[{place}]"
                    derived = f"d{quantities.loss}_d{quantity}"
                    yield Claim(f"self.{path}", derived, "place", attribute_pick(owner, path))


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
                    yield Claim(f"self.{path}", symbol, "in place", attribute_pick(owner, path))


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
                not is_real(part)
                or np.shape(part) != shape
                or not isinstance(quantities.binding.roots.get(name), Result)
            ):
                continue
            path = f"[{place}]" if isinstance(value, (tuple, list)) else ""
            pick = picking(path, number)
            yield Claim(label_of(path), name, "place", pick, firm=not last or (len(program.calls) == 1 and not path))


def _given_pick(name: str) -> Callable[[Outcome], Any]:
    return lambda outcome: outcome.given[name]


def _try(pick: Callable[[Outcome], Any], outcome: Outcome) -> Any:
    try:
        return pick(outcome)
    except LookupError:
        return None
