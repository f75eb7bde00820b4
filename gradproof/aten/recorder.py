"""The dispatch mode that runs every ATen operation and records those that depend on the leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from gradproof.aten import rewrites
from gradproof.aten.aliases import Memory
from gradproof.aten.conversions import converted, refuse_rounding
from gradproof.aten.errors import NoRule
from gradproof.aten.numbers import Number, lost, refuse_derivative, with_slots
from gradproof.aten.table import KEEPS_INTEGERS, MASKS_ONLY, RULES, rule_name
from gradproof.aten.tape import Operation, Slot, map_leaves
from gradproof.aten.uncompiled import uncompiled

Operator = Any  # torch._ops.OpOverload
Args = tuple[Any, ...]
Kwargs = dict[str, Any]

DROPPED = frozenset({"dtype", "layout", "device", "pin_memory", "memory_format", "non_blocking"})

UNINITIALISED = frozenset(
    {"aten.empty", "aten.empty_strided", "aten.empty_like", "aten.new_empty", "aten.new_empty_strided"}
)

SHAPE_ONLY = UNINITIALISED | {
    "aten.zeros_like",
    "aten.ones_like",
    "aten.full_like",
    "aten.new_zeros",
    "aten.new_ones",
    "aten.new_full",
    "aten.is_same_size",
    "aten._has_same_storage_numel",
}
"""Operations that look at the shapes of their arguments, not at their values."""

SAME_VALUE = frozenset({"aten.clone", "aten._to_copy", "aten.lift_fresh_copy"})


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's base class is not annotated
    """Runs torch's operations; `steps` are those whose results depend on a tensor bound in `memory`.

    With `partial`, an operation that has no rule is a step under its own name, which no run can take: the tape is of
    use for the outputs that do not need it.
    """

    def __init__(self, *, partial: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.partial = partial
        self.steps: list[Operation] = []
        self.nbytes = 0
        self.memory = Memory(self.emit)
        self._slots = 0
        self._numbers: list[Number] = []

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Spares the import of torch._dynamo, a second, which nothing here is compiled by."""
        return False

    def new_slot(self) -> Slot:
        self._slots += 1
        return Slot(self._slots - 1)

    def emit(self, name: str, *args: Any) -> Slot:
        """Records an operation with one result."""
        slot = self.new_slot()
        self.steps.append(Operation(name, args, {}, (slot,)))
        return slot

    def finish(self) -> None:
        """Refuses a number that torch took from a tensor and gave to Python."""
        if self._numbers:
            raise lost("Python", self._numbers[0])

    def output(self, result: Any) -> Any:
        """What stands on the tape for a result of the recorded function."""
        return self.memory.read(result) if isinstance(result, torch.Tensor) else result

    def __torch_dispatch__(self, func: Operator, types: Any, args: Args = (), kwargs: Kwargs | None = None) -> Any:
        kwargs = kwargs or {}
        name = str(func.overloadpacket)
        if torch.Tag.nondeterministic_seeded in func.tags:
            raise NoRule(f"{func} draws random numbers: a mask or a noise must be an input of the function")
        numbers, self._numbers = self._numbers, []
        dependent = any(self.memory.tracks(tensor) for tensor in rewrites.tensors((args, kwargs)))
        if not numbers and (not dependent or name in SHAPE_ONLY):
            return self._constant(func, args, kwargs)
        if func is torch.ops.aten._local_scalar_dense.default:
            return self._number(args[0], numbers)
        _refuse_value_dependent(func)
        if torch.Tag.inplace_view in func.tags:
            return func(*args, **kwargs)  # another look at the same memory, by the same tensor
        refuse_derivative(func, rewrites.tensors((args, kwargs)), numbers)
        if numbers and name.startswith("aten._foreach_"):
            raise lost(func, numbers[0])
        return self._dependent(func, args, kwargs, numbers)

    def _dependent(self, func: Operator, args: Args, kwargs: Kwargs, numbers: list[Number]) -> Any:
        """An operation on recorded tensors: by another, by its rule, as a view or a copy, or by its parts."""
        name = str(func.overloadpacket)
        rewrite = rewrites.find(func, args, self.memory.tracks)
        if rewrite is not None:
            return self._again(rewrite, args, kwargs, numbers)
        rule = rule_name(name, func._overloadname)
        if rule is not None and not rewrites.is_view(func) and name not in SAME_VALUE:
            return self._ruled(rule, func, args, kwargs, numbers)
        if numbers:
            raise lost(func, numbers[0])
        if func is torch.ops.aten.copy_.default:
            return self._copy(func, args, kwargs)
        if rewrites.is_view(func):
            return self._view(rule, func, args, kwargs)
        if name in SAME_VALUE:
            return self._same_value(func, args, kwargs)
        return self._decomposed(func, args, kwargs)

    def _constant(self, func: Operator, args: Args, kwargs: Kwargs) -> Any:
        """An operation whose results are the same in all trials."""
        result = func(*args, **kwargs)
        if str(func.overloadpacket) in UNINITIALISED:
            self.memory.note_uninitialised(result)
        elif func._schema.is_mutable:
            for tensor in rewrites.tensors((args, kwargs)):
                self.memory.note_written(tensor)
        return result

    def _number(self, tensor: torch.Tensor, numbers: list[Number]) -> Any:
        """torch itself turns a tensor into a number, which the next operation takes as an argument."""
        value, slot = tensor.detach().item(), self.memory.read(tensor)
        self._numbers = numbers
        if isinstance(slot, Slot) and tensor.dtype == torch.bool:
            self.steps.append(Operation("gradproof.require", (slot, value), {}, ()))
        elif isinstance(slot, Slot):
            self._numbers = [*numbers, Number(value, slot, tensor.dtype)]
        return value

    def _again(self, rewrite: Any, args: Args, kwargs: Kwargs, numbers: list[Number]) -> Any:
        """Records the operations that stand for this one; its numbers belong to the first of them."""
        self._numbers = numbers
        with self:
            return rewrite(*args, **kwargs)

    def _copy(self, func: Operator, args: Args, kwargs: Kwargs) -> Any:
        target, source = args[0], args[1]
        value = converted(self.memory.read(source), source.dtype, target.dtype, self.emit)
        if tuple(source.shape) != tuple(target.shape):
            if isinstance(value, Slot):
                value = self.emit("aten.expand", value, list(target.shape))
            else:
                value = np.broadcast_to(value, tuple(target.shape)).copy()
        self.memory.write(target, value)
        return func(*args, **kwargs)

    def _view(self, rule: str | None, func: Operator, args: Args, kwargs: Kwargs) -> Any:
        """A view of recorded memory: recorded by its rule, or else gathered from the memory when it is read."""
        result = func(*args, **kwargs)
        outputs = [result] if isinstance(result, torch.Tensor) else list(result)
        known = all(self.memory.has_value(output) or output.dtype != args[0].dtype for output in outputs)
        if rule is not None and not known:
            self._emit_call(rule, outputs, args, kwargs)
        return result

    def _same_value(self, func: Operator, args: Args, kwargs: Kwargs) -> Any:
        result = func(*args, **kwargs)
        if not self.memory.tracks(result):
            value = converted(self.memory.read(args[0]), args[0].dtype, result.dtype, self.emit)
            self.memory.bind(result, value)
        return result

    def _decomposed(self, func: Operator, args: Args, kwargs: Kwargs) -> Any:
        with self:
            result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
            decomposition = rewrites.python_decomposition(func)
            if decomposition is not None:
                try:
                    with uncompiled():
                        return decomposition(*args, **kwargs)
                except NoRule as error:
                    raise NoRule(f"{func} is made of others: {error}") from error
        if self.partial and not func._schema.is_mutable:
            return self._opaque(func, args, kwargs)
        raise NoRule(no_rule_for(func))

    def _opaque(self, func: Operator, args: Args, kwargs: Kwargs) -> Any:
        """An operation that is kept under its own name, for what depends on it to be known."""
        result = func(*args, **kwargs)
        if result is None:
            return None  # it looks at values, such as whether a matrix is singular, and computes none
        outputs = [result] if isinstance(result, torch.Tensor) else list(result)
        self._emit_call(str(func), outputs, args, kwargs)
        return result

    def _ruled(self, rule: str, func: Operator, args: Args, kwargs: Kwargs, numbers: list[Number]) -> Any:
        if rule in MASKS_ONLY and any(tensor.dtype != torch.bool for tensor in rewrites.tensors(args)):
            raise NoRule(f"{func} on the bits of integers has no rule; on booleans it has")
        result = func(*args, **kwargs)
        outputs = [result] if isinstance(result, torch.Tensor) else list(result)
        made = [output.dtype for output in outputs if output is not None]
        refuse_rounding(rule, made, [number.dtype for number in numbers])
        self._emit_call(rule, outputs, *with_slots(func, (args, kwargs), numbers))
        return result

    def _emit_call(self, rule: str, outputs: Sequence[torch.Tensor | None], args: Args, kwargs: Kwargs) -> None:
        made = [output for output in outputs if output is not None]
        floats = [output.dtype for output in made if output.is_floating_point()]
        refuse_rounding(rule, floats, (tensor.dtype for tensor in rewrites.tensors((args, kwargs))))
        keeps = rule in KEEPS_INTEGERS or rule not in RULES  # what has no rule may have places among its arguments
        arithmetic = not keeps and any(output.dtype != torch.bool for output in made)

        def value(part: Any) -> Any:
            if isinstance(part, torch.dtype):
                return None
            if not isinstance(part, torch.Tensor):
                return part
            read = self.memory.read(part)
            if arithmetic and not part.is_floating_point():
                return converted(read, part.dtype, floats[0] if floats else torch.int64, self.emit)
            return read

        kept = {key: part for key, part in kwargs.items() if key not in DROPPED}
        results = tuple(None if output is None else self.new_slot() for output in outputs)
        self.nbytes += sum(output.nbytes for output in made)
        self.steps.append(Operation(rule, map_leaves(value, args), map_leaves(value, kept), results))
        for output, slot in zip(outputs, results, strict=True):
            if output is not None and slot is not None and not self.memory.has_value(output):
                self.memory.bind(output, slot)


def no_rule_for(operation: object) -> str:
    """What is said of an operation that has no rule."""
    return (
        f"{operation} has no rule and no decomposition: write this step with other torch operations, or name no "
        "quantity that depends on it"
    )


def _refuse_value_dependent(func: Operator) -> None:
    """Refuses results that are no tensors, or whose shape depends on values; masks as indices are seen to apart."""
    tensors = all(str(returned.type) in {"Tensor", "Tensor[]", "List[Tensor]"} for returned in func._schema.returns)
    dynamic = {torch.Tag.dynamic_output_shape, torch.Tag.data_dependent_output} & set(func.tags)
    if not tensors or (dynamic and str(func.overloadpacket) not in rewrites.INDEXED):
        raise NoRule(
            f"{func} gives Python a value, or a tensor of a shape, that depends on the leaves: what follows from it "
            f"cannot be recorded; use torch.where in place of a branch or of a selection by a mask"
        )
