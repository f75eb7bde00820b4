"""Double backward: derivatives of the gradients, under random second cotangents, beside those of the reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from gradproof.check.facts.verdict import Verdict
from gradproof.functions.comparing.judged import Result, judged
from gradproof.functions.examining import Examiner
from gradproof.functions.program import Program
from gradproof.functions.result import Finding
from gradproof.functions.running.calling import second_gradients
from gradproof.functions.running.configurations import plain
from gradproof.functions.running.inputs import Draw
from gradproof.functions.running.runs import arguments, request_of
from gradproof.functions.running.target import Target
from gradproof.functions.truth.rounding import Allowances, samples
from gradproof.functions.truth.truth import Quantity, Truth

DTYPE = torch.float64

PROPOSED = "its backward can be differentiated again: double_backward=True compares second derivatives too"


def _double_backward(examiner: Examiner, draw: Draw, truth: Truth) -> Iterator[Finding]:
    """Compare second derivatives by the inputs and by the cotangents, in float64."""
    wrt = examiner.wrt
    generator = np.random.default_rng([*draw.seed, 2])
    seconds = {name: torch.from_numpy(np.array(generator.standard_normal(draw.values[name].shape))) for name in wrt}

    def run() -> list[torch.Tensor | None]:
        return _seconds(examiner.reference, truth.values, wrt, truth.cotangents, seconds)

    true = run()
    names = [f"second derivative by {name}" for name in wrt]
    outputs = [k for k, output in enumerate(truth.outputs) if output.place is not None]
    names += [f"second derivative by the cotangent{f' of output {k}' if len(outputs) > 1 else ''}" for k in outputs]
    request = request_of(
        truth.values, plain(wrt), DTYPE, truth.cotangents, examiner.device, tangents=[seconds[name] for name in wrt]
    )
    reply = examiner.place.ask("second", request)
    if why := reply["error"]:
        kind = "not differentiable" if "once_differentiable" in why or "does not require grad" in why else "raises"
        sentence = "the backward cannot be differentiated" if kind == "not differentiable" else "it raises"
        yield _failure("second derivatives", kind, f"{sentence}: {why}", draw)
        return
    found = reply["found"]
    size = [*(truth.values[name] for name in wrt), *(truth.cotangents[k] for k in outputs)]
    if all(value is None for value in found) and any(value is not None for value in true):
        yield _failure(
            "second derivatives",
            "not differentiable",
            "the backward cannot be differentiated: its gradients are off the graph, or it is @once_differentiable",
            draw,
        )
        return
    whole = [torch.zeros_like(like) if wanted is None else wanted for wanted, like in zip(true, size, strict=True)]
    allowances = Allowances(whole, [DTYPE] * len(whole), samples(run, DTYPE, draw.seed[0]))
    results = [
        Result(name, value, Quantity(wanted, DTYPE, k))
        for k, (name, value, wanted) in enumerate(zip(names, found, whole, strict=True))
    ]
    yield from judged(results, replace(truth, allowances=allowances), "float64", "float64", "", draw.shapes)


def _failure(quantity: str, kind: str, sentence: str, draw: Draw) -> Finding:
    return Finding(quantity, "float64", "", Verdict.DISAGREES, kind, sentence, draw.shapes, share=float("inf"))


def _seconds(
    target: Target,
    values: Mapping[str, Any],
    wrt: Sequence[str],
    cotangents: Sequence[torch.Tensor],
    seconds: Mapping[str, torch.Tensor],
) -> list[torch.Tensor | None]:
    """The gradients of sum(second * gradient), by the inputs and by the cotangents."""
    given = arguments(values, plain(wrt), DTYPE)
    outputs = target(given)
    above = [
        cotangent.clone().requires_grad_() if output.is_floating_point() else None
        for cotangent, output in zip(cotangents, outputs, strict=True)
    ]
    return second_gradients(outputs, [given[name] for name in wrt], above, [seconds[name] for name in wrt])


def of_seconds(program: Program, *, asked_for: bool) -> None:
    """Second derivatives, in float64; where they are not asked for, whether the function claims to have some."""
    if program.widest is None or program.died:
        return
    wide = replace(program.widest, dtype="float64", arithmetic="float64")
    for trial in [trial for trial in program.trials if trial.draw.seed[2] == 0]:
        truth = trial.truth if program.widest.dtype == "float64" else wide.truth(trial.draw)
        if asked_for:
            program.findings += _double_backward(wide, trial.draw, truth)
        elif _is_claimed(wide, truth):
            program.notes.append(PROPOSED)
            return


def _is_claimed(examiner: Examiner, truth: Truth) -> bool:
    """Whether the function's backward leaves a graph, so that someone may differentiate it without a warning."""
    more = {"tangents": [torch.ones_like(truth.values[name]) for name in examiner.wrt]}
    request = request_of(truth.values, plain(examiner.wrt), DTYPE, truth.cotangents, examiner.device, **more)
    reply = examiner.place.ask("second", request)
    return not reply["error"] and any(value is not None for value in reply["found"])
