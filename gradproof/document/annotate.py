"""The note written back with a mark and a remark at each equation, and the errata list for its author."""

from __future__ import annotations

from collections.abc import Sequence

from gradproof.document.explain import numbers, remark
from gradproof.document.results import Audit, Verdict
from gradproof.document.scan import Block, Flavour, flavour_of

_MARKS = {"holds": "✓", "WRONG": "✗", "not judged": "?", "not read": "?"}
_TEX_DELIMITERS = "|!+;@"


def annotate(text: str, audit: Audit, *, flavour: Flavour | None = None) -> str:
    """The document with a remark behind each block of maths, and the errata at its end.

    An annotated document is still a document: its remarks stand in code, so that no audit reads them as maths.
    """
    flavour = flavour or flavour_of(text)
    insertions: list[tuple[int, str]] = []
    for block, verdicts in _by_block(audit):
        if block.kind == "display":
            line_end = text.find("\n", block.closed)
            place = len(text) if line_end == -1 else line_end
            insertions.append((place, _display_remark(verdicts, flavour)))
        else:
            insertions.append((block.closed, _inline_remark(verdicts, flavour)))
    out: list[str] = []
    at = 0
    for place, insertion in sorted(insertions, key=lambda item: item[0]):
        out += [text[at:place], insertion]
        at = place
    return _with_errata("".join([*out, text[at:]]), audit, flavour)


def errata(audit: Audit) -> str:
    """The errata as a Markdown list that can be sent to the author: what is printed, what it should be, numbers."""
    wrong = audit.wrong
    counts = ", ".join(f"{audit.count(status)} {status}" for status in ("holds", "WRONG", "not judged", "not read"))
    head = f"{len(wrong)} errata in {len(audit.verdicts)} equalities ({counts})."
    return "\n\n".join([head.replace("1 errata", "1 erratum") if len(wrong) == 1 else head, *_items(wrong)]) + "\n"


def _items(wrong: Sequence[Verdict]) -> list[str]:
    items = []
    for number, verdict in enumerate(wrong, 1):
        lines = [f"{number}. Line {verdict.line}, column {verdict.column}: {remark(verdict)}."]
        lines.append(f"   - printed: {_code(verdict.equation)}")
        if verdict.mend:
            lines.append(f"   - should read: {_code(verdict.mend.latex)}")
            lines += [f"   - or: {_code(other)}" for other in verdict.mend.alternatives]
        if verdict.witness:
            lines.append(f"   - {_code(numbers(verdict.witness))}")
        items.append("\n".join(lines))
    return items


def _by_block(audit: Audit) -> list[tuple[Block, list[Verdict]]]:
    """The verdicts of each block, blocks in printed order."""
    found: dict[int, tuple[Block, list[Verdict]]] = {}
    for verdict in audit.verdicts:
        block = audit.statements[verdict.statement].block
        found.setdefault(block.opened, (block, []))[1].append(verdict)
    return list(found.values())


def _display_remark(verdicts: Sequence[Verdict], flavour: Flavour) -> str:
    if flavour == "tex":
        lines = [_verb(f"{verdict.equation[:60]}: {remark(verdict)}") for verdict in verdicts]
        return "".join(f"\n\\par\\noindent{{\\small\n{line}\n}}" for line in lines) + "\n"
    lines = []
    for verdict in verdicts:
        more = f"; should read {_code(verdict.mend.latex)}" if verdict.mend else ""
        notes = "".join(f"; note: {_code(note)}" for note in verdict.notes)
        lines.append(f"> {_MARKS[verdict.status]} line {verdict.line}: {_code(remark(verdict))}{more}{notes}")
    return "\n\n" + "  \n".join(lines) + "\n"


def _inline_remark(verdicts: Sequence[Verdict], flavour: Flavour) -> str:
    if flavour == "tex":
        return " ".join(["", *(_verb(f"[{remark(verdict)}]") for verdict in verdicts)])
    return " ".join(["", *(f"[{_MARKS[verdict.status]} {_code(remark(verdict))}]" for verdict in verdicts)])


def _with_errata(text: str, audit: Audit, flavour: Flavour) -> str:
    if flavour == "markdown":
        return f"{text.rstrip()}\n\n## Errata\n\n{errata(audit)}"
    listed = "\n\n".join(_verb(line.strip()) for line in errata(audit).splitlines() if line.strip())
    closing = text.rfind("\\end{document}")
    place = len(text) if closing == -1 else closing
    return f"{text[:place].rstrip()}\n\n\\section*{{Errata}}\n{listed}\n\n{text[place:]}"


def _code(text: str) -> str:
    """A Markdown code span around any text."""
    ticks = "``" if "`" in text else "`"
    return f"{ticks} {text} {ticks}" if len(ticks) > 1 else f"`{text}`"


def _verb(text: str) -> str:
    r"""A `\verb` around any text on one line; where no delimiter is free, the text without bars."""
    free = next((delimiter for delimiter in _TEX_DELIMITERS if delimiter not in text), None)
    text = text if free else text.replace("|", "/")
    return rf"\verb{free or '|'}{text}{free or '|'}"
