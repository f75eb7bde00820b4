"""Slips of the pen, one rule each: a sign, a prime, an index, a factor too much, brackets forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gradproof.audit.judging.mending.changes import Change, Material, Screen, Spot
from gradproof.audit.reading.tree import (
    Call,
    Derivative,
    Node,
    Number,
    Operator,
    Power,
    Product,
    Sum,
    Symbol,
    Transpose,
)
from gradproof.operators import NUMBERS

_MOST_TERMS = 12  # of a sum in which forgotten brackets are looked for


def signs(spot: Spot, _: Material, __: Screen) -> Iterator[Change]:
    """`+` for `-`, or the other way round."""
    node = spot.node
    if not isinstance(node, Sum):
        return
    if node.signs == ("-",):
        place = node.places[0] if node.places else node.span[0]
        yield Change(node.terms[0], "-", "", place, (place, place + 1, ""))
        return
    for at, sign in enumerate(node.signs):
        other = "-" if sign == "+" else "+"
        place = node.places[at] if node.places else -1
        changed = replace(node, signs=(*node.signs[:at], other, *node.signs[at + 1 :]))
        if place >= 0:
            shown = "" if at == 0 else other
            yield Change(changed, sign, shown, place, (place, place + 1, shown))
        else:
            start = node.terms[at].span[0]
            yield Change(changed, "", other, start, (start, start, other))


def missing_minus(spot: Spot, _: Material, __: Screen) -> Iterator[Change]:
    """A minus before a value."""
    node = spot.node
    if not isinstance(node, Sum | Number):
        start = node.span[0]
        yield Change(Sum(("-",), (node,), (start,), span=node.span), "", "-", start, (start, start, "-"))


def primes(spot: Spot, _: Material, __: Screen) -> Iterator[Change]:
    """A function for its derivative, or the other way round."""
    node = spot.node
    if isinstance(node, Call) and len(node.arguments) == 1:
        before, after = (f"{node.printed}'", node.printed) if node.primes else (node.printed, f"{node.printed}'")
        yield Change(replace(node, primes=0 if node.primes else 1), before, after, node.span[0])


def transposes(spot: Spot, _: Material, __: Screen) -> Iterator[Change]:
    """A transpose forgotten, or one too many."""
    node = spot.node
    if isinstance(node, Transpose):
        yield Change(node.argument, node, node.argument, node.span[0])
    elif isinstance(node, Symbol | Derivative | Sum):
        turned = Transpose(node, span=node.span)
        yield Change(turned, node, turned, node.span[0])


def products(spot: Spot, _: Material, __: Screen) -> Iterator[Change]:
    """A matrix product for ⊙, or the other way round."""
    node = spot.node
    if not isinstance(node, Product):
        return
    shown = {"odot": r"\odot", "juxt": "a matrix product", "dot": r"\cdot", "times": r"\times"}
    for at, operator in enumerate(node.operators):
        other: Operator = "juxt" if operator == "odot" else "odot"
        if operator in shown:
            changed = replace(node, operators=(*node.operators[:at], other, *node.operators[at + 1 :]))
            place = node.places[at] if node.places else node.span[0]
            yield Change(changed, shown[operator], shown[other], place)


def upside_down(spot: Spot, _: Material, __: Screen) -> Iterator[Change]:
    """A derivative whose ends are exchanged."""
    node = spot.node
    if isinstance(node, Derivative):
        turned = replace(node, of=node.by, by=node.of)
        yield Change(turned, node, turned, node.span[0])


def numbers(spot: Spot, material: Material, __: Screen) -> Iterator[Change]:
    """Another small number; a power forgotten or too much, or another one."""
    node = spot.node
    if isinstance(node, Number):
        whole = int(node.text) if node.text.isdecimal() and len(node.text) < 6 else 0
        small = [n for n in NUMBERS if n >= 0 and float(n).is_integer() and n < 4]
        halves = [whole // 2] if whole and whole % 2 == 0 else []
        near = [n for n in (whole + 1, whole - 1, 2 * whole, *halves) if n >= 0]
        alone = spot.rebuild(node) is node  # a term that is nothing is too much, and no power is nothing
        for text in dict.fromkeys(str(int(n)) for n in (*small, *near)):
            if text != node.text and (alone or text != "0"):
                yield Change(Number(text, span=node.span), node.text, text, node.span[0])
    elif isinstance(node, Power):
        yield Change(node.base, node, node.base, node.span[0])
        for exponent in material.exponents:
            if exponent != node.exponent:
                other = Power(node.base, exponent, span=node.span)
                yield Change(other, node, other, node.span[0])
    elif isinstance(node, Symbol | Sum | Call):
        for exponent in dict.fromkeys((Number("2"), *material.exponents)):
            raised = Power(node, exponent, span=node.span)
            yield Change(raised, node, raised, node.span[0])


def too_much(spot: Spot, _: Material, __: Screen) -> Iterator[Change]:
    """One factor or term too many, or a function applied for nothing."""
    node = spot.node
    if isinstance(node, Product):
        for at, factor in enumerate(node.factors):
            rest = node.factors[:at] + node.factors[at + 1 :]
            between = max(at - 1, 0)
            operators = node.operators[:between] + node.operators[between + 1 :]
            shorter = rest[0] if len(rest) == 1 else Product(rest, operators, span=node.span)
            start, end = (node.factors[at - 1].span[1], factor.span[1]) if at else (factor.span[0], rest[0].span[0])
            yield Change(shorter, factor, "", factor.span[0], (start, end, ""))
    elif isinstance(node, Sum) and len(node.terms) > 1:
        for at, term in enumerate(node.terms):
            kept = node.signs[:at] + node.signs[at + 1 :]
            terms = node.terms[:at] + node.terms[at + 1 :]
            shorter = terms[0] if kept == ("+",) else Sum(kept, terms, span=node.span)
            start = node.terms[at - 1].span[1] if at else term.span[0]
            splice = (start, term.span[1], "") if at else None
            yield Change(shorter, signed(node.signs[at], term), "", term.span[0], splice)
    elif isinstance(node, Call) and len(node.arguments) == 1:
        yield Change(node.arguments[0], node, node.arguments[0], node.span[0])


def order(spot: Spot, _: Material, screen: Screen) -> Iterator[Change]:
    """Two neighbouring factors exchanged: matrix products do not commute."""
    node = spot.node
    if not isinstance(node, Product) or all(screen.is_number(Spot(f, spot.rebuild)) for f in node.factors):
        return
    for at in range(len(node.factors) - 1):
        first, second = node.factors[at : at + 2]
        factors = (*node.factors[:at], second, first, *node.factors[at + 2 :])
        printed = Product((first, second), (node.operators[at],))
        should = Product((second, first), (node.operators[at],))
        yield Change(replace(node, factors=factors), printed, should, first.span[0])


def brackets(spot: Spot, _: Material, __: Screen) -> Iterator[Change]:
    """Brackets forgotten around neighbouring terms: `P_5 - 1 Y_3` for `(P_5 - 1) Y_3`."""
    node = spot.node
    if not isinstance(node, Sum) or len(node.terms) > _MOST_TERMS:
        return
    for first in range(len(node.terms) - 1):
        for last in range(first + 1, len(node.terms)):
            for inside in _bracketed(node, first, last):
                yield _joined(node, first, last, inside)


def _bracketed(node: Sum, first: int, last: int) -> Iterator[Product]:
    """The terms from `first` to `last` in brackets, before and behind which stand factors of the outer two."""
    head, tail = _as_product(node.terms[first]), _as_product(node.terms[last])
    signs_inside = ("+", *node.signs[first + 1 : last + 1])
    for before in range(len(head.factors)):
        for behind in range(1, len(tail.factors) + 1):
            if before == 0 and behind == len(tail.factors):
                continue
            left = _part(head, before, len(head.factors))
            right = _part(tail, 0, behind)
            inner = Sum(signs_inside, (left, *node.terms[first + 1 : last], right))
            yield Product(
                (*head.factors[:before], inner, *tail.factors[behind:]),
                (*head.operators[:before], *tail.operators[behind - 1 :]),
            )


def _as_product(term: Node) -> Product:
    return term if isinstance(term, Product) else Product((term,), ())


def _part(product: Product, start: int, stop: int) -> Node:
    factors = product.factors[start:stop]
    return factors[0] if len(factors) == 1 else Product(factors, product.operators[start : stop - 1])


def _joined(node: Sum, first: int, last: int, bracketed: Product) -> Change:
    terms = (*node.terms[:first], bracketed, *node.terms[last + 1 :])
    kept = (*node.signs[: first + 1], *node.signs[last + 1 :])
    joined: Node = bracketed if kept == ("+",) else Sum(kept, terms, span=node.span)
    before = Sum(("+", *node.signs[first + 1 : last + 1]), node.terms[first : last + 1])
    return Change(joined, before, bracketed, node.terms[first].span[0])


def signed(sign: str, term: Node) -> Node:
    """A term with its sign."""
    return term if sign == "+" else Sum((sign,), (term,))
