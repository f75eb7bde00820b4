"""Edits of one node of a formula: what a slip of the pen does to it, undone.

An edit that puts nothing in (another sign, operator, order, axis, function) is a new subtree; one that puts
something in is a template with one hole for the bank. Bits say how unlikely the slip is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gradproof.repair.formulas.formula import (
    Axis,
    Binary,
    Call,
    Compare,
    Constant,
    Formula,
    Literally,
    Local,
    Name,
    Negate,
    Reduce,
    Size,
    Transpose,
    Where,
)

_ZERO, _ONE, _TWO = Constant(0), Constant(1), Constant(2)
_CONSTANTS = (0.0, 1.0, 2.0, 0.5, -1.0, 3.0)
_EXPONENTS = (2.0, 3.0, 0.5, -1.0, -0.5, 1.0)
_AXES: tuple[tuple[Axis, float], ...] = ((None, 2.0), (0, 2.0), (1, 2.0), (-1, 2.25), (2, 2.0))
_SWAPPED_FUNCTIONS = {
    "exp": ("log",), "log": ("exp",), "maximum": ("minimum",), "minimum": ("maximum",), "tanh": ("exp",),
    "sqrt": ("square",), "square": ("sqrt",),
}  # fmt: skip
_MISSING_FUNCTIONS = (("exp", 5.75), ("log", 5.75), ("sqrt", 4.5), ("tanh", 5.75), ("abs", 6.0))


class Edit(NamedTuple):
    """A new subtree, and the bits of the slip that it undoes."""

    slip: float
    formula: Formula


class Template(NamedTuple):
    """`node op #` or, with `mirrored`, `# op node`; the hole alone where `op` is empty."""

    slip: float
    op: str
    mirrored: bool = False


REPLACE = Template(1.0, "")
_WRAPS = (
    Template(4.0, "+"),
    Template(4.0, "-"),
    Template(4.5, "-", mirrored=True),
    Template(3.5, "*"),
    Template(4.0, "/"),
    Template(4.5, "/", mirrored=True),
)
_MATRIX_WRAPS = (Template(4.0, "@"), Template(4.0, "@", mirrored=True))


@dataclass(frozen=True)
class Vocabulary:
    """What edits may use besides the formula itself.

    Attributes:
        tensors: Whether quantities have axes.
        helpers: Helpers of one argument in the equation's module.
    """

    tensors: bool
    helpers: Sequence[str] = ()


def templates(node: Formula, vocabulary: Vocabulary) -> tuple[Template, ...]:
    """The templates for a node."""
    if node == _ZERO:
        return (REPLACE,)
    return (REPLACE, *_WRAPS, *(_MATRIX_WRAPS if vocabulary.tensors else ()))


def fill(template: Template, node: Formula, new: Formula) -> Formula:
    """The template with the hole filled."""
    if not template.op:
        return new
    return Binary(template.op, new, node) if template.mirrored else Binary(template.op, node, new)


def structural(node: Formula, vocabulary: Vocabulary) -> Iterator[Edit]:
    """Edits of a node that put nothing in; the operands of the node are kept as the same objects."""
    match node:
        case Constant():
            yield from _of_constant(node)
        case Literally():
            return
        case Negate():
            yield Edit(1.0, node.operand)
        case Binary():
            yield from _of_binary(node, vocabulary)
        case Call():
            yield from _of_call(node, vocabulary)
        case Compare():
            yield from (Edit(2.0, node._replace(op=op)) for op in (">", "<") if op != node.op)
        case Where():
            yield Edit(2.0, Where(node.test, node.no, node.yes))
            yield from (Edit(3.5, branch) for branch in (node.yes, node.no))
        case Reduce():
            yield from _of_reduction(node)
        case Transpose():
            yield Edit(1.5, node.operand)
        case Size():
            yield from (Edit(1.5, node._replace(axis=axis)) for axis in (0, 1, 2, None) if axis != node.axis)
        case Name() | Local():
            pass
    yield from _around(node, vocabulary)


def _of_constant(node: Constant) -> Iterator[Edit]:
    value = node.value
    for other in dict.fromkeys((-value, 2 * value, value / 2, value + 1, value - 1, *_CONSTANTS)):
        if other != value:
            yield Edit(1.0 if other == -value else 3.0, Constant(other))


def _of_binary(node: Binary, vocabulary: Vocabulary) -> Iterator[Edit]:
    op, left, right = node.op, node.left, node.right
    for other in "+-*/":
        if other != op:
            yield Edit(1.0 if {other, op} == {"+", "-"} else 3.0, Binary(other, left, right))
    if op in "-/@":
        yield Edit(2.0, Binary(op, right, left))
    if op == "@":
        yield Edit(2.0, Transpose(node))
    elif vocabulary.tensors:
        yield Edit(3.0, Binary("@", left, right))
    yield Edit(3.5, left)
    yield Edit(3.5, right)
    # Parentheses that are missing or too many turn (a b) c into a (b c) and back.
    if isinstance(left, Binary) and left.op != "@":
        yield Edit(3.0, Binary(left.op, left.left, Binary(op, left.right, right)))
    if isinstance(right, Binary) and right.op != "@":
        yield Edit(3.0, Binary(right.op, Binary(op, left, right.left), right.right))
    if isinstance(left, Negate):
        yield Edit(3.0, Negate(Binary(op, left.operand, right)))
    if op == "**":
        yield from (Edit(3.0, Binary(op, left, Constant(e))) for e in _EXPONENTS if right != Constant(e))
    # A root that does not reach over the last term: sqrt(a) + b for sqrt(a + b).
    if op in "+-" and isinstance(left, Call) and len(left.arguments) == 1:
        yield Edit(3.0, left._replace(arguments=(Binary(op, left.arguments[0], right),)))


def _of_call(node: Call, vocabulary: Vocabulary) -> Iterator[Edit]:
    for other in _SWAPPED_FUNCTIONS.get(node.function, ()):
        yield Edit(3.0, node._replace(function=other))
    if len(node.arguments) == 1 and not node.keywords:
        yield from (Edit(3.0, node._replace(function=h)) for h in vocabulary.helpers if h != node.function)
        (inner,) = node.arguments
        # A root that reaches too far: sqrt(a + b) for sqrt(a) + b.
        if isinstance(inner, Binary) and inner.op in "+-":
            yield Edit(3.0, Binary(inner.op, node._replace(arguments=(inner.left,)), inner.right))
    yield from (Edit(3.5, argument) for argument in node.arguments if not isinstance(argument, Literally))


def _of_reduction(node: Reduce) -> Iterator[Edit]:
    for function in ("sum", "mean", "max"):
        if function != node.function:
            yield Edit(2.0, node._replace(function=function))
    for axis, slip in _AXES:
        for keepdims in (node.keepdims, not node.keepdims):
            if (axis, keepdims) != (node.axis, node.keepdims):
                yield Edit(slip + 0.5 * (keepdims != node.keepdims), node._replace(axis=axis, keepdims=keepdims))
    yield Edit(3.5, node.operand)


def _around(node: Formula, vocabulary: Vocabulary) -> Iterator[Edit]:
    """Edits that put a sign, a function or a reduction around a node."""
    if isinstance(node, Constant):
        return
    if not isinstance(node, Negate):
        yield Edit(1.0, Negate(node))
    if isinstance(node, (Compare, Size)):
        return
    if vocabulary.tensors:
        yield from _around_tensor(node)
    for function, slip in _MISSING_FUNCTIONS:
        if not (isinstance(node, Call) and node.function == function):
            yield Edit(slip, Call(function, (node,)))
    yield from (Edit(4.0, Call(helper, (node,))) for helper in vocabulary.helpers)
    yield Edit(5.0, Binary("*", node, node) if isinstance(node, Name) else Binary("**", node, _TWO))
    yield Edit(4.5, Binary("/", _ONE, node))
    yield Edit(5.0, Call("maximum", (node, _ZERO)))


def _around_tensor(node: Formula) -> Iterator[Edit]:
    if not isinstance(node, Transpose):
        yield Edit(1.5 if isinstance(node, Name) else 3.0, Transpose(node))
    if not isinstance(node, Reduce):
        for function, slip in (("sum", 3.5), ("mean", 4.0)):
            for axis, unusual in ((0, 0.0), (1, 0.0), (-1, 0.25), (None, 0.0)):
                yield from (
                    Edit(slip + unusual + 0.5 * keepdims, Reduce(function, node, axis, keepdims))
                    for keepdims in (False, True)
                )
