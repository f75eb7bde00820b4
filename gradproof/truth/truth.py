"""The truth: the value of every quantity by torch, for a block of trials at once.

All trials of a block run together, and one optimizer steps them all. Where an operation has no batching rule, or a
batched result is not what single trials give, trials are run one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gradproof.errors import GradproofError
from gradproof.trials.numbers import TrialsDiffer
from gradproof.truth.batching import alike, on_one_thread, row, without_hints
from gradproof.truth.binding import Binding
from gradproof.truth.optimizer import Recipe, Stepper, Tensors, recorded_step, takes_batches
from gradproof.truth.passes import Passes

Array = NDArray[Any]


class Truth:
    """Values of named quantities by one reference.

    Args:
        binding: The reference with its names bound.
        names: The quantities that are wanted; each must be known to the binding.
        dtype: `float64` or `float32`.

    Attributes:
        passes: The model's forward and backward passes.
        sources: Where each wanted quantity comes from, by name.
        batched: Whether many trials run at once; None until that has been tried.
        steps_batched: The same of the optimizer's steps.
    """

    def __init__(self, binding: Binding, names: Iterable[str], dtype: str) -> None:
        self.binding = binding
        self.passes = Passes(binding, names, dtype)
        self.dtype = self.passes.dtype
        self.sources = self.passes.sources
        self.batched: bool | None = None
        self.steps_batched: bool | None = None

    # Blocks of trials ---------------------------------------------------------------------------------------------

    def evaluate(self, draws: Mapping[str, Array]) -> dict[str, Array]:
        """The wanted quantities of a block, `(n, *shape)` by name.

        Raises:
            GradproofError: The model fails.
        """
        leaves = self.passes.leaves(draws)
        try:
            with on_one_thread(), without_hints():
                if self.batched is None:
                    self.batched = self._takes_batches(leaves)
                values = (
                    self.passes.quantities(leaves, batch=True, step=self._step)
                    if self.batched
                    else self._one_by_one(leaves)
                )
        except RuntimeError as error:
            raise GradproofError(f"{self.binding.place}: the model fails: {error}") from error
        return {name: value.detach().numpy() for name, value in values.items()}

    def require_repeatable(self, draws: Mapping[str, Array], values: Mapping[str, Array]) -> None:
        """Refuse a model that gives other results when it is run again on the same numbers.

        Args:
            draws: `(n, *shape)` by leaf.
            values: What it gave for them.

        Raises:
            GradproofError: It is random.
        """
        again = self.evaluate(draws)
        odd = [name for name, value in values.items() if not np.array_equal(value, again[name], equal_nan=True)]
        if odd:
            raise GradproofError(
                f"{self.binding.place}: the reference is random: two runs on the same numbers give two results for "
                f"{', '.join(odd[:3])}; put it into evaluation mode (model=lambda: Model().eval()), or make what is "
                "random an input: a dropout mask, drawn by the reference and read by both sides"
            )

    def gradients(self, leaves: Tensors) -> Tensors:
        """The loss's derivative with respect to every parameter, for a block of leaves as tensors."""
        noted: list[Tensors] = []

        def note(leaves: Tensors, gradients: Tensors) -> Tensors:
            noted.append(gradients)
            return leaves

        if self.batched:
            self.passes.quantities(leaves, batch=True, step=note)
            return noted[0]
        for trial in range(len(next(iter(leaves.values())))):
            self.passes.quantities(row(leaves, trial), batch=False, step=note)
        return {name: torch.stack([one[name] for one in noted]) for name in noted[0]}

    def _one_by_one(self, leaves: Tensors) -> Tensors:
        count = len(next(iter(leaves.values())))
        rows = [self.passes.quantities(row(leaves, k), batch=False, step=self._step_alone) for k in range(count)]
        return {name: torch.stack([row[name].detach() for row in rows]) for name in rows[0]}

    def _step_alone(self, leaves: Tensors, gradients: Tensors) -> Tensors:
        lifted = {name: value.detach()[None] for name, value in leaves.items()}
        stepper = Stepper(self._recipe, self.binding.parameters, lifted, batched=False)
        stepped = stepper.step({name: value[None] for name, value in gradients.items()})
        return {name: value[0] for name, value in stepped.items()}

    def _takes_batches(self, leaves: Tensors) -> bool:
        """Whether the model can be batched: three trials together are what they are alone, up to rounding."""
        few = {name: value[:3] for name, value in leaves.items()}
        for in_parts in (False, True):
            self.passes.in_parts = in_parts
            try:
                together = self.passes.quantities(few, batch=True, step=self._step)
            except (RuntimeError, NotImplementedError):
                continue  # no batching rule, control flow on values, an in-place write into a buffer
            if alike(together, self._one_by_one(few), self.dtype):
                return True
        return False

    # The optimizer's step -----------------------------------------------------------------------------------------

    def _step(self, leaves: Tensors, gradients: Tensors) -> Tensors:
        """One step of the real optimizer for a block of trials."""
        try:
            return self.stepper(leaves).step(gradients)
        except TrialsDiffer:
            self.steps_batched = False
            return self.stepper(leaves).step(gradients)

    def stepper(self, leaves: Tensors) -> Stepper:
        """The optimizer of a block of trials, all trials together where it takes that."""
        recipe, names = self._recipe, self.binding.parameters
        if self.steps_batched is None:
            self.steps_batched = takes_batches(recipe, names, leaves)
        return Stepper(recipe, names, leaves, batched=self.steps_batched)

    @property
    def _recipe(self) -> Recipe:
        assert self.binding.recipe is not None
        return self.binding.recipe

    def recorded_step(self, leaves: Tensors, gradients: Tensors) -> Tensors:
        """One trial's step, every number of it a tensor: what a recording needs."""
        return recorded_step(self._recipe, leaves, gradients)
