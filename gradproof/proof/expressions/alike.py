"""Expressions that are the same but for the names of their variables: what holds of one for all inputs holds of all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gradproof.proof.expressions.expression import Expression

_LARGEST = 120
"""Larger expressions are told apart by their ids: going through each of them again costs more than it saves."""

Form = tuple[Any, ...]


def representatives(roots: Iterable[Expression]) -> dict[int, Expression]:
    """For each root, by its id, the first of those roots that are the same up to the names of the variables."""
    first: dict[Form, Expression] = {}
    return {root.id: first.setdefault(_form(root), root) for root in roots}


def _form(root: Expression) -> Form:
    """An expression with its variables and its nodes numbered in the order in which they are met.

    Equal forms are those of expressions of which one becomes the other when variables are renamed, one for one, into
    such as nothing else is known of: a variable of few values stays one, and so does a sum that is known to be 0 or 1.
    """
    graph, numbers, variables, form = root.graph, dict[int, int](), dict[Any, int](), list[Form]()
    waiting = [root]
    while waiting:
        node = waiting[-1]
        inner = [argument for argument in node.args if argument.id not in numbers]
        if inner:
            waiting += reversed(inner)
            continue
        waiting.pop()
        if node.id in numbers:
            continue
        if len(form) == _LARGEST:
            return (root.id,)
        datum = node.data
        if node.op == "var":
            datum = variables.setdefault(node.data, len(variables)), node.data[0] in graph.discrete
        numbers[node.id] = len(form)
        form.append((node.op, datum, node.id in graph.truth_values, *(numbers[argument.id] for argument in node.args)))
    return tuple(form)
