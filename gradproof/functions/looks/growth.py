"""How a loss of digits grows with each size: like n, as of sums that round one way, or like its root, or not at all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from gradproof.errors import GradproofError
from gradproof.functions.examining import Examiner
from gradproof.functions.looks.edges import drawn_at
from gradproof.functions.program import Program
from gradproof.functions.result import Finding
from gradproof.functions.running.configurations import plain
from gradproof.functions.running.inputs import Draw, drawn_sizes
from gradproof.functions.running.numbers import parts
from gradproof.functions.truth.digits import loses_digits

SIZES = (24, 96, 384)
"""Each four times the last: a loss that grows like the root doubles from one to the next."""

DRAWS = 2
ROOT, WHOLE = 0.25, 0.75
"""Powers of n from these on are told as its root, and as n itself."""

LOST = 0.3
"""What is off by so much of its usual size has nothing left to lose, and tells of no growth."""


def of_growth(program: Program) -> None:
    """Say of each result that loses digits how the loss grows, where sizes are given; fixed shapes do not tell."""
    if not callable(program.asked.inputs):
        return
    told: dict[tuple[str, str], str] = {}
    for k, one in enumerate(program.findings):
        plainly = not one.configuration or " = " in one.configuration
        if not plainly or not loses_digits(one) or one.dtype not in program.examiners:
            continue
        key = one.quantity, one.dtype
        if key not in told:
            told[key] = _words(program, program.examiners[one.dtype], one)
        program.findings[k] = replace(one, sentence=one.sentence + told[key])


def _words(program: Program, examiner: Examiner, one: Finding) -> str:
    """The size with which the loss grows most, and how."""
    assert callable(program.asked.inputs)
    base = drawn_sizes(program.asked.inputs, program.asked.seed)[0]
    powers: dict[str, float] = {}
    for name in base:
        lost = {n: _lost(program, examiner, one, {**base, name: n}) for n in SIZES}
        power = _power({n: loss for n, loss in lost.items() if loss})
        if power is not None:
            powers[name] = power
    if not powers:
        return ""
    name = max(powers, key=lambda name: powers[name])
    if powers[name] < ROOT:
        return "; the loss does not grow with its sizes"
    return f"; the loss grows like {f'sqrt({name})' if powers[name] < WHOLE else name}"


def _power(lost: Mapping[int, float]) -> float | None:
    """The power of n with which a loss grows, from the first and the last size that tell."""
    points = [(n, loss) for k, (n, loss) in enumerate(lost.items()) if k == 0 or loss < LOST]
    if len(points) < 2:
        return None
    (first, least), (last, most) = points[0], points[-1]
    return math.log(most / least) / math.log(last / first)


def _lost(program: Program, examiner: Examiner, one: Finding, sizes: Mapping[str, int]) -> float | None:
    """How far a result is off against its usual size, the root of the mean square over some draws."""
    off = size = 0.0
    for number in range(DRAWS):
        draw = drawn_at(program.asked, sizes, 3000 + number)
        if draw is None or not program.budget.take(2 * program.cost + 50 * draw.entries, "how a loss of digits grows"):
            return None
        both = _both(examiner, one.quantity, draw)
        if both is None:
            return None
        off, size = off + both[0], size + both[1]
    return math.sqrt(off / size) if size > 0 and math.isfinite(off) else None


def _both(examiner: Examiner, quantity: str, draw: Draw) -> tuple[float, float] | None:
    """The squares of a result's error and of its truth, summed up."""
    try:
        truth = examiner.truth(draw)
        outcome = examiner.execute(truth, replace(plain(examiner.wrt), twice=False))
    except GradproofError:
        return None
    computed = examiner.named(outcome).get(quantity)
    names = examiner.reference.names(len(truth.outputs))
    known = dict(zip(names, truth.outputs, strict=True)) | {f"gradient of {n}": q for n, q in truth.gradients.items()}
    if outcome.error or computed is None or quantity not in known:
        return None
    true = parts(known[quantity].value)
    return float((parts(computed) - true).square().sum()), float(true.square().sum())
