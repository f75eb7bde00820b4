"""A reference beside a note that is judged by its own equations: the tensors of one forward pass of its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch.func import vmap

from gradproof.audit.own.beside.declared import Callables
from gradproof.audit.reading.names import Names
from gradproof.audit.reading.tree import Symbol
from gradproof.audit.truth import NoteTruth
from gradproof.truth.batching import taken_apart
from gradproof.truth.differentiation import entry_of, place_of
from gradproof.truth.first_run import Call
from gradproof.truth.optimizer import Tensors
from gradproof.truth.passes import Passes
from gradproof.truth.sources import Output, Result


@dataclass(frozen=True)
class Tensor:
    """A quantity of the reference in all trials, and what it is differentiated by: some entries of a tensor."""

    value: torch.Tensor
    below: torch.Tensor
    index: tuple[Any, ...] = ()


def _pattern(symbol: Symbol) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
    """A printed name, its numbers left open."""
    below, above = (tuple("#" if x.text.isdecimal() else x.text for x in part) for part in (symbol.sub, symbol.sup))
    return symbol.name, symbol.mark, below, above


class Backing:
    """What the names of a note mean in a reference, as tensors (trials, *shape) that lead to each other.

    Args:
        truth: The reference, with the trials that are drawn.
    """

    def __init__(self, truth: NoteTruth) -> None:
        self._truth = truth
        self._patterns = {_pattern(symbol) for symbol, _ in truth.names.quantities}

    @property
    def names(self) -> Names:
        """What printed names mean in the reference."""
        return self._truth.names

    @property
    def callables(self) -> Callables:
        """Functions that the reference declares, and that formulas do not know."""
        return self._truth.callables

    @property
    def trials(self) -> int:
        """How many trials there are."""
        return len(next(iter(self._truth.draws.values())))

    def key(self, symbol: Symbol) -> str | None:
        """The reference's name of a printed quantity, by its letters; None where it has none."""
        bound = self.names.resolve(symbol)
        return bound.key if bound is not None and not bound.note and bound.key in self.tensors else None

    def has_others(self, symbol: Symbol) -> bool:
        """Whether the reference has quantities of this name with other numbers: `W^{(2)}` of a `W^{(3)}`."""
        pattern = _pattern(symbol)
        return "#" in (*pattern[2], *pattern[3]) and pattern in self._patterns

    def entry(self, symbol: Symbol) -> Symbol | None:
        """`a_1` of a reference that has `a^{(1)}`, `a^{(2)}` and no `a`: the last of them, of which it is an entry."""
        if not symbol.sub or symbol.sup or not all(label.text.isdecimal() for label in symbol.sub):
            return None
        alike = [s for s, _ in self.names.quantities if (s.name, s.mark, s.sub) == (symbol.name, symbol.mark, ())]
        layers = {int(s.sup[0].text): s for s in alike if len(s.sup) == 1 and s.sup[0].text.isdecimal()}
        return layers[max(layers)] if len(layers) == len(alike) > 0 else None

    @property
    def constants(self) -> dict[str, int]:
        """Single letters that the reference declares as whole numbers: the last layer L."""
        numbers = self.names.constants
        return {s.name: int(n) for s, n in numbers if n.denominator == 1 and not (s.sub or s.sup or s.mark)}

    def shape(self, symbol: Symbol) -> tuple[int, ...] | None:
        """The shape of a printed quantity in one trial; None where the reference has none."""
        key = self.key(symbol)
        return None if key is None else tuple(self.tensors[key].value.shape[1:])

    @cached_property
    def tensors(self) -> Mapping[str, Tensor]:
        """Every quantity that has a value, from one forward pass of all trials together."""
        binding, draws = self._truth.binding, self._truth.draws
        passes = Passes(binding, binding.roots, "float64")
        leaves = passes.leaves(draws)
        parameters = {name: leaves[name].detach().requires_grad_() for name in binding.parameters}
        cotangents = {name: leaves[name] for name in binding.cotangents.values()}
        taps = {call: tap.requires_grad_() for call, tap in passes.taps(self.trials).items()}
        below: dict[str | Call, torch.Tensor] = {}
        inputs, (results, outputs) = passes.on_inputs(
            leaves, lambda i: self._ran(passes, parameters, i, cotangents, taps)
        )
        for part in (leaves, parameters, inputs, taps, results):
            below.update(part.items())
        found = {}
        for name, root in binding.roots.items():
            index = () if isinstance(root, Result) else root.index
            whole = below[place_of(root)]
            value = entry_of(outputs[root.call] if isinstance(root, Output) else whole, index, batch=True)
            if value.is_floating_point():
                found[name] = Tensor(value, whole, index)
        return found

    def _ran(
        self, passes: Passes, parameters: Tensors, inputs: Tensors, cotangents: Tensors, taps: dict[Call, torch.Tensor]
    ) -> tuple[Tensors, dict[Call, torch.Tensor]]:
        """All trials at once, composite operations taken apart where they have no rule for that."""
        found: tuple[Tensors, dict[Call, torch.Tensor]]
        try:
            found = vmap(passes.forward)(parameters, inputs, cotangents, taps)
        except RuntimeError:
            found = vmap(taken_apart(passes.forward))(parameters, inputs, cotangents, taps)
        return found


def is_backed(truth: NoteTruth) -> bool:
    """Whether a reference's model gives its values to many trials at once, and its loss no factor of its own."""
    if truth.binding.reference.gradient_factor != 1:
        return False
    try:
        return bool(Backing(truth).tensors)
    except (RuntimeError, NotImplementedError, ValueError):
        return False  # no batching rule, or a refusal of its own: the note is judged without it
