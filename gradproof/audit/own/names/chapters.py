"""A note cut into chapters, in each of which every name means one thing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from gradproof.audit.own.names.conventions import gradients_by_layer, gradients_by_letter, through_names
from gradproof.audit.own.names.definitions import Definition, Definitions, candidates, is_literal, is_numeric, mentions
from gradproof.audit.own.names.families import VERSIONS, Families, Letters, symbols_in, trees_of
from gradproof.audit.reading.names import form
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import (
    Call,
    Derivative,
    Label,
    Node,
    Number,
    Symbol,
    walk,
)

_HEADING = re.compile(
    r"(?m)^[ \t>]{0,6}#{1,6}[ \t]|^\*\*|^[ \t]{0,4}(?:\\noindent\s{0,3})?\\textbf\{"
    r"|\\(?:sub){0,2}section\*?\{|\\paragraph\{|\\chapter\*?\{|<h[1-6][^>\n]{0,80}>"
    r"|^[^\n]{1,120}\n(?:={4,}|-{4,}|~{4,})[ \t]*$"
    r"|\b(?:[Ff]or|[Cc]onsider|[Ll]et|[Ss]uppose|[Tt]ake)\s+(?:the\s+\w{1,20}\s+)?\$"
)
_UNDERLINED = re.compile(r"[^\n]{1,120}\n(?:={4,}|-{4,}|~{4,})[ \t]*(?:\n|\Z)")


@dataclass
class Chapter:
    """Statements by number, what is defined for them, and the names of the quantities."""

    numbers: list[int]
    definitions: Definitions
    statements: list[Statement] = field(default_factory=list)


def headings(text: str) -> list[int]:
    """The offsets at which a note starts something new."""
    return [match.start() for match in _HEADING.finditer(text)]


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
    for at, (numbers, here) in enumerate(made):
        varied = _varied([statements[number] for number in numbers])
        for _, later in made[at + 1 :]:
            for key, pair in later.items():
                name = pair[0].head.name, pair[0].head.mark
                other = bool(pair[0].axes) and name in varied and pair[0].statement not in numbers
                if pair[0].statement not in cuts and not other:
                    here.setdefault(key, pair)
    return [pair for pair in made if pair[0]]


def _varied(statements: Sequence[Statement]) -> set[tuple[str, str]]:
    """Names without an index by which some statements differentiate, or of which they define functions.

    `\\mu_i = x_i^T b` of a later chapter says nothing of them.
    """
    trees = list(trees_of(statements))
    found = {n.by for tree in trees for n in walk(tree) if isinstance(n, Derivative)}
    firsts = (statement.sides[0].node for statement in statements if len(statement.sides) > 1)
    found |= {a for first in firsts if isinstance(first, Call) and first.name is not None for a in first.arguments}
    return {(s.name, s.mark) for s in found if isinstance(s, Symbol) and not (s.sub or s.sup)}


def put(known: Known, definition: Definition, segment: int) -> Known | None:
    """Enter a definition; a new table where it defines a name anew, under a heading of its own."""
    key = _key(definition)
    if _is_later_step(known, definition):
        return None
    old = known.get(key)
    if old is None:
        if not (definition.in_passing and _stands_in(known, definition.head)) and not _leads_back(known, definition):
            known[key] = (definition, segment)
    elif old[0].tree == definition.tree or is_numeric(definition.tree):
        return None  # `h = \\sigma(0.3 \\cdot 2)` behind `h = \\sigma(w x)` says which number it is
    elif old[1] == segment or definition.in_passing or (old[0].by_derivative and not definition.by_derivative):
        if _prefers(definition, old[0]) and not _leads_back(known, definition):
            known[key] = (definition, segment)
    elif not _leads_back({k: pair for k, pair in known.items() if k != key}, definition):
        return {**known, key: (definition, segment)}  # and no other way to print one: `s = 2 r`, then `r = s / 2`
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
            alike = len(symbol.sub) == len(definition.axes) and not symbol.sup  # no a^{[1]} of an a
            if (symbol.name, symbol.mark) == name and alike:
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
    used = [statements[n] for n in sorted({*others, *numbers})]
    gradients_by_letter(table, used, families)
    gradients_by_layer(table, used, families)
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
    if any(map(letters.is_known, instances(head, letters))):
        return False
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
    for numbers in product(*(range(letter not in letters.from_zero, letters.count + 1) for letter in free)):
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
