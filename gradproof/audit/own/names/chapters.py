"""A note cut into chapters, in each of which every name means one thing."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from gradproof.audit.own.names.conventions import gradients_by_letter, through_names
from gradproof.audit.own.names.definitions import Definition, Definitions, candidates, is_literal, is_numeric, mentions
from gradproof.audit.own.names.families import VERSIONS, Families, Letters, symbols_in, trees_of
from gradproof.audit.own.names.implied import Implied, implied
from gradproof.audit.own.names.rows import Rows, rows_in_words
from gradproof.audit.own.names.spelling import Spelling
from gradproof.audit.own.names.zero import FromZero, from_zero
from gradproof.audit.reading.names import form
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import (
    Call,
    Derivative,
    Label,
    Node,
    Number,
    Power,
    Product,
    Symbol,
    children,
    walk,
    with_children,
)

_HEADING = re.compile(
    r"(?m)^[ \t>]{0,6}#{1,6}[ \t]|^\*\*|^[ \t]{0,4}(?:\\noindent\s{0,3})?\\textbf\{"
    r"|\\(?:sub){0,2}section\*?\{|\\paragraph\{|\\chapter\*?\{|<h[1-6][^>\n]{0,80}>"
    r"|^[^\n]{1,120}\n(?:={4,}|-{4,}|~{4,})[ \t]*$"
    r"|\b(?:[Ff]or|[Cc]onsider|[Ll]et|[Ss]uppose|[Tt]ake)\s+(?:the\s+\w{1,20}\s+)?\$"
)
_UNDERLINED = re.compile(r"[^\n]{1,120}\n(?:={4,}|-{4,}|~{4,})[ \t]*(?:\n|\Z)")
_GREEK_PREFIX = frozenset({r"\delta", r"\Delta"})


@dataclass
class Chapter:
    """Statements by number, what is defined for them, and the names of the quantities."""

    numbers: list[int]
    definitions: Definitions
    statements: list[Statement] = field(default_factory=list)


def headings(text: str) -> list[int]:
    """The offsets at which a note starts something new."""
    return [match.start() for match in _HEADING.finditer(text)]


@dataclass(frozen=True)
class Spelt:
    """Statements whose names are made plain, and the way back to how their author prints them."""

    statements: list[Statement]
    zero: FromZero | None = None
    implied: Implied | None = None
    rows: Rows | None = None
    spelling: Spelling | None = None

    def as_printed(self, tree: Node) -> Node:
        """A tree as the author of the note would print it."""
        for change in (self.rows, self.implied, self.zero):
            if change is not None:
                tree = mapped(tree, lambda node, change=change: change.node(node, -1))  # type: ignore[misc]
        return tree if self.spelling is None else mapped(tree, self.spelling.back)


def spelt(statements: Sequence[Statement], text: str) -> Spelt:
    """The statements with entries counted from one, steps shown and compound names made one symbol."""
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
    return Spelt(plain, zero, hidden, rows, spelling if spelling.primed else None)


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
        if isinstance(first, Power) and isinstance(first.base, Symbol) and isinstance(first.exponent, Number):
            squares.add((form(first.base), first.exponent.text))
        if isinstance(first, Product) and len(first.factors) == 2 and set(first.operators) == {"juxt"}:
            left, right = first.factors
            prefix = left.name in _GREEK_PREFIX if isinstance(left, Symbol) and isinstance(right, Symbol) else False
            if prefix and isinstance(left, Symbol) and not (left.sub or left.sup or left.mark):
                compounds.add(left.name)
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
        if isinstance(node, Product):
            node = _reaching(node, text)
        if compounds and isinstance(node, Product):
            return _compounded(node, compounds)
        if isinstance(node, Symbol) and words.get(node.name.lower(), node.name) != node.name:
            return replace(node, name=words[node.name.lower()])
        return node

    return [_changed(statement, change) for statement in statements]


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


Known = dict[object, tuple[Definition, int]]


def late_definitions(statements: Sequence[Statement], families: Families, numbers: Sequence[int]) -> list[int]:
    """The statements of a chapter that define what earlier ones of it are made of, and nothing defined there."""
    used: set[tuple[str, str]] = set()
    defined: set[tuple[str, str]] = set()
    found = []
    for number in numbers:
        for definition in candidates(number, statements[number], families):
            name = definition.head.name, definition.head.mark
            late = name in used and name not in defined and definition.parameters is None
            if late and may_define(definition, families.letters) and not definition.in_passing:
                found.append(number)
            defined.add(name)
        used |= {(s.name, s.mark) for tree in trees_of([statements[number]]) for s in symbols_in(tree)}
    return found


Anew = Literal["words", "headings", "always"]
"""Where a second equation for a name defines it anew, rather than being a claim on it: behind words in bold, `Let $`
and headings; behind headings alone; wherever it stands."""


def chapters(
    text: str, statements: Sequence[Statement], families: Families, cuts: Collection[int] = (), anew: Anew = "words"
) -> list[tuple[list[int], Known]]:
    """The statements of each chapter and what is defined for them; `cuts`: statements that start one of their own.

    A chapter starts at a heading, and where a name is defined anew. What no earlier line defines is looked for in
    later ones.
    """
    starts = headings(text)
    major = [
        start for start in starts if text[start] in "#\\<>" or text[start] in " \t" or _UNDERLINED.match(text, start)
    ]
    letters = families.letters
    known: Known = {}
    made: list[tuple[list[int], Known]] = []
    chapter = -1
    for number, statement in enumerate(statements):
        section = sum(start <= statement.start for start in major)
        segment = section if anew == "headings" else sum(start <= statement.start for start in starts)
        if section != chapter or not made or number in cuts:
            chapter, known = section, dict(known)
            made.append(([], known))
        for definition in candidates(number, statement, families):
            if not may_define(definition, letters):
                continue
            if _is_solution(known, definition, statements):
                continue
            new = put(known, definition, -number if anew == "always" else segment)
            if new is not None:
                known = new
                behind = [n for n in made[-1][0] if sum(s <= statements[n].start for s in starts) == segment]
                behind = [] if anew == "always" else behind
                del made[-1][0][len(made[-1][0]) - len(behind) :]
                made.append((behind, known))
        made[-1][0].append(number)
    for at, (_, here) in enumerate(made):
        for _, later in made[at + 1 :]:
            for key, pair in later.items():
                if pair[0].statement not in cuts:
                    here.setdefault(key, pair)
    return [pair for pair in made if pair[0]]


def put(known: Known, definition: Definition, segment: int) -> Known | None:
    """Enter a definition; a new table where it defines a name anew, under a heading of its own."""
    key = _key(definition)
    if _is_later_step(known, definition):
        return None
    old = known.get(key)
    if old is None:
        if not (definition.in_passing and _stands_in(known, definition.head)):
            known[key] = (definition, segment)
    elif old[0].tree == definition.tree or is_numeric(definition.tree):
        return None  # `h = \\sigma(0.3 \\cdot 2)` behind `h = \\sigma(w x)` says which number it is
    elif old[1] == segment or definition.in_passing or (old[0].by_derivative and not definition.by_derivative):
        if _prefers(definition, old[0]) and not _leads_back(known, definition):
            known[key] = (definition, segment)
    else:
        return {**known, key: (definition, segment)}
    return None


def _is_solution(known: Known, definition: Definition, statements: Sequence[Statement]) -> bool:
    """Whether a line solves for what an objective was differentiated by: the best `P`, and not what `P` is."""
    head = definition.head
    if definition.parameters is not None or not _stands_in(known, head):
        return False
    earlier = trees_of(statements[: definition.statement + 1])
    objectives = [n.of for tree in earlier for n in walk(tree) if isinstance(n, Derivative) and n.by == head]
    read = {form(symbol) for symbol in symbols_in(definition.tree)}
    return any(read <= _made_of(known, objective) for objective in objectives)


def _made_of(known: Known, objective: Node) -> set[object]:
    """All that an objective is computed from, as it is printed."""
    found: set[object] = set()
    waiting = list(symbols_in(objective))
    while waiting:
        symbol = waiting.pop()
        if form(symbol) in found:
            continue
        found.add(form(symbol))
        for definition, _ in known.values():
            if form(definition.head) == form(symbol):
                waiting.extend(symbols_in(definition.tree))
    return found


def _is_later_step(known: Known, definition: Definition) -> bool:
    """Whether a recurrence that stands before it says what a step is: `v_2 = ...` behind `v_t = \\mu v_{t-1} + g_t`."""
    head = definition.head
    if not head.sub or not head.sub[-1].text.isdecimal() or int(head.sub[-1].text) < 2 or head.sup:
        return False
    return any(
        (d.head.name, d.head.mark) == (head.name, head.mark)
        and len(d.head.sub) == len(head.sub)
        and d.head.sub[-1].text == "t"
        and d.statement < definition.statement
        for d, _ in known.values()
    )


def _leads_back(known: Known, definition: Definition) -> bool:
    """Whether a name would be defined by itself; layers and steps lead to earlier ones."""
    if definition.head.sub or definition.head.sup or definition.parameters is not None:
        return False
    name = (definition.head.name, definition.head.mark)
    waiting, seen = [definition.tree], {name}
    while waiting:
        for symbol in symbols_in(waiting.pop()):
            if (symbol.name, symbol.mark) == name:
                return True
            if (symbol.name, symbol.mark) not in seen:
                seen.add((symbol.name, symbol.mark))
                waiting += [
                    d.tree for d, _ in known.values() if (d.head.name, d.head.mark) == (symbol.name, symbol.mark)
                ]
    return False


def _stands_in(known: Known, head: Symbol) -> bool:
    """Whether a name stands in what defines something else: no later line defines it in passing."""
    return any(
        (s.name, s.mark) == (head.name, head.mark)
        for d, _ in known.values()
        if not any(isinstance(node, Derivative) for node in walk(d.tree))
        for s in symbols_in(d.tree)
    )


def redefined(
    statements: Sequence[Statement], others: Sequence[int], numbers: Sequence[int], families: Families
) -> Definitions:
    """The definitions of one chapter, with its own letters: its own ones come before those of other chapters."""
    known: Known = {}
    for segment, chosen in enumerate((others, numbers)):
        for number in chosen:
            for definition in candidates(number, statements[number], families):
                if may_define(definition, families.letters) and not _is_solution(known, definition, statements):
                    known = put(known, definition, segment) or known
    table = Definitions(families.letters)
    for definition, _ in known.values():
        if definition.parameters is not None:
            table.functions[form(definition.head)] = definition
        else:
            table.quantities.setdefault((definition.head.name, definition.head.mark), []).append(definition)
    gradients_by_letter(table, [statements[n] for n in sorted({*others, *numbers})], families)
    return through_names(table, statements)


def _prefers(new: Definition, old: Definition) -> bool:
    """Whether a second definition of a name is the better one: by a derivative, or through more names."""
    if new.in_passing or new.by_derivative != old.by_derivative:
        return new.by_derivative and not new.in_passing
    return sum(1 for _ in walk(new.tree)) < sum(1 for _ in walk(old.tree))


def _key(definition: Definition) -> object:
    digits = definition.axes if all(text.isdecimal() for text in definition.axes) else ()
    return form(definition.head), digits


def may_define(definition: Definition, letters: Letters) -> bool:
    """Whether a candidate says what a name is, rather than the number that it has or its value after a step."""
    head, tree = definition.head, definition.tree
    optimum = {label.text for label in head.sup} <= {"*", r"\ast", r"\star"} and not head.sub
    if optimum and head.sup and not mentions(tree, replace(head, sup=())):
        return True  # the best u^* of all u, made of other things
    if any(label.text in VERSIONS for label in (*head.sub, *head.sup)):
        return False
    if isinstance(tree, Symbol) and tree.name.lower() == head.name.lower() and tree.mark == head.mark:
        return False  # W = (w_ij): another way to write it
    if is_literal(tree):
        zero = isinstance(tree, Number) and tree.text == "0"
        return zero and any(label.text == "0" for label in (*head.sub, *head.sup))
    bare = definition.parameters is None and not (head.sub or head.sup or definition.axes)
    return not (bare and head.name in letters.indices and isinstance(tree, Symbol))


def heads_of(statements: Sequence[Statement], definitions: Definitions, families: Families) -> Iterator[Symbol]:
    """Every quantity that the statements and definitions name, its layers with numbers."""
    trees = [*trees_of(statements), *(d.tree for ds in definitions.quantities.values() for d in ds)]
    trees += [d.tree for d in definitions.functions.values()]
    seen: set[object] = set()
    for symbol in (s for tree in trees for s in symbols_in(tree)):
        for head in instances(families.split(symbol).head, families.letters):
            if form(head) not in seen:
                seen.add(form(head))
                yield head
    for many in definitions.quantities.values():
        for definition in many:
            for head in instances(definition.head, families.letters):
                if form(head) not in seen:
                    seen.add(form(head))
                    yield head
    for definition in definitions.functions.values():
        if form(definition.head) not in seen:
            seen.add(form(definition.head))
            yield definition.head


def instances(head: Symbol, letters: Letters) -> Iterator[Symbol]:
    """A quantity for every number that its layers' letters can have."""
    from itertools import product

    from gradproof.audit.values.indices import index_value

    labels = (*head.sub, *head.sup)
    free = sorted(
        {
            letter
            for label in labels
            if letters.is_index(label.text)
            for letter in re.findall(r"\\ell|[A-Za-z]", label.text)
            if letter not in letters.fixed
        }
    )
    if len(free) > 2:
        return
    for numbers in product(range(1, letters.count + 1), repeat=len(free)):
        values = {**letters.fixed, **dict(zip(free, numbers, strict=True))}

        def put(label: Label, values: dict[str, int] = values) -> Label | None:
            if not letters.is_index(label.text) or label.text.isdecimal():
                return label
            number = index_value(label.text, values)
            if number is None and label.text.isalnum():
                return label
            return None if number is None or not 0 <= number <= letters.count + 1 else Label(str(number), label.bracket)

        sub, sup = [put(label) for label in head.sub], [put(label) for label in head.sup]
        if None not in sub and None not in sup:
            yield replace(head, sub=tuple(x for x in sub if x), sup=tuple(x for x in sup if x))
