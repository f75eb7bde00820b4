"""Labels `+` and `*` that are part of a name: the positive `z^+`, the target `x^*`, and not a value after a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradproof.audit.own.names.families import symbols_in, trees_of
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Derivative, Label, Node, Symbol, walk

_SIGNS = frozenset({"+", "*", r"\ast", r"\star"})
_Name = tuple[str, str, str]


@dataclass(frozen=True)
class Signed:
    """The names, each with its sign, of which the sign is a part."""

    names: frozenset[_Name]

    def node(self, node: Node) -> Node:
        """A node with the sign of such a name in braces, so that it means nothing but itself."""
        if not isinstance(node, Symbol) or not any((node.name, node.mark, sign) in self.names for sign in _SIGNS):
            return node
        sub, sup = (tuple(self._label(node, label) for label in part) for part in (node.sub, node.sup))
        return replace(node, sub=sub, sup=sup)

    def _label(self, symbol: Symbol, label: Label) -> Label:
        named = (symbol.name, symbol.mark, label.text) in self.names
        return replace(label, text=f"{{{label.text}}}") if named else label


def as_printed(node: Node) -> Node:
    """A node with such a sign as its author prints it."""
    if not isinstance(node, Symbol):
        return node
    plain = {f"{{{sign}}}": sign for sign in _SIGNS}
    parts = (tuple(replace(x, text=plain.get(x.text, x.text)) for x in part) for part in (node.sub, node.sup))
    sub, sup = parts
    return node if (sub, sup) == (node.sub, node.sup) else replace(node, sub=sub, sup=sup)


def signed(statements: Sequence[Statement]) -> Signed | None:
    """The names with a sign that no step makes of what is called so without it, and no minimisation.

    `x^+ = x - \\eta g` is a step and `u^* = -K x` the best of all `u`; what is only used, or made of other things, is
    a name: of `x^*` the first, of `z^+` either.
    """
    found = {
        (symbol.name, symbol.mark, sign)
        for tree in trees_of(statements)
        for symbol in symbols_in(tree)
        if (sign := _sign_of(symbol))
    }
    for statement in statements:
        first = statement.sides[0].node if len(statement.sides) > 1 else None
        if not isinstance(first, Symbol) or not (sign := _sign_of(first)):
            continue
        trees = [side.node for side in statement.sides[1:] if side.node is not None]
        stepped = any(
            (s.name, s.mark) == (first.name, first.mark) and not _sign_of(s) for t in trees for s in symbols_in(t)
        )
        stepped = stepped or any(isinstance(node, Derivative) for tree in trees for node in walk(tree))
        if stepped or sign != "+":
            found.discard((first.name, first.mark, sign))
    return Signed(frozenset(found)) if found else None


def _sign_of(symbol: Symbol) -> str:
    """The sign among the labels of a name; empty where there is none."""
    return next((label.text for label in (*symbol.sub, *symbol.sup) if label.text in _SIGNS), "")
