"""Formulas: the expressions of an equation's body as immutable trees.

Every kind of node is a named tuple whose last field names the kind, so that trees of different kinds never compare
equal, hash in C, and can be matched. A statement's local name stands in the tree as a `Local` that holds its
definition: a body of several statements is one tree, and an edit inside a statement is an edit of that tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple, TypeAlias, cast

Path: TypeAlias = tuple[int, ...]
Axis: TypeAlias = "int | tuple[int, ...] | None"


class Name(NamedTuple):
    """A quantity that the equation reads."""

    id: str
    kind: Literal["name"] = "name"


class Constant(NamedTuple):
    """A number."""

    value: float
    kind: Literal["constant"] = "constant"


class Literally(NamedTuple):
    """An argument that is no number: a string of subscripts, a tuple of axes, None; kept as it is written."""

    text: str
    kind: Literal["literally"] = "literally"


class Binary(NamedTuple):
    """`left op right` with op one of `+ - * / ** @`."""

    op: str
    left: Formula
    right: Formula
    kind: Literal["binary"] = "binary"


class Negate(NamedTuple):
    """`-operand`."""

    operand: Formula
    kind: Literal["negate"] = "negate"


class Compare(NamedTuple):
    """`left op right` with op one of `> >= < <= == !=`; 1 where it holds, else 0."""

    op: str
    left: Formula
    right: Formula
    kind: Literal["compare"] = "compare"


class Transpose(NamedTuple):
    """`operand.T`."""

    operand: Formula
    kind: Literal["transpose"] = "transpose"


class Reduce(NamedTuple):
    """`operand.function(axis=axis, keepdims=keepdims)`, such as a sum over the batch."""

    function: str
    operand: Formula
    axis: Axis
    keepdims: bool
    kind: Literal["reduce"] = "reduce"


class Call(NamedTuple):
    """`function(*arguments, **keywords)`.

    `function` is NumPy's own name for an elementwise function (`exp`), a dotted name that is looked up where the
    equation was written (`_relu_prime`, `np.linalg.norm`), or a method of the first argument (`.reshape`).
    """

    function: str
    arguments: tuple[Formula, ...]
    keywords: tuple[tuple[str, str], ...] = ()
    kind: Literal["call"] = "call"


class Where(NamedTuple):
    """`np.where(test, yes, no)`, or Python's `yes if test else no`."""

    test: Formula
    yes: Formula
    no: Formula
    kind: Literal["where"] = "where"


class Size(NamedTuple):
    """`operand.shape[axis]`, or `operand.size` where the axis is None."""

    operand: Formula
    axis: int | None
    kind: Literal["size"] = "size"


class Item(NamedTuple):
    """`operand[subscript]` with a subscript that holds constants only, kept as it is written."""

    operand: Formula
    subscript: str
    kind: Literal["item"] = "item"


class Local(NamedTuple):
    """A local name of the body: what statement number `step` assigns to it."""

    id: str
    step: int
    definition: Formula
    kind: Literal["local"] = "local"


Formula: TypeAlias = (
    Name | Constant | Literally | Binary | Negate | Compare | Transpose | Reduce | Call | Where | Size | Item | Local
)


def children(formula: Formula) -> tuple[Formula, ...]:
    """The operands, in the order in which they are written."""
    match formula:
        case Binary() | Compare():
            return formula.left, formula.right
        case Name() | Constant() | Literally():
            return ()
        case Call():
            return formula.arguments
        case Where():
            return formula.test, formula.yes, formula.no
        case Local():
            return (formula.definition,)
        case _:
            return (formula.operand,)


def rebuild(formula: Formula, operands: tuple[Formula, ...]) -> Formula:
    """The same node over other operands."""
    match formula:
        case Binary() | Compare():
            return formula._replace(left=operands[0], right=operands[1])
        case Name() | Constant() | Literally():
            return formula
        case Call():
            return formula._replace(arguments=operands)
        case Where():
            return Where(operands[0], operands[1], operands[2])
        case Local():
            return formula._replace(definition=operands[0])
        case _:
            return cast(Formula, formula._replace(operand=operands[0]))


def head(formula: Formula) -> tuple[object, ...]:
    """What a node is apart from its operands; two nodes with one head differ in their operands only."""
    match formula:
        case Binary() | Compare():
            return formula.kind, formula.op
        case Reduce():
            return formula.kind, formula.function, formula.axis, formula.keepdims
        case Call():
            return formula.kind, formula.function, formula.keywords, len(formula.arguments)
        case Size():
            return formula.kind, formula.axis
        case Item():
            return formula.kind, formula.subscript
        case Local():
            return formula.kind, formula.id, formula.step
        case Negate() | Transpose() | Where():
            return (formula.kind,)
        case _:
            return tuple(formula)


def walk(formula: Formula, path: Path = ()) -> Iterator[tuple[Path, Formula]]:
    """Every node with its path from the root, a node before its operands."""
    yield path, formula
    for index, child in enumerate(children(formula)):
        yield from walk(child, (*path, index))


def nodes(formula: Formula) -> Iterator[Formula]:
    """Every node, a node before its operands."""
    yield formula
    for child in children(formula):
        yield from nodes(child)


def at(formula: Formula, path: Path) -> Formula:
    """The node at a path."""
    for index in path:
        formula = children(formula)[index]
    return formula


def replace(formula: Formula, path: Path, new: Formula) -> Formula:
    """The formula with another node at a path."""
    if not path:
        return new
    operands = list(children(formula))
    operands[path[0]] = replace(operands[path[0]], path[1:], new)
    return rebuild(formula, tuple(operands))


def transform(formula: Formula, rule: Callable[[Formula], Formula | None]) -> Formula:
    """The formula with every node that the rule rewrites replaced, from the top; None leaves a node to its operands."""
    new = rule(formula)
    if new is not None:
        return new
    old = children(formula)
    operands = tuple(transform(child, rule) for child in old)
    return formula if all(a is b for a, b in zip(old, operands, strict=True)) else rebuild(formula, operands)


def substitute(formula: Formula, names: Mapping[str, Formula]) -> Formula:
    """The formula with other formulas in place of names."""
    return transform(formula, lambda node: names.get(node.id) if isinstance(node, Name) else None)


def inline(formula: Formula) -> Formula:
    """The formula without local names: each is replaced by its definition."""
    return transform(formula, lambda node: inline(node.definition) if isinstance(node, Local) else None)


def with_locals(formula: Formula, of: Formula) -> Formula:
    """The formula with the local names of another in place of what they stand for there."""
    known = {inline(node.definition): node for node in nodes(of) if isinstance(node, Local)}
    return transform(formula, known.get) if known else formula


def names_in(formula: Formula) -> frozenset[str]:
    """The quantities that the formula reads."""
    return frozenset(node.id for node in nodes(formula) if isinstance(node, Name))


def changes(old: Formula, new: Formula) -> int:
    """How many nodes of the new formula do not stand where they stood in the old one."""
    if old == new:
        return 0
    before, after = children(old), children(new)
    if head(old) != head(new) or len(before) != len(after) or not before:
        return size(new)
    return sum(changes(a, b) for a, b in zip(before, after, strict=True))


def size(formula: Formula) -> int:
    """How many nodes the formula has."""
    return 1 + sum(size(child) for child in children(formula))
