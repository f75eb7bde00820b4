"""On request: a function under autocast, vmap, forward mode and torch.compile; `opcheck` of a registered operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from gradproof.check.facts.verdict import Verdict
from gradproof.errors import GradproofError
from gradproof.functions.comparing.judged import Result, judged
from gradproof.functions.examining import Examiner, Trial
from gradproof.functions.looks.wrapped import (
    LOWER,
    TRANSFORMS,
    Refused,
    autocast,
    checked_operator,
    compiled,
    pushed_forward,
    vmapped,
)
from gradproof.functions.program import Program
from gradproof.functions.result import Finding
from gradproof.functions.running.calling import gradients
from gradproof.functions.running.configurations import plain
from gradproof.functions.running.numbers import DTYPES, cast, is_continuous
from gradproof.functions.running.runs import arguments, cotangents_of
from gradproof.functions.running.target import Target
from gradproof.functions.truth.rounding import Allowances, samples
from gradproof.functions.truth.truth import Quantity, Truth

Gradients = Mapping[str, torch.Tensor | None]

_HINTS = {
    "vmap": "a Function needs forward apart from setup_context, and generate_vmap_rule = True or a vmap of its own",
    "jvp": "a Function needs forward apart from setup_context, and a jvp of its own",
    "opcheck": "",
    "compile": "",
    "autocast": "torch.amp.custom_fwd and custom_bwd say in what a Function computes there",
}


def checked_transforms(under: Sequence[str], *, apart: bool) -> tuple[str, ...]:
    """The transforms that are asked for.

    Raises:
        GradproofError: There is no such transform, or the function is to run in a process apart.
    """
    if isinstance(under, str) or [one for one in under if one not in TRANSFORMS]:
        raise GradproofError(f"under lists some of {', '.join(TRANSFORMS)}; it is {under!r}")
    if under and apart:
        raise GradproofError("torch's transforms are looked at in this process: ask for them at the depth 'usual'")
    return tuple(under)


def of_transforms(program: Program, under: Sequence[str]) -> None:
    """Call the function under each transform, on the first trials."""
    if program.widest is None or not program.trials or program.died:
        return
    looks: dict[str, Callable[[Program, Examiner], Iterator[Finding]]] = {
        "autocast": _under_autocast,
        "vmap": _under_vmap,
        "jvp": _in_forward_mode,
        "compile": _compiled,
        "opcheck": _operator,
    }
    for name in under:
        examiner = program.widest
        try:
            program.findings += looks[name](program, examiner)
        except Refused as refused:
            hint = f": {_HINTS[name]}" if _HINTS[name] else ""
            sentence = f"torch refuses it under {name} ({str(refused).partition('. For more')[0]}){hint}"
            draw = program.trials[0].draw
            program.findings.append(
                examiner.failure(f"the call under {name}", "transform", sentence, f"under {name}", draw)
            )


def _judged(
    examiner: Examiner, trial: Trial, truth: Truth, label: str, outputs: Sequence[torch.Tensor], found: Gradients
) -> list[Finding]:
    """Outputs and gradients beside a truth of theirs."""
    names = examiner.reference.names(len(truth.outputs))
    results = [
        Result(name, _as(value, wanted), wanted)
        for name, value, wanted in zip(names, outputs, truth.outputs, strict=True)
    ]
    results += [Result(f"gradient of {name}", value, truth.gradients[name]) for name, value in found.items()]
    told = judged(results, truth, examiner.dtype, examiner.arithmetic, label, trial.draw.shapes)
    return [_in_words(one) for one in told]


def _in_words(one: Finding) -> Finding:
    """A difference with its numbers in the sentence; further plain calls could say nothing of it."""
    if one.verdict != Verdict.DISAGREES:
        return one
    numbers = (
        f"{one.computed:.9g} where the truth is {one.truth:.9g}, wrong in {one.wrong:,} of {one.entries:,} entries"
    )
    return replace(one, kind="transform", sentence=one.sentence or numbers)


def _as(value: torch.Tensor, wanted: Quantity) -> torch.Tensor:
    """An output in the dtype of its truth: what autocast gives out in half precision is no mistake."""
    return value.detach().cpu().to(wanted.dtype) if is_continuous(value) else value.detach().cpu()


def _under_autocast(program: Program, examiner: Examiner) -> Iterator[Finding]:
    """Float32 inputs, results within the rounding of half precision, gradients in the dtype of the inputs."""
    name = "float32"
    lower = replace(examiner, dtype=name, arithmetic=str(LOWER).removeprefix("torch."))
    trial = program.trials[0]
    truth = lower.truth(trial.draw)
    configuration = plain(lower.wrt)
    given = arguments(truth.values, configuration, DTYPES[name])
    outputs = autocast(program.asked.call, given, lower.device)
    found = _backward(outputs, given, lower.wrt, truth)
    yield from _judged(lower, trial, truth, "under autocast", outputs, found)


def _backward(outputs: Sequence[torch.Tensor], given: Mapping[str, Any], wrt: Sequence[str], truth: Truth) -> Gradients:
    return _gradients(outputs, given, wrt, cotangents_of(truth.cotangents, plain(wrt), tuple(outputs)))


def _gradients(
    outputs: Sequence[torch.Tensor],
    given: Mapping[str, Any],
    wrt: Sequence[str],
    above: Sequence[torch.Tensor | None],
) -> Gradients:
    try:
        found = gradients(outputs, [given[name] for name in wrt], above, accumulated=False)
    except Exception as error:  # as in `wrapped`
        raise Refused(f"its backward raises {type(error).__name__}: {error}") from error
    return dict(zip(wrt, found, strict=True))


def _under_vmap(program: Program, examiner: Examiner) -> Iterator[Finding]:
    """Trials of one set of sizes as one batch: each slice is what its trial gives alone."""
    first = program.trials[0]
    alike = [trial for trial in program.trials if trial.draw.group == first.draw.group]
    same = [t for t in alike if t.draw.shapes == first.draw.shapes]
    mapped = [name for name, value in first.truth.values.items() if isinstance(value, torch.Tensor)]
    dtype = DTYPES[examiner.dtype]
    given = dict(first.truth.values)
    for name in mapped:
        stacked = torch.stack([cast(trial.truth.values[name], dtype) for trial in same])
        given[name] = stacked.requires_grad_(name in examiner.wrt)
    outputs = vmapped(program.asked.call, given, mapped)
    above = [
        torch.stack([trial.truth.cotangents[k] for trial in same]).to(output.dtype) if is_continuous(output) else None
        for k, output in enumerate(outputs)
    ]
    found = _gradients(outputs, given, examiner.wrt, above)
    for k, trial in enumerate(same):
        own = {name: None if gradient is None else gradient[k] for name, gradient in found.items()}
        yield from _judged(examiner, trial, trial.truth, "under vmap", [output[k] for output in outputs], own)


def _in_forward_mode(program: Program, examiner: Examiner) -> Iterator[Finding]:
    """Tangents pushed forward, beside those of the reference, which are found by two backwards."""
    trial, dtype = program.trials[0], DTYPES[examiner.dtype]
    generator = np.random.default_rng([*trial.draw.seed, 3])
    tangents = {
        name: torch.from_numpy(np.array(generator.standard_normal(trial.truth.values[name].shape)))
        for name in examiner.wrt
        if not trial.truth.values[name].is_complex()
    }

    def run() -> list[torch.Tensor | None]:
        return _by_two_backwards(examiner.reference, trial.truth.values, tangents)

    given = arguments(trial.truth.values, plain(()), dtype)
    moved = {name: cast(value, dtype) for name, value in tangents.items()}
    found = pushed_forward(program.asked.call, given, moved)
    true = run()
    own = DTYPES[examiner.arithmetic]
    allowances = Allowances(true, [own] * len(true), samples(run, own, trial.draw.seed[0]))
    names = [f"tangent of {name}" for name in examiner.reference.names(len(true))]
    results = [
        Result(name, None if value is None else value.detach().cpu(), Quantity(wanted, dtype, k))
        for k, (name, value, wanted) in enumerate(zip(names, found, true, strict=True))
        if wanted is not None
    ]
    truth = replace(trial.truth, allowances=allowances, judged={})
    for one in judged(results, truth, examiner.dtype, examiner.arithmetic, "in forward mode", trial.draw.shapes):
        yield _in_words(one)


def _by_two_backwards(
    reference: Target, values: Mapping[str, Any], tangents: Mapping[str, torch.Tensor]
) -> list[torch.Tensor | None]:
    """Derivatives along tangents: the vector-Jacobian product is linear in its vector, and its transpose is this."""
    given = arguments(values, plain(tuple(tangents)), torch.float64)
    made: list[torch.Tensor | None] = []
    for output in reference(given):
        if not output.is_floating_point():
            continue
        above = torch.zeros_like(output, requires_grad=True)
        leaves = [given[name] for name in tangents]
        firsts = torch.autograd.grad(output, leaves, above, create_graph=True, allow_unused=True)
        pairs = [(g, t) for g, t in zip(firsts, tangents.values(), strict=True) if g is not None and g.requires_grad]
        if not pairs:
            made.append(torch.zeros_like(output))
            continue
        heads, tails = zip(*pairs, strict=True)
        found = torch.autograd.grad(heads, [above], tails, allow_unused=True, retain_graph=True)[0]
        made.append(torch.zeros_like(output) if found is None else found.detach())
    return made


def _compiled(program: Program, examiner: Examiner) -> Iterator[Finding]:
    """The caller compiled: the same results within rounding."""
    trial = program.trials[0]
    given = arguments(trial.truth.values, plain(examiner.wrt), DTYPES[examiner.dtype])
    outputs = compiled(program.asked.call, given)
    found = _backward(outputs, given, examiner.wrt, trial.truth)
    yield from _judged(examiner, trial, trial.truth, "under torch.compile", outputs, found)


def _operator(program: Program, examiner: Examiner) -> Iterator[Finding]:
    """What torch's own check of a registered operator says."""
    trial = program.trials[0]
    given = arguments(trial.truth.values, plain(examiner.wrt), DTYPES[examiner.dtype])
    for test, what in checked_operator(program.asked.call, given).items():
        sentence = f"torch.library.opcheck: {test}: {what}"
        yield examiner.failure(f"the operator's {test}", "transform", sentence, "opcheck", trial.draw)
    agreeing = examiner.failure("the operator", "value", "torch.library.opcheck was run", "opcheck", trial.draw)
    yield replace(agreeing, verdict=Verdict.AGREES, share=0.0)
