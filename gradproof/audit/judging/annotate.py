"""The note written back with a mark and a remark at each equation, and the errata list for its author."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import wrap

from gradproof.audit.judging.explain import numbers, remark
from gradproof.audit.judging.results import Audit, Status, Verdict
from gradproof.audit.reading.scan import Block, Flavour, flavour_of

_MARKS: dict[Status, str] = {"holds": "✓", "WRONG": "✗", "not judged": "?", "not read": "?"}
_TEX_DELIMITERS = "|!+;@"
_TEX_WIDTH = 88  # characters of a line: what TeX quotes verbatim it does not break
_Quote = Callable[[str], str]


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


def errata(audit: Audit, title: str = "") -> str:
    """The errata as a Markdown list that can be sent to the author: what is printed, what it should be, numbers.

    `title`: the name of the note, for a heading.
    """
    heading = [f"# Errata of {title}"] if title else []
    return "\n\n".join([*heading, _count(audit), *_items(audit.wrong)]) + "\n"


def _count(audit: Audit) -> str:
    number, equalities = len(audit.wrong), len(audit.verdicts)
    counts = ", ".join(f"{audit.count(status)} {status}" for status in _MARKS if audit.count(status))
    return (
        f"{number} {'erratum' if number == 1 else 'errata'} in {equalities} "
        f"{'equality' if equalities == 1 else 'equalities'} ({counts or 'nothing to judge'})."
    )


def _items(wrong: Sequence[Verdict]) -> list[str]:
    return ["\n   - ".join(_item(number, verdict, _code)) for number, verdict in enumerate(wrong, 1)]


def _item(number: int, verdict: Verdict, quote: _Quote) -> list[str]:
    """What is said of one erratum: its place and the slip, then line by line the equations and the numbers."""
    lines = [f"{number}. Line {verdict.line}, column {verdict.column}: {remark(verdict)}."]
    lines.append(f"printed: {quote(verdict.equation)}")
    if verdict.mend:
        lines.append(f"should read: {quote(verdict.mend.latex)}")
        lines += [f"or: {quote(other)}" for other in verdict.mend.alternatives]
    if verdict.witness:
        lines.append(quote(numbers(verdict.witness)))
    return lines


def _by_block(audit: Audit) -> list[tuple[Block, list[Verdict]]]:
    """The verdicts of each block, blocks in printed order."""
    found: dict[int, tuple[Block, list[Verdict]]] = {}
    for verdict in audit.verdicts:
        block = audit.statements[verdict.statement].block
        found.setdefault(block.opened, (block, []))[1].append(verdict)
    return list(found.values())


def _display_remark(verdicts: Sequence[Verdict], flavour: Flavour) -> str:
    if flavour == "tex":
        texts = [text for verdict in verdicts for text in _tex_remark(verdict)]
        return "\n\\par\\noindent{\\small\n" + "\\\\\n".join(_verb(text) for text in texts) + "\n}\n"
    lines = []
    for verdict in verdicts:
        more = f"; should read {_code(verdict.mend.latex)}" if verdict.mend else ""
        notes = "".join(f"; note: {_code(note)}" for note in verdict.notes)
        lines.append(f"> {_MARKS[verdict.status]} line {verdict.line}: {_code(remark(verdict))}{more}{notes}")
    return "\n\n" + "  \n".join(lines) + "\n"


def _tex_remark(verdict: Verdict) -> list[str]:
    more = [f"should read: {verdict.mend.latex}"] if verdict.mend else []
    more += [f"note: {note}" for note in verdict.notes]
    return [line for text in (f"line {verdict.line}: {remark(verdict)}", *more) for line in _tex_lines(text)]


def _tex_lines(text: str) -> list[str]:
    return wrap(text, _TEX_WIDTH, subsequent_indent="    ", break_on_hyphens=False)


def _inline_remark(verdicts: Sequence[Verdict], flavour: Flavour) -> str:
    if flavour == "tex":
        return " ".join(["", *(_verb(f"[{remark(verdict)}]") for verdict in verdicts)])
    return " ".join(["", *(f"[{_MARKS[verdict.status]} {_code(remark(verdict))}]" for verdict in verdicts)])


def _with_errata(text: str, audit: Audit, flavour: Flavour) -> str:
    if flavour == "markdown":
        return f"{text.rstrip()}\n\n## Errata\n\n{errata(audit)}"
    items = [_item(number, verdict, lambda quotation: quotation) for number, verdict in enumerate(audit.wrong, 1)]
    paragraphs = [[_count(audit)], *items]
    listed = "\n\n".join(
        "\\noindent\n" + "\\\\\n".join(_verb(line) for text in paragraph for line in _tex_lines(text))
        for paragraph in paragraphs
    )
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
