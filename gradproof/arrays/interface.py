"""The methods of `numpy.ndarray` that only pass their array on to NumPy's functions and operators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    """An ndarray method that is the NumPy function with the array as its first argument."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    return method


def _in_place(ufunc: np.ufunc) -> Callable[..., Any]:
    """An in-place operator. A 0-d value is a NumPy scalar to the user: immutable, so the name is rebound."""

    def operator(self: Any, other: Any) -> Any:
        return ufunc(self, other, out=(self,)) if self.ndim else ufunc(self, other)

    return operator


class NdarrayInterface(np.lib.mixins.NDArrayOperatorsMixin):
    """What code written for ndarrays calls on them: operators, methods, `x.T`."""

    __slots__ = ()

    @property
    def T(self: Any) -> Any:
        return np.transpose(self)

    @property
    def mT(self: Any) -> Any:
        return np.matrix_transpose(self)

    @property
    def real(self) -> Self:
        return self

    @property
    def flat(self: Any) -> Iterator[Any]:
        return iter(self.ravel())

    def reshape(self: Any, *shape: Any, order: str = "C") -> Any:
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, order=order)  # type: ignore[call-overload]

    def transpose(self: Any, *axes: Any) -> Any:
        order = axes[0] if len(axes) == 1 else axes
        return np.transpose(self, order or None)

    def flatten(self: Any, *args: Any) -> Any:
        return self.ravel(*args).copy()

    def item(self: Any, *args: Any) -> Any:
        """The element as a 0-d array of this class: no single Python number stands for all trials."""
        if args:
            return self.reshape(-1)[args[0]] if len(args) == 1 and isinstance(args[0], int) else self[args]
        if self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        return self.reshape(()).copy()

    def fill(self: Any, value: Any) -> None:
        self[...] = value

    def conj(self) -> Self:
        return self

    conjugate = conj

    sum = _method(np.sum)
    prod = _method(np.prod)
    mean = _method(np.mean)
    var = _method(np.var)
    std = _method(np.std)
    max = _method(np.max)
    min = _method(np.min)
    all = _method(np.all)
    any = _method(np.any)
    argmax = _method(np.argmax)
    argmin = _method(np.argmin)
    argsort = _method(np.argsort)
    cumsum = _method(np.cumsum)
    cumprod = _method(np.cumprod)
    clip = _method(np.clip)
    round = _method(np.round)
    dot = _method(np.dot)
    ravel = _method(np.ravel)
    swapaxes = _method(np.swapaxes)
    squeeze = _method(np.squeeze)
    repeat = _method(np.repeat)
    take = _method(np.take)
    diagonal = _method(np.diagonal)
    trace = _method(np.trace)

    __iadd__ = _in_place(np.add)
    __isub__ = _in_place(np.subtract)
    __imul__ = _in_place(np.multiply)
    __imatmul__ = _in_place(np.matmul)
    __itruediv__ = _in_place(np.true_divide)
    __ifloordiv__ = _in_place(np.floor_divide)
    __imod__ = _in_place(np.remainder)
    __ipow__ = _in_place(np.power)
    __iand__ = _in_place(np.bitwise_and)
    __ior__ = _in_place(np.bitwise_or)
    __ixor__ = _in_place(np.bitwise_xor)
