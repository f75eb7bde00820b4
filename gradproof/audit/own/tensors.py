"""`TensorArray`: torch tensors of many trials that NumPy functions take for one, so that autograd follows a note."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradproof.errors import GradproofError


class NoRule(GradproofError):
    """A NumPy function that has no counterpart here."""


class TensorArray(np.lib.mixins.NDArrayOperatorsMixin):
    """A tensor (trials, *shape) in float64, seen as `shape`; operators and NumPy functions keep its graph."""

    __slots__ = ("tensor",)

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one trial."""
        return tuple(self.tensor.shape[1:])

    @property
    def ndim(self) -> int:
        """The number of axes of one trial."""
        return self.tensor.ndim - 1

    @property
    def T(self) -> TensorArray:
        """The transpose of a matrix."""
        return TensorArray(self.tensor.transpose(-1, -2)) if self.ndim == 2 else self

    def __getitem__(self, index: Any) -> TensorArray:
        return TensorArray(self.tensor[(slice(None), *(index if isinstance(index, tuple) else (index,)))])

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if ufunc.__name__ == "matmul" and method == "__call__":
            try:
                return _product(*inputs)
            except RuntimeError as error:
                raise NoRule(f"np.matmul: {str(error).splitlines()[0][:80]}") from error
        function = _FUNCTIONS.get(ufunc.__name__)
        if method != "__call__" or function is None or kwargs:
            raise NoRule(f"np.{ufunc.__name__} is not known of a note's own values")
        try:
            return TensorArray(function(*_aligned(inputs)))
        except RuntimeError as error:  # torch's word for shapes that do not fit
            raise NoRule(f"np.{ufunc.__name__}: {str(error).splitlines()[0][:80]}") from error

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        known = _ARRAY_FUNCTIONS.get(function.__name__)
        if known is None:
            raise NoRule(f"np.{function.__name__} is not known of a note's own values")
        try:
            return known(*args, **kwargs)
        except RuntimeError as error:
            raise NoRule(f"np.{function.__name__}: {str(error).splitlines()[0][:80]}") from error


def _lifted(value: Any) -> Tensor:
    if isinstance(value, TensorArray):
        return value.tensor
    return torch.as_tensor(np.asarray(value, dtype=np.float64))[None]


def _aligned(values: Sequence[Any]) -> list[Tensor]:
    """Tensors whose trial axis stands first and whose other axes are aligned from the right."""
    tensors = [_lifted(value) for value in values]
    most = max(tensor.ndim for tensor in tensors)
    return [t.reshape(t.shape[0], *([1] * (most - t.ndim)), *t.shape[1:]) for t in tensors]


def _number(tensor: Tensor) -> Tensor:
    return tensor.to(torch.float64)


_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "add": torch.add,
    "subtract": torch.sub,
    "multiply": torch.mul,
    "divide": torch.true_divide,
    "true_divide": torch.true_divide,
    "negative": torch.neg,
    "power": torch.pow,
    "float_power": torch.pow,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "tanh": torch.tanh,
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "arctan": torch.atan,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "absolute": torch.abs,
    "sign": torch.sign,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "less": lambda a, b: _number(a < b),
    "less_equal": lambda a, b: _number(a <= b),
    "greater": lambda a, b: _number(a > b),
    "greater_equal": lambda a, b: _number(a >= b),
    "equal": lambda a, b: _number(a == b),
    "not_equal": lambda a, b: _number(a != b),
    "logical_and": lambda a, b: _number((a != 0) & (b != 0)),
}


def _product(a: Any, b: Any) -> TensorArray:
    left, right = _lifted(a), _lifted(b)
    trials = max(left.shape[0], right.shape[0])
    left, right = left.expand(trials, *left.shape[1:]), right.expand(trials, *right.shape[1:])
    rows = left[:, None, :] if left.ndim == 2 else left
    columns = right[:, :, None] if right.ndim == 2 else right
    result = torch.matmul(rows, columns)
    if left.ndim == 2:
        result = result[:, 0]
    if right.ndim == 2:
        result = result[..., 0]
    return TensorArray(result)


def _sum(a: Any, axis: int | None = None, keepdims: bool = False, **_: Any) -> TensorArray:
    tensor = _lifted(a)
    if axis is None:
        return TensorArray(tensor.reshape(tensor.shape[0], -1).sum(dim=1))
    return TensorArray(tensor.sum(dim=axis if axis < 0 else axis + 1, keepdim=keepdims))


def _mean(a: Any, **kwargs: Any) -> TensorArray:
    tensor = _lifted(a)
    return TensorArray(tensor.reshape(tensor.shape[0], -1).mean(dim=1))


def _extreme(name: str) -> Callable[..., TensorArray]:
    def of(a: Any, **_: Any) -> TensorArray:
        tensor = _lifted(a)
        flat = tensor.reshape(tensor.shape[0], -1)
        return TensorArray(flat.amax(dim=1) if name == "max" else flat.amin(dim=1))

    return of


def _where(condition: Any, a: Any, b: Any) -> TensorArray:
    chosen, first, second = _aligned((condition, a, b))
    return TensorArray(torch.where(chosen != 0, first, second))


def _stack(arrays: Sequence[Any], axis: int = 0) -> TensorArray:
    tensors = [_lifted(a) for a in arrays]
    trials = max(t.shape[0] for t in tensors)
    return TensorArray(torch.stack([t.expand(trials, *t.shape[1:]) for t in tensors], dim=axis + 1))


def _concatenate(arrays: Sequence[Any], axis: int = 0) -> TensorArray:
    tensors = [_lifted(a) for a in arrays]
    trials = max(t.shape[0] for t in tensors)
    return TensorArray(
        torch.cat([t.expand(trials, *t.shape[1:]) for t in tensors], dim=axis + 1 if axis >= 0 else axis)
    )


def _broadcast(value: Any, shape: tuple[int, ...]) -> TensorArray:
    tensor = _aligned((value, np.zeros(shape)))[0]
    return TensorArray(tensor.expand(tensor.shape[0], *shape))


_ARRAY_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sum": _sum,
    "mean": _mean,
    "max": _extreme("max"),
    "amax": _extreme("max"),
    "min": _extreme("min"),
    "amin": _extreme("min"),
    "where": _where,
    "stack": _stack,
    "concatenate": _concatenate,
    "broadcast_to": _broadcast,
}
