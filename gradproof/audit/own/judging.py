"""A note judged against itself: its own forward pass is the reference."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gradproof.audit.judging.judge import CONDITIONAL, failure, is_wrong, judge
from gradproof.audit.judging.results import Audit, Verdict
from gradproof.audit.own.beside.backing import Backing
from gradproof.audit.own.beside.declared import Callables, declared
from gradproof.audit.own.build import FoundRanks, built, families_of
from gradproof.audit.own.corroboration import Corroboration
from gradproof.audit.own.lists import Lists, lists_given
from gradproof.audit.own.losses import own_losses
from gradproof.audit.own.names.chapters import Anew, Chapter, chapters, headings, late_definitions
from gradproof.audit.own.names.families import LAYERS, Families, Letters, trees_of
from gradproof.audit.own.names.learning import learned
from gradproof.audit.own.names.spelt import Spelt, spelt
from gradproof.audit.own.numerals import Numerals, given_anew, numbers_given
from gradproof.audit.own.provider import Own
from gradproof.audit.own.steps import dummies, objectives, step, updated_symbol, whole_side
from gradproof.audit.own.weighing.doubts import CROWDED, Doubts
from gradproof.audit.reading.lexing.functions import OWN
from gradproof.audit.reading.limits import Limits
from gradproof.audit.reading.names import Names, form, plain
from gradproof.audit.reading.read import Document, Statement, read_document
from gradproof.audit.reading.scan import Flavour, flavour_of
from gradproof.audit.reading.tree import Big, Symbol, walk
from gradproof.audit.reading.vocabulary import WORDS

TRIALS = 12
_GIVEN = {"markdown": "$${}$$", "tex": "\\[ {} \\]", "rst": ":math:`{}`"}


def _with_steps(own: Own, chapter: Chapter, everything: Sequence[Statement], text: str) -> None:
    """Let a provider find the step that each update prints."""
    symbols = [symbol for statement in chapter.statements if (symbol := updated_symbol(statement)) is not None]
    keys = set()
    for symbol in symbols:
        key = plain(own.world.families.split(symbol).head)
        keys.add(key)
    own.parameters = frozenset(keys)
    candidates: list[str] = []
    earlier: dict[object, Statement] = {}

    def enter(statement: Statement) -> None:
        own.steps, own.why = {}, ""
        own.bound = dummies(statement, own)
        if updated_symbol(statement) is None:
            return
        if not candidates:
            candidates.extend(objectives(everything, own))
        found = step(statement, own, candidates, text)
        if found is None:
            return
        own.why, value = found.reason, found.value
        if value is None:  # no step of descent: what an earlier line says of the new value
            printed = form(statement.sides[0].node) if isinstance(statement.sides[0].node, Symbol) else None
            if printed in earlier:
                value = whole_side(earlier[printed], own)
            elif not statement.sides[1:] or statement.sides[1].node is not None:
                earlier[printed] = statement
        if value is not None:
            own.steps[found.key] = value

    own.on_enter = enter


def audit_itself(
    text: str,
    *,
    given: Sequence[str] = (),
    flavour: Flavour | None = None,
    limits: Limits | None = None,
    mends: bool = True,
    trials: int = TRIALS,
    seed: int = 0,
    backing: Backing | None = None,
    functions: Sequence[str] = (),
) -> Audit:
    """Read a note and judge every `=` in it by what the note itself defines.

    Without `mends` an accusation is not weighed by whether a small change makes its line right.

    `given`: lines of LaTeX that the note leaves out, such as `P_j = ...`. `backing`: a reference that knows some of the
    quantities, in as many trials as are asked for. `functions`: which functions names are, such as `f=tanh`. Raises
    `TooLarge` for a document beyond the caps.
    """
    limits = limits or Limits()
    length = len(text)
    known, callables = declared(functions)
    callables |= {} if backing is None else backing.callables
    known |= dict.fromkeys(callables, OWN)
    text, document, names, plain = _read(text, given, flavour, limits, backing, known)
    note = _Note(text, document, names, limits, mends, trials, seed, plain, backing, callables)
    with np.errstate(all="ignore"):
        verdicts = note.in_one_step(note.unless_defined_later(note.as_most_holds()))
        if mends and backing is None:
            verdicts = list(Corroboration(verdicts, document.statements, note.defining, headings(text)).weighed())
    verdicts = [v for v in verdicts if document.statements[v.statement].start < length]
    if plain.zero is not None:
        told = plain.zero.case
        verdicts = [replace(v, case=told(v.case), reason=told(v.reason)) for v in verdicts]
    verdicts.sort(key=lambda v: (v.statement, v.equality))
    shown = tuple(statement for statement in document.statements if statement.start < length)
    return Audit(text[:length], shown, tuple(verdicts), frozenset(note.defining))


def _read(
    text: str,
    given: Sequence[str],
    flavour: Flavour | None,
    limits: Limits,
    backing: Backing | None = None,
    declared: Mapping[str, str] | None = None,
) -> tuple[str, Document, Names, Spelt]:
    """A note with the lines that it leaves out, read with the names that it defines itself."""
    flavour = flavour or flavour_of(text)
    text += "".join(f"\n\n{_GIVEN[flavour].format(line)}" for line in given)
    known = learned(text, flavour, limits)
    told = Names() if backing is None else backing.names
    names = Names(
        functions={**known.functions, **told.functions, **(declared or {})},
        words=WORDS | known.words | told.words,
        raised=frozenset(known.raised) | told.raised,
        arguments=known.arguments,
        superscripts=known.superscripts,
        factors=frozenset(known.factors),
        turns=known.turns,
    )
    document = read_document(text, names, flavour=flavour, limits=limits)
    plain = spelt(document.statements, text)
    return text, Document(document.text, tuple(plain.statements)), names, plain


def chapters_alone(text: str, *, seed: int = 0) -> list[tuple[Chapter, Own]]:
    """The chapters of a note, and for each what the note says of itself."""
    limits = Limits()
    text, document, names, _ = _read(text, (), None, limits)
    return built(text, document.statements, names, limits, TRIALS, seed)


@dataclass
class _Elsewhere:
    """The same chapter with other numbers, other sizes and more layers, in which a mend has to hold as well."""

    own: Own
    statements: Sequence[Statement]
    text: str
    limits: Limits
    _other: Own | None = None

    def confirms(self, statement: Statement, equality: int) -> bool:
        """Whether an equality of a mended statement is not wrong there."""
        if self.own.elsewhere is None:
            return True
        if self._other is None:
            chapter, self._other = self.own.elsewhere()
            _with_steps(self._other, chapter, self.statements, self.text)
        return not is_wrong(statement, equality, self._other, self.limits)


_ONE_STEP = "read as one step: what stands before it is given"


@dataclass
class _Note:
    """A note that has been read, and all that its judging needs."""

    text: str
    document: Document
    names: Names
    limits: Limits
    mends: bool
    trials: int
    seed: int
    spelt: Spelt
    backing: Backing | None = None
    callables: Callables = field(default_factory=dict)
    anew: Anew = "words"
    defining: set[tuple[int, int]] = field(default_factory=set)
    letters: list[Letters] = field(default_factory=list)
    ends: list[list[int]] = field(default_factory=list)  # where each chapter's own losses are made of their parts
    ranks: FoundRanks = field(default_factory=dict)

    def as_most_holds(self) -> list[list[Verdict]]:
        """The verdicts of each chapter, second equations for a name read as most of the note holds.

        `L = -\\log P_p` behind another equation for `L` is a claim, or the begin of something else.
        """
        usual = self.judged(LAYERS)
        if all(v.status == "holds" or v.trials == 1 for verdicts in usual for v in verdicts):
            return usual
        kept, most = (self.anew, self.letters, self.ends, usual), sum(map(_balance, usual))
        families = families_of([s for s in self.document.statements if s.sides], backing=self.backing)
        layouts = {self.anew: self._layout(families)}
        for other in ("headings", "always"):
            self.anew = other
            if (layout := self._layout(families)) not in layouts.values():
                layouts[other] = layout
                found = self.judged(LAYERS, mends=False)
                if sum(map(_balance, found)) > most:
                    most, kept = sum(map(_balance, found)), (self.anew, self.letters, self.ends, found)
        self.anew, self.letters, self.ends, found = kept
        return found if found is usual or not self.mends else self.judged(LAYERS)

    def _layout(self, families: Families) -> list[list[int]]:
        statements = self.document.statements
        return [numbers for numbers, _ in chapters(self.text, statements, families, (), self.anew)]

    def judged(self, count: int, cuts: Collection[int] = (), *, mends: bool = True) -> list[list[Verdict]]:
        """The verdicts of each chapter, with so many layers or steps; `cuts`: statements that start a chapter."""
        statements, mends = self.document.statements, mends and self.mends
        self.letters, self.ends = [], []
        out = []
        plan = self.text, statements, self.names, self.limits, self.trials, self.seed
        for chapter, own in built(*plan, count, cuts, self.anew, self.ranks, self.backing, self.callables):
            self.letters.append(own.world.families.letters)
            self.ends.append(own_losses(own.world.definitions))
            try:
                out.append(self._chapter(chapter, own, mends=mends))
            except Exception as error:  # what breaks inside of us costs this chapter alone
                out.append([verdict for number in chapter.numbers for verdict in self._failed(number, error)])
        return out

    def _failed(self, number: int, error: Exception) -> list[Verdict]:
        count = max(1, len(self.document.statements[number].relations))
        return [failure(self.document, number, equality, error) for equality in range(count)]

    def _chapter(self, chapter: Chapter, own: Own, *, mends: bool) -> list[Verdict]:
        statements = self.document.statements
        many = chapter.definitions.quantities.values()
        all_of_them = (d for ds in (*many, chapter.definitions.functions.values()) for d in ds)
        ends = ((d.statement, *sorted((d.side, d.target))) for d in all_of_them)
        self.defining |= {(number, at) for number, first, last in ends for at in range(first, last)}
        _with_steps(own, chapter, statements, self.text)
        own.confirms = _Elsewhere(own, statements, self.text, self.limits).confirms
        own.as_printed = self.spelt.as_printed
        found = judge(self.document, own, limits=self.limits, mends=mends, only=chapter.numbers)
        tops = objectives(chapter.statements, own)
        given = numbers_given(statements), lists_given(statements)
        lists = Lists(Numerals(own, given[0], self.text, tops, given[1], given_anew(statements)))
        told = [lists.judged(v, statements[v.statement]) for v in found.verdicts]
        return list(Doubts(chapter, own, statements, self.text).weighed(told, tops))

    def unless_defined_later(self, chapters: list[list[Verdict]]) -> list[list[Verdict]]:
        """The verdicts, an accusation taken back that does not stand where a later line is no definition of its names.

        `q = x^T x`, then claims on `q`, then "with `x = m + L z`": the claims are about any `x`. Claims on a loss of
        `y`, then the residual `z = x + y`: they are about the path through `y`.
        """
        statements = self.document.statements
        cuts: set[int] = set()
        for verdicts, letters, ends in zip(chapters, self.letters, self.ends, strict=True):
            wrong = [v.statement for v in verdicts if v.status == "WRONG" and v.trials != 1]
            if wrong:
                late = late_definitions(statements, Families(letters), sorted({v.statement for v in verdicts}))
                cuts |= {number for number in (*late, *ends) if number > min(wrong)}
        if not cuts:
            return chapters
        kept = self.letters, self.ends
        other = {(v.statement, v.equality): v for verdicts in self.judged(LAYERS, cuts, mends=False) for v in verdicts}
        self.letters, self.ends = kept

        def held(verdict: Verdict) -> Verdict:
            there = other.get((verdict.statement, verdict.equality), verdict)
            return there if verdict.status == "WRONG" and there.status == "holds" else verdict

        return [[held(verdict) for verdict in verdicts] for verdicts in chapters]

    def in_one_step(self, chapters: list[list[Verdict]]) -> list[Verdict]:
        """The verdicts, those of a chapter of steps in time with one step where more of it is right then.

        A note on one step of a recurrence takes what the step before gives for given; one that sums over the steps
        speaks of all of them.
        """
        doubtful = [
            at
            for at, (verdicts, letters) in enumerate(zip(chapters, self.letters, strict=True))
            if letters.steps and any(_depends_on_step(v) for v in verdicts) and not self._sums(verdicts, letters)
        ]
        if not doubtful:
            return [verdict for verdicts in chapters for verdict in verdicts]
        single = {(v.statement, v.equality): v for verdicts in self.judged(1) for v in verdicts}
        for at in doubtful:
            others = [single.get((v.statement, v.equality), v) for v in chapters[at]]
            if _balance(others) > _balance(chapters[at]):
                told = [
                    replace(o, notes=(*o.notes, _ONE_STEP)) if o.status != v.status else o
                    for o, v in zip(others, chapters[at], strict=True)
                ]
                chapters[at] = told
        return [verdict for verdicts in chapters for verdict in verdicts]

    def _sums(self, verdicts: Sequence[Verdict], letters: Letters) -> bool:
        numbers = {v.statement for v in verdicts}
        trees = trees_of(self.document.statements[n] for n in sorted(numbers))
        return any(isinstance(node, Big) and node.index in letters.steps for tree in trees for node in walk(tree))


def _depends_on_step(verdict: Verdict) -> bool:
    return verdict.status == "WRONG" or verdict.reason.startswith((CONDITIONAL, CROWDED))


def _balance(verdicts: Sequence[Verdict]) -> int:
    return sum((v.status == "holds") - 2 * (v.status == "WRONG") for v in verdicts)
