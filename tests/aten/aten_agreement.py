"""The law of every recording: its replay equals torch, on the recorded values and on others of the same shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from gradproof.aten import record
from gradproof.aten.tape import Tape

FEW_ULPS = 1e-14  # of the largest entry


def flatten(nested: Any) -> Iterator[Any]:
    if isinstance(nested, dict):
        nested = list(nested.values())
    if isinstance(nested, tuple | list):
        for part in nested:
            yield from flatten(part)
    elif nested is not None:
        yield nested


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64)


def assert_equal(replayed: Any, want: torch.Tensor, where: str = "") -> None:
    """Shapes, the places of NaN and infinity, and values within a few ulp of the largest."""
    expected, got = want.detach().numpy(), np.asarray(replayed)
    assert got.shape == expected.shape, where
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(got[~finite], expected[~finite], err_msg=where)
    largest = np.abs(expected[finite]).max(initial=0)
    np.testing.assert_allclose(got[finite], expected[finite], rtol=0, atol=FEW_ULPS * largest, err_msg=where)


def assert_replays(
    function: Callable[..., Any], leaves: list[torch.Tensor], others: list[list[torch.Tensor]] | None = None
) -> Tape:
    """Records on `leaves`; compares replays with torch on them and on `others` (drawn anew unless given)."""
    tape = record(function, *leaves)
    draws = [[redrawn(leaf) for leaf in leaves] for _ in range(2)] if others is None else others
    for trial, values in enumerate([leaves, *draws]):
        want = list(flatten(function(*(value.clone() for value in values))))
        got = list(flatten(tape.run([value.numpy() for value in values])))
        assert len(got) == len(want)
        for k, (replayed, expected) in enumerate(zip(got, want, strict=True)):
            assert_equal(replayed, expected, f"output {k} in trial {trial}\n{tape}")
    return tape


def redrawn(leaf: torch.Tensor) -> torch.Tensor:
    """Other values of the same kind: integers in another order, probabilities in (0, 1)."""
    if not leaf.is_floating_point():
        return leaf.flip(0) if leaf.ndim else leaf
    if leaf.numel() and leaf.min() > 0 and leaf.max() < 1:
        return torch.rand_like(leaf) * 0.8 + 0.1
    return torch.randn_like(leaf)


def with_gradients(function: Callable[..., Any]) -> Callable[..., Any]:
    """The outputs of `function` and their derivatives by every floating leaf, contracted with a fixed cotangent."""

    def run(*leaves: torch.Tensor) -> Any:
        live = [leaf.detach().requires_grad_() if leaf.is_floating_point() else leaf for leaf in leaves]
        outputs = list(flatten(function(*live)))
        loss = sum(
            (output * torch.cos(torch.arange(output.numel(), dtype=output.dtype).reshape(output.shape) + 1)).sum()
            for output in outputs
            if output.is_floating_point()
        )
        return outputs, torch.autograd.grad(loss, [leaf for leaf in live if leaf.requires_grad], allow_unused=True)

    return run


def of_module(
    make: Callable[[], torch.nn.Module], *inputs: torch.Tensor
) -> tuple[Callable[..., Any], list[torch.Tensor]]:
    """A module as a function of its parameters and inputs, and leaves to call it with."""
    module = make().double()
    names = [name for name, _ in module.named_parameters()]
    buffers = dict(module.named_buffers())

    def run(*leaves: torch.Tensor) -> Any:
        fresh = {name: value.clone() for name, value in buffers.items()}
        state = {**dict(zip(names, leaves, strict=False)), **fresh}
        outputs = torch.func.functional_call(module, state, leaves[len(names) :])
        return outputs, [value for value in fresh.values() if value.is_floating_point()]

    return run, [*(value.detach().clone() for value in module.parameters()), *inputs]
