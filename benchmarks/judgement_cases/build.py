"""A random derivation of 10 to 40 steps, with its loss."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.judgement_cases import elementwise, normal_forms, shaped
from benchmarks.judgement_cases.graph import Builder, Step, Value

FEWEST, MOST = 10, 40

STEPS: tuple[tuple[Callable[[Builder], bool], int], ...] = (
    (elementwise.unary, 24),
    (elementwise.silu, 2),
    (elementwise.binary, 10),
    (elementwise.broadcast, 10),
    (elementwise.masked, 2),
    (shaped.matmul, 10),
    (shaped.product, 2),
    (shaped.outer, 3),
    (shaped.reduction, 10),
    (shaped.piece, 5),
    (shaped.lookup, 2),
    (shaped.joined, 4),
    (shaped.turned, 5),
    (normal_forms.softmax, 4),
    (normal_forms.log_softmax, 2),
    (normal_forms.log_sum_exp, 3),
    (normal_forms.normalised, 5),
    (normal_forms.of_length_one, 2),
    (normal_forms.attention, 2),
)
"""Each kind of step, and how often it is tried."""


@dataclass(frozen=True)
class Part:
    """One summand of the loss: NumPy, torch, what goes back to `value`; lines before it, forward and backward."""

    value: Value
    numpy: str
    torch: str
    back: str
    forward: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Graph:
    """A derivation.

    Attributes:
        seed: What it was made from.
        leaves: Inputs and parameters.
        steps: In the order of computation.
        parts: What the loss is the sum of; none where the last step is the result.
    """

    seed: int
    leaves: tuple[Value, ...]
    steps: tuple[Step, ...]
    parts: tuple[Part, ...]


def graph_of(seed: int, most: int = MOST) -> Graph:
    """The derivation of a seed; equal seeds give equal derivations."""
    rng = random.Random(seed)
    b = Builder(rng)
    for _ in range(rng.choice((1, 1, 2))):
        b.input("normal", *rng.sample(shaped.AXES, 2))
    count = rng.randint(min(FEWEST, most), most)
    kinds, weights = zip(*STEPS, strict=True)
    while len(b.steps) < count:
        rng.choices(kinds, weights)[0](b)
    alone = len(b.open_ends) == 1 and rng.random() < 0.5
    parts = () if alone else tuple(_part(b, value) for value in b.open_ends)
    text = " ".join(text for step in b.steps for _, text in step.forward)
    text += " " + " ".join(f"{part.torch} {part.back}" for part in parts)
    used = set(re.findall(r"\w+", text))
    return Graph(seed, tuple(leaf for leaf in b.leaves if leaf.name in used), tuple(b.steps), parts)


def _part(b: Builder, value: Value) -> Part:
    """How an open end enters the loss: weighted, as a squared distance, or as a cross-entropy."""
    v, k = value.name, value.name[1:]
    kind = b.rng.choice(("weighted", "distance", "weighted", "entropy"))
    if kind == "entropy" and len(value.shape) == 2:
        t = b.input(f"integers(0, {value.shape[1]})", value.shape[0])
        rows = f"np.arange({v}.shape[0])"
        forward = (
            (f"u{k}", f"{v} - {v}.max(axis=1, keepdims=True)"),
            (f"u{k}", f"u{k} - np.log(np.exp(u{k}).sum(axis=1, keepdims=True))"),
        )
        torch = f"torch.nn.functional.cross_entropy({v}, {t.name})"
        back = f"(np.exp(u{k}) - np.eye({v}.shape[1])[{t.name}]) / {v}.shape[0]"
        return Part(value, f"-u{k}[{rows}, {t.name}].mean()", torch, back, forward)
    x = b.input("normal", *value.shape)
    if kind == "weighted":
        return Part(value, f"({x.name} * {v}).sum()", f"({x.name} * {v}).sum()", f"1.0 * {x.name}")
    text = f"(({v} - {x.name})**2).mean()"
    return Part(value, text, text, f"2 * ({v} - {x.name}) / {v}.size")
