"""Sizes at the edges of tiles: one size at a time around powers of two, the others small; and no rows at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch

from gradproof.check.facts.verdict import Verdict
from gradproof.errors import GradproofError
from gradproof.functions.examining import Examiner, Trial
from gradproof.functions.precision import arithmetic_found
from gradproof.functions.program import Program
from gradproof.functions.running.asked import Asked
from gradproof.functions.running.configurations import plain
from gradproof.functions.running.inputs import Draw, draw, drawn_sizes, of_sizes, size_names
from gradproof.functions.running.numbers import is_continuous
from gradproof.functions.running.runs import Outcome
from gradproof.functions.truth.truth import Truth

TILE = 128
"""The largest tile whose edges are looked at, where nothing else is said."""

FEW = (1, 33, 2 * TILE + 1)
"""The sizes of a short look: none, a remainder of a small tile, two of the largest tiles and one more."""

LARGEST = 4_000_000
"""Inputs with more entries than that are left out."""


def sizes_at_edges(edges: bool | int, *, deep: bool) -> tuple[int, ...]:
    """The sizes that are looked at.

    Args:
        edges: False for none, the largest tile's size, True for the usual one.
        deep: Around every power of two, and primes.

    Raises:
        GradproofError: It is something else.
    """
    if edges is False:
        return ()
    if not isinstance(edges, int) or edges < 1:
        raise GradproofError(f"edges is True, False or the size of the largest tile, not {edges!r}")
    tile = TILE if edges is True else edges
    if not deep:
        return (*FEW[:-1], 2 * tile + 1)
    powers = [2**k for k in range(1, (2 * tile).bit_length())]
    around = {n + d for n in (*powers, tile, 2 * tile) for d in (-1, 0, 1)} | {1, 5, 11, 29, 61, 101, 127, 251}
    return tuple(sorted(n for n in around if n <= 2 * tile + 1))


def edge_draws(asked: Asked, sizes: tuple[int, ...]) -> Iterator[tuple[str, Draw]]:
    """A draw for each size of each parameter, with its label; those that cannot be made are left out.

    Args:
        asked: The inputs as a function of sizes, and where the random numbers start.
        sizes: The sizes to try.
    """
    assert callable(asked.inputs)
    base = drawn_sizes(asked.inputs, asked.seed)[0]
    for number, name in enumerate(size_names(asked.inputs)):
        for size in sizes:
            made = drawn_at(asked, {**base, name: size}, 1000 + number)
            if made is not None:
                yield f"{name} = {size}", made
        if empty := _emptied(asked, base, name):
            yield f"{name} = 0", empty


def drawn_at(asked: Asked, sizes: Mapping[str, int], group: int) -> Draw | None:
    """The draw of some sizes, where they make sense and are not too large."""
    assert callable(asked.inputs)
    try:
        one = of_sizes(asked.inputs, sizes)
        found = draw(one if callable(one) else asked.completed(one), group, 0, asked.seed)
    except (GradproofError, ValueError, IndexError, ZeroDivisionError):  # not every size makes sense
        return None
    return found if found.entries <= LARGEST else None


def _emptied(asked: Asked, base: Mapping[str, int], name: str) -> Draw | None:
    """The draw in which one size is 0: no distribution has such a shape, so what has size 1 is cut off.

    There is none where whole numbers are left: they may be places in what was cut off, and torch reads there unasked.
    """
    one, two = (drawn_at(asked, {**base, name: size}, 2000) for size in (1, 2))
    if one is None or two is None:
        return None
    values: dict[str, Any] = {}
    for key, value in one.values.items():
        other = two.values[key]
        if isinstance(value, torch.Tensor) and isinstance(other, torch.Tensor):
            for axis, (a, b) in enumerate(zip(value.shape, other.shape, strict=True)):
                if a != b:
                    value = value.narrow(axis, 0, 0)
        values[key] = value
    left = [v for v in values.values() if isinstance(v, torch.Tensor) and not is_continuous(v) and v.numel()]
    return None if any(v.dtype != torch.bool for v in left) else Draw(values, one.group, one.seed, one.fixed)


def of_edges(program: Program, sizes: tuple[int, ...]) -> None:
    """One plain call for each size at an edge of tiles, where the inputs are a function of sizes."""
    asked = program.asked
    if program.widest is None or not callable(asked.inputs):
        return
    examiner = program.widest
    for label, made in edge_draws(asked, sizes):
        try:
            truth = examiner.truth(made)
        except GradproofError:  # the reference does not take this size
            continue
        if not program.budget.take(2 * program.cost + 50 * made.entries, label):
            continue
        configuration = replace(plain(examiner.wrt), label=label, kind="edge", twice=False)
        try:
            outcome = examiner.execute(truth, configuration)
        except GradproofError as error:
            program.findings.append(examiner.failure("output", "shape", str(error), label, made))
            continue
        if outcome.error and label.endswith("= 0"):
            program.notes.append(f"for {label} it raises {outcome.error}; the reference does not")
            continue
        if label.endswith("= 0") and _of_nothing(outcome, truth):
            program.notes.append(
                f"for {label} its output is NaN or infinite, a quotient of nothing; the reference's is not"
            )
            continue
        found = examiner.findings(outcome, truth, configuration, made, program.wrong_in(examiner))
        program.findings += found
        if any(one.verdict == Verdict.DISAGREES and one.kind == "value" for one in found):
            _look_inside(program, examiner, Trial(made, truth, outcome))


def _look_inside(program: Program, examiner: Examiner, trial: Trial) -> None:
    """Whether what is wrong at an edge is so by half precision inside, which few terms do not show."""
    if examiner.dtype not in program.arithmetic and (known := arithmetic_found(examiner, [trial])):
        program.arithmetic[examiner.dtype] = known


def _of_nothing(outcome: Outcome, truth: Truth) -> bool:
    """Whether an output is not finite where the reference's is: of no rows at all, what a mean is, is a convention."""
    return any(
        is_continuous(wanted.value) and bool((torch.isfinite(wanted.value) & ~torch.isfinite(output)).any())
        for output, wanted in zip(outcome.outputs, truth.outputs, strict=True)
        if output.shape == wanted.value.shape
    )
