"""How a model runs under `vmap`, for a block of trials at once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.func import vjp

from gradproof.tolerances import BATCHED_EXPONENT
from gradproof.truth.optimizer import Tensors


def taken_apart(forward: Callable[..., Any]) -> Callable[..., Any]:
    """The same function with its composite operations, such as a whole `nn.LSTM`, taken apart.

    Those have no batching rule of their own; within a level of differentiation torch runs their parts instead.
    """

    def run(parameters: Tensors, *rest: Any) -> Any:
        return vjp(lambda own: forward(own, *rest), parameters)[0]

    return run


@contextmanager
def without_onednn() -> Iterator[None]:
    """While it lasts, torch uses its own kernels: oneDNN's whole layers have neither a batching rule nor a bound."""
    was = torch._C._get_mkldnn_enabled()  # torch.backends.mkldnn.flags also sets TF32, which warns
    torch._C._set_mkldnn_enabled(False)
    try:
        yield
    finally:
        torch._C._set_mkldnn_enabled(was)


@contextmanager
def by_default(dtype: torch.dtype) -> Iterator[None]:
    """While it lasts, what a model makes without saying of which dtype has that of the run: `torch.zeros(n, 3)`."""
    was = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(was)


@contextmanager
def on_one_thread() -> Iterator[None]:
    """While it lasts, torch computes on one thread: at these sizes more of them only cost time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def without_hints() -> Iterator[None]:
    """While it lasts, torch does not advise on what has no batching rule: that it is run trial by trial is seen to."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="There is a performance drop")
        yield


def row(leaves: Tensors, trial: int) -> Tensors:
    """The values of one trial of a block."""
    return {name: value[trial] for name, value in leaves.items()}


def alike(together: Tensors, alone: Tensors, dtype: torch.dtype) -> bool:
    """Whether two ways of running the same trials agree in all but rounding."""
    tolerance = float(torch.finfo(dtype).eps) ** BATCHED_EXPONENT
    return all(
        torch.allclose(together[name], alone[name], rtol=tolerance, atol=tolerance, equal_nan=True) for name in alone
    )
