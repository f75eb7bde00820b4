"""From what the runs said to the outcome: of each gradient, and of each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from gradproof.mutation.diagnosis import diagnosed, views
from gradproof.mutation.facts import GREEN, RED, VOID, Findings, Gradient, Test
from gradproof.mutation.kinds import KINDS
from gradproof.mutation.result import DraftResult, GradientResult, SuiteResult, TestResult
from gradproof.mutation.server import Suite


def summed(findings: Findings, suite: Suite, seed: int, drafts: tuple[DraftResult, ...]) -> SuiteResult:
    """The outcome over the suite."""
    called = [test for test in findings.tests if test.left_out not in ("", "skipped") or test.forward or test.gradients]
    return SuiteResult(
        suite.arguments,
        seed,
        tuple(of_gradient(findings, gradient, suite.folder) for gradient in findings.gradients()),
        tuple(of_test(findings, test) for test in called),
        len(findings.tests) - len(called),
        drafts,
        tuple(_plants(findings)),
        tuple(findings.errors),
        findings.runs,
    )


def of_gradient(findings: Findings, gradient: Gradient, folder: Path) -> GradientResult:
    """What the suite sees of one gradient."""
    tests = findings.judged(gradient)
    tried = findings.trials.get(gradient, {})
    outcomes = {kind: {trial.outcome for trial in found.values()} for kind, found in tried.items()}
    known = [(findings.resolution(gradient, test), test.nodeid) for test in tests]
    finished = [(value, name) for value, name in known if value is not None]
    best = min(finished, default=(None, "")) if len(finished) == len(known) else (None, "")
    note = findings.targets.get(gradient.target, {})
    file, line = note.get("place", ("", 0))
    dtypes = dict.fromkeys(dtype for test in tests for dtype in test.gradients[gradient]["dtypes"])
    compared = (t.nodeid for t in tests if any(v.gradient == gradient and v.is_compared for v in views(findings, t)))

    def which(*wanted: str) -> tuple[str, ...]:
        """The kinds whose worst outcome over all tests is one of these."""
        order = (RED, GREEN, VOID)
        worst = {kind: next((one for one in order if one in found), "") for kind, found in outcomes.items()}
        return tuple(kind.name for kind in KINDS if kind.name in worst and worst[kind.name] in wanted)

    return GradientResult(
        gradient.target,
        note.get("kind", "Function"),
        _shown(file, folder),
        line,
        gradient.input,
        tuple(dtypes),
        best[0],
        best[1] if best[0] is not None and best[0] < float("inf") else "",
        tuple(compared),
        tuple(test.nodeid for test in tests),
        which(GREEN),
        which(RED),
        which(VOID),
        which(""),
        tuple(findings.open.get(gradient, ())),
    )


def of_test(findings: Findings, test: Test) -> TestResult:
    """What one test sees."""
    if test.left_out:
        return TestResult(test.nodeid, test.file, test.line, test.left_out, words=test.message)
    found = views(findings, test)
    compared = [view for view in found if view.is_compared]
    hold = diagnosed(findings, test)
    resolutions = [view.resolution for view in compared]
    resolution: float | None = float("inf")
    if compared:
        resolution = None if None in resolutions else max(one for one in resolutions if one is not None)
    survivors = dict.fromkeys(kind for view in compared for kind in view.survivors)
    return TestResult(
        test.nodeid,
        test.file,
        test.line,
        "",
        tuple(_name(view.gradient) for view in compared),
        tuple(_name(view.gradient) for view in found),
        resolution,
        hold.code,
        hold.words,
        hold.line,
        tuple(survivors),
    )


def _name(gradient: Gradient) -> str:
    return f"{gradient.target.rpartition(':')[2]}, {gradient.input}"


def _plants(findings: Findings) -> Iterator[tuple[str, str, str, str, str, float]]:
    for gradient, kinds in findings.trials.items():
        for kind, found in kinds.items():
            for number, trial in sorted(found.items()):
                name = findings.tests[number].nodeid
                yield gradient.target, gradient.input, kind, name, trial.outcome, trial.moved


def _shown(file: str, folder: Path) -> str:
    """A file as it is seen from the working directory, if it lies below it."""
    if not file:
        return ""
    shown = os.path.relpath(file, folder)
    return file if shown.startswith("..") else shown
