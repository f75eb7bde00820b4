"""One evaluation: what is known of its subtrees, its budget, its reading, and what it has to remark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gradproof.audit.reading.limits import Budget, Limits
from gradproof.audit.reading.names import plain
from gradproof.audit.reading.tree import Node, Placed, Symbol, children
from gradproof.audit.values import lookup
from gradproof.audit.values.indices import Assignment
from gradproof.audit.values.provider import Array, NotAvailable, Provider
from gradproof.audit.values.readings import Reading
from gradproof.audit.values.shapes import Misfit
from gradproof.errors import GradproofError

UNDECLARED = "no quantity is declared for"
"""How the reason starts where a printed name means nothing to the reference."""

_KEPT_CELLS = 4_096  # larger values are computed again rather than kept


class Unjudged(GradproofError):
    """A side that has no value here: the reason, and the offset of the character."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


@dataclass
class Remarks:
    """What evaluation says about ambiguous signs: notes (offset, remark), and the choices that were met."""

    notes: list[tuple[int, str]] = field(default_factory=list)
    choices: set[str] = field(default_factory=set)

    def note(self, position: int, text: str) -> None:
        """Add a note once."""
        if text and (position, text) not in self.notes:
            self.notes.append((position, text))


@dataclass
class Evaluation:
    """Values of trees under one assignment of index letters and one reading; subtrees are evaluated once.

    `value` raises `Unjudged` for what has no value and `Misfit` for shapes that do not fit.
    """

    provider: Provider
    rules: Rules
    budget: Budget
    limits: Limits = field(default_factory=Limits)
    indices: Assignment = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)
    remarks: Remarks = field(default_factory=Remarks)
    bound: Mapping[object, Array] = field(default_factory=dict)  # values of a function's dummies, by their form
    _known: dict[int, tuple[Node, Array]] = field(default_factory=dict)

    def value(self, node: Node) -> Array:
        """The value of a tree: an array that shows the shape of one trial."""
        known = self._known.get(id(node))
        if known is not None:
            return known[1]
        if not self.budget.spend(1 + len(children(node))):
            raise Unjudged("the budget of evaluation steps is spent", node.span[0])
        try:
            value = self.rules[type(node)](self, node)
        except Misfit as error:
            raise Misfit(error.reason, node.span[0]) if error.position < 0 else error from None
        except (NotAvailable, Unjudged):
            raise
        except GradproofError as error:  # the array type has no such operation
            raise Unjudged(str(error), node.span[0]) from error
        size = _size(value.shape)
        if not self.budget.spend(size // 256):
            raise Unjudged("the budget of evaluation steps is spent", node.span[0])
        if size <= _KEPT_CELLS:
            self._known[id(node)] = (node, value)
        return value

    def with_indices(self, values: Mapping[str, int]) -> Evaluation:
        """The same evaluation with values for more index letters."""
        return Evaluation(
            self.provider,
            self.rules,
            self.budget,
            self.limits,
            {**self.indices, **values},
            self.reading,
            self.remarks,
            self.bound,
        )

    def find(self, symbol: Symbol) -> lookup.Place | None:
        """The place in the truth that a symbol means; a note where its name was not exact."""
        place = lookup.find(self.provider, symbol, self.indices)
        if place is not None:
            self.remarks.note(symbol.span[0], place.note)
        return place

    def place(self, symbol: Symbol) -> lookup.Place:
        """The same; raises `Unjudged` where nothing is declared."""
        place = self.find(symbol)
        if place is None:
            raise Unjudged(f"{UNDECLARED} {plain(symbol)}{self._hint(symbol)}", symbol.span[0])
        return place

    def _hint(self, symbol: Symbol) -> str:
        """What a small letter with an index may be: a row or a column of what is declared in a capital one."""
        capital = symbol.name.upper()
        declared = [s for s, _ in self.provider.names.quantities if s.name == capital != symbol.name and not s.mark]
        if not declared or len(symbol.name) > 1 or not symbol.sub:
            return ""
        return f"; it may be a row or a column of {' or '.join(plain(s) for s in declared[:3])}: say which"


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


Rules: TypeAlias = Mapping[type[Placed], Callable[[Evaluation, Any], Array]]
