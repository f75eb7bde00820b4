"""A forward and a backward pass of the model, for one trial or for many: tensors in, tensors out.

`torch.func.functional_call` under `vmap` runs the model for all trials; zero-valued taps added to the outputs of
submodules in forward hooks give autograd something to differentiate with respect to.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch.func import functional_call, vmap

from gradproof.aten.uncompiled import uncompiled
from gradproof.truth.batching import by_default, taken_apart, without_onednn
from gradproof.truth.binding import Binding
from gradproof.truth.differentiation import entry_of, jacobian, place_of, tapped
from gradproof.truth.first_run import Call
from gradproof.truth.optimizer import Tensors
from gradproof.truth.sources import Derivative, Leaf, Output, Result, Updated
from gradproof.truth.wanted import wanted_of

Array = NDArray[Any]
Ran = TypeVar("Ran")
DTYPES = {"float64": torch.float64, "float32": torch.float32}


class Passes:
    """Forward and backward passes of one reference's model.

    Args:
        binding: The reference with its names bound.
        names: The quantities that are wanted; each must be known to the binding.
        dtype: `float64` or `float32`.

    Attributes:
        wanted: What is differentiated with respect to what.
        sources: Where each wanted quantity comes from, by name.
        in_parts: Whether composite operations are taken apart, so that many trials can run at once.
        by_all_inputs: Whether all real inputs are differentiated by; else those alone whose derivatives are wanted.
    """

    def __init__(self, binding: Binding, names: Iterable[str], dtype: str) -> None:
        self.binding = binding
        self.dtype = DTYPES[dtype]
        self.wanted = wanted_of(binding, names)
        self.sources = self.wanted.sources
        self.in_parts = False
        self.by_all_inputs = True

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
        with without_onednn(), uncompiled(), by_default(self.dtype), tapped(self.binding.model, taps) as outputs:
            result = functional_call(self.binding.model, parameters, (), inputs)
        results = self.binding.named_results(result)
        contractions = [(cotangents[leaf] * results[name]).sum() for name, leaf in self.binding.cotangents.items()]
        if contractions:
            results[self.binding.reference.loss] = functools.reduce(operator.add, contractions)
        return results, outputs

    def on_inputs(self, leaves: Tensors, forward: Callable[[Tensors], Ran]) -> tuple[Tensors, Ran]:
        """Run a forward pass on the model's inputs; a loss that refuses to be differentiated by its target, as some do,
        is run again with a target that is a plain number.

        Args:
            leaves: The drawn values.
            forward: What is run, on the inputs by name.

        Returns:
            The inputs, and what came out.
        """
        names = self.binding.reference.inputs
        real = {name for name in names if leaves[name].is_floating_point()}
        for wanted in (real, real & self.wanted.by_inputs) if self.by_all_inputs else (real & self.wanted.by_inputs,):
            inputs = {name: leaves[name].detach().requires_grad_(name in wanted) for name in names}
            try:
                ran = forward(inputs)
            except RuntimeError:
                if wanted <= self.wanted.by_inputs:
                    raise
            else:
                self.by_all_inputs = wanted == real
                return inputs, ran
        raise AssertionError("the last try returns or raises")

    def quantities(
        self,
        leaves: Tensors,
        *,
        batch: bool,
        step: Callable[[Tensors, Tensors], Tensors],
        one: torch.Tensor | None = None,
    ) -> Tensors:
        """The wanted quantities as tensors.

        Args:
            leaves: The drawn values of one trial or, with `batch`, of many.
            batch: Which of the two.
            step: Takes the optimizer's step, from leaves and gradients.
            one: The derivative that backpropagation starts from, where a recording needs it as a leaf of its own.
        """
        binding = self.binding
        trials = len(next(iter(leaves.values()))) if batch else None
        parameters = {name: leaves[name].detach().requires_grad_() for name in binding.parameters}
        cotangents = {name: leaves[name] for name in binding.cotangents.values()}
        taps = {call: value.requires_grad_() for call, value in self.taps(trials).items()}
        forward = self.forward
        if batch:
            forward = vmap(taken_apart(forward) if self.in_parts else forward)
        inputs, (results, outputs) = self.on_inputs(
            leaves, lambda inputs: forward(parameters, inputs, cotangents, taps)
        )
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
            stepped = step(leaves, gradients)
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
