"""`ExactArray`: exact expressions that plain NumPy code takes for an array of float64 numbers.

The first layer holds the expressions, the second says of each element whether it stands for a boolean, an integer
or a float. There are no hidden axes: the expressions speak for all inputs at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, ClassVar, Self

import numpy as np

from gradproof.arrays.protocols import NumpyArray
from gradproof.arrays.structure import Array, LeadArray, unsupported
from gradproof.proof.expressions import functions
from gradproof.proof.expressions.errors import TraceError
from gradproof.proof.expressions.expression import Expression, Graph

_DTYPES = (np.dtype(bool), np.dtype(np.int64), np.dtype(np.float64))
_BOOL, _INT, _FLOAT = range(3)
_KINDS = {"b": _BOOL, "i": _INT, "u": _INT, "f": _FLOAT}


class ExactArray(NumpyArray):
    """An array of expressions of one `Graph`; made by `symbols` and `ExactArray.of`."""

    __slots__ = ()
    kind: ClassVar[str] = "array of exact expressions"

    @classmethod
    def of(cls, graph: Graph, values: Any) -> Self:
        """Numbers, expressions, or nested lists of these, as an array of expressions of the graph."""
        array = np.asarray(values, dtype=object) if _holds_expressions(values) else np.asarray(values)
        return cls._make(_constants(graph, array), 0)

    @property
    def expressions(self) -> Array:
        """The expressions, as an object array."""
        return self.layers[0]

    @property
    def dtype(self) -> np.dtype[Any]:
        """What NumPy would compute here: bool, int64 or float64."""
        kinds = self.layers[1]
        return _DTYPES[int(kinds.max()) if kinds.size else _FLOAT]

    def __repr__(self) -> str:
        return f"ExactArray(shape={self.shape}, dtype={self.dtype})"

    def __float__(self) -> float:  # type: ignore[override]  # a constant has one value for all inputs
        if self.size == 1 and (value := self.layers[0].reshape(-1)[0].value) is not None:
            return float(value)
        raise TraceError(
            "a value that depends on the inputs is turned into a Python float (by float(), a function of math, or "
            "an assignment into a plain array); use NumPy's functions, np.stack for np.array, np.zeros_like(x) for "
            "np.zeros(x.shape)"
        )

    def __erf__(self) -> Self:
        return self._paired(_ELEMENTWISE["erf"](self.layers[0]), _FLOAT)

    @property
    def _graph(self) -> Graph:
        for element in self.layers[0].flat:
            return element.graph  # type: ignore[no-any-return]
        raise unsupported("an empty array", "it does not know which expressions it belongs with")

    def _paired(self, nodes: Any, kind: int) -> Self:
        layer = np.asarray(nodes, dtype=object)
        return self._make((layer, np.full(layer.shape, kind, dtype=np.int8)), 0)

    # ---- hooks of LeadArray

    def _map(self, function: Callable[[Array], Array]) -> Self:
        # An index of a whole object array gives the element itself, not a 0-d array.
        return self._make(tuple(np.asarray(function(layer), dtype=layer.dtype) for layer in self.layers), 0)

    def _lift(self, value: Any) -> Self:
        if isinstance(value, LeadArray):
            self._check_family(value)
            return value  # type: ignore[return-value]
        array = np.asarray(value)
        return self._make(_constants(self._graph if array.size else Graph(), array), 0)

    def _elementwise(self, ufunc: np.ufunc, operands: Sequence[Any]) -> Any:
        kinds = [_kind(x) for x in operands]
        name = ufunc.__name__
        if max(kinds) == _BOOL:
            name = _ON_BOOLEANS.get(name, name)
        if name not in _ELEMENTWISE:
            return None
        if max(kinds) == _BOOL and name in functions.REALS and name not in _FLOAT64_OF_BOOLEANS:
            raise unsupported(f"np.{name} of booleans", "NumPy computes it in float16", "use .astype(float) first")
        kind = _BOOL if name in functions.TRUTHS else max(kinds) if name in functions.KEEPING else _FLOAT
        layers = [x.layers[0] if isinstance(x, LeadArray) else x for x in operands]
        return self._paired(_ELEMENTWISE[name](*layers), kind)

    def _reduced(self, ufunc: np.ufunc, axes: tuple[int, ...], keepdims: bool) -> Self:
        nodes, name = self.layers[0], ufunc.__name__
        kept = [n for axis, n in enumerate(nodes.shape) if axis not in axes]
        last = np.moveaxis(nodes, axes, range(-len(axes), 0)).reshape(*kept, -1) if axes else nodes[..., None]
        if last.shape[-1] == 0:
            raise unsupported(f"np.{name}.reduce of an empty array")
        kind = _KINDS[self.dtype.kind]
        if name in functions.TRUTHS:
            last, kind = _ELEMENTWISE["truth"](last), _BOOL
        result = np.asarray(_ELEMENTWISE[name].reduce(last, axis=-1), dtype=object)
        if keepdims:
            result = result.reshape([1 if axis in axes else n for axis, n in enumerate(nodes.shape)])
        return self._paired(result, self._sum_kind() if name in ("add", "multiply") else kind)

    def _accumulated(self, ufunc: np.ufunc, axis: int) -> Self:
        return self._paired(_ELEMENTWISE[ufunc.__name__].accumulate(self.layers[0], axis=axis), self._sum_kind())

    def _matmul(self, other: Self) -> Self:
        if self.shape[-1] == 0:
            raise unsupported("a matrix product over an axis of size 0")
        return self._summed_products(np.matmul(self.layers[0], other.layers[0]), [self, other])

    def _contracted(self, subscripts: str, arrays: Sequence[Self]) -> Self:
        if 0 in [n for x in arrays for n in x.shape]:
            raise unsupported("np.einsum over an axis of size 0")
        return self._summed_products(np.einsum(subscripts, *(x.layers[0] for x in arrays)), arrays)

    def _summed_products(self, sums: Array, factors: Sequence[Self]) -> Self:
        """Sums of products in the type that NumPy gives them: of booleans, whether any product is true."""
        if all(x.dtype.kind == "b" for x in factors):
            return self._paired(_ELEMENTWISE["truth"](sums), _BOOL)
        return self._paired(sums, max(x._sum_kind() for x in factors))

    def _selected(self, condition: Any, a: Any, b: Any) -> Self:
        kind = max(_kind(a), _kind(b))
        a, b = (x.layers[0] if isinstance(x, LeadArray) else x for x in (a, b))
        return self._paired(_WHERE(condition.layers[0], a, b), kind)

    def _cast(self, dtype: np.dtype[Any]) -> Self:
        nodes, kind = self.layers[0].copy(), _KINDS.get(dtype.kind)
        if kind is None or (dtype.kind == "f" and dtype != _DTYPES[_FLOAT]):
            raise TraceError(f"astype({dtype}); exact expressions stand for float64, integers and booleans")
        if kind == _BOOL:
            nodes = _ELEMENTWISE["truth"](nodes)
        if kind == _INT and self.dtype.kind == "f":
            nodes = self._truncated()
        return self._paired(nodes, kind)

    def _settled(self, purpose: str) -> Array:
        if purpose.startswith("a Python branch"):
            return _mapped(bool, _mapped(functions.truth, self.layers[0])).astype(bool)
        return np.asarray(self._constant_values(purpose), dtype=self.dtype)

    def _scattered(self, place: Any, values: Self) -> None:
        nodes = self.layers[0]
        for position, node in zip(
            np.arange(nodes.size).reshape(nodes.shape)[place.key].reshape(-1), values.layers[0].flat, strict=True
        ):
            where = np.unravel_index(position, nodes.shape)
            nodes[where] = nodes[where] + node

    # ---- constants

    def _sum_kind(self) -> int:
        return max(_KINDS[self.dtype.kind], _INT)

    def _constant_values(self, purpose: str) -> Array:
        def value(element: Expression) -> Any:
            exact = element.value
            if exact is None:
                raise TraceError(f"{purpose} a value that depends on the inputs; use np.where")
            return int(exact) if isinstance(exact, Fraction) and exact.denominator == 1 else float(exact)

        return _mapped(value, self.layers[0])

    def _truncated(self) -> Array:
        graph = self._graph
        return _mapped(lambda value: graph.constant(int(value)), self._constant_values("astype(int) of"))


def symbols(graph: Graph, name: str, shape: tuple[int, ...] = ()) -> ExactArray:
    """An array of free variables name[0, 0], name[0, 1], ... and its entry in `graph.shapes`."""
    nodes = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        nodes[index] = graph.variable(name, index)
    graph.shapes[name] = tuple(shape)
    return ExactArray.of(graph, nodes)


def _mapped(function: Callable[[Any], Any], values: Array) -> Array:
    """The function of every element, as an object array of the same shape."""
    result = np.empty(values.shape, dtype=object)
    for index in np.ndindex(*values.shape):
        result[index] = function(values[index])
    return result


def _holds_expressions(values: Any) -> bool:
    if isinstance(values, Expression):
        return True
    if isinstance(values, np.ndarray):
        return bool(values.dtype == object)
    return isinstance(values, list | tuple) and any(map(_holds_expressions, values))


def _constants(graph: Graph, array: Array) -> tuple[Array, Array]:
    kind = _KINDS.get(array.dtype.kind, _FLOAT)
    if array.dtype.kind not in "biufO":
        raise TraceError(f"a value of dtype {array.dtype}; only real numbers and booleans have an exact form")
    nodes = _mapped(lambda element: element if isinstance(element, Expression) else graph.constant(element), array)
    return nodes, np.full(array.shape, kind, dtype=np.int8)


def _kind(operand: Any) -> int:
    """bool, int or float of an operand; Python scalars take part as NumPy's promotion has it."""
    return _KINDS[operand.dtype.kind if isinstance(operand, LeadArray) else np.asarray(operand).dtype.kind]


def _on_elements(function: Callable[..., Expression], count: int) -> Any:
    """An elementwise function of expressions for object arrays and plain scalars."""

    def lifted(*elements: Any) -> Expression:
        first = next(e for e in elements if isinstance(e, Expression))
        return function(*(first.lift(e) for e in elements))

    return np.frompyfunc(lifted, count, 1)


def _by_name() -> dict[str, Any]:
    tables = functions.TRUTHS | functions.KEEPING | functions.REALS
    return {
        name: _on_elements(function, getattr(np, name).nin if hasattr(np, name) else 1)
        for name, function in tables.items()
    }


_ELEMENTWISE = _by_name()
_WHERE = _on_elements(lambda c, a, b: functions.where(functions.truth(c), a, b), 3)
_FLOAT64_OF_BOOLEANS = ("divide", "true_divide", "float_power")
_ON_BOOLEANS = {
    "add": "logical_or",
    "invert": "logical_not",
    "bitwise_and": "logical_and",
    "bitwise_or": "logical_or",
    "bitwise_xor": "logical_xor",
}
