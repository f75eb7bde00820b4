"""Every tree that is one printed slip away, simplest slips first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from gradproof.document.latex import latex
from gradproof.document.names import Names
from gradproof.document.tree import (
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
    children,
    with_children,
)

Splice: TypeAlias = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Change:
    """A node and what it may have been: `printed` for `should` at `position`.

    `splice`: the characters to replace in the text, where the change is smaller than the node.
    """

    node: Node
    printed: str
    should: str
    position: int
    splice: Splice | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """A whole side after one change; `old` and `new` are the node before and after it."""

    tree: Node
    change: Change
    old: Node

    @property
    def new(self) -> Node:
        """The node after the change."""
        return self.change.node


@dataclass(frozen=True, slots=True)
class Material:
    """What a slip may have dropped or exchanged: the declared symbols, and parts printed elsewhere."""

    names: Names
    symbols: tuple[Symbol, ...]
    parts: tuple[Node, ...]


Rule: TypeAlias = Callable[[Node, Material], Iterator[Change]]


def edits(tree: Node, material: Material) -> Iterator[list[Edit]]:
    """Groups of edits of a side, the plainest kind of slip first; within a group in printed order."""
    spots = list(_spots(tree))
    for rules in _RANKS:
        yield [
            Edit(rebuild(change.node), change, node)
            for node, rebuild in spots
            for rule in rules
            for change in rule(node, material)
        ]


def _spots(tree: Node) -> Iterator[tuple[Node, Callable[[Node], Node]]]:
    """Every node with a function that puts another in its place; siblings are shared, not copied."""
    waiting: list[tuple[Node, Callable[[Node], Node]]] = [(tree, lambda node: node)]
    while waiting:
        here, rebuild = waiting.pop()
        yield here, rebuild
        below = children(here)
        waiting.extend((below[at], _replacing(here, below, at, rebuild)) for at in reversed(range(len(below))))


def _replacing(
    parent: Node, below: tuple[Node, ...], at: int, rebuild: Callable[[Node], Node]
) -> Callable[[Node], Node]:
    return lambda node: rebuild(with_children(parent, (*below[:at], node, *below[at + 1 :])))


def _signs(node: Node, _: Material) -> Iterator[Change]:
    if not isinstance(node, Sum):
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


def _missing_minus(node: Node, _: Material) -> Iterator[Change]:
    if not isinstance(node, Sum | Number):
        negative = Sum(("-",), (node,), (node.span[0],), span=node.span)
        yield Change(negative, "", "-", node.span[0])


def _primes(node: Node, _: Material) -> Iterator[Change]:
    if isinstance(node, Call) and node.function not in ("max", "min", "sum", "mean", "rows", "columns"):
        name = node.printed
        change = replace(node, primes=0 if node.primes else 1)
        before, after = (f"{name}'", name) if node.primes else (name, f"{name}'")
        yield Change(change, before, after, node.span[0])


def _transposes(node: Node, _: Material) -> Iterator[Change]:
    if isinstance(node, Transpose):
        yield Change(node.argument, latex(node), latex(node.argument), node.span[0])
    elif isinstance(node, Symbol | Derivative | Sum):
        turned = Transpose(node, span=node.span)
        yield Change(turned, latex(node), latex(turned), node.span[0])


def _operators(node: Node, _: Material) -> Iterator[Change]:
    if not isinstance(node, Product):
        return
    for at, operator in enumerate(node.operators):
        other: Operator = "juxt" if operator == "odot" else "odot"
        if operator == "slash":
            continue
        changed = replace(node, operators=(*node.operators[:at], other, *node.operators[at + 1 :]))
        shown = {"odot": r"\odot", "juxt": "a matrix product"}
        place = node.places[at] if node.places else node.span[0]
        yield Change(changed, shown.get(operator, "a product"), shown[other], place)


def _exchanged_symbols(node: Node, material: Material) -> Iterator[Change]:
    """Another quantity of the same letter: `W_{45}` for `W_{35}`."""
    if isinstance(node, Symbol):
        for other in material.symbols:
            if other != node and other.name.lower() == node.name.lower():
                yield _symbol_change(node, other)


def _other_symbols(node: Node, material: Material) -> Iterator[Change]:
    if isinstance(node, Symbol):
        for other in material.symbols:
            if other.name.lower() != node.name.lower():
                yield _symbol_change(node, other)


def _symbol_change(node: Symbol, other: Symbol) -> Change:
    return Change(replace(other, span=node.span), latex(node), latex(other), node.span[0])


def _numbers(node: Node, _: Material) -> Iterator[Change]:
    if isinstance(node, Number):
        whole = int(node.text) if node.text.isdecimal() and len(node.text) < 6 else 0
        for text in dict.fromkeys(str(n) for n in (1, 2, 0, 3, whole + 1, max(whole - 1, 0))):
            if text != node.text:
                yield Change(Number(text, span=node.span), node.text, text, node.span[0])
    if isinstance(node, Power):
        yield Change(node.base, latex(node), latex(node.base), node.span[0])


def _too_much(node: Node, _: Material) -> Iterator[Change]:
    """One factor or term left out."""
    if isinstance(node, Product):
        for at, factor in enumerate(node.factors):
            rest = node.factors[:at] + node.factors[at + 1 :]
            operators = node.operators[:at] + node.operators[at + 1 :] if at else node.operators[1:]
            if at and node.operators[at - 1] == "slash":
                operators = node.operators[: at - 1] + node.operators[at:]
            shorter = rest[0] if len(rest) == 1 else Product(rest, operators, span=node.span)
            yield Change(shorter, latex(factor), "", factor.span[0])
    elif isinstance(node, Sum) and len(node.terms) > 1:
        for at, term in enumerate(node.terms):
            terms, signs = node.terms[:at] + node.terms[at + 1 :], node.signs[:at] + node.signs[at + 1 :]
            shorter = terms[0] if terms[1:] == () and signs == ("+",) else Sum(signs, terms, span=node.span)
            yield Change(shorter, f"{node.signs[at]} {latex(term)}", "", term.span[0])
    elif isinstance(node, Call) and len(node.arguments) == 1:
        yield Change(node.arguments[0], latex(node), latex(node.arguments[0]), node.span[0])


def _order(node: Node, _: Material) -> Iterator[Change]:
    """Two neighbouring factors exchanged: matrix products do not commute."""
    if not isinstance(node, Product):
        return
    for at in range(len(node.factors) - 1):
        first, second = node.factors[at : at + 2]
        factors = (*node.factors[:at], second, first, *node.factors[at + 2 :])
        printed = latex(Product((first, second), (node.operators[at],)))
        should = latex(Product((second, first), (node.operators[at],)))
        yield Change(replace(node, factors=factors), printed, should, first.span[0])


def _brackets(node: Node, _: Material) -> Iterator[Change]:
    """Brackets forgotten around two neighbouring terms: `P_5 - 1 Y_3` for `(P_5 - 1) Y_3`."""
    if not isinstance(node, Sum):
        return
    for at in range(len(node.terms) - 1):
        left, right = node.terms[at : at + 2]
        inner_sign = "+" if node.signs[at] == node.signs[at + 1] else "-"
        if isinstance(right, Product):
            inner = Sum(("+", inner_sign), (left, right.factors[0]))
            yield _joined(node, at, Product((inner, *right.factors[1:]), right.operators))
        if isinstance(left, Product):
            inner = Sum(("+", inner_sign), (left.factors[-1], right))
            yield _joined(node, at, Product((*left.factors[:-1], inner), left.operators))


def _joined(node: Sum, at: int, bracketed: Product) -> Change:
    terms = (*node.terms[:at], bracketed, *node.terms[at + 2 :])
    signs = (*node.signs[: at + 1], *node.signs[at + 2 :])
    joined: Node = bracketed if signs == ("+",) else Sum(signs, terms, span=node.span)
    before = Sum(("+", node.signs[at + 1]), node.terms[at : at + 2])
    return Change(joined, latex(before), latex(bracketed), node.terms[at].span[0])


def _missing_factor(node: Node, material: Material) -> Iterator[Change]:
    if isinstance(node, Number):
        return
    factors = node.factors if isinstance(node, Product) else (node,)
    operators = node.operators if isinstance(node, Product) else ()
    joint: Operator = next((o for o in operators if o in ("dot", "odot")), "juxt")
    end = factors[-1].span[1]
    for part in (*material.symbols, *material.parts):
        if isinstance(part, Number):
            continue
        yield Change(Product((*factors, part), (*operators, joint), span=node.span), "", latex(part), end)
        yield Change(
            Product((part, *factors), (joint, *operators), span=node.span), "", latex(part), factors[0].span[0]
        )


def _missing_term(node: Node, material: Material) -> Iterator[Change]:
    terms = node.terms if isinstance(node, Sum) else (node,)
    signs = node.signs if isinstance(node, Sum) else ("+",)
    end = terms[-1].span[1]
    for part in (*material.parts, *material.symbols):
        for sign in "+-":
            longer = Sum((*signs, sign), (*terms, part), span=node.span)
            yield Change(longer, "", f"{sign} {latex(part)}", end)


# Kinds of slips in the order in which they are tried; the search ends with the first kind that mends.
_RANKS: tuple[tuple[Rule, ...], ...] = (
    (_signs,),
    (_primes, _transposes, _operators),
    (_exchanged_symbols, _numbers),
    (_too_much, _order, _brackets),
    (_missing_minus,),
    (_missing_term,),
    (_missing_factor,),
    (_other_symbols,),
)


def parts_of(trees: Sequence[Node], most: int = 200) -> tuple[Node, ...]:
    """Factors and terms printed in a document that are more than a symbol: what a slip may have dropped."""
    found: dict[Node, None] = {}
    for tree in trees:
        waiting = [tree]
        while waiting and len(found) < most:
            here = waiting.pop()
            below = children(here)
            waiting.extend(below)
            if isinstance(here, Sum | Product):
                found.update((part, None) for part in below if not isinstance(part, Symbol))
    return tuple(found)[:most]
