"""Two plain NumPy functions: they have no gradients, so what they return is compared, and proved where it can be."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from types import FunctionType
from typing import Any

import numpy as np
import torch

from gradproof.arrays.bounds.array import BoundArray
from gradproof.check.facts.verdict import Verdict
from gradproof.errors import GradproofError
from gradproof.functions.result import Finding, FunctionResult, merged
from gradproof.functions.running.inputs import Draw, Maker, Named, draw
from gradproof.functions.running.target import title
from gradproof.proof.identity import Proof, ProofVerdict
from gradproof.proof.same import prove_same

Function = Callable[..., Any]
QUANTITY, DTYPE = "output", "float64"
PROOF_SECONDS = 10.0


def is_numpy_pair(function: Function, reference: Function, draws: Draw) -> bool:
    """Whether both run on arrays, and one of them on nothing else; what runs on tensors too is compared there.

    The reference decides first, so that a function that may do anything is not called beside a reference in torch.

    Raises:
        GradproofError: The reference computes with NumPy, and the function with torch.
    """
    if not _gives_arrays(reference, draws):
        return False
    only = not _gives_tensors(reference, draws)
    if not _gives_arrays(function, draws):
        if only:
            raise GradproofError(
                f"the reference {title(reference)} computes with NumPy, which autograd cannot differentiate: write it "
                "in torch; a backward that is itself written in NumPy is checked by crosscheck"
            )
        return False
    if only:
        return True
    array = isinstance(_outcome(function, _arrays(draws)), np.ndarray | np.generic)  # a bare number may be a slip
    return array and not _gives_tensors(function, draws)


def _gives_arrays(function: Function, draws: Draw) -> bool:
    """Whether a plain function gives an array or a number for arrays. `Function.apply` or a module is not called."""
    return isinstance(function, FunctionType) and isinstance(
        _outcome(function, _arrays(draws)), np.ndarray | np.generic | float | int
    )


def _gives_tensors(function: Function, draws: Draw) -> bool:
    return isinstance(_outcome(function, list(map(_leaf, draws.values.values()))), torch.Tensor)


def _outcome(function: Function, arguments: list[Any]) -> Any:
    """What it gives; None where it raises. What it says of values of the wrong kind is no news."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return function(*arguments)
        except Exception:
            return None


def check_pair(
    function: Function,
    reference: Function,
    sets: Sequence[Named | Maker],
    draws: Sequence[Sequence[Draw]],
    seed: int,
) -> FunctionResult:
    """Compare two NumPy functions at every draw within their rounding, and prove or refute that they are the same.

    A counterexample is looked for among inputs that can be drawn; it counts like a trial.

    Raises:
        GradproofError: A function raises at a draw.
    """
    findings, notes = list[Finding](), list[str]()
    for group, drawn in enumerate(draws):
        found = [_compared(function, reference, one) for one in drawn]
        proof = _proof(function, reference, sets[group], drawn[0], group, seed)
        refuted = isinstance(proof, Proof) and proof.verdict is ProofVerdict.REFUTED
        if not refuted:
            notes.append(str(proof))
        elif not any(one.verdict == Verdict.DISAGREES for one in found):
            found += _refutation(proof, drawn[0])
        findings.append(reduce(merged, found))
    told = tuple(dict.fromkeys(notes))
    return FunctionResult(title(function), tuple(findings), {}, len(draws[0]), seed, len(draws), told, gradients=False)


def _compared(function: Function, reference: Function, drawn: Draw) -> Finding:
    """Both sides at one draw, on arrays that carry bounds of their rounding."""
    (own, own_error), (true, true_error) = (_run(one, drawn) for one in (function, reference))
    if own.shape != true.shape:
        sentence = f"it has the shape {own.shape}, the reference {true.shape}"
        return Finding(QUANTITY, DTYPE, "", Verdict.DISAGREES, "shape", sentence, shapes=drawn.shapes)
    finite = np.isfinite(true)
    with np.errstate(invalid="ignore"):
        apart = np.where(own == true, 0.0, np.abs(own - true))
    allowed = own_error + true_error
    known = finite & np.isfinite(allowed)
    wrong = np.where(known, ~(apart <= allowed), finite & ~np.isfinite(own))
    share = np.where(wrong, np.inf, 0.0) if not known.any() else np.where(known, apart / np.maximum(allowed, 1e-300), 0)
    place = np.unravel_index(int(np.argmax(np.where(np.isnan(share), np.inf, share))), share.shape)
    verdict = Verdict.DISAGREES if wrong.any() else Verdict.AGREES if known.any() else Verdict.INCONCLUSIVE
    unsure = "it is not finite, or its rounding has no bound, in every entry"
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = np.where(known & (true != 0), allowed / (2 * np.abs(true)), 0.0)
    return Finding(
        QUANTITY,
        DTYPE,
        "",
        verdict,
        sentence=unsure if verdict == Verdict.INCONCLUSIVE else "",
        shapes=drawn.shapes,
        entry=str(list(map(int, place))) if true.ndim else "",
        computed=float(own[place]),
        truth=float(true[place]),
        allowed=float(allowed[place]),
        share=float(share[place]),
        wrong=int(wrong.sum()),
        entries=own.size,
        bound="rigorous",
        arithmetic=DTYPE,
        uncompared=int((~known & ~wrong).sum()),
        resolution=float(seen.max(initial=0.0)),
    )


def _run(function: Function, drawn: Draw) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """A function's value at one draw, and a bound of its rounding error; infinite where its code has no rule."""
    arrays = _arrays(drawn)
    carrying = [BoundArray.exact(one[None]) if _is_real(one) else one for one in arrays]
    try:
        with np.errstate(all="ignore"):
            plain = np.asarray(function(*arrays), dtype=np.float64)
    except Exception as error:
        raise GradproofError(f"{title(function)} raises {type(error).__name__}: {error}; {drawn.shapes}") from error
    try:
        with np.errstate(all="ignore"):
            found = function(*carrying)
        bounded = found if isinstance(found, BoundArray) else BoundArray.exact(np.asarray(found)[None])
        value, bound = (np.asarray(layer[0], dtype=np.float64) for layer in bounded.layers)
    except Exception:  # code that does not run on such arrays has no bound; the caller says so
        return plain, np.full(plain.shape, np.inf)
    if value.shape != plain.shape:
        return plain, np.full(plain.shape, np.inf)
    return plain, bound + np.abs(value - plain)


def _proof(
    function: Function, reference: Function, one: Named | Maker, first: Draw, group: int, seed: int
) -> Proof | str:
    """What is proved of a set of inputs, or why nothing is."""
    arrays = dict(zip(first.values, _arrays(first), strict=True))
    if others := [name for name, value in arrays.items() if not _is_real(value)]:
        return f"not proved for all inputs: {', '.join(others)} is no array of real numbers"
    drawn: dict[int, list[Draw]] = {}

    def sampler(generator: np.random.Generator, name: str, shape: tuple[int, ...]) -> Any:
        if shape[0] not in drawn:  # one set of draws for all names: inputs that belong together stay together
            drawn[shape[0]] = [draw(one, group, trial, seed + 1) for trial in range(shape[0])]
        return np.stack([trial.values[name].numpy() for trial in drawn[shape[0]]])

    try:
        shapes = {name: value.shape for name, value in arrays.items()}
        names = list(shapes)
        return prove_same(
            (reference, function), (names, names), shapes, seed=seed, deadline=PROOF_SECONDS, sampler=sampler
        )
    except GradproofError as error:
        return f"not proved for all inputs: {error}"


def _refutation(proof: Proof | str, first: Draw) -> list[Finding]:
    """A counterexample as a finding."""
    witness = None if isinstance(proof, str) else proof.witness
    if isinstance(proof, str) or witness is None:
        return []
    at = ", ".join(f"{name}={np.asarray(value).tolist()!r}" for name, value in witness.inputs.items())
    return [
        Finding(
            QUANTITY,
            DTYPE,
            "",
            Verdict.DISAGREES,
            sentence=f"not the same at {at}",
            shapes=first.shapes,
            entry=str(list(proof.place)) if proof.place else "",
            computed=witness.found,
            truth=witness.expected,
            allowed=witness.bound,
            share=np.inf,
            wrong=1,
            entries=1,
            bound="rigorous",
            arithmetic=DTYPE,
        )
    ]


def _arrays(drawn: Draw) -> list[Any]:
    """The arguments as NumPy has them."""
    return [one.numpy().copy() if isinstance(one, torch.Tensor) else one for one in drawn.values.values()]


def _is_real(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.float64


def _leaf(value: Any) -> Any:
    real = isinstance(value, torch.Tensor) and value.is_floating_point()
    return value.detach().clone().requires_grad_() if real else value


def refuse_gradient_options(asked: Mapping[str, object]) -> None:
    """NumPy functions have no gradients to ask for.

    Raises:
        GradproofError: Something is asked for that they have not.
    """
    if given := [name for name, value in asked.items() if value]:
        raise GradproofError(
            f"both functions compute with NumPy, so they are compared by what they return: {', '.join(given)} "
            "is about gradients in torch"
        )
