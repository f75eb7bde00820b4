"""What a note asks of its quantities without defining them: sums that are one, symmetric matrices, lines not read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gradproof.audit.judging.results import Verdict
from gradproof.audit.own.names.definitions import is_literal
from gradproof.audit.own.names.families import symbols_in
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Call, Derivative, Symbol

NOT_FOR_EVERY = "it does not hold for every"
"""How the reason begins for an equality between undefined names that is no identity: a condition, or a choice."""


def conditions(
    verdicts: Sequence[Verdict], statements: Sequence[Statement], chosen: Mapping[int, str]
) -> Iterator[tuple[int, set[tuple[str, str]], str]]:
    """The statements that ask something of names, or of which a side was not read: number, names, what is printed.

    `chosen`: the reason of each accusation, by its place among the verdicts, that was taken back.
    """
    for at, verdict in enumerate(verdicts):
        statement = statements[verdict.statement]
        if not statement.sides or verdict.status == "holds":
            continue
        pair = [statement.sides[verdict.equality + side].node for side in (0, 1)]
        if pair[0] is not None and pair[1] is None:
            if isinstance(pair[0], Symbol):
                yield verdict.statement, {(pair[0].name, pair[0].mark)}, verdict.equation
            continue
        if None in pair or any(isinstance(tree, Symbol | Call | Derivative) for tree in pair[:1]):
            named = chosen.get(at, "").startswith(NOT_FOR_EVERY)
            if not named:
                continue
        literal = is_literal(pair[1]) and not is_literal(pair[0])
        if literal or chosen.get(at, "").startswith(NOT_FOR_EVERY):
            trees = [tree for tree in pair if tree is not None]
            yield verdict.statement, {(s.name, s.mark) for tree in trees for s in symbols_in(tree)}, verdict.equation
