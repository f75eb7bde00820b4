"""Recording: torch runs a function once, and every ATen operation that it calls is written on a tape."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import _disable_current_modes

from gradproof.aten.aliases import DTYPES, Memory
from gradproof.aten.errors import NoRule
from gradproof.aten.recorder import Recorder
from gradproof.aten.tape import Tape, map_leaves

READ_BY_PYTHON = frozenset(
    {
        "item",
        "tolist",
        "numpy",
        "__array__",
        "__bool__",
        "__complex__",
        "__contains__",
        "__dlpack__",
        "__float__",
        "__index__",
        "__int__",
    }
)

PRINTED = frozenset({"__repr__", "__format__"})


def record(function: Callable[..., Any], *leaves: torch.Tensor) -> Tape:
    """The ATen operations by which `function(*leaves)` computes its outputs.

    `function` takes tensors and returns a tensor, or tuples, lists and dictionaries of tensors; it may call
    torch.autograd.grad, backward, and an optimizer's step. It is run once, for ONE trial, on copies of the leaves;
    what it writes elsewhere (buffers of a module, state of an optimizer) stays written. Tensors that do not depend on
    the leaves become constants, and so do plain numbers. A 0-d tensor among the leaves may be used wherever torch
    takes a number (`alpha`, `value`, a learning rate put into an optimizer's `param_groups`).

    A tape holds for the shapes and for the flow of the recorded trial: Python that branches on the values of a
    tensor (`if x > 0`, `.item()`, `.numpy()`) is refused where it can be seen. Autograd's formulas are those that
    torch uses under a dispatch mode, which for a few operations (`prod`, `index_put`) avoid looking at values;
    attention is recorded in its mathematical form, not as a fused kernel.

    Raises NoRule for an operation without a rule, for random numbers, for float64 rounded to less, and for Python
    that reads the values of a tensor. Source: torch.utils._python_dispatch.TorchDispatchMode.
    """
    recorder = Recorder()
    strange = [leaf.dtype for leaf in leaves if leaf.dtype not in DTYPES]
    if strange:
        raise NoRule(f"a leaf of {strange[0]} cannot be recorded; use float64 or float32, integers or booleans")
    tensors = [_copy(leaf) for leaf in leaves]
    for tensor in tensors:
        recorder.memory.bind(tensor, recorder.new_slot())
    with _without_fused_kernels(), _PythonReads(recorder.memory), recorder:
        result = function(*tensors)
    outputs = map_leaves(recorder.output, result)
    return Tape(tuple(tuple(leaf.shape) for leaf in leaves), tuple(recorder.steps), outputs).pruned()


def _copy(leaf: torch.Tensor) -> torch.Tensor:
    copy = leaf.detach().clone(memory_format=torch.contiguous_format)
    return copy.requires_grad_(leaf.requires_grad)


@contextlib.contextmanager
def _without_fused_kernels() -> Iterator[None]:
    """Attention as matrix products and a softmax: its fused kernels have no rules."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


class _PythonReads(TorchFunctionMode):
    """Refuses Python code that takes the values of a recorded tensor out of torch, except to print them."""

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self._memory = memory

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name in READ_BY_PYTHON and args and isinstance(args[0], torch.Tensor) and self._memory.tracks(args[0]):
            raise NoRule(
                f"Tensor.{name} reads the values of a tensor that depends on the leaves; what Python does with them "
                f"cannot be recorded: write it with torch operations (torch.where for a branch)"
            )
        if name in PRINTED:
            with _disable_current_modes():
                return func(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))
