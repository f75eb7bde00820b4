"""What a note lacks: for each equality that is not judged the line that supplies it, and which lines judge most."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from gradproof.audit.judging.results import Audit, Verdict
from gradproof.audit.values.evaluation import UNDECLARED

_MOST = 3
_UNDEFINED = re.compile(r"(\S+(?:, \S+)*) is never defined in the note")
_UNKNOWN = re.compile(r"if (\S+) is any function")
_NO_PATH = re.compile(r"the derivative of (\S+) by (\S+)$")
_DECLARED = re.compile(re.escape(UNDECLARED) + r" (\S+?)(?:;|$)")
_NO_FUNCTION = re.compile(r"the function (\S+) is not (?:declared|defined)")


@dataclass(frozen=True, slots=True)
class Addition:
    """A line that would let equalities be judged: what it declares, the line, and for how many."""

    name: str
    line: str
    count: int


def supplied_by(verdict: Verdict) -> tuple[str, str] | None:
    """The name that an equality lacks and the line that would say what it is; None where no one line does."""
    if verdict.status != "not judged":
        return None
    reason = verdict.reason
    for pattern in (_UNKNOWN, _NO_FUNCTION):
        if match := pattern.search(reason):
            return match[1], rf"{match[1]}(z) = \ldots"
    if match := _UNDEFINED.search(reason) or _DECLARED.search(reason):
        name = match[1].split(", ")[0]
        return name, rf"{name} = \ldots"
    match = _NO_PATH.search(reason)
    if match and "the expression" not in reason:
        return match[1], rf"{match[1]} = \ldots {match[2]} \ldots"
    return None


def additions(audit: Audit) -> tuple[Addition, ...]:
    """The few lines that would judge most, the most useful first."""
    counts: Counter[tuple[str, str]] = Counter()
    for verdict in audit.verdicts:
        lacking = supplied_by(verdict)
        if lacking is not None:
            counts[lacking] += 1
    first: dict[str, Addition] = {}
    for (name, line), _ in counts.most_common():
        whole = sum(count for (other, _), count in counts.items() if other == name)
        first.setdefault(name, Addition(name, line, whole))
    return tuple(sorted(first.values(), key=lambda a: -a.count)[:_MOST])
