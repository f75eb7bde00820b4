"""What can be asked of a node of an expression graph, and visiting such a graph without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, Protocol, Self, TypeVar

N = TypeVar("N", bound="Node")


class Builder(Protocol[N]):
    """The graph that owns nodes and makes new ones."""

    @property
    def truth_values(self) -> set[int]:
        """The ids of sums that are known to be 0 or 1."""

    def constant(self, value: Any, /) -> N:
        """The node of a number."""

    def node(self, op: str, args: tuple[N, ...] = (), data: Any = None) -> N:
        """The one node with this operation, these arguments and this datum."""


class Node(Protocol):
    """A node: an operation on nodes made earlier, or a leaf; `Expression` is the class that computes with them."""

    @property
    def id(self) -> int:
        """Larger than those of its arguments."""

    @property
    def op(self) -> str:
        """The operation."""

    @property
    def args(self) -> tuple[Self, ...]:
        """What the operation is applied to."""

    @property
    def data(self) -> Any:
        """The datum of a leaf: a number, or a name with an index."""

    @property
    def graph(self) -> Builder[Self]:
        """Its owner."""

    @property
    def positive(self) -> bool:
        """Whether its structure alone makes it > 0 wherever it is defined."""

    @property
    def nonnegative(self) -> bool:
        """Whether its structure alone makes it >= 0 wherever it is defined."""

    @property
    def value(self) -> Fraction | float | None:
        """The value of a constant, None for any other node."""

    @property
    def infinite(self) -> bool:
        """Whether this is one of the constants inf and -inf."""

    def __add__(self, other: Any) -> Self: ...

    def __mul__(self, other: Any) -> Self: ...

    def __neg__(self) -> Self: ...


def topological(roots: Iterable[N], through: Callable[[N], bool] = lambda node: True) -> list[N]:
    """Every node that the roots depend on, arguments before the nodes that use them.

    Arguments of a node for which `through` is false are left out.
    """
    seen: dict[int, N] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.id not in seen:
            seen[node.id] = node
            if through(node):
                stack.extend(node.args)
    return [seen[i] for i in sorted(seen)]
