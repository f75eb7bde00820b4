"""Known-wrong variants of gallery cases, and how each is tried.

A variant is one slip planted into a case's derivation, as data; the lists of them are the `variants_*.py` beside this
file (`from harness import Variant`).
"""

from __future__ import annotations

import difflib
import importlib
import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gradproof import crosscheck
from gradproof.case.project import Project
from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.check.loading import holds_function
from gradproof.repair.mending import mend_case, patches, with_repairs, write

HERE = Path(__file__).resolve().parent
PROJECT = Project(HERE.parent.parent)
DOCUMENT = "parameter_update_2"
"""The cases whose names start so are of the document, with tests of their own; all others are the gallery."""

TRIALS = 300

KINDS = {
    "scale": "mean for sum, a missing 2 or 1/N, a wrong divisor or constant",
    "index": "a wrong index, axis or step, a transpose, a variable copied from the line above",
    "upstream": "the gradient from above forgotten",
    "path": "a path or a term missing",
    "accumulation": "= for +=: what was there is lost",
    "never stored": "a result computed and put nowhere",
    "activation": "the derivative of an activation forgotten, another one, or at the wrong point",
    "sign": "a sign",
    "epsilon": "epsilon at the wrong place, or forgotten",
    "update order": "an updated value where the one before is meant, or the other way round",
    "mask": "a mask or a condition forgotten or wrong",
    "second derivative": "a derivative of a gradient",
    "formula": "another power or function",
}
"""The kinds of slips that people make."""


@dataclass(frozen=True)
class Variant:
    """One slip in a case's derivation.

    Attributes:
        case: The case's name.
        slip: What is wrong, in a few words.
        old: A piece of `manual/CASE.py` that stands in it exactly once.
        new: What stands there instead.
        blames: The equation, or the quantity of the statement, that is wrong by itself; no other one is.
        mended: Whether a fix is found.
        kind: One of `KINDS`.
        located: Whether the report leads to the changed line: not in a function that is called as a whole, nor where
            a statement that stores nothing belongs to no equation any more.
        also: What is wrong by itself beside `blames`: the same line, as other layers run it.
    """

    case: str
    slip: str
    old: str
    new: str
    blames: str
    mended: bool = True
    kind: str = "formula"
    located: bool = True
    also: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The name of its test."""
        return f"{self.case}: {self.slip}"


@dataclass(frozen=True)
class Outcome:
    """What a check of a variant has found.

    Attributes:
        variant: The variant.
        lines: The lines of `manual/CASE.py` that are not those of the right one.
        result: The outcome of the check.
        after: The outcome once the fixes are written into the file; None where there are none.
    """

    variant: Variant
    lines: frozenset[int]
    result: CheckResult
    after: CheckResult | None

    @property
    def caught(self) -> bool:
        """Whether something is found wrong."""
        return bool(self.result.wrong)

    @property
    def blamed(self) -> tuple[str, ...]:
        """The names of what is found wrong by itself."""
        return tuple(one.equation for one in self.result.wrong)

    @property
    def right_blamed(self) -> bool:
        """Whether that is the one and only equation that was changed."""
        return self.blamed == (self.variant.blames, *self.variant.also)

    @cached_property
    def _wrong(self) -> EquationResult | None:
        return next((one for one in self.result.wrong if one.equation == self.variant.blames), None)

    @property
    def at_the_line(self) -> bool:
        """Whether a changed line is the reported one, or within the equation or the loop that is reported."""
        if self._wrong is None or self.result.checked is None:
            return False
        equation = self.result.checked.derivation.by_name[self._wrong.equation]
        mended_line = self._wrong.fix_place.rpartition(":")[2]
        if mended_line and int(mended_line) in self.lines:
            return True
        text = equation.source if equation.code is None else equation.code.own.text
        return any(equation.line <= line < equation.line + len(text.splitlines()) for line in self.lines)

    @property
    def named(self) -> bool:
        """Whether that equation is blamed, at the changed line where there is one to name."""
        return self.right_blamed and (self.at_the_line or not self.variant.located)

    @property
    def mended(self) -> bool:
        """Whether a fix is given, and the file agrees once it is written there."""
        return self._wrong is not None and bool(self._wrong.fix) and self.after is not None and self.after.ok


def gallery() -> tuple[str, ...]:
    """The names of the gallery's cases that are derivations."""
    return tuple(name for name in PROJECT.cases if not name.startswith(DOCUMENT) and not holds_function(PROJECT, name))


def functions() -> tuple[str, ...]:
    """The names of those that are functions with a backward of their own."""
    return tuple(name for name in PROJECT.cases if holds_function(PROJECT, name))


def variants() -> tuple[Variant, ...]:
    """Every variant of every `variants_*.py`."""
    names = sorted(path.stem for path in HERE.glob("variants_*.py"))
    return tuple(variant for name in names for variant in importlib.import_module(name).VARIANTS)


def planted(variant: Variant, folder: Path) -> tuple[Project, frozenset[int]]:
    """A project in `folder` that holds the variant's case with the slip in it, and the lines of the slip."""
    case = variant.case
    text = PROJECT.manual_path(case).read_text(encoding="utf-8")
    count = text.count(variant.old)
    assert count == 1, f"{variant.label}: {variant.old!r} stands {count} times in manual/{case}.py"
    wrong = text.replace(variant.old, variant.new)
    for name in ("manual", "reference"):
        (folder / name).mkdir()
    (folder / "manual" / f"{case}.py").write_text(wrong, encoding="utf-8")
    shutil.copy(PROJECT.reference_path(case), folder / "reference")
    return Project(folder), _changed(text.splitlines(), wrong.splitlines())


def _changed(old: list[str], new: list[str]) -> frozenset[int]:
    """The numbers of the new lines that are not the old ones; of the line after, where lines are only left out."""
    operations = [code for code in difflib.SequenceMatcher(None, old, new).get_opcodes() if code[0] != "equal"]
    changed = {line for _, _, _, start, end in operations for line in range(start + 1, end + 1) if new[line - 1]}
    return frozenset(changed or {start + 1 for _, _, _, start, _ in operations})


def tried(variant: Variant, *, trials: int = TRIALS, mend: bool = True) -> Outcome:
    """Plant the slip in a copy of its case and check that; write the fixes into it, where they are asked for, and check
    it again."""
    with tempfile.TemporaryDirectory() as folder:
        project, lines = planted(variant, Path(folder))
        result = crosscheck(variant.case, project=project, trials=trials, repair=False)
        case = result.checked
        assert case is not None
        repairs = mend_case(case, result, seed=result.seed) if mend else {}
        result = with_repairs(result, repairs, case.derivation)
        changes = patches(case, repairs)
        for change in changes:
            write(change)
        again = crosscheck(variant.case, project=project, trials=trials, repair=False) if changes else None
        return Outcome(variant, lines, result, again)
