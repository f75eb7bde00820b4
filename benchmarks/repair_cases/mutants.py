"""Every way to get one thing wrong in an equation: a name, a sign, an operator, an operand, parentheses, a constant.

The classes are those of mutation testing (DeMillo, Lipton and Sayward, "Hints on test data selection", Computer 1978)
as far as they occur in derivations, and slips that only derivations have: a wrong index, an updated weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gradproof.repair.formulas.canonical import canonical
from gradproof.repair.formulas.formula import Binary, Call, Compare, Constant, Formula, Name, Negate, replace, walk
from gradproof.repair.formulas.names import UPDATED, family
from gradproof.repair.formulas.printing import show

_CONSTANTS = (0, 1, 2, 0.5, -1)
_OTHER_FUNCTION = {"exp": "log", "log": "exp", "maximum": "minimum"}


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
            for value in dict.fromkeys((*_CONSTANTS, -node.value, node.value + 1)):
                if value != node.value:
                    yield "constant", Constant(value)
        case Binary():
            yield from _of_binary(node)
        case Call():
            if node.function in _OTHER_FUNCTION:
                yield "function", node._replace(function=_OTHER_FUNCTION[node.function])
            yield from (("missing function", argument) for argument in node.arguments)
        case Compare():
            yield "mask", node._replace(op="<")


def _name_slip(name: str, other: str) -> str:
    if family(other) == family(name):
        return "index"
    return "ordering" if other == name + UPDATED else "name"


def _of_binary(node: Binary) -> Iterator[tuple[str, Formula]]:
    op, left, right = node.op, node.left, node.right
    for other in "+-*/":
        if other != op:
            yield "sign" if {op, other} == {"+", "-"} else "operator", Binary(other, left, right)
    if op in "-/":
        yield "swapped", Binary(op, right, left)
    dropped = "missing term" if op in "+-" else "missing factor"
    yield dropped, left
    yield dropped, right
    if isinstance(left, Binary):
        yield "parentheses", Binary(left.op, left.left, Binary(op, left.right, right))
    if isinstance(right, Binary):
        yield "parentheses", Binary(right.op, Binary(op, left, right.left), right.right)


def _around(node: Formula, inputs: Sequence[str]) -> Iterator[tuple[str, Formula]]:
    if isinstance(node, Constant):
        return
    yield "sign", node.operand if isinstance(node, Negate) else Negate(node)
    for value in (2, 0.5):
        yield "constant factor", Binary("*", Constant(value), node)
    for value in (1, -1):
        yield "constant offset", Binary("+", node, Constant(value))
    for name in inputs:
        if node != Name(name):
            yield "extra factor", Binary("*", node, Name(name))
            yield "extra factor", Binary("/", node, Name(name))
            yield "extra term", Binary("+", node, Name(name))
            yield "extra term", Binary("-", node, Name(name))
