"""From a note that has been read to one provider for each chapter, which knows what the note says of itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TypeAlias

from gradproof.audit.own.beside.backing import Backing
from gradproof.audit.own.beside.declared import Callables
from gradproof.audit.own.draws import probabilities, summing_to_one, under_roots
from gradproof.audit.own.lengths import declare, lengths_in, relate, related_lengths, solve_lengths
from gradproof.audit.own.losses import add_losses
from gradproof.audit.own.names.chapters import Anew, Chapter, chapters, heads_of, redefined
from gradproof.audit.own.names.definitions import Definition, Definitions, mentions
from gradproof.audit.own.names.families import LAYERS, VERSIONS, Families, letters_of, symbols_in, trees_of
from gradproof.audit.own.provider import Own
from gradproof.audit.own.shapes.axes import Axes
from gradproof.audit.own.shapes.ranks import Leaf, Ranks, leaf_key
from gradproof.audit.own.shapes.sized import shaped
from gradproof.audit.own.shapes.sizes import Shapes
from gradproof.audit.own.shapes.spaces import (
    declared_rows,
    declared_spaces,
    declared_values,
    plainly,
    printed_symmetric,
    symmetric_names,
)
from gradproof.audit.own.steps import updated_symbol
from gradproof.audit.own.world import World
from gradproof.audit.reading.limits import Limits
from gradproof.audit.reading.names import Names, form, plain
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Call, Derivative, Label, Node, Symbol, walk

FoundRanks: TypeAlias = dict[tuple[tuple[int, ...], tuple[int, ...]], Mapping[Leaf, int]]
"""The ranks of a chapter by the statements that it needs of others and its own."""


_MEAN = re.compile(r"(?i)\b(?:means?|averages?)\b")


def built(
    text: str,
    statements: Sequence[Statement],
    names: Names,
    limits: Limits,
    trials: int,
    seed: int,
    count: int = LAYERS,
    cuts: Collection[int] = (),
    anew: Anew = "words",
    found: FoundRanks | None = None,
    backing: Backing | None = None,
    callables: Callables | None = None,
) -> list[tuple[Chapter, Own]]:
    """The chapters of a note with what each says of itself, with so many layers or steps.

    `found`: the ranks of chapters that were built before, in another layout or with other layers; more are put there.
    `backing`: a reference that knows some of the quantities. `callables`: functions that are declared beside the note.
    """
    found = {} if found is None else found
    read = [s for s in statements if s.sides]
    families = families_of(read, count, backing)
    prose = plainly(text, limits)
    spaces = dict(declared_spaces(prose))
    tops = {
        (of.name, of.mark)
        for tree in trees_of(read)
        for node in walk(tree)
        if isinstance(node, Derivative)
        for of in (node.of.name if isinstance(node.of, Call) else node.of,)
        if isinstance(of, Symbol)
    }
    said = symmetric_names(prose)
    symmetric = None if said is None else said | set(printed_symmetric(read))
    if any(_is_bare(symbol, "I") for tree in trees_of(read) for symbol in symbols_in(tree)):
        spaces = {name: tuple("|I|" if size == "I" else size for size in space) for name, space in spaces.items()}
    told = (spaces, declared_rows(prose))
    few, means = declared_values(prose), bool(_MEAN.search(prose))
    out = []
    for numbers, known in chapters(text, statements, families, cuts, anew):
        updates = any(updated_symbol(statements[n]) is not None for n in numbers)
        trees = list(trees_of([statements[n] for n in numbers]))
        if any(isinstance(node, Derivative) for tree in trees for node in walk(tree)):
            updates = False  # the objective is at hand
        needed = _closure([statements[n] for n in numbers], known, tops if updates else set())
        others = sorted(needed - set(numbers))
        plan = _Plan(
            statements, numbers, others, names, told, symmetric, limits, trials, backing, callables or {}, few, means
        )
        same = (tuple(others), tuple(numbers))
        chapter, own, found[same] = plan.carried_out(seed, count, 0, found.get(same))
        out.append((chapter, own))
    return out


@dataclass(frozen=True)
class _Plan:
    """All that a chapter's provider is made of, but the numbers of trials, layers and entries."""

    statements: Sequence[Statement]
    numbers: list[int]
    others: list[int]
    names: Names
    told: tuple[Mapping[str, tuple[str, ...]], Mapping[str, int]]
    symmetric: frozenset[str] | None
    limits: Limits
    trials: int
    backing: Backing | None = None
    callables: Callables = field(default_factory=dict)
    few: Mapping[str, Sequence[float]] = field(default_factory=dict)
    means: bool = False

    def carried_out(
        self, seed: int, count: int, larger: int = 0, ranks: Mapping[Leaf, int] | None = None
    ) -> tuple[Chapter, Own, Mapping[Leaf, int]]:
        """The chapter, its provider and ranks, with so many layers or steps, and sizes so much larger than usual."""
        here = [self.statements[n] for n in sorted({*self.others, *self.numbers}) if self.statements[n].sides]
        families = families_of(here, count, self.backing)
        definitions = redefined(self.statements, self.others, self.numbers, families)
        chapter = Chapter(self.numbers, definitions, [self.statements[n] for n in self.numbers])
        others = [self.statements[n] for n in self.others]
        own, found = _provider(self, chapter, others, families, seed, larger, ranks)
        defined = {name for name, _ in definitions.quantities}
        own.world.symmetric = None if self.symmetric and self.symmetric & defined else self.symmetric
        if not larger and self.backing is None:  # a reference has the sizes that it has
            more = count + 1 if count > 1 else 1
            own.elsewhere = lambda: self.carried_out(seed + 1, more, 1, found)[:2]
        return chapter, own, found


def families_of(read: Sequence[Statement], count: int = LAYERS, backing: Backing | None = None) -> Families:
    """The families of the symbols in some statements; `backing`: a reference that knows some of them."""
    letters = letters_of(read, count, None if backing is None else backing.constants)
    if backing is not None:
        letters.is_known = lambda head: backing.key(head) is not None
        letters.entry_of = backing.entry
    families = Families(letters)
    families.kronecker = not any(_is_delta_defined(s, families) for s in read)
    uses = list(_uses(read))
    for symbol, defines in uses:  # e_{1,j} may stand before e_{t,j}, which tells that the first label counts steps
        families.add(symbol, defines=defines)
    families.begin_anew()
    for symbol, defines in uses:
        families.add(symbol, defines=defines)
    return families


def _uses(read: Sequence[Statement]) -> Iterator[tuple[Symbol, bool]]:
    """Every symbol of some statements, and whether its equation defines it."""
    for statement in read:
        for at, side in enumerate(statement.sides):
            if side.node is None:
                continue
            for symbol in symbols_in(side.node):
                defines = at == 0 and symbol is side.node and len(statement.sides) > 1
                defines = defines and not any(
                    s.node is not None and mentions(s.node, symbol) for s in statement.sides[1:]
                )
                yield symbol, defines


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


def _is_delta_defined(statement: Statement, families: Families) -> bool:
    first = statement.sides[0].node
    return isinstance(first, Symbol) and families.is_kronecker(first)


def _provider(
    plan: _Plan,
    chapter: Chapter,
    others: Sequence[Statement],
    families: Families,
    seed: int,
    larger: int,
    known: Mapping[Leaf, int] | None,
) -> tuple[Own, Mapping[Leaf, int]]:
    spaces, backing = plan.told[0], plan.backing
    definitions = chapter.definitions
    read = [s for s in chapter.statements if s.sides]
    add_losses(definitions, read, families)
    everything = [*others, *read]
    lengths = lengths_in(everything) | {name for space in spaces.values() for name in space if not name.isdecimal()}
    related = related_lengths(everything, lengths)
    for name in related:
        definitions.quantities.pop((name, ""), None)
    given = _given_ranks(plan, everything, definitions, families)
    told = {(name, ""): count for name, count in plan.told[1].items() if families.counts_steps(name)}
    search = Ranks(everything, definitions, families, given, told)
    ranks = search.run() if known is None else dict(known)
    kinds = search.kinds(ranks)

    def rank(head: Symbol) -> int:
        family = families.of(head)
        least = family.axes if family is not None else 0
        key = leaf_key(head, families)
        if key not in ranks and (head.name, head.mark) in definitions.quantities:
            # The state before the first step has the shape of the others, and of what `L(\\theta)` calls it.
            return max(least, kinds.axes_of(head), ranks.get((head.name, head.mark, (), 0), 0))
        return max(least, ranks.get(key, given.get((head.name, "", (), 0), 0)))

    axes = Axes(larger=larger)
    used = {s.name for s in (x for tree in trees_of(everything) for x in symbols_in(tree)) if s.sub or s.sup}
    for name in sorted(lengths):
        if name not in used and (name, "") not in definitions.quantities:
            axes.name(name)
    shapes = Shapes(definitions, families, rank, axes)
    if backing is not None:
        shapes.given = backing.shape
    declare(shapes, spaces, definitions)
    axes.distinct = {size for space in spaces.values() for size in space if size in axes.named}
    relate(related, axes)
    sized = shaped(everything, shapes, families.letters.layered)
    leaves, numbers = sized.leaves, sized.numbers
    solve_lengths(related, numbers)
    valued = list(_valued(everything, definitions, families, numbers, backing))
    heads = {plain(head): head for head in valued}
    for head in valued:
        is_open = not _is_backed(head, backing) and form(head) not in leaves and form(head) not in definitions.functions
        if is_open and not _is_defined(head, definitions):
            leaves[form(head)] = _unused(rank(head))
    printed = [symbol for tree in trees_of(everything) for symbol in symbols_in(tree)]
    last_ones = ((symbol, families.letters.entry_of(symbol)) for symbol in printed)
    quantities = [(head, plain(head)) for head in valued] + [  # `a_1` is looked up as an entry of `a`
        (replace(symbol, sub=()), plain(last))
        for symbol, last in last_ones
        if last is not None and plain(last) in heads
    ]
    own_names = replace(
        plan.names,
        quantities=tuple(quantities),
        constants=tuple((Symbol(name), Fraction(size)) for name, size in numbers.items()),
        kronecker=families.kronecker,
        euler=True,
        folds=False,
    )
    labels = probabilities(trees_of(everything)) | summing_to_one(everything)
    world = World(own_names, definitions, families, leaves, labels, plan.trials, seed, heads, plan.limits)
    world.others = _equal_to(everything)
    world.backing, world.callables = backing, plan.callables
    world.few, world.means = plan.few, plan.means
    world.lengths = sized.lengths
    world.printed = sized.printed
    world.positive = under_roots(trees_of(everything))
    return Own(world), ranks


def _given_ranks(
    plan: _Plan, everything: Sequence[Statement], definitions: Definitions, families: Families
) -> dict[Leaf, int]:
    """How many axes the note's words, and a reference, say that symbols have."""
    spaces, rows = plan.told
    given: dict[Leaf, int] = {("1", "", (), 0): 1}  # ones
    for name, space in spaces.items():
        given[(name, "", (), 0)] = len([s for s in space if s != "1"]) if len(space) < 3 else len(space)
    for name, count in rows.items():
        family = families.of(Symbol(name, (Label("i"),))) or families.of(Symbol(name))
        if family is not None and family.axes == 1 and (name, "") not in definitions.quantities:
            given[(name, "", (), 0)] = 1 + count
    for head in heads_of(everything, definitions, families):
        if plan.backing is not None and (shape := plan.backing.shape(head)) is not None:
            given[leaf_key(head, families)] = len(shape)
    return given


def _valued(
    everything: Sequence[Statement],
    definitions: Definitions,
    families: Families,
    numbers: Collection[str],
    backing: Backing | None,
) -> Iterator[Symbol]:
    """The symbols that have a value: no lengths, no indices, nothing that is not there."""
    for head in heads_of(everything, definitions, families):
        if not (head.sub or head.sup or head.mark) and (head.name in numbers or head.name in families.letters.indices):
            continue
        if families.is_kronecker(head):
            continue
        defined = _is_defined(head, definitions)
        if any(label.text in VERSIONS for label in (*head.sub, *head.sup)) and not defined:
            continue
        beyond = any(label.text == str(families.letters.count + 1) for label in (*head.sub, *head.sup))
        before = _precedes(head, definitions)
        asked = _is_printed(head, everything) or _goes_backwards(head, definitions)
        if (beyond or before) and not defined and not asked:
            continue
        if backing is not None and backing.has_others(head) and not (defined or _is_backed(head, backing)):
            continue  # W^{(3)} of a reference that has two layers
        yield head


def _is_defined(head: Symbol, definitions: Definitions) -> bool:
    return any(True for _ in definitions.matches(head))


def _is_backed(head: Symbol, backing: Backing | None) -> bool:
    return backing is not None and backing.key(head) is not None


def _equal_to(statements: Sequence[Statement]) -> dict[object, list[Node]]:
    """All that names are said to be equal to, by the form of the name."""
    found: dict[object, list[Node]] = {}
    for statement in statements:
        trees = [side.node for side in statement.sides]
        for name in trees[:1]:
            if isinstance(name, Symbol):
                found.setdefault(form(name), []).extend(tree for tree in trees[1:] if tree is not None)
    return found


def _precedes(head: Symbol, definitions: Definitions) -> bool:
    """Whether a recurrence starts later than this step: `\\alpha_1 = ...` stands on its own line."""
    starts = []
    for definition in definitions.quantities.get((head.name, head.mark), ()):
        for mine, other in zip((*head.sub, *head.sup), (*definition.head.sub, *definition.head.sup), strict=False):
            if mine.text.isdecimal() and other.text.isdecimal() and len(definition.head.sub) == len(head.sub):
                starts.append(int(other.text) > int(mine.text))
    return bool(starts) and all(starts)


def _goes_backwards(head: Symbol, definitions: Definitions) -> bool:
    """Whether a recurrence is made of its next step and begins behind the last: `G_t = r_t + \\gamma G_{t+1}`."""
    name = head.name, head.mark
    trees = [definition.tree for definition in definitions.quantities.get(name, ())]
    return any(
        (symbol.name, symbol.mark) == name and any(label.text.endswith("+1") for label in (*symbol.sub, *symbol.sup))
        for tree in trees
        for symbol in symbols_in(tree)
    )


def _is_printed(head: Symbol, statements: Sequence[Statement]) -> bool:
    return any(form(s) == form(head) for tree in trees_of(statements) for s in symbols_in(tree))


def _is_bare(symbol: Symbol, name: str) -> bool:
    return symbol.name == name and not (symbol.sub or symbol.sup or symbol.mark)


def _unused(rank: int) -> tuple[int, ...]:
    return tuple(range(2, 2 + rank))
