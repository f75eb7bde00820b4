"""A derivation as a NumPy module and a torch module."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

import gradproof
from benchmarks.judgement_cases.build import Graph
from benchmarks.judgement_cases.graph import Pull, Value, in_numbers
from gradproof import Reference
from gradproof.case.kinds import Distribution

HEAD = """import math

import numpy as np

_gauss_error = np.frompyfunc(math.erf, 1, 1)


def _erf(x):
    return _gauss_error(x).astype(x.dtype)
"""


@dataclass(frozen=True)
class Line:
    """A statement.

    Attributes:
        target: The variable that it assigns.
        text: The statement.
        function: `forward` or `backward`.
    """

    target: str
    text: str
    function: str


@dataclass(frozen=True)
class Written:
    """A derivation in words: its statements, and what surrounds them.

    Attributes:
        graph: The derivation.
        lines: All statements, forward then backward.
        arguments: The leaves, in the order of `forward`'s parameters.
        kept: What `forward` hands to `backward`.
        gradients: What `backward` returns.
        result: What `forward` returns beside what it keeps.
    """

    graph: Graph
    lines: tuple[Line, ...]
    arguments: tuple[str, ...]
    kept: tuple[str, ...]
    gradients: tuple[str, ...]
    result: str

    def source(self, lines: tuple[Line, ...] | None = None, values: bool = False) -> str:
        """The module's text, with other statements if given; with `values`, `backward` returns all its variables."""
        lines = self.lines if lines is None else lines
        returned = "locals()" if values else ", ".join(self.gradients) + ("," if len(self.gradients) == 1 else "")
        given = "cache" if self.graph.parts else "dout, cache"
        parts = [
            HEAD,
            f"\n\ndef forward({', '.join(self.arguments)}):\n",
            *(f"    {line.text}\n" for line in lines if line.function == "forward"),
            f"    return {self.result}, ({', '.join(self.kept)},)\n",
            f"\n\ndef backward({given}):\n    {', '.join(self.kept)}, = cache\n",
            *(f"    {line.text}\n" for line in lines if line.function == "backward"),
            f"    return {returned}\n",
        ]
        return "".join(parts)


def written(graph: Graph) -> Written:
    """The statements of a derivation."""
    forward = [Line(target, f"{target} = {text}", "forward") for s in graph.steps for target, text in s.forward]
    for part in graph.parts:
        forward += [Line(target, f"{target} = {text}", "forward") for target, text in part.forward]
    result = "loss"
    if graph.parts:
        forward.append(Line("loss", f"loss = {' + '.join(part.numpy for part in graph.parts)}", "forward"))
    else:
        result = graph.steps[-1].value.name
    backward = _backward(graph)
    used = {word for line in backward for word in _words(line.text)}
    computed = dict.fromkeys(line.target for line in forward if line.target != "loss")
    arguments = tuple(leaf.name for leaf in graph.leaves)
    kept = tuple(name for name in (*arguments, *computed) if name in used)
    real = [leaf.name for leaf in graph.leaves if leaf.is_real and f"d{leaf.name}" in {x.target for x in backward}]
    gradients = tuple(f"d{name}" for name in real)
    return Written(graph, tuple(forward + backward), arguments, kept, gradients, result)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text))


def _backward(graph: Graph) -> list[Line]:
    """The statements of `backward`, each gradient summed up in the order in which its parts are known."""
    rng = random.Random(graph.seed + 1)
    lines: list[Line] = []
    state: dict[str, bool] = {}  # by operand: whether its gradient can be written into
    for part in graph.parts:
        _send(lines, state, Pull(part.value, part.back), rng)
    if not graph.parts:
        last = graph.steps[-1].value
        _send(lines, state, Pull(last, "dout", fresh=False), rng)
    for step in reversed(graph.steps):
        for target, text in step.locals:
            lines.append(Line(target, f"{target} = {text}", "backward"))
        for pull in step.pulls:
            if pull.operand.is_real:
                _send(lines, state, pull, rng)
    return lines


def _send(lines: list[Line], state: dict[str, bool], pull: Pull, rng: random.Random) -> None:
    d, first = f"d{pull.operand.name}", pull.operand.name not in state
    if pull.into:
        if first:
            lines.append(Line(d, f"{d} = np.zeros_like({pull.operand.name})", "backward"))
        elif not state[pull.operand.name]:
            lines.append(Line(d, f"{d} = {d}.copy()", "backward"))
        state[pull.operand.name] = True
        if pull.into.startswith("at "):
            lines.append(Line(d, f"np.add.at({d}, {pull.into[3:]}, {pull.whole})", "backward"))
        else:
            lines.append(Line(d, f"{d}{pull.into} += {pull.whole}", "backward"))
    elif first:
        lines.append(Line(d, f"{d} = {pull.whole}", "backward"))
        state[pull.operand.name] = pull.fresh
    else:
        more = pull.added or pull.whole
        in_place = state[pull.operand.name] and rng.random() < 0.8
        lines.append(Line(d, f"{d} += {more}" if in_place else f"{d} = {d} + {more}", "backward"))
        state[pull.operand.name] = True


def reference_of(graph: Graph, sizes: Mapping[str, int]) -> Reference:
    """The torch side at given sizes: every step is a symbol."""
    text = "".join(f"    {step.value.name} = self.{step.value.name}({step.torch})\n" for step in graph.steps)
    parameters = [leaf for leaf in graph.leaves if not leaf.draws]
    own = "".join(f"    {leaf.name} = self.{leaf.name}\n" for leaf in parameters)
    inputs = [leaf for leaf in graph.leaves if leaf.draws]
    total = " + ".join(part.torch for part in graph.parts) or graph.steps[-1].value.name
    space: dict[str, object] = {"torch": torch}
    exec(f"def forward(self, {', '.join(x.name for x in inputs)}):\n{own}{text}    return {total}\n", space)
    names = [step.value.name for step in graph.steps]

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for leaf in parameters:
                setattr(self, leaf.name, torch.nn.Parameter(torch.zeros(in_numbers(leaf.shape, sizes))))
            for name in names:
                setattr(self, name, torch.nn.Identity())

    Model.forward = space["forward"]  # type: ignore[assignment]  # of the text above
    return Reference(
        model=Model,
        inputs={leaf.name: _distribution(leaf, sizes) for leaf in inputs},
        symbols={name: name for name in names} | {leaf.name: leaf.name for leaf in parameters},
    )


def _distribution(leaf: Value, sizes: Mapping[str, int]) -> Distribution:
    shape = in_numbers(leaf.shape, sizes)
    if leaf.draws == "normal":
        return gradproof.normal(*shape)
    kind, _, rest = leaf.draws.partition("(")
    if kind == "one_hot":
        return gradproof.one_hot(*shape[:-1], classes=shape[-1])
    high = int(np.prod(in_numbers((rest.split(",")[1].strip(" )"),), sizes)))
    return gradproof.integers(0, high, shape=shape)
