"""The optimizer's step for many trials at once, by the real `torch.optim` class.

torch's elementwise optimizers do not care how a parameter is laid out, so the parameters of all trials are handed to
one optimizer as one parameter with the trials on its last axis, and a hyperparameter that differs from trial to trial
as a tensor over that axis. Whether the optimizer does take that is found out: the batched step is compared with a
step of its own for each of a few trials, and where it fails or differs every trial gets an optimizer of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

Tensors = dict[str, torch.Tensor]


class Stepper:
    """Steps of one optimizer for a block of trials, keeping its state between steps.

    Args:
        factory: The class from `torch.optim`.
        fixed: Arguments that are the same in all trials.
        parameters: The values before the first step, `(n, *shape)` by name.
        drawn: Hyperparameters that differ from trial to trial, `(n,)` by name.
        batched: One optimizer for all trials, or one for each.
        examples: A number for each drawn hyperparameter that the constructor would accept in its place.
    """

    def __init__(
        self,
        factory: Callable[..., Any],
        fixed: Mapping[str, Any],
        parameters: Tensors,
        drawn: Tensors,
        *,
        batched: bool,
        examples: Mapping[str, float],
    ) -> None:
        count = len(next(iter(parameters.values())))
        self.batched = batched
        if batched:
            stacked = {name: value.detach().movedim(0, -1).clone() for name, value in parameters.items()}
            self.parts = [(stacked, self._batched(factory, {**fixed, **examples}, stacked, drawn))]
        else:
            self.parts = []
            for trial in range(count):
                own = {name: value[trial].detach().clone() for name, value in parameters.items()}
                numbers = {name: value[trial].item() for name, value in drawn.items()}
                self.parts.append((own, factory(list(own.values()), **fixed, **numbers)))

    @staticmethod
    def _batched(factory: Callable[..., Any], fixed: Mapping[str, Any], stacked: Tensors, drawn: Tensors) -> Any:
        """The constructor checks single numbers; the tensors take their place in the parameter group afterwards.

        A tensor that requires a gradient keeps torch's elementwise path: `param.addcmul_(grad, lr, value=-1)`.
        """
        optimizer = factory(list(stacked.values()), **fixed)
        for group in optimizer.param_groups:
            for name, value in drawn.items():
                group[name] = value.detach().clone().requires_grad_()
            if "foreach" in group:
                group["foreach"] = False
        return optimizer

    def step(self, gradients: Tensors) -> Tensors:
        """Take one step on `(n, *shape)` gradients; returns the parameters after it, `(n, *shape)`."""
        for trial, (own, optimizer) in enumerate(self.parts):
            for name, value in own.items():
                gradient = gradients[name].detach()
                value.grad = gradient.movedim(0, -1) if self.batched else gradient[trial].clone()
            with torch.no_grad():
                optimizer.step()
        if self.batched:
            return {name: value.detach().movedim(-1, 0) for name, value in self.parts[0][0].items()}
        names = self.parts[0][0]
        return {name: torch.stack([own[name].detach() for own, _ in self.parts]) for name in names}


def takes_batches(factory: Callable[..., Any], fixed: Mapping[str, Any], parameters: Tensors, drawn: Tensors) -> bool:
    """Whether one optimizer for all trials does what one for each trial does, over two steps of a few trials."""
    few = {name: value[:5].detach() for name, value in parameters.items()}
    numbers = {name: value[:5].detach() for name, value in drawn.items()}
    try:
        examples = {name: value[0].item() for name, value in numbers.items()}
        together = Stepper(factory, fixed, few, numbers, batched=True, examples=examples)
        alone = Stepper(factory, fixed, few, numbers, batched=False, examples=examples)
        for turn in range(2):
            gradients = {name: value.cos() * (turn + 1) for name, value in few.items()}
            a, b = together.step(gradients), alone.step(gradients)
            for name in a:
                tolerance = 64 * torch.finfo(a[name].dtype).eps
                if not torch.allclose(a[name], b[name], rtol=tolerance, atol=tolerance):
                    return False
    except (RuntimeError, TypeError, ValueError, AttributeError, KeyError):
        return False  # the optimizer does not take tensors: its own words for that differ from class to class
    return True
