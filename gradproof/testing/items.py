"""Cases and equations as pytest's collectors and items; one check of a case serves all of its equations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gradproof.case.derivation import Equation
from gradproof.case.project import Project
from gradproof.check.facts.verdict import Verdict
from gradproof.check.loading import holds_function, load_derivation
from gradproof.errors import Disagreement, GradproofError

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo, TerminalRepr

    from gradproof.check.facts.result import CheckResult, EquationResult


@dataclass(frozen=True)
class Draws:
    """How the cases are checked."""

    trials: int | None
    seed: int
    dtype: str


@dataclass
class Checks:
    """The outcomes of this process, by root and case: each case is run once, when its first equation is tested."""

    draws: Draws
    outcomes: dict[tuple[Path, str], CheckResult | GradproofError] = field(default_factory=dict)

    def outcome(self, project: Project, case: str) -> CheckResult:
        """A case's outcome.

        Raises:
            GradproofError: The case is broken; it is not run again for its other equations.
        """
        key = project.root, case
        if key not in self.outcomes:
            self.outcomes[key] = self._run(project, case)
        found = self.outcomes[key]
        if isinstance(found, GradproofError):
            raise found
        return found

    def _run(self, project: Project, case: str) -> CheckResult | GradproofError:
        from gradproof.run import crosscheck  # torch is loaded when a case runs

        draws = self.draws
        try:
            result = crosscheck(case, trials=draws.trials, seed=draws.seed, dtype=draws.dtype, project=project)
        except GradproofError as error:
            return error
        if result.interrupted:
            raise KeyboardInterrupt
        return result


CHECKS = pytest.StashKey[Checks]()


class CaseFile(pytest.File):
    """A file of `manual/`."""

    def collect(self) -> Iterable[pytest.Item]:
        """One item for each equation; a known erratum is expected to fail, and strictly so."""
        project = Project(self.path.parent.parent)
        if holds_function(project, self.path.stem):
            yield FunctionItem.from_parent(self, name="function", project=project)
            return
        derivation = load_derivation(project, self.path.stem)
        for equation in derivation.equations:
            item = EquationItem.from_parent(self, name=equation.name, equation=equation, project=project)
            if equation.name in derivation.known_errata:
                reason = derivation.accepted.get(equation.name, "known erratum")
                item.add_marker(pytest.mark.xfail(raises=Disagreement, reason=reason, strict=True))
            yield item

    def repr_failure(self, excinfo: ExceptionInfo[BaseException]) -> str | TerminalRepr:  # type: ignore[override]
        """A derivation that cannot be read is the user's mistake: its message says all."""
        return str(excinfo.value) if isinstance(excinfo.value, GradproofError) else super().repr_failure(excinfo)


class FunctionItem(pytest.Item):
    """A function: passes if all of its outputs and gradients agree, but for those that it declares wrong."""

    def __init__(self, *, project: Project, **keywords: object) -> None:
        super().__init__(**keywords)  # type: ignore[arg-type]  # pytest's own: name and parent
        self.project = project
        self.add_marker("gradproof")

    def runtest(self) -> None:
        """Judge the function by its case's check."""
        self.config.stash[CHECKS].outcome(self.project, self.path.stem).raise_on_disagreement()

    def repr_failure(self, excinfo: ExceptionInfo[BaseException]) -> str | TerminalRepr:  # type: ignore[override]
        """What is wrong; a broken case's message."""
        if isinstance(excinfo.value, (Disagreement, GradproofError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The file, from its first line."""
        return self.path, 0, self.path.stem


class EquationItem(pytest.Item):
    """An equation: passes if it agrees, fails with the erratum if it is wrong by itself."""

    def __init__(self, *, equation: Equation, project: Project, **keywords: object) -> None:
        super().__init__(**keywords)  # type: ignore[arg-type]  # pytest's own: name and parent
        self.equation, self.project = equation, project
        self.add_marker("gradproof")

    def runtest(self) -> None:
        """Judge the equation by its case's check."""
        result = self.config.stash[CHECKS].outcome(self.project, self.path.stem)
        one = next(one for one in result.results if one.equation == self.equation.name)
        self._judge(result, one)

    def _judge(self, result: CheckResult, one: EquationResult) -> None:
        if one.verdict == Verdict.DISAGREES:
            from gradproof.report.terminal import plain

            raise Disagreement(plain.erratum(result, one), result)
        if one.verdict == Verdict.INHERITS:
            pytest.xfail(one.diagnosis)  # right by itself: what is to blame fails by its own name
        if one.verdict != Verdict.AGREES:
            pytest.skip(f"{one.verdict}: {one.diagnosis}")

    def repr_failure(self, excinfo: ExceptionInfo[BaseException]) -> str | TerminalRepr:  # type: ignore[override]
        """The erratum; a broken case's message."""
        if isinstance(excinfo.value, (Disagreement, GradproofError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """File and line of the equation, from 0."""
        return self.equation.path, self.equation.line - 1, self.equation.name
