"""Results first, names second: which of the variables that look like quantities are taken for them.

What code returns, stores and writes is judged as what it claims to be. A variable on the way to it is a quantity where
its value is the truth; elsewhere only its name speaks for it, and then it counts only in a function that the case
names, only where something that is computed from it is wrong as well, and only where what reads it would be right if it
had the value that its name says: something that is wrong, and all that is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gradproof.case.derivation import parts_of
from gradproof.code.program.claim import agrees
from gradproof.code.program.whole import Whole
from gradproof.code.quantities import Quantities
from gradproof.code.reading.blocks import sample_of
from gradproof.code.reading.reader import Reader
from gradproof.code.reading.steps import Step, idents_in
from gradproof.code.writing.emit import equation, variable_after


def acquitted(names: Mapping[Step, str], reader: Reader, quantities: Quantities, whole: Whole) -> dict[Step, str]:
    """Steps with the quantities that they are taken for, without those that only look like one.

    Args:
        names: Every step that may be a quantity -> the equation's name.
        reader: What was read.
        quantities: The reference's names.
        whole: What the code gave as it is.
    """
    quantities.samples.look_up(parts_of(name)[0] for name in names.values())
    truths = {step: quantities.samples.of(parts_of(name)[0]) for step, name in names.items()}
    right = {step: truth is None or agrees(step.sample, truth) for step, truth in truths.items()}
    results = {step for step, name in names.items() if is_result(step, name, whole)}
    listed = {text.function for text in _listed(reader, whole)}
    helpers = {scope.text.name for scope in reader.scopes if scope.text.function not in listed}
    ancestors_of = reached(results, reader)
    kept: dict[Step, str] = {}
    doubtful: list[Step] = []
    for step, name in names.items():
        by_name = step.origin is not None and step.origin.function not in helpers
        after = [result for result, ancestors in ancestors_of.items() if step.number in ancestors]
        if step in results or right[step] or not results:
            kept[step] = name
        elif by_name and not all(right[result] for result in after):
            kept[step] = name
            if quantities.listed_as_computed(step.variable, _function(step)) is None:
                doubtful.append(step)
        else:
            _drop(step, name, whole)
    for step in sorted(doubtful, key=lambda one: -one.number):
        if not _serves(step, kept, right, reader, quantities):
            _drop(step, kept.pop(step), whole)
    return kept


def _drop(step: Step, name: str, whole: Whole) -> None:
    step.quantity = None
    variable = step.variable or variable_after(step) or "a value"
    where = f" of {_function(step)}" if step.origin is not None else ""
    whole.notes.append(f"{variable}{where} is not taken for {name}: its value is another")


def _function(step: Step) -> str:
    return step.origin.function if step.origin is not None else ""


def _serves(
    step: Step, kept: Mapping[Step, str], right: Mapping[Step, bool], reader: Reader, quantities: Quantities
) -> bool:
    """Whether a quantity that reads a variable would be right if the variable had the value that its name says.

    The slope of a layer that is called `dy` serves nothing as the gradient by y; a `dz` with a slip in it does. Where a
    right quantity that reads it would then be wrong, the variable is what it should be: a `dz` that is divided later.
    """
    serves = False
    for other, name in kept.items():
        if other.number <= step.number or other.expression is None or other.origin is None:
            continue
        read = equation(other, name, reader.steps, reader.globals, Path("read.py"))
        if step.quantity not in read.inputs:
            continue
        truth = quantities.samples.of(parts_of(name)[0])
        if truth is None:
            continue
        values = [quantities.samples.of(quantity) for quantity in read.inputs]
        try:
            with np.errstate(all="ignore"):
                value = read.function(*(np.array(one)[()] for one in values))
        except Exception:  # of a wrong shape, say
            continue
        would_be_right = agrees(value, truth)
        if right[other] and not would_be_right:
            return False
        serves |= would_be_right
    return serves


def _listed(reader: Reader, whole: Whole) -> list[Any]:
    functions = {call.plain for call in whole.program.calls}
    return [scope.text for scope in reader.scopes if scope.text.function in functions]


def is_result(step: Step, name: str, whole: Whole) -> bool:
    """Whether a step is a value that the code gives as that quantity."""
    claim = whole.claims.get(parts_of(name)[0])
    if claim is None:
        return False
    given, value = np.asarray(claim.pick(whole.outcome)), np.asarray(sample_of(step))
    return given.shape == value.shape and bool(np.array_equal(given, value, equal_nan=True))


def reached(results: set[Step], reader: Reader) -> dict[Step, frozenset[int]]:
    """Each result with the numbers of the steps that it is computed from."""
    needs: dict[int, set[int]] = {}
    for number, step in reader.steps.items():
        texts = [*([step.expression] if step.expression is not None else [])]
        statements = step.block.statements if step.block is not None else []
        needs[number] = set(idents_in(*texts, *statements))
    found = {}
    for result in results:
        seen: set[int] = set()
        waiting = list(needs.get(result.number, ()))
        while waiting:
            number = waiting.pop()
            if number not in seen:
                seen.add(number)
                waiting.extend(needs.get(number, ()))
        found[result] = frozenset(seen)
    return found
