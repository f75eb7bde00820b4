"""The truth: the value of every quantity by torch, for a block of trials at once.

`torch.func.functional_call` under `vmap` runs the model for all trials; zero-valued taps added to the outputs of
submodules in forward hooks give autograd something to differentiate with respect to; one optimizer steps them all.
Where an operation has no batching rule, or a batched result is not what single trials give, trials are run one by one.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.func import functional_call, vmap

from gradproof.errors import GradproofError
from gradproof.trials.numbers import TrialsDiffer
from gradproof.truth.batching import alike, on_one_thread, row, taken_apart, without_onednn
from gradproof.truth.binding import Binding
from gradproof.truth.differentiation import entry_of, jacobian, place_of, tapped
from gradproof.truth.first_run import Call
from gradproof.truth.optimizer import Recipe, Stepper, Tensors, recorded_step, takes_batches
from gradproof.truth.sources import Derivative, Leaf, Output, Result, Updated
from gradproof.truth.wanted import wanted_of

Array = NDArray[Any]
DTYPES = {"float64": torch.float64, "float32": torch.float32}


class Truth:
    """Values of named quantities by one reference.

    Args:
        binding: The reference with its names bound.
        names: The quantities that are wanted; each must be known to the binding.
        dtype: `float64` or `float32`.
    """

    def __init__(self, binding: Binding, names: Iterable[str], dtype: str) -> None:
        self.binding = binding
        self.dtype = DTYPES[dtype]
        self.wanted = wanted_of(binding, names)
        self.sources = self.wanted.sources
        self.batched: bool | None = None
        self.in_parts = False
        self.steps_batched: bool | None = None

    # One trial or many: tensors in, tensors out -----------------------------------------------------------------

    def leaves(self, draws: Mapping[str, Array]) -> Tensors:
        """Draws as tensors in the run's dtype; class indices stay whole numbers."""
        tensors = {}
        for name in self.binding.leaves:
            tensor = torch.from_numpy(np.ascontiguousarray(draws[name]))
            tensors[name] = tensor.to(self.dtype) if tensor.is_floating_point() else tensor
        return tensors

    def taps(self, trials: int | None) -> dict[Call, torch.Tensor]:
        """Zeros of the shape of each captured output, for one trial (None) or for many."""
        lead = () if trials is None else (trials,)
        return {call: torch.zeros(lead + self.binding.calls[call], dtype=self.dtype) for call in self.wanted.captured}

    def forward(
        self, parameters: Tensors, inputs: Tensors, cotangents: Tensors, taps: dict[Call, torch.Tensor]
    ) -> tuple[dict[str, torch.Tensor], dict[Call, torch.Tensor]]:
        """One trial: the results by name, and the output of each captured call."""
        with without_onednn(), tapped(self.binding.model, taps) as outputs:
            result = functional_call(self.binding.model, parameters, (), inputs)
        results = self.binding.named_results(result)
        contractions = [(cotangents[leaf] * results[name]).sum() for name, leaf in self.binding.cotangents.items()]
        if contractions:
            results[self.binding.reference.loss] = functools.reduce(operator.add, contractions)
        return results, outputs

    def quantities(
        self,
        leaves: Tensors,
        *,
        batch: bool,
        step: Callable[[Tensors, Tensors], Tensors] | None = None,
        one: torch.Tensor | None = None,
    ) -> Tensors:
        """The wanted quantities as tensors.

        Args:
            leaves: The drawn values of one trial or, with `batch`, of many.
            batch: Which of the two.
            step: Takes the optimizer's step, from leaves and gradients, in place of one that is made for the purpose.
            one: The derivative that backpropagation starts from, where a recording needs it as a leaf of its own.
        """
        binding = self.binding
        trials = len(next(iter(leaves.values()))) if batch else None
        parameters = {name: leaves[name].detach().requires_grad_() for name in binding.parameters}
        inputs = {
            name: leaves[name].detach().requires_grad_(leaves[name].is_floating_point())
            for name in binding.reference.inputs
        }
        cotangents = {name: leaves[name] for name in binding.cotangents.values()}
        taps = {call: value.requires_grad_() for call, value in self.taps(trials).items()}
        forward = self.forward
        if batch:
            forward = vmap(taken_apart(forward) if self.in_parts else forward)
        results, outputs = forward(parameters, inputs, cotangents, taps)
        differentiable = {**parameters, **{name: v for name, v in inputs.items() if v.requires_grad}}
        values = self._values(leaves, results, outputs, batch=batch)
        loss = binding.reference.loss
        below: dict[str | Call, torch.Tensor] = {}
        for part in (differentiable, taps, results):
            below.update(part.items())
        for top in self.wanted.tops:
            above = binding.roots[top]
            tensor = (
                entry_of(outputs[above.call], above.index, batch=batch) if isinstance(above, Output) else results[top]
            )
            names = self.wanted.derivatives.get(top, [])
            places = dict.fromkeys(place_of(self._bottom(name)) for name in names)
            if top == loss and self.wanted.updated:
                places.update(dict.fromkeys(parameters))
            slopes = jacobian(tensor, [below[place] for place in places], one, batch=batch)
            full = dict(zip(places, slopes, strict=True))
            derivatives = self._derivatives(names, full, batch=batch, depth=tensor.ndim - batch)
            factor = binding.reference.gradient_factor if top == loss else 1
            values.update({n: d * factor for n, d in derivatives.items()} if factor != 1 else derivatives)
        if self.wanted.updated:  # the loss comes last, so these are its derivatives
            gradients = {name: full[name] for name in parameters}
            stepped = (step or self._step)(leaves, gradients)
            values.update(self._updates(stepped, batch=batch))
        return values

    def _updates(self, stepped: Tensors, *, batch: bool) -> Tensors:
        """The wanted entries of the parameters, and of the optimizer's state, after the step."""
        return {
            name: entry_of(stepped[source.path], source.index, batch=batch)
            for name, source in self.sources.items()
            if isinstance(source, Updated)
        }

    def _values(self, leaves: Tensors, results: Tensors, outputs: dict[Call, torch.Tensor], *, batch: bool) -> Tensors:
        values = {}
        for name, source in self.sources.items():
            if isinstance(source, Leaf):
                values[name] = entry_of(leaves[source.path], source.index, batch=batch)
            elif isinstance(source, Output):
                values[name] = entry_of(outputs[source.call], source.index, batch=batch)
            elif isinstance(source, Result):
                values[name] = results[source.name]
        return values

    def _bottom(self, name: str) -> Leaf | Output | Result:
        source = self.sources[name]
        assert isinstance(source, Derivative)
        return self.binding.roots[source.bottom]

    def _derivatives(
        self, names: list[str], full: Mapping[str | Call, torch.Tensor], *, batch: bool, depth: int
    ) -> Tensors:
        """The wanted entries of the derivatives of one top, whose own axes are `depth` in number."""
        values: Tensors = {}
        for name in names:
            bottom = self._bottom(name)
            index = () if isinstance(bottom, Result) else bottom.index
            values[name] = entry_of(full[place_of(bottom)], index, batch=batch, depth=depth)
        return values

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

    # Blocks of trials ---------------------------------------------------------------------------------------------

    def evaluate(self, draws: Mapping[str, Array]) -> dict[str, Array]:
        """The wanted quantities of a block, `(n, *shape)` by name.

        Raises:
            GradproofError: The model fails.
        """
        leaves = self.leaves(draws)
        try:
            with on_one_thread():
                if self.batched is None:
                    self.batched = self._takes_batches(leaves)
                values = self.quantities(leaves, batch=True) if self.batched else self._one_by_one(leaves)
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
            self.quantities(leaves, batch=True, step=note)
            return noted[0]
        for trial in range(len(next(iter(leaves.values())))):
            self.quantities(row(leaves, trial), batch=False, step=note)
        return {name: torch.stack([one[name] for one in noted]) for name in noted[0]}

    def _one_by_one(self, leaves: Tensors) -> Tensors:
        count = len(next(iter(leaves.values())))
        rows = [self.quantities(row(leaves, k), batch=False, step=self._step_alone) for k in range(count)]
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
            self.in_parts = in_parts
            try:
                together = self.quantities(few, batch=True)
            except (RuntimeError, NotImplementedError):
                continue  # no batching rule, control flow on values, an in-place write into a buffer
            if alike(together, self._one_by_one(few), self.dtype):
                return True
        return False
