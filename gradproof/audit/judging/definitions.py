"""What a note defines on top of a reference: a name that the reference does not know stands for its formula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gradproof.audit.reading.names import form
from gradproof.audit.reading.read import Document, Statement
from gradproof.audit.reading.sections import sections
from gradproof.audit.reading.tree import Call, Derivative, Node, Span, Symbol, children, walk, with_children
from gradproof.audit.values import lookup
from gradproof.audit.values.indices import letters_in
from gradproof.audit.values.provider import Provider

_MOST_NODES = 400  # of a formula that stands in for a name


def with_definitions(document: Document, provider: Provider) -> Document:
    """The statements, each name that an earlier line defines replaced by its formula.

    Defined is a name with plain labels that means nothing in the reference. A name of a derivative stays one up to the
    next heading, so that what a later line says of it is judged; any other means what the last line says.
    """
    headings = [place for _, _, place in sections(document.text)]
    known: dict[object, tuple[Node, int]] = {}
    statements = []
    for statement in document.statements:
        part = sum(place <= statement.start for place in headings)
        first = statement.sides[0].node if statement.sides else None
        if isinstance(first, Symbol) and _is_assigned(statement, first):
            known.pop(form(first), None)
        defined = _defined(statement, provider)
        old = known.get(form(defined[0])) if defined is not None else None
        if old is not None and isinstance(old[0], Derivative) and old[1] == part:
            defined = None  # what is said of a derivative is a claim
        if defined is not None:
            known.pop(form(defined[0]), None)
        statements.append(_changed(statement, known) if known else statement)
        if defined is not None:
            name, tree = defined
            inner = _put(tree, known)
            if sum(1 for _ in walk(inner)) <= _MOST_NODES:
                known[form(name)] = (inner, part)
    return Document(document.text, tuple(statements))


def _is_assigned(statement: Statement, first: Symbol) -> bool:
    """Whether a name gets a new value, made of its old one or by an arrow."""
    rest = [side.node for side in statement.sides[1:] if side.node is not None]
    again = any(isinstance(n, Symbol) and form(n) == form(first) for tree in rest for n in walk(tree))
    return again or (bool(statement.relations) and statement.relations[0].kind == ":=")


def _defined(statement: Statement, provider: Provider) -> tuple[Symbol, Node] | None:
    """The name that a statement defines, and its formula."""
    if len(statement.sides) < 2 or statement.relations[0].kind != "=":
        return None
    name, tree = statement.sides[0].node, statement.sides[1].node
    if not isinstance(name, Symbol) or tree is None or _is_known(name, provider):
        return None
    nodes = list(walk(tree))
    if letters_in(name.sub + name.sup) or any(isinstance(n, Symbol) and form(n) == form(name) for n in nodes):
        return None
    symbols = [node for node in nodes if isinstance(node, Symbol)]
    functions = any(isinstance(node, Call) and node.name is not None for node in nodes)
    return (name, tree) if symbols and not functions else None


def _is_known(name: Symbol, provider: Provider) -> bool:
    names = provider.names
    return (
        names.is_index(name)
        or names.constant(name) is not None
        or lookup.find(provider, name, {}) is not None
        or lookup.parameter_of(provider, name, {}) is not None
    )


def _changed(statement: Statement, known: Mapping[object, tuple[Node, int]]) -> Statement:
    sides = (replace(s, node=_put(s.node, known)) if s.node is not None else s for s in statement.sides)
    return replace(statement, sides=tuple(sides))


def _put(tree: Node, known: Mapping[object, tuple[Node, int]]) -> Node:
    if isinstance(tree, Symbol):
        formula = known.get(form(tree))
        return tree if formula is None else _at(formula[0], tree.span)
    below = children(tree)
    new = tuple(_put(child, known) for child in below)
    return tree if all(a is b for a, b in zip(new, below, strict=True)) else with_children(tree, new)


def _at(tree: Node, span: Span) -> Node:
    """A tree that stands, with all that it is made of, where its name does."""
    below = children(tree)
    moved = with_children(tree, tuple(_at(child, span) for child in below)) if below else tree
    return replace(moved, span=span)
