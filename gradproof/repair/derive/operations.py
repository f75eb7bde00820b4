"""What torch's operations are as formulas: forward ones, and those that autograd runs backward."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradproof.repair.formulas.formula import (
    Binary,
    Call,
    Compare,
    Constant,
    Formula,
    Item,
    Negate,
    Reduce,
    Size,
    Transpose,
    Where,
)

ONE, TWO, ZERO = Constant(1), Constant(2), Constant(0)
Shape = tuple[int, ...]


class NoFormula(Exception):
    """An operation has no formula here."""


class Arguments:
    """The arguments of one operation.

    Attributes:
        values: Formulas where they are arrays or numbers; shapes, axes and words as they are.
        shapes: The shapes of those that are arrays, by their places; the result's is the last one.
        words: Keyword arguments.
    """

    def __init__(self, values: Sequence[Any], shapes: Sequence[Shape | None], words: dict[str, Any]) -> None:
        self.values, self.shapes, self.words = list(values), list(shapes), words

    def formula(self, place: int) -> Formula:
        """An argument as a formula."""
        value = self.values[place]
        if isinstance(value, tuple) and hasattr(value, "kind"):
            return value  # type: ignore[return-value]  # formulas are named tuples
        raise NoFormula

    def get(self, place: int, name: str, default: Any = None) -> Any:
        """An argument by its place or its name."""
        return self.values[place] if place < len(self.values) else self.words.get(name, default)

    def axes(self, place: int, name: str = "dim") -> list[int] | None:
        """Axes, from 0 on, of the first argument; None where they are all."""
        given = self.get(place, name)
        shape = self.shapes[0]
        if given is None or given == [] or shape is None:
            return None
        given = [given] if isinstance(given, int) else list(given)
        return sorted(axis % len(shape) for axis in given)


def times(first: Formula, second: Formula) -> Formula:
    """A product, a factor 1 left out, and a sign before the whole."""
    if isinstance(first, Negate):
        return Negate(times(first.operand, second))
    if first == ONE:
        return second
    return first if second == ONE else Binary("*", first, second)


def reduced(function: str, operand: Formula, axes: list[int] | None, count: int, *, keepdims: bool) -> Formula:
    """A reduction over some of an array's axes; over several of them one after the other, the last one first."""
    if axes is None or len(axes) == count:
        if keepdims and count:
            raise NoFormula
        return Reduce(function, operand, None, False)
    for axis in reversed(axes):
        operand = Reduce(function, operand, axis, keepdims)
    return operand


def _call(name: str) -> Callable[[Arguments], Formula]:
    return lambda a: Call(name, (a.formula(0),))


def _binary(op: str) -> Callable[[Arguments], Formula]:
    def make(a: Arguments) -> Formula:
        right = a.formula(1)
        alpha = a.words.get("alpha", 1)
        right = right if alpha == 1 else times(Constant(alpha), right)
        return times(a.formula(0), right) if op == "*" else Binary(op, a.formula(0), right)

    return make


def _compare(op: str) -> Callable[[Arguments], Formula]:
    return lambda a: Compare(op, a.formula(0), a.formula(1))


def _reduction(function: str) -> Callable[[Arguments], Formula]:
    def make(a: Arguments) -> Formula:
        shape = a.shapes[0]
        if shape is None:
            raise NoFormula
        return reduced(function, a.formula(0), a.axes(1), len(shape), keepdims=bool(a.get(2, "keepdim", False)))

    return make


def _along(a: Arguments, operand: Formula, place: int) -> Formula:
    """A sum along one axis, which is kept."""
    shape, axis = a.shapes[0], a.values[place]
    if shape is None or not isinstance(axis, int):
        raise NoFormula
    return Reduce("sum", operand, axis if axis == -1 else axis % len(shape), True)


def _softmax(a: Arguments) -> Formula:
    grown = Call("exp", (a.formula(0),))
    return Binary("/", grown, _along(a, grown, 1))


def _softmax_backward(a: Arguments) -> Formula:
    given, result = a.formula(0), a.formula(1)
    return times(result, Binary("-", given, _along(a, times(given, result), 2)))


def _log_softmax_backward(a: Arguments) -> Formula:
    given, result = a.formula(0), a.formula(1)
    return Binary("-", given, times(Call("exp", (result,)), _along(a, given, 2)))


def _threshold_backward(a: Arguments) -> Formula:
    return times(a.formula(0), Compare(">", a.formula(1), a.formula(2)))


def _squares_backward(a: Arguments) -> Formula:
    given, left, right = (a.formula(place) for place in range(3))
    slope = times(given, times(TWO, Binary("-", left, right)))
    return Binary("/", slope, Size(left, None)) if a.get(3, "reduction", 1) == 1 else slope


def _leaky_backward(a: Arguments) -> Formula:
    given, point, slope = (a.formula(place) for place in range(3))
    return Where(Compare(">", point, ZERO), given, times(slope, given))


def _sigmoid(a: Arguments) -> Formula:
    return Binary("/", ONE, Binary("+", ONE, Call("exp", (Negate(a.formula(0)),))))


def _transposed(a: Arguments) -> Formula:
    shape = a.shapes[0]
    if shape is None or len(shape) > 2:
        raise NoFormula
    return Transpose(a.formula(0)) if len(shape) == 2 else a.formula(0)


def _unsqueezed(a: Arguments) -> Formula:
    shape, operand, axis = a.shapes[0], a.formula(0), a.values[1]
    if shape is None or not isinstance(axis, int):
        raise NoFormula
    axis %= len(shape) + 1
    if isinstance(operand, Reduce) and operand.axis == axis and not operand.keepdims:
        return operand._replace(keepdims=True)
    if isinstance(operand, Constant) or axis == 0 or _is_number(operand):
        return operand  # as it broadcasts
    return Item(operand, ", ".join([*[":"] * axis, "None", *[":"] * (len(shape) - axis)]))


def _is_number(formula: Formula) -> bool:
    """Whether a formula is made of numbers and sizes alone."""
    if isinstance(formula, (Constant, Size)):
        return True
    if isinstance(formula, Binary):
        return _is_number(formula.left) and _is_number(formula.right)
    return isinstance(formula, Negate) and _is_number(formula.operand)


def _reshaped(a: Arguments) -> Formula:
    """A view that only adds or takes away axes of length 1."""
    before, after, operand = a.shapes[0], a.shapes[-1], a.formula(0)
    if before is None or after is None:
        raise NoFormula
    if before == after or _is_number(operand):
        return operand
    if isinstance(operand, Reduce) and operand.keepdims and operand.axis is not None and len(before) == len(after) + 1:
        return operand._replace(keepdims=False)
    if [n for n in before if n != 1] == [n for n in after if n != 1] and len(after) > len(before):
        return operand  # as it broadcasts
    raise NoFormula


def _same(a: Arguments) -> Formula:
    return a.formula(0)


def _product(first: int, second: int) -> Callable[[Arguments], Formula]:
    return lambda a: Binary("@", a.formula(first), a.formula(second))


def _linear(a: Arguments) -> Formula:
    product = Binary("@", a.formula(0), Transpose(a.formula(1)))
    return Binary("+", product, a.formula(2)) if len(a.values) > 2 and a.values[2] is not None else product


FORMULAS: dict[str, Callable[[Arguments], Formula]] = {
    "aten.add": _binary("+"),
    "aten.sub": _binary("-"),
    "aten.mul": _binary("*"),
    "aten.div": _binary("/"),
    "aten.rsub": lambda a: Binary("-", a.formula(1), a.formula(0)),
    "aten.pow": _binary("**"),
    "aten.neg": lambda a: Negate(a.formula(0)),
    "aten.reciprocal": lambda a: Binary("/", ONE, a.formula(0)),
    "aten.rsqrt": lambda a: Binary("/", ONE, Call("sqrt", (a.formula(0),))),
    **{f"aten.{name}": _call(name) for name in ("exp", "log", "sqrt", "tanh", "abs", "sin", "cos", "sign", "log1p")},
    "aten.sgn": _call("sign"),
    "aten.sigmoid": _sigmoid,
    "aten.relu": lambda a: Call("maximum", (a.formula(0), ZERO)),
    "aten.maximum": lambda a: Call("maximum", (a.formula(0), a.formula(1))),
    "aten.minimum": lambda a: Call("minimum", (a.formula(0), a.formula(1))),
    **{f"aten.{name}": _compare(op) for name, op in (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<="))},
    "aten.eq": _compare("=="),
    "aten.ne": _compare("!="),
    "aten.where": lambda a: Where(a.formula(0), a.formula(1), a.formula(2)),
    "aten.masked_fill": lambda a: Where(a.formula(1), a.formula(2), a.formula(0)),
    "aten.mm": _product(0, 1),
    "aten.mv": _product(0, 1),
    "aten.bmm": _product(0, 1),
    "aten.dot": _product(0, 1),
    "aten.addmm": lambda a: Binary("+", Binary("@", a.formula(1), a.formula(2)), a.formula(0)),
    "aten.linear": _linear,
    "aten.t": _transposed,
    "aten.transpose": _transposed,
    "aten.permute": _transposed,
    "aten.sum": _reduction("sum"),
    "aten.mean": _reduction("mean"),
    "aten.amax": _reduction("max"),
    "aten.amin": _reduction("min"),
    "aten.expand": _same,
    "aten.view": _reshaped,
    "aten._unsafe_view": _reshaped,
    "aten.squeeze": _reshaped,
    "aten.unsqueeze": _unsqueezed,
    "aten._softmax": _softmax,
    "aten._softmax_backward_data": _softmax_backward,
    "aten._log_softmax_backward_data": _log_softmax_backward,
    "aten.tanh_backward": lambda a: times(
        a.formula(0), Binary("-", ONE, Binary("**", a.formula(1), TWO))
    ),
    "aten.sigmoid_backward": lambda a: times(
        a.formula(0), times(a.formula(1), Binary("-", ONE, a.formula(1)))
    ),
    "aten.threshold_backward": _threshold_backward,
    "aten.leaky_relu_backward": _leaky_backward,
    "aten.mse_loss_backward": _squares_backward,
}  # fmt: skip
"""Rules of `gradproof.aten` that have a formula."""
