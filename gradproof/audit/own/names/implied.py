"""Names that leave out the step which they belong to: `\\delta_z = ... z_t ...` is `\\delta_z^{(t)}`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gradproof.audit.own.names.families import VERSIONS, letters_of, symbols_in
from gradproof.audit.reading.names import form
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Derivative, Label, Node, Symbol, walk
from gradproof.audit.values.indices import free_letters


@dataclass(frozen=True)
class Implied:
    """The step's letter that each name leaves out, by the name's form."""

    letters: Mapping[object, str]

    def node(self, node: Node, by: int = 1) -> Node:
        """A node with the step put to such names; `by = -1`: taken off again."""
        if not isinstance(node, Symbol):
            return node
        if by > 0:
            letter = self.letters.get(form(node))
            return node if letter is None else replace(node, sup=(*node.sup, Label(letter, "(")))
        shorter = replace(node, sup=node.sup[:-1])
        return shorter if node.sup and self.letters.get(form(shorter)) == node.sup[-1].text else node


def implied(statements: Sequence[Statement]) -> Implied | None:
    """The names all of whose definitions are made of one step, which the name does not show."""
    statements = [statement for statement in statements if statement.sides]  # what is not read has none
    layered = letters_of(statements).layered
    if not layered:
        return None
    found: dict[object, set[str]] = {}
    for statement in statements:
        first = statement.sides[0].node if len(statement.sides) > 1 else None
        if not isinstance(first, Symbol) or any(label.text in VERSIONS for label in (*first.sub, *first.sup)):
            continue
        trees = [side.node for side in statement.sides[1:] if side.node is not None]
        if not trees or any(form(symbol) == form(first) for tree in trees for symbol in symbols_in(tree)):
            continue
        free = set[str]().union(*(free_letters(tree, lambda _: False) for tree in trees)) & layered
        shown = {x for label in (*first.sub, *first.sup) for x in re.findall(r"\\ell|[A-Za-z]", label.text)}
        found.setdefault(form(first), set()).update(free if len(free) == 1 and not free & shown else {""})
    # The objective of all steps is differentiated as a whole.
    tops = {form(n.of) for s in statements for n in _derivatives(s) if isinstance(n.of, Symbol)}
    letters = {key: next(iter(free)) for key, free in found.items() if len(free) == 1 and "" not in free}
    letters = {key: letter for key, letter in letters.items() if key not in tops}
    return Implied(letters) if letters else None


def _derivatives(statement: Statement) -> list[Derivative]:
    nodes = (node for side in statement.sides if side.node is not None for node in walk(side.node))
    return [node for node in nodes if isinstance(node, Derivative)]
