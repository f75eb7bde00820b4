"""From a note that has been read to one provider for each chapter, which knows what the note says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from gradproof.audit.own.draws import probabilities
from gradproof.audit.own.names.chapters import Chapter, chapters, heads_of, instances, redefined
from gradproof.audit.own.names.definitions import Definition, Definitions, mentions
from gradproof.audit.own.names.families import LAYERS, VERSIONS, Families, letters_of, symbols_in, trees_of
from gradproof.audit.own.provider import Own
from gradproof.audit.own.shapes.ranks import Leaf, Ranks, leaf_key
from gradproof.audit.own.shapes.sizes import Axes, Axis, Clash, Shapes, shaped
from gradproof.audit.own.steps import updated_symbol
from gradproof.audit.own.world import World
from gradproof.audit.reading.limits import Limits
from gradproof.audit.reading.names import Names, form, plain
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Big, Call, Derivative, Node, Sum, Symbol, walk
from gradproof.audit.values.indices import letters_in

_SPACE = re.compile(r"\\in\s{0,3}(?:\\(?:mathbb|mathbf|bold)\s{0,3}\{?\s{0,3}R\s{0,3}\}?|\\R)\s{0,3}\^")
_TIMES = re.compile(r"\\times|\\cdot|,")


def built(
    text: str, statements: Sequence[Statement], names: Names, limits: Limits, trials: int, seed: int
) -> list[tuple[Chapter, Own]]:
    """The chapters of a note with what each says of itself."""
    read = [s for s in statements if s.sides]
    families = families_of(read)
    spaces = dict(declared_spaces(text))
    tops = {
        (of.name, of.mark)
        for tree in trees_of(read)
        for node in walk(tree)
        if isinstance(node, Derivative)
        for of in (node.of.name if isinstance(node.of, Call) else node.of,)
        if isinstance(of, Symbol)
    }
    out = []
    for numbers, known in chapters(text, statements, families):
        updates = any(updated_symbol(statements[n]) is not None for n in numbers)
        trees = list(trees_of([statements[n] for n in numbers]))
        if any(isinstance(node, Derivative) for tree in trees for node in walk(tree)):
            updates = False  # the objective is at hand
        needed = _closure([statements[n] for n in numbers], known, tops if updates else set())
        others = sorted(needed - set(numbers))
        here = [statements[n] for n in sorted({*others, *numbers}) if statements[n].sides]
        own_families = families_of(here)
        definitions = redefined(statements, others, numbers, own_families)
        chapter = Chapter(numbers, definitions, [statements[n] for n in numbers])
        before = [statements[n] for n in others]
        own = _provider(chapter, before, own_families, names, spaces, limits, trials, seed)
        own.world.symmetric = "symmetric" in text
        out.append((chapter, own))
    return out


def families_of(read: Sequence[Statement]) -> Families:
    """The families of the symbols in some statements."""
    families = Families(letters_of(read))
    families.kronecker = not any(_is_delta_defined(s) for s in read)
    for statement in read:
        for at, side in enumerate(statement.sides):
            if side.node is None:
                continue
            for symbol in symbols_in(side.node):
                defines = at == 0 and symbol is side.node and len(statement.sides) > 1
                defines = defines and not any(
                    s.node is not None and mentions(s.node, symbol) for s in statement.sides[1:]
                )
                families.add(symbol, defines=defines)
    return families


def _closure(
    statements: Sequence[Statement], known: Mapping[object, tuple[Definition, int]], more: set[tuple[str, str]]
) -> set[int]:
    """The statements that define what some statements need, and what those need."""
    by_name: dict[tuple[str, str], list[Definition]] = {}
    for definition, _ in known.values():
        by_name.setdefault((definition.head.name, definition.head.mark), []).append(definition)
    waiting = [(s.name, s.mark) for tree in trees_of(statements) for s in symbols_in(tree)] + sorted(more)
    seen: set[tuple[str, str]] = set()
    needed: set[int] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for definition in by_name.get(name, ()):
            needed.add(definition.statement)
            waiting += [(s.name, s.mark) for s in symbols_in(definition.tree)]
    return needed


def _is_delta_defined(statement: Statement) -> bool:
    first = statement.sides[0].node
    return (
        isinstance(first, Symbol)
        and first.name == r"\delta"
        and len("".join(x.text for x in first.sub)) == 2
        and not first.sup
    )


def _provider(
    chapter: Chapter,
    others: Sequence[Statement],
    families: Families,
    names: Names,
    spaces: Mapping[str, tuple[str, ...]],
    limits: Limits,
    trials: int,
    seed: int,
) -> Own:
    definitions = chapter.definitions
    read = [s for s in chapter.statements if s.sides]
    _add_losses(definitions, read, families)
    everything = [*others, *read]
    lengths = _lengths(everything) | {name for space in spaces.values() for name in space if not name.isdecimal()}
    given: dict[Leaf, int] = {}
    for name, space in spaces.items():
        given[(name, "", (), 0)] = len([s for s in space if s != "1"]) if len(space) < 3 else len(space)
    search = Ranks(everything, definitions, families, given)
    ranks = search.run()
    kinds = search.kinds(ranks)

    def rank(head: Symbol) -> int:
        family = families.of(head)
        least = family.axes if family is not None else 0
        key = leaf_key(head, families)
        if key not in ranks and (head.name, head.mark) in definitions.quantities:
            return max(least, kinds.axes_of(head))  # the state before the first step has the shape of the others
        return max(least, ranks.get(key, given.get((head.name, "", (), 0), 0)))

    axes = Axes()
    used = {s.name for s in (x for tree in trees_of(everything) for x in symbols_in(tree)) if s.sub or s.sup}
    for name in sorted(lengths):
        if name not in used and (name, "") not in definitions.quantities:
            axes.name(name)
    shapes = Shapes(definitions, families, rank, axes)
    _declare(shapes, spaces, definitions)
    leaves, numbers = shaped(everything, shapes, families.letters.layered)
    heads: dict[str, Symbol] = {}
    quantities = []
    for head in heads_of(everything, definitions, families):
        if not (head.sub or head.sup or head.mark) and (head.name in numbers or head.name in families.letters.indices):
            continue
        if head.name == r"\delta" and families.kronecker and len("".join(x.text for x in head.sub)) == 2:
            continue
        if any(label.text in VERSIONS for label in (*head.sub, *head.sup)):
            continue
        beyond = any(label.text == str(LAYERS + 1) for label in (*head.sub, *head.sup))
        if beyond and not any(True for _ in definitions.matches(head)) and not _is_printed(head, everything):
            continue
        key = plain(head)
        heads[key] = head
        quantities.append((head, key))
        is_open = form(head) not in leaves and form(head) not in definitions.functions
        if is_open and not any(True for _ in definitions.matches(head)):
            leaves[form(head)] = _unused(rank(head))
    own_names = replace(
        names,
        quantities=tuple(quantities),
        constants=tuple((Symbol(name), Fraction(size)) for name, size in numbers.items()),
        kronecker=families.kronecker,
        euler=True,
        folds=False,
    )
    labels = probabilities(trees_of(everything))
    world = World(own_names, definitions, families, leaves, labels, trials, seed, heads, limits)
    return Own(world)


def _is_printed(head: Symbol, statements: Sequence[Statement]) -> bool:
    return any(form(s) == form(head) for tree in trees_of(statements) for s in symbols_in(tree))


def _unused(rank: int) -> tuple[int, ...]:
    return tuple(range(2, 2 + rank))


def _lengths(statements: Sequence[Statement]) -> set[str]:
    """Letters that are the upper limit of a sum over entries."""
    found: set[str] = set()
    for tree in trees_of(statements):
        for node in walk(tree):
            if isinstance(node, Big) and node.low == "1" and node.high and not node.high.isdecimal():
                found.add(node.high)
    for statement in statements:
        found |= {c.high for c in statement.conditions if c.high and not c.high.isdecimal()}
    return {name for name in found if name.isalpha() or name[0] == "\\"}


def _declare(shapes: Shapes, spaces: Mapping[str, tuple[str, ...]], definitions: Definitions) -> None:
    """Give leaves the axes that the note prints for them: `W \\in \\mathbb{R}^{m \\times n}`."""
    for name, space in spaces.items():
        head = Symbol(name)
        if (name, "") in definitions.quantities:
            continue
        axes: list[Axis] = []
        rank = shapes.rank(head)
        kept = [text for text in space if text != "1"] if len(space) > rank else list(space)
        if len(kept) != rank:
            continue
        for text in kept:
            if text.isdecimal():
                axis = shapes.axes.new()
                shapes.axes.fix(axis, int(text))
            else:
                axis = shapes.axes.name(text)
            axes.append(axis)
        try:
            shape = shapes.head(head)
            for mine, told in zip(shape, axes, strict=True):
                shapes.axes.join(mine, told)
        except (Clash, ValueError):
            continue


def declared_spaces(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names and sizes of `X \\in \\mathbb{R}^{n \\times d}`, several names with one size too."""
    for match in _SPACE.finditer(text):
        behind = text[match.end() : match.end() + 60].lstrip()
        sizes = _sizes(behind)
        before = text[max(0, match.start() - 60) : match.start()]
        before = re.split(r"[$(]|\n\n|\.\s", before)[-1]
        names = re.findall(r"(?<![A-Za-z\\_^{])(?:\\[A-Za-z]+|[A-Za-z])(?![A-Za-z])", before)[-3:]
        for name in names if sizes else ():
            if not re.search(rf"{re.escape(name)}\s{{0,2}}[_^']", before):
                yield name, sizes


def _sizes(text: str) -> tuple[str, ...]:
    """The sizes in what stands above the R: `{n_x \\times m}`, `d`; empty where they are no plain names."""
    inner, depth = "", 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth == 0:
            inner += character if not inner else ""
            break
        inner += character
    parts = tuple(part.strip().strip("{}").strip() for part in _TIMES.split(inner.removeprefix("{")))
    plain = all(re.fullmatch(r"[A-Za-z0-9]{1,4}|\\[A-Za-z]+|[A-Za-z]_\{?[A-Za-z0-9]{1,3}", part) for part in parts)
    return parts if plain else ()


def _needs(definitions: Definitions, key: tuple[str, str], names: set[str]) -> bool:
    """Whether a quantity is made of some names."""
    waiting, seen = [key], {key}
    while waiting:
        for definition in definitions.quantities.get(waiting.pop(), ()):
            for symbol in symbols_in(definition.tree):
                if symbol.name in names:
                    return True
                if (symbol.name, symbol.mark) not in seen:
                    seen.add((symbol.name, symbol.mark))
                    waiting.append((symbol.name, symbol.mark))
    return False


def _add_losses(definitions: Definitions, statements: Sequence[Statement], families: Families) -> None:
    """A loss of which the note only takes derivatives: any function of what nothing else is made of."""
    tops: dict[object, Symbol] = {}
    for tree in trees_of(statements):
        for node in walk(tree):
            if isinstance(node, Derivative) and isinstance(node.of, Symbol):
                of = node.of
                plainly = not (of.sub or of.sup)
                defined = (of.name, of.mark) in definitions.quantities or form(of) in definitions.functions
                if plainly and not defined:
                    tops[form(of)] = of
    if not tops:
        return
    inner: set[object] = set()
    for many in definitions.quantities.values():
        for definition in many:
            if not any(isinstance(node, Derivative) for node in walk(definition.tree)):
                inner |= {(s.name, s.mark) for s in symbols_in(definition.tree)}
    sinks: dict[object, Symbol] = {}
    for key, many in definitions.quantities.items():
        if key in inner or " " in key[0] or _needs(definitions, key, {top.name for top in tops.values()}):
            continue
        for definition in many:
            if any(isinstance(node, Derivative) for node in walk(definition.tree)) or definition.target:
                continue
            for head in instances(definition.head, families.letters):
                if definition.axes and all(t.isdecimal() for t in definition.axes):
                    continue
                sinks[form(head)] = head
    if not sinks:
        return
    for of in tops.values():
        if (of.name, of.mark) in inner:
            continue
        terms: tuple[Node, ...] = tuple(
            Call("contract", 0, (head,)) for head in sinks.values() if form(head) != form(of)
        )
        if terms:
            whole: Node = terms[0] if len(terms) == 1 else Sum(("+",) * len(terms), terms)
            definitions.quantities.setdefault((of.name, of.mark), []).append(Definition(-1, 0, of, (), whole))


__all__ = ["built", "letters_in"]
