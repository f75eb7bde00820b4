"""A note judged against itself: its own forward pass is the reference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradproof.audit.judging.judge import judge
from gradproof.audit.judging.results import Audit, Verdict
from gradproof.audit.own.build import built
from gradproof.audit.own.doubts import Doubts
from gradproof.audit.own.names.chapters import Chapter, normalized
from gradproof.audit.own.names.learning import learned
from gradproof.audit.own.numerals import Numerals, numbers_given
from gradproof.audit.own.provider import Own
from gradproof.audit.own.steps import dummies, objectives, step, updated_symbol
from gradproof.audit.reading.limits import Limits
from gradproof.audit.reading.names import Names, plain
from gradproof.audit.reading.read import Document, Statement, read_document
from gradproof.audit.reading.scan import Flavour, flavour_of
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

    def enter(statement: Statement) -> None:
        own.steps, own.why = {}, ""
        own.bound = dummies(statement, own)
        if updated_symbol(statement) is None:
            return
        if not candidates:
            candidates.extend(objectives(everything, own))
        found = step(statement, own, candidates, text)
        if found is not None:
            own.why = found.reason
            if found.value is not None:
                own.steps[found.key] = found.value

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
) -> Audit:
    """Read a note and judge every `=` in it by what the note itself defines.

    `given`: lines of LaTeX that the note leaves out, such as `P_j = ...`. Raises `TooLarge` for a document beyond the
    caps.
    """
    limits = limits or Limits()
    flavour = flavour or flavour_of(text)
    length = len(text)
    text += "".join(f"\n\n{_GIVEN[flavour].format(line)}" for line in given)
    known = learned(text, flavour, limits)
    names = Names(functions=known.functions, words=WORDS | known.words, raised=frozenset(known.raised))
    document = read_document(text, names, flavour=flavour, limits=limits)
    statements = normalized(document.statements, text)
    document = Document(document.text, tuple(statements))
    verdicts: list[Verdict] = []
    with np.errstate(all="ignore"):
        for chapter, own in built(text, statements, names, limits, trials, seed):
            _with_steps(own, chapter, statements, text)
            found = judge(document, own, limits=limits, mends=mends, only=chapter.numbers)
            tops = objectives(chapter.statements, own)
            numerals = Numerals(own, numbers_given(statements))
            told = [numerals.judged(v, statements[v.statement]) for v in found.verdicts]
            verdicts += Doubts(chapter, own, document.statements, text).weighed(told, tops)
    verdicts = [v for v in verdicts if document.statements[v.statement].start < length]
    verdicts.sort(key=lambda v: (v.statement, v.equality))
    shown = tuple(statement for statement in document.statements if statement.start < length)
    return Audit(text[:length], shown, tuple(verdicts))
