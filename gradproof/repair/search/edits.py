"""Edits of one node of a formula: what a slip of the pen does to it, undone.

An edit that puts nothing in (another sign, operator, order, axis, function) is a new subtree; one that puts
something in is a template with one hole for the bank. Bits say how unlikely the slip is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gradproof import operators as mistakes
from gradproof.operators import table
from gradproof.repair.formulas.formula import (
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
from gradproof.repair.formulas.functions import ELEMENTWISE

_ZERO, _ONE, _TWO = Constant(0), Constant(1), Constant(2)
_FAR = 1.0
"""Bits by which `a + b` for `a * b` is less likely than any other operator."""
_MISSING_FUNCTIONS = (("exp", 1.75), ("log", 1.75), ("sqrt", 0.5), ("tanh", 1.75), ("abs", 2.0))


class Edit(NamedTuple):
    """A new subtree, and the bits of the slip that it undoes."""

    slip: float
    formula: Formula


class Template(NamedTuple):
    """`node op #` or, with `mirrored`, `# op node`; the hole alone where `op` is empty."""

    slip: float
    op: str
    mirrored: bool = False


_TERM, _FACTOR = table.MISSING_TERM.bits, table.MISSING_FACTOR.bits
REPLACE = Template(1.0, "")
_WRAPS = (
    Template(_TERM, "+"),
    Template(_TERM, "-"),
    Template(_TERM + 0.5, "-", mirrored=True),
    Template(_FACTOR, "*"),
    Template(_FACTOR + 0.5, "/"),
    Template(_FACTOR + 1.0, "/", mirrored=True),
)
_MATRIX_WRAPS = (Template(_FACTOR + 0.5, "@"), Template(_FACTOR + 0.5, "@", mirrored=True))


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
            yield Edit(table.SIGN.bits, node.operand)
        case Binary():
            yield from _of_binary(node, vocabulary)
        case Call():
            yield from _of_call(node, vocabulary)
        case Compare():
            kept = (swap for swap in mistakes.comparisons(node.op) if swap.other in "><")
            yield from (Edit(swap.bits + 0.5, node._replace(op=swap.other)) for swap in kept)
        case Where():
            yield Edit(table.SWAPPED.bits, Where(node.test, node.no, node.yes))
            yield from (Edit(table.EXTRA_FUNCTION.bits + 0.5, branch) for branch in (node.yes, node.no))
        case Reduce():
            yield from _of_reduction(node)
        case Transpose():
            yield Edit(table.TRANSPOSED.bits, node.operand)
        case Size():
            axes = (axis for axis in (0, 1, 2, None) if axis != node.axis)
            yield from (Edit(table.INDEX.bits, node._replace(axis=axis)) for axis in axes)
        case Name() | Local():
            pass
    yield from _around(node, vocabulary)


def _of_constant(node: Constant) -> Iterator[Edit]:
    for other, _ in mistakes.numbers_near(node.value):
        yield Edit(table.SIGN.bits if other == -node.value else table.CONSTANT.bits, Constant(other))


def _of_binary(node: Binary, vocabulary: Vocabulary) -> Iterator[Edit]:
    op, left, right = node.op, node.left, node.right
    if op in "+-*/":
        near = {swap.other: swap.bits for swap in mistakes.arithmetic(op)}
        for other in "+-*/":
            if other != op:
                yield Edit(near.get(other, table.OPERATOR.bits + _FAR), Binary(other, left, right))
    if op in "-/@":
        yield Edit(table.SWAPPED.bits, Binary(op, right, left))
    if op == "@":
        yield Edit(table.SWAPPED.bits, Transpose(node))
    elif vocabulary.tensors:
        yield Edit(table.OPERATOR.bits + 0.5, Binary("@", left, right))
    extra = table.EXTRA_TERM if op in "+-" else table.EXTRA_FACTOR
    yield Edit(extra.bits + 1.0, left)
    yield Edit(extra.bits + 1.0, right)
    # Parentheses that are missing or too many turn (a b) c into a (b c) and back.
    if isinstance(left, Binary) and left.op != "@":
        yield Edit(table.PARENTHESES.bits, Binary(left.op, left.left, Binary(op, left.right, right)))
    if isinstance(right, Binary) and right.op != "@":
        yield Edit(table.PARENTHESES.bits, Binary(right.op, Binary(op, left, right.left), right.right))
    if isinstance(left, Negate):
        yield Edit(table.PARENTHESES.bits, Negate(Binary(op, left.operand, right)))
    if op == "**":
        powers = (power for power in mistakes.EXPONENTS if right != Constant(power))
        yield from (Edit(table.EXPONENT.bits, Binary(op, left, Constant(power))) for power in powers)
        yield from (Edit(bits, Binary(op, new, right)) for bits, new in _kept_from_zero(left))
    if op == "/":
        yield from (Edit(bits, Binary(op, left, new)) for bits, new in _kept_from_zero(right))
    # A root that does not reach over the last term: sqrt(a) + b for sqrt(a + b).
    if op in "+-" and isinstance(left, Call) and len(left.arguments) == 1:
        yield Edit(table.PARENTHESES.bits, left._replace(arguments=(Binary(op, left.arguments[0], right),)))


def _kept_from_zero(node: Formula) -> Iterator[tuple[float, Formula]]:
    """A node with an epsilon; nothing where it has one, or is a number or a size."""
    if isinstance(node, (Constant, Size)) or (isinstance(node, Binary) and isinstance(node.right, Constant)):
        return
    for epsilon, bits in mistakes.EPSILONS.items():
        yield table.EPSILON.bits + bits, Binary("+", node, Constant(epsilon))


def _of_call(node: Call, vocabulary: Vocabulary) -> Iterator[Edit]:
    for swap in mistakes.functions(node.function):
        if swap.other in ELEMENTWISE and node.function in ELEMENTWISE:
            yield Edit(swap.bits + 0.5, node._replace(function=swap.other))
    if len(node.arguments) == 1 and not node.keywords:
        helpers = (helper for helper in vocabulary.helpers if helper != node.function)
        yield from (Edit(table.FUNCTION.bits + 0.5, node._replace(function=helper)) for helper in helpers)
        (inner,) = node.arguments
        # A root that reaches too far: sqrt(a + b) for sqrt(a) + b.
        if isinstance(inner, Binary) and inner.op in "+-":
            yield Edit(table.PARENTHESES.bits, Binary(inner.op, node._replace(arguments=(inner.left,)), inner.right))
        if node.function in mistakes.GUARDED:
            yield from (Edit(bits, node._replace(arguments=(new,))) for bits, new in _kept_from_zero(inner))
    kept = (argument for argument in node.arguments if not isinstance(argument, Literally))
    yield from (Edit(table.EXTRA_FUNCTION.bits + 0.5, argument) for argument in kept)


def _of_reduction(node: Reduce) -> Iterator[Edit]:
    for function in ("sum", "mean", "max"):
        if function != node.function:
            yield Edit(table.REDUCTION.bits + 0.5, node._replace(function=function))
    for axis in mistakes.AXES:
        for keepdims in (node.keepdims, not node.keepdims):
            if (axis, keepdims) != (node.axis, node.keepdims):
                bits = table.AXIS.bits + 0.25 * (axis == -1) + 0.5 * (keepdims != node.keepdims)
                yield Edit(bits, node._replace(axis=axis, keepdims=keepdims))
    yield Edit(table.EXTRA_FUNCTION.bits + 0.5, node.operand)


def _around(node: Formula, vocabulary: Vocabulary) -> Iterator[Edit]:
    """Edits that put a sign, a function or a reduction around a node."""
    if isinstance(node, Constant):
        return
    if not isinstance(node, Negate):
        yield Edit(table.SIGN.bits, Negate(node))
    if isinstance(node, (Compare, Size)):
        return
    if vocabulary.tensors:
        yield from _around_tensor(node)
    missing = table.MISSING_FUNCTION.bits
    for function, more in _MISSING_FUNCTIONS:
        if not (isinstance(node, Call) and node.function == function):
            yield Edit(missing + more, Call(function, (node,)))
    yield from (Edit(missing, Call(helper, (node,))) for helper in vocabulary.helpers)
    squared = Binary("*", node, node) if isinstance(node, Name) else Binary("**", node, _TWO)
    yield Edit(table.SQUARE.bits + 0.5, squared)
    yield Edit(missing + 0.5, Binary("/", _ONE, node))
    yield Edit(missing + 1.0, Call("maximum", (node, _ZERO)))


def _around_tensor(node: Formula) -> Iterator[Edit]:
    if not isinstance(node, Transpose):
        yield Edit(table.TRANSPOSED.bits + 1.5 * (not isinstance(node, Name)), Transpose(node))
    if not isinstance(node, Reduce):
        for function, more in (("sum", 0.0), ("mean", 0.5)):
            for axis, unusual in ((0, 0.0), (1, 0.0), (-1, 0.25), (None, 0.0)):
                bits = table.REDUCTION.bits + 2.0 + more + unusual
                yield from (
                    Edit(bits + 0.5 * keepdims, Reduce(function, node, axis, keepdims)) for keepdims in (False, True)
                )
