"""How the objects of the code's own classes are made: each argument of a constructor by its name, sizes by trial.

An argument that is named as what the reference draws gets the drawn values. A size is found by making the object with
the sizes that the reference has: those are right with which every array that is named as a parameter has its shape.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradproof.code.naming import family_of, is_rate, symbol_of
from gradproof.code.paths import arrays_in, drawn_at
from gradproof.code.program.calls import TABLES, Argument, Call, Given, Length, Plain
from gradproof.code.program.running import Program
from gradproof.code.quantities import Quantities
from gradproof.errors import GradproofError
from gradproof.truth.sources import Leaf

ATTEMPTS = 2500
"""So many objects are made at most to find the sizes of a constructor."""

_CHAINS = frozenset({"sizes", "layersizes", "dims", "layerdims", "layers", "layersdims", "widths", "units", "shape"})
"""Names, folded, of an argument that holds the widths of all layers."""


def constructed(call: Call, quantities: Quantities, *, alone: bool) -> dict[str, Argument]:
    """What each argument of a class is.

    Args:
        call: A method of the class.
        quantities: The reference's names.
        alone: Whether no other class is made, so that all arguments that the case gives are of this one.

    Raises:
        GradproofError: An argument has no meaning.
    """
    assert call.owner is not None
    given = quantities.code.constructor
    parameters = _parameters(call.owner)
    names = {parameter.name for parameter in parameters}
    found: dict[str, Argument] = {
        name: _given(name, value, quantities) for name, value in given.items() if alone or name in names
    }
    unknown: list[str] = []
    for parameter in parameters:
        name = parameter.name
        if name in found or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        argument = _named(name, quantities, optional=parameter.default is not parameter.empty)
        if argument is not None:
            found[name] = argument
        elif parameter.default is parameter.empty:
            unknown.append(name)
    if unknown:
        found |= _sized(call, unknown, found, quantities)
    return found


def _parameters(owner: type) -> list[inspect.Parameter]:
    if vars(owner).get("__init__", getattr(owner, "__init__", None)) is object.__init__:
        return []
    try:
        return list(inspect.signature(owner).parameters.values())
    except (TypeError, ValueError):  # a class written in another language
        return []


def _given(name: str, value: Any, quantities: Quantities) -> Argument:
    """What the case gives: the drawn values where its name and shape are those of a quantity that is drawn."""
    symbol = quantities.listed(name, "__init__") or symbol_of(name, sorted(quantities.samples.leaves))
    is_numeric = isinstance(value, (np.ndarray, float, int)) and not isinstance(value, bool)
    if symbol is not None and is_numeric and np.shape(value) == np.shape(quantities.samples.of(symbol)):
        return Given(symbol)
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, np.ndarray) for item in value):
        family = family_of(name, quantities.parameters)
        shapes = [np.shape(quantities.samples.of(symbol)) for symbol in family]
        if shapes == [item.shape for item in value]:
            return Given(type(value)(family))
    return Plain(value)


def _named(name: str, quantities: Quantities, *, optional: bool) -> Argument | None:
    """What an argument is by its name alone; one that may be left out only where it is a parameter or a rate."""
    code, leaves = quantities.code, quantities.samples.leaves
    if name in code.arguments:
        return Given(code.arguments[name])
    if name in code.values:
        return Plain(code.values[name])
    symbol = quantities.listed(name, "__init__") or symbol_of(name, sorted(leaves))
    if symbol is not None and symbol in leaves:
        source = quantities.binding.roots[symbol]
        inner = isinstance(source, Leaf) and source.path not in quantities.binding.reference.inputs
        if inner or not optional:
            return Given(symbol)
    if is_rate(name) and (rate := quantities.rate):
        return Given(rate)
    if optional:
        return None
    family = family_of(name, quantities.parameters)
    if not family and name in TABLES:
        return Given({symbol: symbol for symbol in quantities.parameters})
    return Given(family) if family else None


def _sized(
    call: Call, unknown: Sequence[str], found: Mapping[str, Argument], quantities: Quantities
) -> dict[str, Argument]:
    """Plain sizes for the arguments that no name explains.

    Raises:
        GradproofError: None or several fit.
    """
    fitting = _fitting(call, unknown, found, quantities)
    sizes = _sizes(quantities)
    if len(fitting) != 1:
        several = (
            f"; {len(fitting)} sets of sizes fit its arrays, the first {fitting[0]}"
            if fitting
            else "; with none of the reference's sizes its arrays have the shapes of the parameters"
        )
        values = fitting[0] if fitting else (sizes[0],) * len(unknown)
        line = ", ".join(f'"{name}": {value!r}' for name, value in zip(unknown, values, strict=True))
        owner = call.owner
        assert owner is not None
        raise GradproofError(
            f"{owner.__name__}{inspect.signature(owner)} is made with {', '.join(unknown)}, which the reference does "
            f"not have{several}; give it: Code(..., constructor={{{line}}})"
        )
    elsewhere = [_fitting(call, unknown, found, other) for other in quantities.others]
    if not all(len(sets) == 1 for sets in elsewhere):
        elsewhere = []
    alike = [quantities, *quantities.others][: 1 + len(elsewhere)]
    sets = zip(fitting[0], *(one[0] for one in elsewhere), strict=True)
    return {name: _of_all(values, alike) for name, values in zip(unknown, sets, strict=True)}


def _of_all(values: Sequence[Any], references: Sequence[Quantities]) -> Argument:
    """A size, or a list of them, that each of several references of other sizes has found: the length that it is in all
    of them, of a parameter where one has it."""
    if all(value == values[0] for value in values):
        return Plain(values[0])
    listed = isinstance(values[0], list)
    first = references[0]
    leaves = sorted(first.samples.leaves, key=lambda leaf: (leaf not in first.parameters, leaf))
    places = []
    for sizes in zip(*values, strict=True) if listed else [values]:
        shapes = {leaf: [np.shape(one.samples.of(leaf)) for one in references] for leaf in leaves}
        fitting = (
            (leaf, axis)
            for leaf in leaves
            for axis in range(len(shapes[leaf][0]))
            if all(shape[axis : axis + 1] == (size,) for shape, size in zip(shapes[leaf], sizes, strict=True))
        )
        place = next(fitting, None)
        if place is None:
            return Plain(values[0])
        places.append(place)
    return Length(tuple(places), listed)


def _fitting(
    call: Call, unknown: Sequence[str], found: Mapping[str, Argument], quantities: Quantities
) -> list[tuple[Any, ...]]:
    """The sets of sizes with which most arrays of the object named as parameters have their shapes."""
    sizes = _sizes(quantities)
    choices: list[Sequence[Any]] = [
        list(_chains(quantities)) if name.replace("_", "").lower() in _CHAINS else sizes for name in unknown
    ]
    best: dict[tuple[int, int], list[tuple[Any, ...]]] = {}
    if 0 < math.prod(len(choice) for choice in choices) <= ATTEMPTS:
        for values in itertools.product(*choices):
            fit = _fit(call, {**found, **{n: Plain(v) for n, v in zip(unknown, values, strict=True)}}, quantities)
            if fit is not None and fit[0]:
                best.setdefault(fit, []).append(values)
    return best[max(best, key=lambda fit: (-fit[1], fit[0]))] if best else []


def _sizes(quantities: Quantities) -> list[int]:
    shapes = [np.shape(quantities.samples.of(leaf)) for leaf in sorted(quantities.samples.leaves)]
    return sorted({size for shape in shapes for size in shape if size > 1}) or [1]


def _chains(quantities: Quantities) -> Iterator[list[int]]:
    """Widths that the matrices of the model may be between, in their order, as lists."""
    matrices = [np.shape(quantities.samples.of(name)) for name in quantities.parameters]
    matrices = [shape for shape in matrices if len(shape) == 2 and min(shape) > 1]
    if not matrices:
        return
    for turned in (False, True):
        chain = [shape[::-1] if turned else shape for shape in matrices]
        if all(one[1] == other[0] for one, other in itertools.pairwise(chain)):
            yield [chain[0][0], *(shape[1] for shape in chain)]


def _fit(call: Call, arguments: Mapping[str, Argument], quantities: Quantities) -> tuple[int, int] | None:
    """How many arrays named as parameters have their shape and how many have not; None where no object can be made."""
    inputs = tuple(quantities.samples.leaves)
    values = {name: quantities.samples.of(name) for name in inputs}
    state = np.random.get_state()  # noqa: NPY002 - the user's class may draw from it
    try:
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            made = Program((call,), inputs, {}, {call.owner: arguments} if call.owner else {}).object_of(call, values)
    except Exception:  # sizes that the class is not made for
        return None
    finally:
        np.random.set_state(state)  # noqa: NPY002
    right = wrong = 0
    for path, value in arrays_in(made, depth=4):
        symbol = drawn_at(path, quantities.parameters)
        if symbol is not None and "grad" not in path.lower():
            fits = np.shape(value) == np.shape(quantities.samples.of(symbol))
            right, wrong = right + fits, wrong + (not fits)
    return right, wrong
