"""Slips that lose or exchange a part: another symbol, a factor or a term forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradproof.audit.judging.mending.changes import Change, Combine, Material, Screen, Spot
from gradproof.audit.judging.mending.slips import signed
from gradproof.audit.reading.tree import Derivative, Fraction, Label, Node, Number, Operator, Product, Sum, Symbol

_FACTORS: tuple[Node, ...] = (Number("2"), Fraction(Number("1"), Number("2")), Number("3"))
_LETTER = re.compile(r"\\ell|[A-Za-z]")


def another_index(spot: Spot, material: Material, screen: Screen) -> Iterator[Change]:
    """Another quantity of the same letter: `W_{45}` for `W_{35}`, also at an end of a derivative."""
    yield from _exchanged(spot, material, screen, same_letter=True)


def another_label(spot: Spot, material: Material, _: Screen) -> Iterator[Change]:
    """Another index letter in a label, or two letters exchanged: `W_{jk}` for `W_{kj}`."""
    node = spot.node
    if not isinstance(node, Symbol) or not (material.letters or material.labels):
        return
    for at, label in enumerate(node.sub):
        for text in _other_labels(label, material):
            changed = replace(node, sub=(*node.sub[:at], Label(text, label.bracket), *node.sub[at + 1 :]))
            yield Change(changed, node, changed, node.span[0])
    for at, label in enumerate(node.sup):
        for text in _steps_of(label, material):
            changed = replace(node, sup=(*node.sup[:at], Label(text, label.bracket), *node.sup[at + 1 :]))
            yield Change(changed, node, changed, node.span[0])


def _other_labels(label: Label, material: Material) -> list[str]:
    text = label.text
    texts = [text[::-1]] if len(text) == 2 and text.isalpha() else []
    for place, letter in enumerate(text):
        if letter in material.letters:
            others = (other for other in material.letters if other != letter)
            texts += [text[:place] + other + text[place + 1 :] for other in others]
    if not material.diagonals:  # nobody means W_{ii} who prints no diagonal anywhere
        texts = [other for other in texts if not _is_doubled(other)]
    return list(dict.fromkeys([*texts, *_steps_of(label, material)]))


def _is_doubled(text: str) -> bool:
    return len(text) == 2 and text[0] == text[1]


def _steps_of(label: Label, material: Material) -> list[str]:
    """Other steps or layers by the same letters: `t-1` for `t`."""
    letters = _LETTER.findall(label.text)
    return [text for text in material.labels if text != label.text and _LETTER.findall(text) == letters]


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
    found = [s for s in material.symbols if (s.name.lower() == name) == same_letter and s != node]
    if same_letter or not (node.sub or node.sup):
        return found
    # the same entry of another quantity, which may be printed with other labels only
    alike = [replace(node, name=s.name, mark=s.mark) for s in material.symbols if s.name.lower() != name]
    return list(dict.fromkeys((*alike, *found)))


def _tried(spot: Spot, others: Sequence[Node], screen: Screen) -> Iterator[Change]:
    for other in screen.fitting(spot, others, "instead"):
        yield Change(replace(other, span=spot.node.span), spot.node, other, spot.node.span[0])


def missing_number(spot: Spot, material: Material, screen: Screen) -> Iterator[Change]:
    """A small number forgotten as a factor: the two of `2 x`, the half before a square."""
    node = spot.node
    if isinstance(node, Number):
        return
    factors = node.factors if isinstance(node, Product) else (node,)
    operators = node.operators if isinstance(node, Product) else ()
    start = factors[0].span[0]
    for part in screen.fitting(spot, _FACTORS, "factor"):
        yield Change(Product((part, *factors), ("juxt", *operators), span=node.span), "", part, start)


def missing_symbol(spot: Spot, material: Material, screen: Screen) -> Iterator[Change]:
    """A symbol forgotten as a factor."""
    yield from _missing_factor(spot, material.symbols, screen)


def missing_expression(spot: Spot, material: Material, screen: Screen) -> Iterator[Change]:
    """A whole expression forgotten as a factor."""
    yield from _missing_factor(spot, material.large(), screen)


def missing_term(spot: Spot, material: Material, screen: Screen) -> Iterator[Change]:
    """A symbol or number forgotten as a term."""
    yield from _missing_term(spot, material.small(), screen)


def missing_long_term(spot: Spot, material: Material, screen: Screen) -> Iterator[Change]:
    """A whole expression forgotten as a term."""
    yield from _missing_term(spot, material.large(), screen)


def _missing_factor(spot: Spot, parts: Sequence[Node], screen: Screen) -> Iterator[Change]:
    """A factor forgotten at the end or, where order matters, at the start."""
    node = spot.node
    if isinstance(node, Number):
        return
    factors = node.factors if isinstance(node, Product) else (node,)
    operators = node.operators if isinstance(node, Product) else ()
    joint: Operator = next((o for o in operators if o in ("dot", "odot")), "juxt")
    number = screen.is_number(spot)
    # Between matrices both products can have been meant, and order matters.
    signs: tuple[Operator, ...] = (joint,) if number else (joint, "juxt" if joint == "odot" else "odot")
    start, end = factors[0].span[0], factors[-1].span[1]
    for part in screen.fitting(spot, parts, "factor"):
        for sign in signs:
            yield Change(Product((*factors, part), (*operators, sign), span=node.span), "", part, end)
        if not number:
            yield Change(Product((part, *factors), ("juxt", *operators), span=node.span), "", part, start)


def _missing_term(spot: Spot, parts: Sequence[Node], screen: Screen) -> Iterator[Change]:
    node = spot.node
    terms = node.terms if isinstance(node, Sum) else (node,)
    signs = node.signs if isinstance(node, Sum) else ("+",)
    end = terms[-1].span[1]
    ways: tuple[tuple[str, Combine], ...] = (("+", "plus"), ("-", "minus"))
    for sign, combine in ways:
        for part in screen.fitting(spot, parts, combine):
            longer = Sum((*signs, sign), (*terms, part), span=node.span)
            yield Change(longer, "", signed(sign, part), end)
