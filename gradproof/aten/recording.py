"""Recording: torch runs a function once, and every ATen operation that it calls is written on a tape."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from gradproof.aten import rewrites
from gradproof.aten.aliases import Memory, Value
from gradproof.aten.errors import NoRule
from gradproof.aten.rules import KEEPS_INTEGERS, rule_name
from gradproof.aten.tape import Operation, Slot, Tape, map_leaves

Operator = Any  # torch._ops.OpOverload

DROPPED = frozenset({"dtype", "layout", "device", "pin_memory", "memory_format", "non_blocking", "requires_grad"})

VALUE_INDEPENDENT = frozenset(
    f"aten.{name}"
    for name in "zeros_like ones_like full_like empty_like new_zeros new_ones new_full new_empty new_empty_strided".split()
)

SAME_VALUE = frozenset(f"aten.{name}" for name in "clone _to_copy lift_fresh_copy lift_fresh contiguous".split())

READS_BY_PYTHON = frozenset(
    "item tolist numpy __array__ __bool__ __float__ __int__ __index__ __complex__ __contains__".split()
)


def record(function: Callable[..., Any], *leaves: torch.Tensor) -> Tape:
    """The ATen operations by which `function(*leaves)` computes its outputs.

    `function` takes tensors and returns a tensor, or tuples, lists and dictionaries of tensors; it may call
    torch.autograd.grad, backward, and an optimizer's step (built with foreach=False and fused=False). It is run once,
    for ONE trial, on copies of the leaves; what it writes elsewhere (buffers of a module, state of an optimizer)
    stays written. Tensors that do not depend on the leaves become constants: so do hyperparameters given as numbers,
    while a 0-d tensor among the leaves may be used wherever torch takes a number (`alpha`, `value`, a learning rate
    put into an optimizer's `param_groups`).

    A tape holds for the shapes and for the flow of the recorded trial: Python that branches on the values of a
    tensor (`if x > 0`, `.item()`, `.numpy()`) is refused where it can be seen. Autograd's formulas are those that
    torch uses under a dispatch mode, which for a few operations (`prod`, `index_put`) avoid looking at values;
    attention is recorded in its mathematical form, not as a fused kernel.

    Raises NoRule for an operation without a rule, for random numbers, for float64 rounded to less, and for Python
    that reads the values of a tensor.
    """
    recorder = _Recorder()
    tensors = [_copy(leaf) for leaf in leaves]
    for tensor in tensors:
        recorder.memory.bind(tensor, recorder.new_slot())
    with _without_fused_kernels(), _PythonReads(recorder.memory), recorder:
        result = function(*tensors)
    with torch._C.DisableTorchFunction():
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
    """Refuses Python code that takes the values of a recorded tensor out of torch."""

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self._memory = memory

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name in READS_BY_PYTHON and isinstance(args[0], torch.Tensor) and self._memory.tracks(args[0]):
            raise NoRule(
                f"Tensor.{name} reads the values of a tensor that depends on the leaves; what Python does with them "
                f"cannot be recorded: write it with torch operations (torch.where for a branch)"
            )
        return func(*args, **(kwargs or {}))


class _Recorder(TorchDispatchMode):
    """Runs every operation and records those that depend on the leaves."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Operation] = []
        self.memory = Memory(self.emit)
        self._slots = 0
        self._numbers: list[tuple[float, Slot]] = []

    def new_slot(self) -> Slot:
        self._slots += 1
        return Slot(self._slots - 1)

    def emit(self, name: str, *args: Any) -> Slot:
        """Records an operation with one result."""
        slot = self.new_slot()
        self.steps.append(Operation(name, args, {}, (slot,)))
        return slot

    def output(self, result: Any) -> Any:
        return self.memory.read(result) if isinstance(result, torch.Tensor) else result

    def __torch_dispatch__(
        self, func: Operator, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded in func.tags:
            raise NoRule(f"{func} draws random numbers: a mask or a noise must be an input of the function")
        numbers, self._numbers = self._numbers, []
        if not numbers and not any(self.memory.tracks(tensor) for tensor in rewrites.tensors((args, kwargs))):
            return func(*args, **kwargs)
        if str(func.overloadpacket) in VALUE_INDEPENDENT and not numbers:
            return func(*args, **kwargs)
        if func is torch.ops.aten._local_scalar_dense.default:
            return self._number(args[0], numbers)
        return self._dependent(func, args, kwargs, numbers)

    def _number(self, tensor: torch.Tensor, numbers: list[tuple[float, Slot]]) -> Any:
        """torch itself turns a tensor into a number, which the next operation takes as an argument."""
        value, slot = tensor.detach().item(), self.memory.read(tensor)
        self._numbers = numbers if isinstance(slot, np.ndarray) else [*numbers, (value, slot)]
        return value

    def _dependent(
        self, func: Operator, args: tuple[Any, ...], kwargs: dict[str, Any], numbers: list[tuple[float, Slot]]
    ) -> Any:
        if func is torch.ops.aten.copy_.default:
            return self._copy(func, args, kwargs)
        rewrite = rewrites.find(func, args, kwargs)
        if rewrite is not None:
            self._numbers = numbers
            with self:
                return rewrite(*args, **kwargs)
        if rewrites.is_view(func):
            return self._view(func, args, kwargs)
        if str(func.overloadpacket) in SAME_VALUE:
            return self._same_value(func, args, kwargs)
        name = rule_name(func.overloadpacket._qualified_op_name.replace("::", "."), func._overloadname)
        if name is None:
            self._numbers = numbers
            return self._decomposed(func, args, kwargs)
        return self._ruled(name, func, args, kwargs, numbers)

    def _copy(self, func: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        target, source = args[0], args[1]
        value = self._converted(self.memory.read(source), source.dtype, target.dtype)
        if tuple(source.shape) != tuple(target.shape):
            value = self._expanded(value, target.shape)
        self.memory.write(target, value)
        return func(*args, **kwargs)

    def _expanded(self, value: Value, shape: Sequence[int]) -> Value:
        if isinstance(value, np.ndarray):
            return np.broadcast_to(value, tuple(shape)).copy()
        return self.emit("aten.expand", value, list(shape))

    def _view(self, func: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A view of recorded memory: recorded by its rule, or gathered from the memory when it is read."""
        result = func(*args, **kwargs)
        name = rule_name(func.overloadpacket._qualified_op_name.replace("::", "."), func._overloadname)
        outputs = [result] if isinstance(result, torch.Tensor) else list(result)
        if name is not None and not all(self.memory.has_value(output) for output in outputs):
            self._emit_call(name, outputs, args, kwargs)
        return result

    def _same_value(self, func: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = func(*args, **kwargs)
        if not self.memory.tracks(result):
            value = self._converted(self.memory.read(args[0]), args[0].dtype, result.dtype)
            self.memory.bind(result, value)
        return result

    def _decomposed(self, func: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with self:
            result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
            decomposition = rewrites.python_decomposition(func)
            if decomposition is None:
                raise NoRule(
                    f"{func} has no rule and no decomposition; write the step with other torch operations, or leave "
                    f"this quantity to sampled bounds"
                )
            return decomposition(*args, **kwargs)

    def _ruled(
        self,
        name: str,
        func: Operator,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        numbers: list[tuple[float, Slot]],
    ) -> Any:
        result = func(*args, **kwargs)
        outputs = [result] if isinstance(result, torch.Tensor) else list(result)
        if not all(output is None or isinstance(output, torch.Tensor) for output in outputs):
            raise NoRule(f"{func} gives Python a value that depends on the leaves; its use cannot be recorded")
        args, kwargs = _with_slots(func, args, kwargs, numbers)
        self._emit_call(name, outputs, args, kwargs)
        return result

    def _emit_call(
        self, name: str, outputs: Sequence[torch.Tensor | None], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        made = [output for output in outputs if output is not None]
        numeric = name not in KEEPS_INTEGERS and any(output.dtype != torch.bool for output in made)
        floating = any(output.is_floating_point() for output in made)
        if floating:
            _refuse_rounding(name, made, rewrites.tensors((args, kwargs)))

        def value(part: Any) -> Any:
            if not isinstance(part, torch.Tensor):
                return part
            read = self.memory.read(part)
            if numeric and not part.is_floating_point():
                return self._converted(read, part.dtype, torch.float64 if floating else torch.int64)
            return read

        kept = {key: part for key, part in kwargs.items() if key not in DROPPED}
        call = tuple(map_leaves(value, part) for part in args)
        results = tuple(None if output is None else self.new_slot() for output in outputs)
        self.steps.append(Operation(name, call, map_leaves(value, kept), results))
        for output, slot in zip(outputs, results, strict=True):
            if output is not None and slot is not None and not self.memory.has_value(output):
                self.memory.bind(output, slot)

    def _converted(self, value: Value, old: torch.dtype, new: torch.dtype) -> Value:
        """The value as torch's dtype conversion gives it; between floating dtypes only widening is the same."""
        if old == new:
            return value
        if isinstance(value, np.ndarray):
            return value.astype(_numpy_dtype(new))
        if old.is_floating_point and new.is_floating_point and torch.promote_types(old, new) == new:
            return value
        if new == torch.bool:
            return self.emit("aten.ne", value, 0)
        if old == torch.bool:
            one, zero = (1.0, 0.0) if new.is_floating_point else (1, 0)
            return self.emit("aten.where", value, one, zero)
        if not old.is_floating_point:
            return self.emit("aten.mul", value, 1.0) if new.is_floating_point else value
        raise NoRule(
            f"a tensor of {old} is converted to {new}: a tape computes in float64 and cannot follow the rounding; "
            f"use one floating dtype throughout"
        )


def _numpy_dtype(dtype: torch.dtype) -> Any:
    return np.float64 if dtype.is_floating_point else np.bool_ if dtype == torch.bool else np.int64


def _refuse_rounding(name: str, outputs: Sequence[torch.Tensor], inputs: Iterator[torch.Tensor]) -> None:
    """An operation whose result has fewer bits than an operand rounds in a way that the tape would not follow."""
    widest = max((part.element_size() for part in inputs if part.is_floating_point() and part.ndim), default=0)
    narrow = [part.dtype for part in outputs if part.is_floating_point() and part.element_size() < widest]
    if narrow:
        raise NoRule(f"{name} rounds its result to {narrow[0]}: use one floating dtype throughout")


def _with_slots(
    func: Operator, args: tuple[Any, ...], kwargs: dict[str, Any], numbers: list[tuple[float, Slot]]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments with those numbers that torch took from recorded tensors replaced by their slots."""
    for number, slot in numbers:
        found = [0]

        def place(part: Any, number: float = number, slot: Slot = slot, found: list[int] = found) -> Any:
            if isinstance(part, int | float) and not isinstance(part, bool) and part == number:
                found[0] += 1
                return slot
            return part

        args = tuple(map_leaves(place, part) for part in args)
        kwargs = map_leaves(place, kwargs)
        if found[0] != 1:
            raise NoRule(
                f"a recorded tensor was turned into the number {number}, which was found {found[0]} times among the "
                f"arguments of {func}: its use cannot be recorded"
            )
    return args, kwargs
