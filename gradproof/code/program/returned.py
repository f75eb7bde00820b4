"""What the last function returns, and which quantity each part of it claims to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gradproof.code.naming import gradients_of, is_loss
from gradproof.code.paths import arrays_in
from gradproof.code.program.calls import TABLES, Call, Given, returned_names
from gradproof.code.program.claim import Claim, agrees, is_real, label_of, picking
from gradproof.code.program.running import Outcome, Program
from gradproof.code.quantities import Quantities
from gradproof.code.spec import Structure
from gradproof.errors import GradproofError
from gradproof.truth.sources import Updated


def returned_claims(program: Program, outcome: Outcome, quantities: Quantities) -> Iterator[Claim]:
    """By what the case says of each result; where it says nothing, by names, keys and places."""
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
        yield Claim(label_of(path), quantity, "case", picking(path), returned=True, path=path)


def _paired(structure: Structure, value: Any, path: str, call: Call) -> Iterator[tuple[str, str]]:
    if structure is None:
        return
    if isinstance(structure, str):
        if not isinstance(value, (np.ndarray, np.generic, float, int)) and not _is_of_numbers(value):
            raise GradproofError(
                f"Code(results=...): {structure} is {label_of(path)} of {call.name}, which is a "
                f"{type(value).__name__}; say what it holds: a list or a dict of quantities, or None"
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


def _is_of_numbers(value: Any) -> bool:
    """Whether a list or a tuple holds numbers alone, and so is an array in all but name."""
    try:
        return isinstance(value, (list, tuple)) and np.asarray(value).dtype.kind in "fiu"
    except ValueError:  # its rows differ in length
        return False


def _by_names(value: Any, names: Any, call: Call, quantities: Quantities, path: str = "") -> Iterator[Claim]:
    """What names and keys say of returned values."""
    if isinstance(value, dict):
        inner = names if isinstance(names, dict) else {}
        holder = names if isinstance(names, str) else ""
        for key, item in value.items():
            if isinstance(item, (dict, list, tuple)):
                yield from _by_names(item, inner.get(key), call, quantities, f"{path}[{key!r}]")
            elif is_real(item):
                quantity = _of_key(str(key), holder, item, call, quantities)
                at = f"{path}[{key!r}]"
                yield Claim(label_of(at), quantity or "", "key", picking(at), returned=True, path=at)
    elif isinstance(value, (tuple, list)):
        listed = gradients_of(names, quantities.parameters) if isinstance(names, str) else []
        if len(listed) == len(value) and all(is_real(item) for item in value):
            for place, symbol in enumerate(listed):
                at = f"{path}[{place}]"
                yield Claim(
                    f"{names}[{place}]", f"d{quantities.loss}_d{symbol}", "name", picking(at), returned=True, path=at
                )
            return
        each = names if isinstance(names, list) and len(names) == len(value) else [None] * len(value)
        for place, (item, name) in enumerate(zip(value, each, strict=True)):
            yield from _by_names(item, name, call, quantities, f"{path}[{place}]")
    elif is_real(value):
        name = names if isinstance(names, str) else ""
        quantity = _of_returned(name, value, call, quantities) if name else ""
        if not quantity and not path and not name:
            quantity = of_position(call, value, quantities)
        is_none = name and quantities.denied(name, call.name)
        if not is_none:
            yield Claim(name or label_of(path), quantity or "", "name", picking(path), returned=True, path=path)


def _of_key(key: str, holder: str, value: Any, call: Call, quantities: Quantities) -> str | None:
    """The quantity of an entry of a returned dict: a key that is a parameter's is its gradient or its updated value."""
    if np.shape(value) == () and is_loss(key, quantities.loss) and "grad" not in holder.lower():
        return quantities.loss
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


def of_position(call: Call, value: Any, quantities: Quantities) -> str:
    """The one result of a function that is handed what comes from above: the gradient of the one input."""
    cotangents = set(quantities.binding.cotangents.values())
    given = {
        one.structure for one in call.arguments.values() if isinstance(one, Given) and isinstance(one.structure, str)
    }
    only = quantities.only_input
    if cotangents & given and only and np.shape(value) == np.shape(quantities.samples.of(only)):
        return f"d{quantities.loss}_d{only}"
    return ""
