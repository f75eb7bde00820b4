"""The page of an audit: every equation of a note typeset beside its verdict, to be filtered by verdict."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import tostring

from markupsafe import Markup

from gradproof.audit import Audit, additions
from gradproof.audit.judging.advice import supplied_by
from gradproof.audit.judging.explain import numbers, remark
from gradproof.audit.judging.results import Status, Verdict
from gradproof.audit.reading.tree import Node
from gradproof.report.html.mathml import element, mathml
from gradproof.report.html.render import render

_STATUSES: tuple[Status, ...] = ("WRONG", "holds", "not judged", "not read")
_CLASSES: dict[Status, str] = {
    "WRONG": "wrong",
    "holds": "holds",
    "not judged": "open",
    "not read": "unread",
}


_SIGNS = {":=": "\u2190", "~": "\u2248"}


@dataclass(frozen=True, slots=True)
class Equality:
    """One row: where it stands, the equation as MathML (else as printed), the verdict in words, what is to be done."""

    line: int
    status: Status
    kind: str
    shown: Markup
    printed: str
    remark: str
    mended: str
    numbers: str
    lacking: str
    notes: tuple[str, ...]


def audit_page(found: Audit, note: str) -> str:
    """The page of an audit, whole in itself: no script or style from elsewhere."""
    rows = [_equality(found, verdict) for verdict in found.verdicts]
    counts = [(status, _CLASSES[status], found.count(status)) for status in _STATUSES if found.count(status)]
    assumed = dict.fromkeys(text for verdict in found.verdicts for text in verdict.notes if " is read as " in text)
    return render(
        "audit.html.j2",
        note=note,
        counts=counts,
        statements=len(found.statements),
        rows=rows,
        classes=_CLASSES,
        assumed=list(assumed),
        additions=additions(found),
    )


def _equality(found: Audit, verdict: Verdict) -> Equality:
    lacking = supplied_by(verdict)
    return Equality(
        verdict.line,
        verdict.status,
        verdict.kind,
        _shown(found, verdict),
        verdict.equation,
        remark(verdict),
        verdict.mend.latex if verdict.mend else "",
        numbers(verdict.witness) if verdict.witness else "",
        lacking[1] if lacking else "",
        verdict.notes,
    )


def _shown(found: Audit, verdict: Verdict) -> Markup:
    """Both sides as MathML, the one at fault marked; empty where one was not read or has no MathML."""
    statement = found.statements[verdict.statement]
    if len(statement.sides) < 2:
        return Markup()
    sides = statement.sides[verdict.equality : verdict.equality + 2]
    trees: list[Node] = [side.node for side in sides if side.node is not None]
    if len(trees) < 2:
        return Markup()
    try:
        left, right = (mathml(tree) for tree in trees)
    except TypeError:
        return Markup()
    for side, shown in ((verdict.equality, left), (verdict.equality + 1, right)):
        if verdict.status == "WRONG" and verdict.side == side:
            shown.set("class", "slip")
    sign = _SIGNS.get(statement.relations[verdict.equality].kind, "=")
    maths = element("math", left, element("mo", text=sign), right)
    return Markup(tostring(maths, encoding="unicode"))
