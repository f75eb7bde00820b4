"""What an accusation needs besides a reading in which a line does not hold: a mend nearby, or names that are borne out.

An author's slip is a small change of what is right, so that a small change mends it. Where none does, it is as likely
that a name means something else than was understood; then the line is accused only if all its names stand in other
lines that hold, and nothing that shares them fails as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from gradproof.audit.judging.results import Mend, Verdict
from gradproof.audit.own.names.definitions import is_literal
from gradproof.audit.own.names.families import symbols_in
from gradproof.audit.printing.latex import latex
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Node, Product, Sum, Symbol

Name = tuple[str, str]
_LONGEST = 40  # characters of what a small mend adds or takes away
_SHORT = 16  # characters of a factor or term that may be printed by mistake
_FEW_LINES = 2  # so many lines that hold bear a name out
_COMMANDS = re.compile(r"\\(?:left|right|mathbf|mathrm|boldsymbol|mathcal|bm|cdot|,|;|!)|[{}\s]")
PRINTED = "it is "
"""How the reason begins for a printed number that does not come out."""
MISFIT = "the shapes do not fit"
"""How the reason begins for sides that cannot be computed."""
FARTHER = "compared with side"
"""How a note begins on a side that was held against another than its neighbour."""
NOT_CORROBORATED = "as it is read this does not hold, but no small change makes it right"
"""How the reason begins for an accusation that has no mend and whose names nothing else bears out."""


@dataclass
class Corroboration:
    """All verdicts of a note, and what each of its accusations is borne out by.

    `defining`: the equalities that hold because they say what a name is. `headings`: where the note starts something
    new.
    """

    verdicts: Sequence[Verdict]
    statements: Sequence[Statement]
    defining: Collection[tuple[int, int]]
    headings: Sequence[int] = ()
    _names: dict[tuple[int, int], frozenset[Name]] = field(default_factory=dict)

    def weighed(self) -> Iterator[Verdict]:
        """The verdicts, those accusations taken back for which there is nothing but our reading."""
        for verdict in self.verdicts:
            reason = self._doubt(verdict) if verdict.status == "WRONG" else ""
            if reason:
                yield replace(verdict, status="not judged", reason=reason, mend=None, witness=None)
            else:
                yield verdict

    def _doubt(self, verdict: Verdict) -> str:
        pair = self._pair(verdict)
        if all(is_literal(tree) for tree in pair):
            return ""  # printed numbers need nothing else
        if verdict.trials == 1 and verdict.reason.startswith(PRINTED):
            return self._of_numbers(verdict)
        if any(_is_differential(tree) for tree in pair) and not self._defined(Symbol("d"), verdict):
            return f"{NOT_CORROBORATED}: d may stand for a differential; if it is a number, this line is wrong"
        if self._is_anew(verdict):
            return f"{NOT_CORROBORATED}: under a heading of its own it may say what its name means there"
        if verdict.mend is not None and is_small(verdict.mend) and not self._is_of_itself(verdict):
            return ""
        if verdict.reason.startswith(MISFIT) or any(note.startswith(FARTHER) for note in verdict.notes):
            return f"{NOT_CORROBORATED}: {verdict.reason}; if all is as it was read, this line is wrong"
        names = self._of(verdict)
        unborne = sorted(name for name in names if len(self._bearing(verdict, name)) < _FEW_LINES)
        others = [v for v in self.verdicts if v.status == "WRONG" and v.mend is None and v is not verdict]
        others = [v for v in others if self._of(v) & names]
        if not unborne and not others:
            return ""
        if unborne:
            shown = ", ".join(f"\\{mark}{{{name}}}" if mark else name for name, mark in unborne[:3])
            return f"{NOT_CORROBORATED}: {shown} may mean something else here; if not, this line is wrong"
        beside = f"and line {others[0].line} fails with the same names"
        return f"{NOT_CORROBORATED}, {beside}; if they are read as they are meant, this line is wrong"

    def _is_anew(self, verdict: Verdict) -> bool:
        """Whether a line may define a name anew: `v = ...`, known from an earlier heading, unused under this one."""
        head, body = self._pair(verdict)
        if verdict.equality or not isinstance(head, Symbol) or body is None:
            return False
        if any((one.name, one.mark) == (head.name, head.mark) for one in symbols_in(body)):
            return False  # an update, or a step of a recurrence
        start = self.statements[verdict.statement].start
        section = max((at for at in self.headings if at <= start), default=0)
        earlier = [s for s in self.statements[: verdict.statement] if s.start >= section]
        symbols = [one for s in earlier for side in s.sides if side.node is not None for one in symbols_in(side.node)]
        used = any((one.name, one.mark) == (head.name, head.mark) for one in symbols)
        return not used and any(self.statements[at].start < section for at in self._defined(head, verdict))

    def _defined(self, name: Symbol, verdict: Verdict) -> list[int]:
        """The statements before a line that say what a name is."""
        heads = (
            (statement, self.statements[statement].sides[equality].node)
            for statement, equality in self.defining
            if statement < verdict.statement
        )
        return [at for at, h in heads if isinstance(h, Symbol) and (h.name, h.mark) == (name.name, name.mark)]

    def _is_of_itself(self, verdict: Verdict) -> bool:
        """Whether a mend adds what the side before the sign is: `a = b` mended to `a = b a`."""
        left = self._pair(verdict)[0]
        assert verdict.mend is not None
        return not verdict.mend.printed and left is not None and verdict.mend.should == latex(left)

    def _of_numbers(self, verdict: Verdict) -> str:
        """A printed number beside a quantity: whether another number comes out of the same quantities."""
        names = self._made_of(verdict)
        beside = [v for v in self.verdicts if v.statement == verdict.statement and v.status == "holds"]
        if any(all(is_literal(tree) for tree in self._pair(v)) for v in beside):
            return f"{verdict.reason}; the numbers of this line come out of each other: its letters may be others here"
        for other in self.verdicts:
            comes_out = other.status == "holds" and other.trials == 1 and other.statement != verdict.statement
            of_names = comes_out and not all(is_literal(tree) for tree in self._pair(other))
            if of_names and self._made_of(other) & names:
                return ""
        return f"{verdict.reason}; no other number of the note comes out of these quantities: they may be others here"

    def _bearing(self, verdict: Verdict, name: Name) -> set[int]:
        """The other statements that hold, say more than what a name is, and hold a name."""
        return {
            v.statement
            for v in self.verdicts
            if v.status == "holds"
            and v.trials != 1
            and v.statement != verdict.statement
            and (v.statement, v.equality) not in self.defining
            and name in self._of(v)
        }

    def _of(self, verdict: Verdict) -> frozenset[Name]:
        """The names on both sides of the sign that was judged."""
        at = (verdict.statement, verdict.equality)
        if at not in self._names:
            symbols = (s for tree in self._pair(verdict) if tree is not None for s in symbols_in(tree))
            self._names[at] = frozenset((s.name, s.mark) for s in symbols)
        return self._names[at]

    def _made_of(self, verdict: Verdict) -> frozenset[Name]:
        """The names of an equality, and those that they are defined by."""
        found = self._of(verdict)
        for other in self.verdicts:
            if (other.statement, other.equality) in self.defining and other.statement < verdict.statement:
                head = self._pair(other)[0]
                if isinstance(head, Symbol) and (head.name, head.mark) in found:
                    found |= self._of(other)
        return found

    def _pair(self, verdict: Verdict) -> list[Node | None]:
        sides = self.statements[verdict.statement].sides
        return [sides[verdict.equality + at].node for at in (0, 1)] if sides else []


def _is_differential(tree: Node | None) -> bool:
    """Whether a side begins with a bare `d` before something else, as in `\\mathrm{d} K^{-1}`: that is no product."""
    while isinstance(tree, Sum) and tree.terms:
        tree = tree.terms[0]
    return isinstance(tree, Product) and tree.factors[0] == Symbol("d") and tree.operators[0] == "juxt"


def is_small(mend: Mend) -> bool:
    """Whether a mend is a change that authors make: no long factor, no number or identity that is added."""
    printed, should = (_COMMANDS.sub("", text) for text in (mend.printed, mend.should))
    if should == "0" or (not printed and re.fullmatch(r"1|[0-9]*\.[0-9]*|I|.*\\(?:sum|prod).*", should)):
        return False  # a one is added, or a whole sum: a way to make sides equal; a two is forgotten easily
    if not should and len(printed) > _SHORT:
        return False  # who forgets a term slips; who prints a whole one means it
    return max(len(printed), len(should)) <= _LONGEST
