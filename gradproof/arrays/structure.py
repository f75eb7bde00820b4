"""An array that plain NumPy code takes for one trial's values, while it carries many trials at once.

A `LeadArray` is made of one or more *layers*: ndarrays of one shape whose first `lead` axes are hidden. User code
sees only the axes behind them: `.shape`, `axis=`, `.T`, indexing and `len` speak of the user's axes. A hidden axis
of size 1 is broadcast. What the layers mean is the subclass's affair: values alone (`TrialArray`), values and
rounding bounds (`BoundArray`), or exact expressions in an object array with `lead=0`.

Everything that only moves elements is written once, over all layers (`shaping`, `indexing`); what can be said in
terms of other operations is written once in those terms (`composed`, `products`, `reductions`). A subclass gives:

| hook | what it does |
|---|---|
| `_constant_layers(array)` | the layers of a plain ndarray of constants (no hidden axes) |
| `_elementwise(ufunc, operands)` | the ufunc of aligned operands; `None` asks for the composed form, if there is one |
| `_reduced(ufunc, axes, keepdims)` | `add multiply maximum minimum logical_and logical_or` along layer axes |
| `_accumulated(ufunc, axis)` | running sum or product along a layer axis |
| `_matmul(other)` | the product of two arrays of equal `ndim >= 2`, as `np.matmul` on the layers |
| `_contracted(subscripts, arrays)` | `einsum`; the subscripts already name the hidden axes |
| `_selected(condition, a, b)` | `np.where` of aligned operands; a and b may be scalars |
| `_cast(dtype)` | `astype`, always a copy |
| `_settled(purpose)` | a plain ndarray of the values, for a branch, an index or an order; raises if not certain |
| `_scattered(place, values)` | `np.add.at` (optional) |
| `_native(function, *args)` | a function of NumPy that only layers of values can take, such as `np.sort` (optional) |

An *operand* is a `LeadArray` of the same class whose layers are aligned for broadcasting, or a plain scalar (`bool`,
`int`, `float`, `np.generic`), left as it is because NumPy's promotion treats Python scalars apart (NEP 50).
A comparison may return any subclass-specific boolean; `_settled` decides when it may steer a branch or an index.

What has no rule raises `UnsupportedOperation`, never a wrong answer. Source of the two protocols: NumPy manual,
"Interoperability with NumPy"; NEP 13 (`__array_ufunc__`), NEP 18 (`__array_function__`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, NoReturn, Self

import numpy as np

from gradproof.arrays.interface import NdarrayInterface
from gradproof.errors import GradproofError

Array = np.ndarray[Any, Any]
SCALARS = (bool, int, float, np.generic)

_STAY = (
    "use NumPy functions on the array itself: np.stack([a, b]) for np.array([a, b]), np.zeros_like(x) for "
    "np.zeros(x.shape), label[..., None] == np.arange(k) for np.eye(k)[label], np.exp for math.exp"
)


class UnsupportedOperation(GradproofError):
    """User code asked for something that cannot be done for many trials at once, or has no rule."""


def unsupported(what: str, why: str = "", way_out: str = "") -> UnsupportedOperation:
    """The error for `what`, which has no form on these arrays."""
    reason = why or "it has no form on an array that carries many trials"
    return UnsupportedOperation(f"{what}: {reason}" + (f"; {way_out}" if way_out else ""))


class LeadArray(NdarrayInterface):
    """An array with `lead` hidden leading axes, in one or more layers of the same shape."""

    __slots__ = ("layers", "lead")
    layers: tuple[Array, ...]
    lead: int
    kind: ClassVar[str] = "array of trials"

    # ---- building

    @classmethod
    def _make(cls, layers: tuple[Array, ...], lead: int) -> Self:
        new = object.__new__(cls)
        new.layers = layers
        new.lead = lead
        return new

    def _map(self, function: Callable[[Array], Array]) -> Self:
        """The same structural function on every layer."""
        return self._make(tuple(function(layer) for layer in self.layers), self.lead)

    def _lift(self, value: Any) -> Self:
        """A plain scalar, list or ndarray as an array of this class: the same constant in every trial."""
        if isinstance(value, type(self)) and value.lead == self.lead:
            return value
        if isinstance(value, LeadArray):
            self._check_family(value)
        layers = self._constant_layers(np.asarray(value))
        return self._make(tuple(layer.reshape((1,) * self.lead + layer.shape) for layer in layers), self.lead)

    def _full(self, shape: tuple[int, ...], value: Any, dtype: Any = None) -> Self:
        """A new, writable array of the user's `shape` with as many trials as this one."""
        constant = self._lift(value)._cast(np.dtype(self.dtype if dtype is None else dtype))
        target = self.lead_shape + shape
        return constant._map(lambda layer: np.array(np.broadcast_to(layer.reshape((1,) * len(target)), target)))

    def _check_family(self, other: LeadArray) -> None:
        if type(other) is not type(self) or other.lead != self.lead:
            raise UnsupportedOperation(
                f"a {type(self).__name__} with {self.lead} hidden axes meets a {type(other).__name__} "
                f"with {other.lead}: build all inputs of one call as the same kind"
            )

    def _padded(self, ndim: int) -> Self:
        """A view with 1-axes put behind the hidden ones, so that the user's axes align from the right."""
        missing = ndim - self.ndim
        if missing <= 0:
            return self
        index = (slice(None),) * self.lead + (None,) * missing
        return self._map(lambda layer: layer[index])

    # ---- what the user sees

    @property
    def lead_shape(self) -> tuple[int, ...]:
        """The sizes of the hidden axes."""
        return tuple(self.layers[0].shape[: self.lead])

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.layers[0].shape[self.lead :])

    @property
    def ndim(self) -> int:
        return self.layers[0].ndim - self.lead

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=int))

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.layers[0].dtype)

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Self:
        return self._cast(np.dtype(dtype))

    def copy(self, *args: Any, **kwargs: Any) -> Self:
        """A writable copy."""
        return self._map(np.array)

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> Self:
        return self.copy()

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(self.shape[0]))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape}, dtype={self.dtype}, trials={self.lead_shape})"

    # ---- leaving the many trials: only where all of them agree

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise unsupported(f"turning the {self.kind} into a plain array", way_out=_STAY)

    def __float__(self) -> NoReturn:
        raise unsupported(f"turning the {self.kind} into a Python float", way_out=_STAY)

    def __complex__(self) -> NoReturn:
        raise unsupported(f"turning the {self.kind} into a Python complex number", way_out=_STAY)

    def __int__(self) -> int:
        return int(self._agreed("an int() of"))

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            raise TypeError("only integer scalar arrays can be converted to a scalar index")
        return int(self._agreed("a Python index or range from"))

    def __bool__(self) -> bool:
        return bool(self._agreed("a Python branch on"))

    def _agreed(self, purpose: str) -> Any:
        """The one value that every trial has; raises UnsupportedOperation when they differ."""
        if self.size != 1:
            raise ValueError("The truth value of an array with more than one element is ambiguous.")
        values = self._settled(purpose).reshape(-1)
        if purpose.startswith("a Python branch"):
            values = values.astype(bool)
        if values.size == 0 or (values != values[0]).any():
            raise unsupported(
                f"{purpose} a value that differs from trial to trial", "there is no one answer", "use np.where"
            )
        return values[0]

    def __getattr__(self, name: str) -> NoReturn:
        if not name.startswith("_") and hasattr(np.ndarray, name):
            raise unsupported(f"ndarray.{name}")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # ---- given by `NumpyArray`, which knows the functions that take such arrays

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError

    def __setitem__(self, index: Any, value: Any) -> None:
        raise NotImplementedError

    # ---- hooks of a subclass (see the module's docstring)

    @classmethod
    def _constant_layers(cls, array: Array) -> tuple[Array, ...]:
        raise NotImplementedError

    def _elementwise(self, ufunc: np.ufunc, operands: Sequence[Any]) -> Any:
        raise NotImplementedError

    def _reduced(self, ufunc: np.ufunc, axes: tuple[int, ...], keepdims: bool) -> Self:
        raise NotImplementedError

    def _accumulated(self, ufunc: np.ufunc, axis: int) -> Self:
        raise NotImplementedError

    def _matmul(self, other: Self) -> Self:
        raise NotImplementedError

    def _contracted(self, subscripts: str, arrays: Sequence[Self]) -> Self:
        raise NotImplementedError

    def _selected(self, condition: Any, a: Any, b: Any) -> Self:
        raise NotImplementedError

    def _cast(self, dtype: np.dtype[Any]) -> Self:
        raise NotImplementedError

    def _settled(self, purpose: str) -> Array:
        raise NotImplementedError

    def _scattered(self, place: tuple[Any, ...], values: Self) -> None:
        raise unsupported("np.add.at")

    def _native(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        raise unsupported(f"np.{function.__name__}", f"it has no rule for a {self.kind}")


def same_family(values: Sequence[Any]) -> LeadArray:
    """The first LeadArray among `values` (nested lists too); the others are checked to be of its kind."""
    arrays = list(_lead_arrays(values))
    for other in arrays[1:]:
        arrays[0]._check_family(other)
    return arrays[0]


def _lead_arrays(values: Sequence[Any]) -> Iterator[LeadArray]:
    for value in values:
        if isinstance(value, LeadArray):
            yield value
        elif isinstance(value, list | tuple):
            yield from _lead_arrays(value)


def align(values: Sequence[Any]) -> tuple[LeadArray, list[Any]]:
    """A model of the class, and the operands with the user's axes aligned from the right; scalars stay scalars."""
    if len(values) == 2:  # most calls: two arrays that are aligned already
        left, right = values
        alike = isinstance(left, LeadArray) and type(left) is type(right) and left.lead == right.lead
        if alike and left.layers[0].ndim == right.layers[0].ndim:
            return left, [left, right]
    model = next(x for x in values if isinstance(x, LeadArray))
    operands = [x if isinstance(x, SCALARS) else model._lift(x) for x in values]
    ndims = [x.ndim for x in operands if isinstance(x, LeadArray)]
    if len(ndims) > 1 and min(ndims) != (ndim := max(ndims)):
        operands = [x._padded(ndim) if isinstance(x, LeadArray) else x for x in operands]
    return model, operands
