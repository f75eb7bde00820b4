"""Visiting an expression graph without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradproof.proof.expression import Expression


def topological(
    roots: Iterable[Expression], through: Callable[[Expression], bool] = lambda node: True
) -> list[Expression]:
    """Every node that the roots depend on, arguments before the nodes that use them.

    Arguments of a node for which `through` is false are left out.
    """
    seen: dict[int, Expression] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.id not in seen:
            seen[node.id] = node
            if through(node):
                stack.extend(node.args)
    return [seen[i] for i in sorted(seen)]
