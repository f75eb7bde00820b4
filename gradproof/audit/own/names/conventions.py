"""What a note's way of naming things says: `dW` for a derivative throughout, a name for an expression used before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gradproof.audit.own.names.definitions import Definition, Definitions
from gradproof.audit.own.names.families import Families, symbols_in, trees_of
from gradproof.audit.reading.names import form
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Derivative, Node, Number, Symbol, children, walk, with_children

_FEWEST_NODES = 3


def through_names(table: Definitions, statements: Sequence[Statement]) -> Definitions:
    """Definitions in which an expression that has a name is that name: `f = \\sigma(W x)`, and later `z = W x`.

    The values stay the same, and a derivative by the name finds its way.
    """
    names: dict[Node, Symbol] = {}
    for many in table.quantities.values():
        for definition in many:
            if definition.statement < 0 or isinstance(definition.tree, Symbol | Number | Derivative):
                continue
            printed = statements[definition.statement].sides[definition.target].node
            if isinstance(printed, Symbol) and sum(1 for _ in walk(definition.tree)) >= _FEWEST_NODES:
                names.setdefault(definition.tree, printed)

    def named(definition: Definition) -> Definition:
        return replace(definition, tree=_under_names(definition.tree, names))

    for key, many in table.quantities.items():
        table.quantities[key] = [named(definition) for definition in many]
    table.named = {key: named(definition).tree for key, definition in table.functions.items()}
    return table


def _under_names(tree: Node, names: Mapping[Node, Symbol]) -> Node:
    """A tree in which the largest expressions that have a name are that name, the tree itself left out."""
    below = children(tree)
    if not below:
        return tree
    new = tuple(
        replace(names[child], span=child.span) if child in names else _under_names(child, names) for child in below
    )
    return tree if all(a is b for a, b in zip(new, below, strict=True)) else with_children(tree, new)


def gradients_by_letter(table: Definitions, statements: Sequence[Statement], families: Families) -> None:
    """Where one `dO` is defined as `\\partial L / \\partial O`, every other `dX` is; so with `\\bar{o}`."""
    symbols = [symbol for tree in trees_of(statements) for symbol in symbols_in(tree)]
    names = {(symbol.name, symbol.mark) for symbol in symbols}
    for prefix, mark in (("d", ""), *(("", mark) for mark in sorted({s.mark.split()[0] for s in symbols if s.mark}))):
        tops = {form(top): top for top in _shown(table, prefix, mark)}
        if len(tops) != 1:
            continue
        (top,) = tops.values()
        for symbol in symbols:
            outer, _, inner = symbol.mark.partition(" ")
            rest = symbol.name.removeprefix(prefix) if outer == mark else ""
            if not rest or (rest, inner) not in names or (prefix and rest == symbol.name):
                continue
            head = families.split(symbol).head
            known = table.quantities.get((head.name, head.mark), [])
            if any(d.by_derivative and form(d.head) == form(head) for d in known):
                continue
            tree = Derivative(top, replace(head, name=rest, mark=inner), "partial")
            kept = [d for d in known if form(d.head) != form(head)]
            table.quantities[(head.name, head.mark)] = [*kept, Definition(-1, 0, head, (), tree)]


def gradients_by_layer(table: Definitions, statements: Sequence[Statement], families: Families) -> None:
    r"""Where one layer's `\delta^{(2)}` is defined as `\partial L / \partial z^{(2)}`, that of every other is."""
    symbols = [symbol for tree in trees_of(statements) for symbol in symbols_in(tree)]
    shown = [d for many in table.quantities.values() for d in many if d.by_derivative and d.parameters is None]
    for definition in shown:
        tree = definition.tree
        layer = _layer(definition.head, families)
        if layer is None or not isinstance(tree, Derivative) or not isinstance(tree.by, Symbol) or definition.axes:
            continue
        if [x.text for x in (*tree.by.sub, *tree.by.sup)].count(layer) != 1:
            continue
        alike = [s for s in symbols if (s.name, s.mark) == (definition.head.name, definition.head.mark)]
        for head in (families.split(symbol).head for symbol in alike):
            other = _layer(head, families)
            if other is None or _with_layer(definition.head, layer, other) != _plainly(head):
                continue
            known = table.quantities[(head.name, head.mark)]
            if any(d.by_derivative for d, _ in table.matches(head)) or any(form(d.head) == form(head) for d in shown):
                continue
            by = _with_layer(tree.by, layer, other)
            of = _with_layer(tree.of, layer, other) if isinstance(tree.of, Symbol) else tree.of
            kept = [d for d in known if form(d.head) != form(head)]
            new = Definition(-1, 0, head, (), Derivative(of, by, "partial"))
            table.quantities[(head.name, head.mark)] = [*kept, new]


def _layer(head: Symbol, families: Families) -> str | None:
    """The one label of a name that counts layers or steps."""
    counting = [label.text for label in (*head.sub, *head.sup) if families.letters.is_index(label.text)]
    return counting[0] if len(counting) == 1 else None


def _with_layer(symbol: Symbol, layer: str, other: str) -> Symbol:
    """A name with another layer's label."""
    sub, sup = (tuple(replace(x, text=other) if x.text == layer else x for x in p) for p in (symbol.sub, symbol.sup))
    return replace(symbol, sub=sub, sup=sup, span=(0, 0))


def _plainly(symbol: Symbol) -> Symbol:
    return replace(symbol, span=(0, 0))


def _shown(table: Definitions, prefix: str, mark: str) -> Iterator[Symbol]:
    """The objectives of the definitions `dO = \\partial L / \\partial O` and `\\bar{o} = \\partial L / \\partial o`."""
    for many in table.quantities.values():
        for definition in many:
            tree = definition.tree
            if not isinstance(tree, Derivative) or not isinstance(tree.by, Symbol) or tree.by.mark:
                continue
            named = definition.head.name == f"{prefix}{tree.by.name}" and definition.head.mark == mark
            if isinstance(tree.of, Symbol) and named:
                yield tree.of
