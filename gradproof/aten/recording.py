"""Recording: torch runs a function once, and every ATen operation that it calls is written on a tape."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from gradproof.aten.aliases import DTYPES
from gradproof.aten.errors import NoRule
from gradproof.aten.python_reads import PythonReads
from gradproof.aten.recorder import Recorder
from gradproof.aten.tape import Tape, map_leaves


def record(function: Callable[..., Any], *leaves: torch.Tensor, partial: bool = False) -> Tape:
    """The ATen operations by which `function(*leaves)` computes its outputs.

    `function` takes tensors and returns a tensor, or tuples, lists and dictionaries of tensors; it may call
    torch.autograd.grad, backward, and an optimizer's step. It is run once, for ONE trial, on copies of the leaves;
    what it writes elsewhere (buffers of a module, state of an optimizer) stays written. Tensors that do not depend on
    the leaves become constants, and so do plain numbers. A 0-d tensor among the leaves may be used wherever torch
    takes a number (`alpha`, `value`, a learning rate put into an optimizer's `param_groups`).

    A tape holds for the shapes and for the flow of the recorded trial. A branch on a tensor (`if x > 0:`) is recorded
    as a requirement: a run in which the other branch would be taken raises FlowChanged. Values that Python takes out
    of torch (`.item()`, `.numpy()`) are refused. Autograd's formulas are those that
    torch uses under a dispatch mode, which for a few operations (`prod`, `index_put`) avoid looking at values;
    attention is recorded in its mathematical form, not as a fused kernel.

    Raises NoRule for an operation without a rule (with `partial`, it stands on the tape under its own name), for random
    numbers, for float64 rounded to less, and for Python that reads the values of a tensor. Source:
    torch.utils._python_dispatch.TorchDispatchMode.
    """
    recorder = Recorder(partial=partial)
    strange = [leaf.dtype for leaf in leaves if leaf.dtype not in DTYPES]
    if strange:
        raise NoRule(f"a leaf of {strange[0]} cannot be recorded; use float64 or float32, integers or booleans")
    copies = [_copy(leaf) for leaf in leaves]
    for copy in copies:
        recorder.memory.bind(copy, recorder.new_slot())
    with _without_fused_kernels(), PythonReads(recorder.memory), recorder:
        result = function(*copies)
    recorder.finish()
    outputs = map_leaves(recorder.output, result)
    shapes = tuple(tuple(leaf.shape) for leaf in leaves)
    return Tape(shapes, tuple(recorder.steps), outputs, recorder.nbytes).pruned()


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
