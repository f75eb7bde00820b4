"""`ExactArray`: exact expressions that plain NumPy code takes for an array of float64 numbers.

The first layer holds the expressions, the second says of each element whether it stands for a boolean, an integer
or a float. There are no hidden axes: the expressions speak for all inputs at once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from gradproof.arrays.structure import Array, LeadArray, unsupported
from gradproof.proof import functions
from gradproof.proof.errors import TraceError
from gradproof.proof.expression import Expression, Graph

_DTYPES = (np.dtype(bool), np.dtype(np.int64), np.dtype(np.float64))
_BOOL, _INT, _FLOAT = range(3)
_KINDS = {"b": _BOOL, "i": _INT, "u": _INT, "f": _FLOAT}


class ExactArray(LeadArray):
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

    def __float__(self) -> float:
        if self.size == 1 and (value := self.layers[0].reshape(-1)[0].value) is not None:
            return float(value)
        raise TraceError(
            "a value that depends on the inputs is turned into a Python float (by float(), a function of math, or "
            "an assignment into a plain array); use NumPy's functions, np.stack for np.array, np.zeros_like(x) for "
            "np.zeros(x.shape)"
        )

    def __erf__(self) -> Self:
        return self._paired(_FUNCTIONS_ONE["erf"](self.layers[0]), _FLOAT)

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
        layers = [x.layers[0] if isinstance(x, LeadArray) else x for x in operands]
        name = ufunc.__name__
        if name == "add" and max(kinds) == _BOOL:
            name = "logical_or"
        if name in ("invert", "bitwise_and", "bitwise_or", "bitwise_xor") and max(kinds) == _BOOL:
            name = {"invert": "logical_not"}.get(name, name.replace("bitwise", "logical"))
        if name in _ARITHMETIC:
            return self._paired(_ARITHMETIC[name](*layers), max(kinds))
        function = _FUNCTIONS_ONE.get(name) if len(layers) == 1 else _FUNCTIONS_TWO.get(name)
        if function is None:
            return None
        kind = _BOOL if name in _TRUTH else max(kinds) if name in _KEEPING else _FLOAT
        return self._paired(function(*layers), kind)

    def _reduced(self, ufunc: np.ufunc, axes: tuple[int, ...], keepdims: bool) -> Self:
        nodes, kind = self.layers[0], _KINDS[self.dtype.kind]
        kept = [n for axis, n in enumerate(nodes.shape) if axis not in axes]
        last = np.moveaxis(nodes, axes, range(-len(axes), 0)).reshape(*kept, -1) if axes else nodes[..., None]
        if last.shape[-1] == 0:
            raise unsupported(f"np.{ufunc.__name__}.reduce of an empty array")
        name = ufunc.__name__
        if name.startswith("logical"):
            last = _FUNCTIONS_ONE["truth"](last)
        result = _BINARY[name].reduce(last, axis=-1)
        if keepdims:
            shape = [1 if axis in axes else n for axis, n in enumerate(nodes.shape)]
            result = np.asarray(result, dtype=object).reshape(shape)
        counts = name in ("add", "multiply")
        return self._paired(result, _BOOL if name.startswith("logical") else max(kind, _INT) if counts else kind)

    def _accumulated(self, ufunc: np.ufunc, axis: int) -> Self:
        return self._paired(_BINARY[ufunc.__name__].accumulate(self.layers[0], axis=axis), self._sum_kind())

    def _matmul(self, other: Self) -> Self:
        kind = max(self._sum_kind(), other._sum_kind())
        if self.shape[-1] == 0:
            raise unsupported("a matrix product over an axis of size 0")
        return self._paired(np.matmul(self.layers[0], other.layers[0]), kind)

    def _contracted(self, subscripts: str, arrays: Sequence[Self]) -> Self:
        if 0 in [n for x in arrays for n in x.shape]:
            raise unsupported("np.einsum over an axis of size 0")
        result = np.einsum(subscripts, *(x.layers[0] for x in arrays))
        return self._paired(result, max(x._sum_kind() for x in arrays))

    def _selected(self, condition: Any, a: Any, b: Any) -> Self:
        kind = max(_kind(a), _kind(b))
        a, b = (x.layers[0] if isinstance(x, LeadArray) else x for x in (a, b))
        return self._paired(_WHERE(condition.layers[0], a, b), kind)

    def _cast(self, dtype: np.dtype[Any]) -> Self:
        nodes, kind = self.layers[0].copy(), _KINDS.get(dtype.kind)
        if kind is None or (dtype.kind == "f" and dtype != _DTYPES[_FLOAT]):
            raise TraceError(f"astype({dtype}); exact expressions stand for float64, integers and booleans")
        if kind == _BOOL:
            nodes = _FUNCTIONS_ONE["truth"](nodes)
        if kind == _INT and self.dtype.kind == "f":
            nodes = self._map_constants(lambda value: int(value), "astype(int) of")
        return self._paired(nodes, kind)

    def _settled(self, purpose: str) -> Array:
        if purpose.startswith("a Python branch"):
            truths = _FUNCTIONS_ONE["truth"](self.layers[0])
            return np.vectorize(bool, otypes=[bool])(truths) if self.size else truths.astype(bool)
        return np.asarray(self._constant_values(purpose), dtype=self.dtype)

    def _scattered(self, place: Any, values: Self) -> None:
        nodes = self.layers[0]
        for position, node in zip(
            np.arange(nodes.size).reshape(nodes.shape)[place.key].reshape(-1), values.layers[0].flat, strict=True
        ):
            where = np.unravel_index(position, nodes.shape)
            nodes[where] = nodes[where] + node

    # ---- helpers

    def _sum_kind(self) -> int:
        return max(_KINDS[self.dtype.kind], _INT)

    def _constant_values(self, purpose: str) -> Array:
        def value(element: Expression) -> Any:
            if element.value is None:
                raise TraceError(f"{purpose} a value that depends on the inputs; use np.where")
            return float(element.value) if element.infinite or element.value.denominator > 1 else int(element.value)

        return np.vectorize(value, otypes=[object])(self.layers[0]) if self.size else self.layers[0]

    def _map_constants(self, function: Callable[[Any], Any], purpose: str) -> Array:
        graph = self._graph
        values = self._constant_values(purpose)
        return np.vectorize(lambda value: graph.constant(function(value)), otypes=[object])(values)


def symbols(graph: Graph, name: str, shape: tuple[int, ...] = ()) -> ExactArray:
    """An array of free variables name[0, 0], name[0, 1], ... and its entry in `graph.shapes`."""
    nodes = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        nodes[index] = graph.variable(name, index)
    graph.shapes[name] = tuple(shape)
    return ExactArray.of(graph, nodes)


def tagged(graph: Graph, name: str, value: Any) -> ExactArray:
    """`value` as a named quantity, at which derivatives can stop (`gradproof.proof.calculus`)."""
    array = value if isinstance(value, ExactArray) else ExactArray.of(graph, value)
    nodes = np.empty(array.shape, dtype=object)
    for index in np.ndindex(*array.shape):
        nodes[index] = graph.tag(name, index, array.expressions[index])
    return ExactArray.of(graph, nodes)


def _holds_expressions(values: Any) -> bool:
    if isinstance(values, Expression):
        return True
    if isinstance(values, np.ndarray):
        return values.dtype == object
    return isinstance(values, list | tuple) and any(map(_holds_expressions, values))


def _constants(graph: Graph, array: Array) -> tuple[Array, Array]:
    kind = _KINDS.get(array.dtype.kind, _FLOAT)
    if array.dtype.kind not in "biufO":
        raise TraceError(f"a value of dtype {array.dtype}; only real numbers and booleans have an exact form")
    nodes = np.empty(array.shape, dtype=object)
    for index in np.ndindex(*array.shape):
        element = array[index]
        nodes[index] = element if isinstance(element, Expression) else graph.constant(element)
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


_METHODS = ("exp", "log", "sqrt", "sin", "cos", "erf")
_OF_ONE = "tanh sinh cosh tan expm1 exp2 log1p log2 log10 square cbrt sign logical_not truth".split()
_OF_TWO = (
    "maximum minimum greater greater_equal less less_equal equal not_equal logical_and logical_or logical_xor "
    "logaddexp heaviside hypot".split()
)
_TRUTH = {*"greater greater_equal less less_equal equal not_equal logical_and logical_or logical_xor".split()}
_TRUTH |= {"logical_not", "isfinite", "isnan", "isinf"}
_KEEPING = {*"maximum minimum fmax fmin square sign absolute fabs positive conjugate power".split()}

_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "negative": np.negative,
}
_FUNCTIONS_ONE: dict[str, Any] = {
    **{name: _on_elements(getattr(Expression, name), 1) for name in _METHODS},
    **{name: _on_elements(getattr(functions, name), 1) for name in _OF_ONE},
    "absolute": _on_elements(abs, 1),
    "fabs": _on_elements(abs, 1),
    "reciprocal": _on_elements(Expression.inverse, 1),
    "positive": _on_elements(lambda a: a, 1),
    "conjugate": _on_elements(lambda a: a, 1),
    "isfinite": _on_elements(lambda a: a.graph.constant(int(not a.infinite)), 1),
    "isnan": _on_elements(lambda a: a.graph.constant(0), 1),
    "isinf": _on_elements(lambda a: a.graph.constant(int(a.infinite)), 1),
}
_FUNCTIONS_TWO: dict[str, Any] = {
    **{name: _on_elements(getattr(functions, name), 2) for name in _OF_TWO},
    "fmax": _on_elements(functions.maximum, 2),
    "fmin": _on_elements(functions.minimum, 2),
    "true_divide": _on_elements(operator.truediv, 2),
    "divide": _on_elements(operator.truediv, 2),
    "power": _on_elements(operator.pow, 2),
    "float_power": _on_elements(operator.pow, 2),
}
_BINARY: dict[str, Any] = {
    "add": _on_elements(operator.add, 2),
    "multiply": _on_elements(operator.mul, 2),
    **{name: _FUNCTIONS_TWO[name] for name in ("maximum", "minimum", "logical_and", "logical_or")},
}
_WHERE = _on_elements(lambda c, a, b: functions.where(functions.truth(c), a, b), 3)
