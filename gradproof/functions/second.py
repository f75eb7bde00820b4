"""Double backward: derivatives of the gradients, under random second cotangents, beside those of the reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from gradproof.functions.judging import judged
from gradproof.functions.result import Finding
from gradproof.functions.running.configurations import plain
from gradproof.functions.running.inputs import Draw
from gradproof.functions.running.runs import arguments, words
from gradproof.functions.running.target import Target
from gradproof.functions.truth.rounding import allowances
from gradproof.functions.truth.truth import Quantity, Truth

DTYPE = torch.float64


def double_backward(
    function: Target, reference: Target, draw: Draw, truth: Truth, wrt: Sequence[str]
) -> Iterator[Finding]:
    """Compare second derivatives by the inputs and by the cotangents, in float64."""
    generator = np.random.default_rng([*draw.seed, 2])
    seconds = {name: torch.from_numpy(np.array(generator.standard_normal(draw.values[name].shape))) for name in wrt}

    def run() -> list[torch.Tensor | None]:
        return _seconds(reference, truth.values, wrt, truth.cotangents, seconds)

    true = run()
    allowed = allowances(run, true, None, DTYPE, seed=draw.seed[0])
    names = [f"second derivative by {name}" for name in wrt]
    outputs = range(len(truth.cotangents))
    names += [f"second derivative by the cotangent{f' of output {k}' if len(outputs) > 1 else ''}" for k in outputs]
    try:
        found = _seconds(function, truth.values, wrt, truth.cotangents, seconds)
    except Exception as error:  # the function is the user's: whatever it raises is a fact about it
        why = words(error)
        kind = "not differentiable" if "once_differentiable" in why or "does not require grad" in why else "raises"
        sentence = "the backward cannot be differentiated" if kind == "not differentiable" else "it raises"
        yield _failure("second derivatives", kind, f"{sentence}: {why}", draw)
        return
    size = [*(truth.values[name] for name in wrt), *truth.cotangents]
    if all(value is None for value in found) and any(value is not None for value in true):
        yield _failure(
            "second derivatives",
            "not differentiable",
            "the backward cannot be differentiated: its gradients are off the graph, or it is @once_differentiable",
            draw,
        )
        return
    for name, value, wanted, limit, like in zip(names, found, true, allowed, size, strict=True):
        zero = torch.zeros_like(like)
        quantity = Quantity(zero if wanted is None else wanted, zero if limit is None else limit, DTYPE, "sampled")
        yield judged(name, value, quantity, "float64", "", draw.shapes)


def _failure(quantity: str, kind: str, sentence: str, draw: Draw) -> Finding:
    return Finding(quantity, "float64", "", "disagrees", kind, sentence, draw.shapes, share=float("inf"))


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
    above = [cotangent.clone().requires_grad_() for cotangent in cotangents]
    used = [(o, c) for o, c in zip(outputs, above, strict=True) if o.is_floating_point() and o.requires_grad]
    nothing: list[torch.Tensor | None] = [None] * (len(wrt) + len(above))
    if not used:
        return nothing
    heads, tails = zip(*used, strict=True)
    inputs = [given[name] for name in wrt]
    firsts = torch.autograd.grad(heads, inputs, tails, create_graph=True, allow_unused=True)
    pairs = [
        (first, seconds[name])
        for first, name in zip(firsts, wrt, strict=True)
        if first is not None and first.requires_grad
    ]
    if not pairs:
        return nothing
    heads, tails = zip(*pairs, strict=True)
    return list(torch.autograd.grad(heads, [*inputs, *above], tails, allow_unused=True))
