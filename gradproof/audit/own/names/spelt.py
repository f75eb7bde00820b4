"""Statements whose names are made plain: entries counted from one, steps shown, compound names one symbol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gradproof.audit.own.names.definitions import is_literal
from gradproof.audit.own.names.einstein import as_printed as without_sums
from gradproof.audit.own.names.einstein import keeps_convention, summed
from gradproof.audit.own.names.families import symbols_in, trees_of
from gradproof.audit.own.names.implied import Implied, implied
from gradproof.audit.own.names.rows import Rows, rows_in_words
from gradproof.audit.own.names.signed import as_printed, signed
from gradproof.audit.own.names.spelling import Spelling
from gradproof.audit.own.names.zero import FromZero, from_zero
from gradproof.audit.reading.names import form
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import (
    Call,
    Derivative,
    Inverse,
    Node,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Transpose,
    children,
    walk,
    with_children,
)

_GREEK_PREFIX = frozenset({r"\delta", r"\Delta"})


_EULER, _TURNED = Symbol("e"), Symbol("T")
_PI, _PI_NUMBER = Symbol(r"\pi"), Number("3.141592653589793")


@dataclass(frozen=True)
class Spelt:
    """Statements whose names are made plain, and the way back to how their author prints them."""

    statements: list[Statement]
    zero: FromZero | None = None
    implied: Implied | None = None
    rows: Rows | None = None
    spelling: Spelling | None = None
    conventional: bool = False

    def as_printed(self, tree: Node) -> Node:
        """A tree as the author of the note would print it."""
        for change in (self.rows, self.implied, self.zero):
            if change is not None:
                tree = mapped(tree, lambda node, change=change: change.node(node, -1))  # type: ignore[misc]
        tree = mapped(tree, lambda node: _PI if node == _PI_NUMBER else as_printed(node))
        tree = mapped(tree, without_sums) if self.conventional else tree
        return tree if self.spelling is None else mapped(tree, self.spelling.back)


def spelt(statements: Sequence[Statement], text: str) -> Spelt:
    """The statements with entries counted from one, steps shown and compound names made one symbol."""
    if conventional := keeps_convention(text):
        statements = summed(statements)
    signs = signed(statements)
    if signs is not None:
        statements = [_changed(statement, signs.node) for statement in statements]
    zero = from_zero(statements)
    if zero is not None:
        statements = [
            replace(_changed(s, zero.node), conditions=tuple(map(zero.condition, s.conditions))) for s in statements
        ]
    spelling = Spelling(statements)
    plain = normalized(statements, text, spelling)
    hidden = implied(plain)
    if hidden is not None:
        plain = [_changed(statement, hidden.node) for statement in plain]
    rows = rows_in_words(text, plain)
    if rows is not None:
        plain = [_changed(statement, rows.node) for statement in plain]
    return Spelt(plain, zero, hidden, rows, spelling if spelling.primed or spelling.nested else None, conventional)


def normalized(statements: Sequence[Statement], text: str, spelling: Spelling) -> list[Statement]:
    """The statements with compound names made one symbol: `\\delta h_t`, and `\\sigma^2` where it is defined."""
    if spelling:
        statements = [
            replace(_changed(s, spelling.node), conditions=tuple(map(spelling.condition, s.conditions)))
            for s in statements
        ]
    squares: set[tuple[object, str]] = set()
    compounds: set[str] = set()
    for statement in statements:
        first = statement.sides[0].node if statement.sides else None
        told = len(statement.sides) > 1 and is_literal(statement.sides[1].node)  # `\\sigma^2 = 4` is a number for it
        if (
            isinstance(first, Power)
            and isinstance(first.base, Symbol)
            and isinstance(first.exponent, Number)
            and not told
        ):
            squares.add((form(first.base), first.exponent.text))
        if isinstance(first, Product) and len(first.factors) == 2 and set(first.operators) == {"juxt"}:
            left, right = first.factors
            prefix = left.name in _GREEK_PREFIX if isinstance(left, Symbol) and isinstance(right, Symbol) else False
            if prefix and isinstance(left, Symbol) and not (left.sub or left.sup or left.mark):
                compounds.add(left.name)
    squares |= _differentiated_by(statements)
    error = _is_quantity(_EULER, statements)
    policies = any(s.name == _PI.name and (s.sub or s.sup) for tree in trees_of(statements) for s in symbols_in(tree))
    words: dict[str, str] = {}
    for symbol in (symbol for tree in trees_of(statements) for symbol in symbols_in(tree)):
        if len(symbol.name) > 1 and symbol.name[0] != "\\":
            words.setdefault(symbol.name.lower(), symbol.name)

    def change(node: Node) -> Node:
        if (
            isinstance(node, Power)
            and isinstance(node.base, Symbol)
            and isinstance(node.exponent, Number)
            and (form(node.base), node.exponent.text) in squares
        ):
            return replace(node.base, name=f"{node.base.name}^{node.exponent.text}", span=node.span)
        if not error and isinstance(node, Inverse) and node.argument == _EULER:
            return Power(_EULER, Sum(("-",), (Number("1"),), span=node.span), span=node.span)
        if error and isinstance(node, Power) and node.base == _EULER and node.exponent == _TURNED:
            return Transpose(node.base, span=node.span)  # `e = y - W x`, so `e^T S e`
        if isinstance(node, Product):
            node = _with_pi(_reaching(node, text)) if policies else _reaching(node, text)
        if compounds and isinstance(node, Product):
            return _compounded(node, compounds)
        if isinstance(node, Symbol) and words.get(node.name.lower(), node.name) != node.name:
            return replace(node, name=words[node.name.lower()])
        return node

    return [_changed(statement, change) for statement in statements]


def _is_quantity(name: Symbol, statements: Sequence[Statement]) -> bool:
    """Whether an equation says what a name is."""
    firsts = (statement.sides[0].node for statement in statements if len(statement.sides) > 1)
    return any(form(first) == form(name) for first in firsts if isinstance(first, Symbol))


def _differentiated_by(statements: Sequence[Statement]) -> set[tuple[object, str]]:
    """Powers by which a note differentiates, `\\partial L / \\partial \\sigma^2`, and that it prints throughout."""
    trees = list(trees_of(statements))
    by = [n.by for tree in trees for n in walk(tree) if isinstance(n, Derivative)]
    wanted = {power for node in by if (power := _power_of(node)) is not None}
    printed = Counter(power for tree in trees for n in walk(tree) if (power := _power_of(n)) is not None)
    uses: Counter[object] = Counter(form(symbol) for tree in trees for symbol in symbols_in(tree))
    return {power for power in wanted if uses[power[0]] == printed[power]}


def _power_of(node: Node) -> tuple[object, str] | None:
    """The form of a name and the number that it is raised to; None for anything else."""
    if isinstance(node, Power) and isinstance(node.base, Symbol) and isinstance(node.exponent, Number):
        return form(node.base), node.exponent.text
    return None


def _with_pi(node: Node) -> Node:
    r"""`2 \pi` in a note whose `\pi_a` is something else: the number."""
    if not isinstance(node, Product):
        return node
    pairs = zip((None, *node.factors), node.factors, strict=False)
    new = tuple(_PI_NUMBER if f == _PI and before == Number("2") else f for before, f in pairs)
    return replace(node, factors=new)


def _changed(statement: Statement, change: Callable[[Node], Node]) -> Statement:
    """A statement with every node of its sides changed."""
    sides = (replace(p, node=None if p.node is None else mapped(p.node, change)) for p in statement.sides)
    given = (replace(c, left=mapped(c.left, change), right=mapped(c.right, change)) for c in statement.given)
    return replace(statement, sides=tuple(sides), given=tuple(given))


def _reaching(node: Product, text: str) -> Node:
    """`\\frac{d}{dx} x^\\top A x` is the derivative of the whole product, unless what follows stands in brackets."""
    for at, factor in enumerate(node.factors[:-1]):
        if not isinstance(factor, Derivative) or factor.of.span[0] < factor.by.span[1] or factor.by.span[0] < 0:
            continue
        follows = text[factor.of.span[0] : factor.of.span[0] + 6]
        if follows.startswith(("(", "[", "\\left", "\\{", "\\big")) or (isinstance(factor.of, Call) and factor.of.name):
            continue
        if any(operator != "juxt" for operator in node.operators[at:]):
            continue
        between = text[factor.of.span[1] : node.factors[at + 1].span[0]]
        if any(closer in between for closer in (")", "]", "\\}")):
            continue  # it ends with the bracket that it stands in
        inner = Product(
            (factor.of, *node.factors[at + 1 :]), node.operators[at:], span=(factor.of.span[0], node.span[1])
        )
        whole = replace(factor, of=inner, span=(factor.span[0], node.span[1]))
        if at == 0:
            return whole
        return Product((*node.factors[:at], whole), node.operators[:at], span=node.span)
    return node


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """A tree with every node changed, from below."""
    below = children(node)
    if below:
        new = tuple(mapped(child, change) for child in below)
        if any(a is not b for a, b in zip(new, below, strict=True)):
            node = with_children(node, new)
    return change(node)


def _compounded(node: Product, prefixes: set[str]) -> Node:
    factors: list[Node] = []
    operators = []
    at = 0
    while at < len(node.factors):
        factor = node.factors[at]
        behind = node.factors[at + 1] if at + 1 < len(node.factors) else None
        bare = isinstance(factor, Symbol) and factor.name in prefixes and not (factor.sub or factor.sup or factor.mark)
        if at:
            operators.append(node.operators[at - 1])
        if bare and isinstance(behind, Symbol) and node.operators[at] == "juxt":
            assert isinstance(factor, Symbol)
            factors.append(replace(behind, name=f"{factor.name} {behind.name}", span=(factor.span[0], behind.span[1])))
            at += 2
        else:
            factors.append(factor)
            at += 1
    return (
        factors[0]
        if len(factors) == 1
        else replace(node, factors=tuple(factors), operators=tuple(operators), places=())
    )
