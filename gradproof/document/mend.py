"""The search for one edit that mends a wrong side, and the mended statement as LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradproof.document.edits import Edit, Material, edits
from gradproof.document.evaluation import Unjudged
from gradproof.document.latex import latex
from gradproof.document.limits import Budget
from gradproof.document.provider import Array, Provider
from gradproof.document.read import Statement, read_formula
from gradproof.document.results import Mend
from gradproof.document.shapes import Misfit, alike
from gradproof.document.sides import Sides
from gradproof.document.tree import Node

_ALTERNATIVES = 3
_LOOSE = 1e-3  # relative difference in one trial beyond which an edit is not even compared


@dataclass(frozen=True)
class Case:
    """The sides of the statement for some values of its index letters, and what the wrong one should be worth."""

    sides: Sides
    target: Array


@dataclass(frozen=True)
class Patient:
    """A wrong side of a statement, with its target in every case, and the steps that the search may spend."""

    text: str
    statement: Statement
    side: int
    tree: Node
    cases: tuple[Case, ...]
    budget: Budget

    @property
    def provider(self) -> Provider:
        """The provider, which is the same in all cases."""
        return self.cases[0].sides.evaluation.provider


def mend(patient: Patient, material: Material) -> Mend | None:
    """The simplest edit of a wrong side after which it has the right value; None where one edit is not enough."""
    for group in edits(patient.tree, material):
        found: list[Edit] = []
        seen: set[Node] = set()
        for edit in group:
            if edit.tree in seen or not _holds(patient, edit.tree):
                continue
            seen.add(edit.tree)
            found.append(edit)
            if len(found) == _ALTERNATIVES:
                break
        if patient.budget.left == 0:
            found = found[:1]
        if found:
            return _mend(patient, found)
        if patient.budget.left == 0:
            return None
    return None


def _holds(patient: Patient, tree: Node) -> bool:
    return all(_holds_in(patient, case, tree) for case in patient.cases)


def _holds_in(patient: Patient, case: Case, tree: Node) -> bool:
    provider = patient.provider
    try:
        value, target = alike(case.sides.value_of(patient.side, tree), case.target)
    except (Unjudged, Misfit):
        return False
    if not _near(provider.numbers(value), provider.numbers(target)):
        return False
    return provider.compare(value, target).status == "agree"


def _near(value: np.ndarray, target: np.ndarray) -> bool:
    """A quick look at the first trials: most edits are far off."""
    a, b = value[:4], target[:4]
    with np.errstate(all="ignore"):
        far = np.abs(a - b) > _LOOSE * (np.abs(a) + np.abs(b) + _LOOSE)
    return not bool(far.any())


def _mend(patient: Patient, found: Sequence[Edit]) -> Mend:
    first = found[0].change
    others = tuple(_words(edit) for edit in found[1:])
    return Mend(first.printed, first.should, first.position, _mended_latex(patient, found[0]), others)


def _words(edit: Edit) -> str:
    change = edit.change
    return Mend(change.printed, change.should, change.position, "").wording


def _mended_latex(patient: Patient, edit: Edit) -> str:
    """The statement with the edit, in the author's own writing where replacing a few characters does it."""
    statement = patient.statement
    start, end = statement.start, statement.end
    change = edit.change
    splices = [change.splice] if change.splice else []
    splices.append((*edit.old.span, latex(edit.new)))
    splices.append((*edit.old.span, rf"\left({latex(edit.new)}\right)"))
    for left, right, new in splices:
        if start <= left <= right <= end:
            text = patient.text[start:left] + new + patient.text[right:end]
            if _reads_as(patient, text, edit.tree):
                return " ".join(text.split())
    sides = [side.node for side in statement.sides]
    shown = [
        latex(node) if node else patient.text[s.start : s.end] for node, s in zip(sides, statement.sides, strict=True)
    ]
    shown[patient.side] = latex(edit.tree)
    signs = [relation.printed for relation in statement.relations]
    return " ".join(part for pair in zip(shown, [*signs, ""], strict=True) for part in pair if part)


def _reads_as(patient: Patient, text: str, tree: Node) -> bool:
    """Whether a mended text is read as the statement with the mended side, and nothing else changed."""
    try:
        again = read_formula(text, patient.provider.names, patient.cases[0].sides.evaluation.limits)
    except ValueError:  # nothing is left to read
        return False
    expected = [side.node for side in patient.statement.sides]
    expected[patient.side] = tree
    return [side.node for side in again.sides] == expected
