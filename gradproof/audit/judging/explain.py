"""Verdicts in words: one line for a note's margin, several for a terminal."""

from __future__ import annotations

from gradproof.audit.judging.advice import supplied_by
from gradproof.audit.judging.results import Audit, Verdict, Witness

_WIDTH = 110
_NUMBERS_SHOWN = 6


def remark(verdict: Verdict) -> str:
    """A verdict in one line, without its place."""
    if verdict.status == "holds":
        how = "proved for all inputs" if verdict.proof == "PROVED" else f"in {verdict.trials} trials"
        return f"holds, {how}" + (f", in {verdict.cases} cases" if verdict.cases > 1 else "")
    if verdict.status == "WRONG":
        case = f" for {verdict.case}" if verdict.case else ""
        return f"WRONG{case}: {verdict.mend.wording if verdict.mend else verdict.reason}"
    return f"{verdict.status}: {verdict.reason}"


def numbers(witness: Witness) -> str:
    """The worst trial in one line: both sides, how often they differ, and the values of the symbols."""
    entry = f", entry {tuple(i + 1 for i in witness.entry)}" if witness.entry else ""
    text = (
        f"trial {witness.trial}{entry}: left {witness.left:.6g}, right {witness.right:.6g} "
        f"({witness.differing} of {witness.trials} trials differ)"
    )
    if witness.symbols:
        shown = [f"{name} = {number:.6g}" for name, number in witness.symbols[:_NUMBERS_SHOWN]]
        text += "; " + ", ".join(shown) + (", ..." if len(witness.symbols) > _NUMBERS_SHOWN else "")
    return text


def explain(audit: Audit, verdict: Verdict) -> str:
    """A verdict with the printed line, a caret under the fault, the mended equation and the worst trial's numbers."""
    kind = f" ({verdict.kind})" if verdict.kind else ""
    lines = [f"line {verdict.line}, column {verdict.column}: {remark(verdict)}{kind}"]
    if verdict.status in ("WRONG", "not read"):
        lines += [f"    {line}" for line in caret(audit.text, verdict.position)]
    if verdict.mend is not None:
        lines.append(f"  mended: {verdict.mend.latex}")
        lines += [f"  or: {other}" for other in verdict.mend.alternatives]
    if verdict.witness is not None:
        lines.append(f"  {numbers(verdict.witness)}")
    lines += [f"  note: {note}" for note in verdict.notes]
    if lacking := supplied_by(verdict):
        lines.append(f"  would be judged with a line that says what {lacking[0]} is: {lacking[1]}")
    return "\n".join(lines)


def caret(text: str, position: int) -> tuple[str, str]:
    """The line of the document around an offset, cut to a readable width, and a caret under the offset."""
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    end = len(text) if end == -1 else end
    left = start if position - start < _WIDTH * 2 // 3 else position - _WIDTH // 2
    right = min(end, left + _WIDTH)
    before, after = ("... " if left > start else ""), (" ..." if right < end else "")
    # Every tab and control character takes one column, as the caret's line does.
    shown = "".join(c if c.isprintable() else " " for c in text[left:right])
    return before + shown + after, " " * (len(before) + position - left) + "^"
