"""Slips that lose or exchange a part: another symbol, a factor or a term forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradproof.document.mending.changes import Change, Combine, Material, Screen, Spot
from gradproof.document.mending.slips import signed
from gradproof.document.tree import Derivative, Node, Number, Operator, Product, Sum, Symbol


def another_index(spot: Spot, material: Material, screen: Screen) -> Iterator[Change]:
    """Another quantity of the same letter: `W_{45}` for `W_{35}`, also at an end of a derivative."""
    yield from _exchanged(spot, material, screen, same_letter=True)


def another_letter(spot: Spot, material: Material, screen: Screen) -> Iterator[Change]:
    """Any other quantity."""
    yield from _exchanged(spot, material, screen, same_letter=False)


def _exchanged(spot: Spot, material: Material, screen: Screen, *, same_letter: bool) -> Iterator[Change]:
    node = spot.node
    if isinstance(node, Symbol):
        yield from _tried(spot, _others(node, material, same_letter), screen)
    elif isinstance(node, Derivative):
        of, by = node.of, node.by
        if isinstance(of, Symbol):
            yield from _tried(spot, [replace(node, of=o) for o in _others(of, material, same_letter)], screen)
        if isinstance(by, Symbol):
            yield from _tried(spot, [replace(node, by=o) for o in _others(by, material, same_letter)], screen)


def _others(node: Symbol, material: Material, same_letter: bool) -> list[Symbol]:
    name = node.name.lower()
    return [s for s in material.symbols if (s.name.lower() == name) == same_letter and s != node]


def _tried(spot: Spot, others: Sequence[Node], screen: Screen) -> Iterator[Change]:
    for other in screen.fitting(spot, others, "instead"):
        yield Change(replace(other, span=spot.node.span), spot.node, other, spot.node.span[0])


def missing_factor(spot: Spot, material: Material, screen: Screen) -> Iterator[Change]:
    """A factor forgotten, at the end or, where order matters, at the start."""
    node = spot.node
    if isinstance(node, Number):
        return
    factors = node.factors if isinstance(node, Product) else (node,)
    operators = node.operators if isinstance(node, Product) else ()
    joint: Operator = next((o for o in operators if o in ("dot", "odot")), "juxt")
    start, end = factors[0].span[0], factors[-1].span[1]
    for part in screen.fitting(spot, material.factors(), "factor"):
        yield Change(Product((*factors, part), (*operators, joint), span=node.span), "", part, end)
        if not screen.is_number(spot):
            yield Change(Product((part, *factors), (joint, *operators), span=node.span), "", part, start)


def missing_term(spot: Spot, material: Material, screen: Screen) -> Iterator[Change]:
    """A term forgotten."""
    node = spot.node
    terms = node.terms if isinstance(node, Sum) else (node,)
    signs = node.signs if isinstance(node, Sum) else ("+",)
    end = terms[-1].span[1]
    ways: tuple[tuple[str, Combine], ...] = (("+", "plus"), ("-", "minus"))
    for sign, combine in ways:
        for part in screen.fitting(spot, material.terms(), combine):
            longer = Sum((*signs, sign), (*terms, part), span=node.span)
            yield Change(longer, "", signed(sign, part), end)
