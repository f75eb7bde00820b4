"""Proofs held against what code and torch compute on plain numbers.

Code may do something else on expressions than on arrays: it asks for the type of its arguments, or catches an error.
So what was traced has to have the values of the code, and a counterexample has to be one of the code itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.case.derivation import Equation
from gradproof.check.case import Case
from gradproof.check.evaluate import Evaluator
from gradproof.errors import GradproofError
from gradproof.proof.expressions.array import ExactArray
from gradproof.proof.field.points import Deadline, OutOfTime
from gradproof.proof.floats import floats
from gradproof.proof.identity import Proof, ProofVerdict
from gradproof.proof.leaves import drawn_of, expression_inputs
from gradproof.tolerances import TRACED

Array = NDArray[Any]
Pair = tuple[ExactArray, ExactArray]

REPLAYED = 3
"""At so many drawn inputs expressions have to have the values of what they were traced from."""


def following(case: Case, reference: int, pairs: Sequence[tuple[Equation, Pair]], deadline: Deadline) -> dict[str, str]:
    """Why nothing is to be said of an equation, by name, where its expressions have other values than code or torch."""
    binding = case.bindings[reference]
    drawn = case.draw_trials([reference + k * len(case.references) for k in range(REPLAYED)], seed=0)
    for name, distribution in binding.leaves.items():
        if distribution.is_integer:  # as in the trial that was traced
            drawn[name] = np.broadcast_to(drawn[name][:1], drawn[name].shape)
    values, inputs = case.truths[reference].evaluate(drawn), expression_inputs(binding, drawn)
    pairs = [(equation, pair) for equation, pair in pairs if all(name in values for name in equation.inputs)]
    roots = [node for _, pair in pairs for side in pair for node in side.expressions.flat]
    try:
        numbers = iter(floats(roots, inputs, deadline)) if roots else iter(())
    except OutOfTime:
        return {}
    evaluator, found = Evaluator(case.derivation), {}
    for equation, pair in pairs:
        expected, traced = (_stacked([next(numbers) for _ in side.expressions.flat], side.shape) for side in pair)
        try:
            computed = evaluator.loop(equation, [values[name] for name in equation.inputs], REPLAYED)
        except GradproofError:
            continue
        for expressions, numbered, whose in ((expected, values[equation.quantity], "torch"), (traced, computed, "it")):
            if not _alike(expressions, numbered):
                found[equation.name] = (
                    f"what {whose} computes on exact expressions has not the values that {whose} computes on numbers"
                )
    return found


def _stacked(numbers: Sequence[Any], shape: tuple[int, ...]) -> Array:
    columns = [np.broadcast_to(number, REPLAYED) for number in numbers]
    return np.stack(columns, axis=-1).reshape(REPLAYED, *shape) if columns else np.zeros((REPLAYED, *shape))


def _alike(found: Array, expected: Array) -> bool:
    """Equal but for rounding, trial by trial, where both are finite."""
    with np.errstate(all="ignore"):
        finite = np.isfinite(expected) & np.isfinite(found)
        axes = tuple(range(1, expected.ndim))
        size = np.max(np.abs(expected), axis=axes, keepdims=True, initial=0.0, where=finite)
        return bool(np.all((np.abs(found - expected) <= TRACED * (1 + size)) | ~finite))


def unconfirmed(case: Case, reference: int, equation: Equation, proof: Proof) -> str:
    """Why a refutation does not stand: at its input the code, or torch, has not the value that its expressions have."""
    witness = proof.witness
    if proof.verdict is not ProofVerdict.REFUTED or witness is None:
        return ""
    case = case if case.dtype == "float64" else replace(case, dtype="float64")
    traced = case.draw_trials([reference], seed=0)
    values = case.truths[reference].evaluate(drawn_of(case.bindings[reference], traced, witness.inputs))
    if not all(name in values for name in equation.inputs):
        return ""
    try:
        computed = Evaluator(case.derivation).loop(equation, [values[name] for name in equation.inputs], 1)
    except GradproofError:
        return ""
    found, expected = float(computed[(0, *witness.place)]), float(values[equation.quantity][(0, *witness.place)])
    if np.isnan(witness.found):
        stands = not np.isfinite(found) and np.isfinite(expected)
    else:
        near = abs(witness.found - witness.expected) / 4
        stands = abs(found - witness.found) <= near and abs(expected - witness.expected) <= near
    return "" if stands else "an input that would refute it is none for what is computed on numbers"
