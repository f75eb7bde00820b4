"""Every way to get one thing wrong in an equation: a name, a sign, an operator, an operand, parentheses, a constant.

The classes are those of mutation testing (DeMillo, Lipton and Sayward, "Hints on test data selection", Computer 1978)
as far as they occur in derivations, and slips that only derivations have: a wrong index, an updated weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gradproof.operators import NUMBERS, functions, table
from gradproof.repair.formulas.canonical import canonical
from gradproof.repair.formulas.formula import Binary, Call, Compare, Constant, Formula, Name, Negate, replace, walk
from gradproof.repair.formulas.names import UPDATED, family
from gradproof.repair.formulas.printing import show

_FUNCTIONS = ("exp", "log", "maximum")


class Mutant(NamedTuple):
    """A formula with one slip: the kind of slip, what was done, and the formula."""

    kind: str
    text: str
    formula: Formula


def mutants(formula: Formula, inputs: Sequence[str], names: Sequence[str]) -> Iterator[Mutant]:
    """All formulas one slip away, each once, and none that is the same formula in another spelling.

    Args:
        formula: The right formula.
        inputs: What it reads.
        names: All quantities.
    """
    seen = {canonical(formula)}
    for path, node in walk(formula):
        for kind, new in (*_of_node(node, names), *_around(node, inputs)):
            mutated = replace(formula, path, new)
            key = canonical(mutated)
            if key not in seen:
                seen.add(key)
                yield Mutant(kind, f"{show(node)} -> {show(new)}", mutated)


def _of_node(node: Formula, names: Sequence[str]) -> Iterator[tuple[str, Formula]]:
    match node:
        case Name():
            for other in names:
                if other != node.id:
                    yield _name_slip(node.id, other), Name(other)
        case Constant():
            for value in dict.fromkeys((*(n for n in NUMBERS if n < 3), -node.value, node.value + 1)):
                if value != node.value:
                    yield table.CONSTANT.name, Constant(value)
        case Binary():
            yield from _of_binary(node)
        case Call():
            if node.function in _FUNCTIONS:
                yield table.FUNCTION.name, node._replace(function=functions(node.function)[0].other)
            yield from ((table.MISSING_FUNCTION.name, argument) for argument in node.arguments)
        case Compare():
            yield table.MASK.name, node._replace(op="<")


def _name_slip(name: str, other: str) -> str:
    if family(other) == family(name):
        return "index"
    return "ordering" if other == name + UPDATED else "name"


def _of_binary(node: Binary) -> Iterator[tuple[str, Formula]]:
    op, left, right = node.op, node.left, node.right
    for other in "+-*/":
        if other != op:
            yield table.SIGN.name if {op, other} == {"+", "-"} else table.OPERATOR.name, Binary(other, left, right)
    if op in "-/":
        yield table.SWAPPED.name, Binary(op, right, left)
    dropped = table.MISSING_TERM.name if op in "+-" else table.MISSING_FACTOR.name
    yield dropped, left
    yield dropped, right
    if isinstance(left, Binary):
        yield table.PARENTHESES.name, Binary(left.op, left.left, Binary(op, left.right, right))
    if isinstance(right, Binary):
        yield table.PARENTHESES.name, Binary(right.op, Binary(op, left, right.left), right.right)


def _around(node: Formula, inputs: Sequence[str]) -> Iterator[tuple[str, Formula]]:
    if isinstance(node, Constant):
        return
    yield table.SIGN.name, node.operand if isinstance(node, Negate) else Negate(node)
    for value in (2, 0.5):
        yield table.CONSTANT_FACTOR.name, Binary("*", Constant(value), node)
    for value in (1, -1):
        yield "constant offset", Binary("+", node, Constant(value))
    for name in inputs:
        if node != Name(name):
            yield table.EXTRA_FACTOR.name, Binary("*", node, Name(name))
            yield table.EXTRA_FACTOR.name, Binary("/", node, Name(name))
            yield table.EXTRA_TERM.name, Binary("+", node, Name(name))
            yield table.EXTRA_TERM.name, Binary("-", node, Name(name))
