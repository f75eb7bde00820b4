"""The runs: twice plainly, once each Function's tests alone, and then with one planted mistake after another."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gradproof.errors import GradproofError
from gradproof.mutation.facts import ABSENT, LOOKED_AT, RED, Findings, Gradient, Test, Trial, read_trials
from gradproof.mutation.kinds import KINDS, SCALED
from gradproof.mutation.ladder import Ladder
from gradproof.mutation.server import Server, Suite

PLAIN_SECONDS = 3600.0
"""A plain run that takes longer is stopped."""

FIRST = 3
"""So many kinds are planted in every gradient before the resolution is searched."""

AT_ONCE = min(8, max(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2))
"""So many runs go on at the same time: one for each core."""

PATIENCE = 30.0
"""A planted run may take so many seconds, and so many times as long as the plain one took of the processor."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """One planted run."""

    gradient: Gradient
    kind: str
    size: float
    items: tuple[int, ...]


class Campaign:
    """All runs over one suite."""

    def __init__(self, suite: Suite, *, seed: int, budget: float, reserve: float, progress: Progress) -> None:
        self.suite, self.seed, self.budget, self.reserve, self.progress = suite, seed, budget, reserve, progress
        self.started = time.monotonic()
        self.watched: Server
        self.folder: Path

    def run(self, then: Callable[[Campaign, Findings], None]) -> Findings:
        """Make all runs, and then what needs the tests' process besides.

        Raises:
            GradproofError: The tests cannot be run at all, or a named function is not there.
        """
        with tempfile.TemporaryDirectory(prefix="gradproof-", ignore_cleanup_errors=True) as folder:
            self.folder = Path(folder)
            self.watched = self._server("watched", self.seed, watched=True)
            try:
                findings = self._plainly()
                self.started = time.monotonic()
                self._alone(findings)
                self._planted(findings)
                then(self, findings)
            finally:
                self.watched.close()
        return findings

    @property
    def left(self) -> float:
        """Seconds of the budget that are left."""
        return self.budget - (time.monotonic() - self.started)

    def _server(self, name: str, seed: int, *, watched: bool) -> Server:
        return Server(self.suite, self.folder / name, seed=seed, watched=watched)

    def _plainly(self) -> Findings:
        """The two plain runs, one of them untouched and with other random numbers."""
        self.progress("the tests as they are")
        untouched = self._server("untouched", self.seed + 1, watched=False)
        try:
            runs = [(server, _start(server)) for server in (self.watched, untouched)]
            findings = self._collected()
            watched, second = (self._finished(server, number) for server, number in runs)
            _enter(findings, watched)
            _leave_out(findings, _by_name(untouched.greeting()["items"], second))
            self._blame(findings)
        finally:
            untouched.close()
        self.watched.load(findings.modules)
        return findings

    def _collected(self) -> Findings:
        greeting = self.watched.greeting()
        if greeting["obstacle"]:
            raise GradproofError(f"every planted run is a fork of one process: {greeting['obstacle']}")
        if greeting["unknown"]:
            raise GradproofError("--function " + "\n--function ".join(greeting["unknown"]))
        tests = [Test(number=k, **one) for k, one in enumerate(greeting["items"])]
        errors = [f"could not be collected: {error}" for error in greeting["errors"]]
        if not tests:
            told = "\n".join(errors) or "nothing was collected"
            raise GradproofError(f"pytest {' '.join(self.suite.arguments)} finds no tests: {told}")
        return Findings(tests, errors=errors)

    def _finished(self, server: Server, number: int) -> list[dict[str, Any]]:
        """What a plain run said."""
        server.greeting()
        server.wait()
        if trouble := server.trouble(number):
            if "Unable to handle autograd's threading" in trouble:
                raise GradproofError(
                    "the tests use autograd while they are imported, so that their process cannot be forked "
                    "afterwards; compute gradients inside the tests or their fixtures"
                )
            raise GradproofError(f"the tests could not be run with gradproof's plugin:\n{trouble}")
        return server.lines(number)

    def _blame(self, findings: Findings) -> None:
        """A test that passes untouched and fails watched is flaky, or it is the watching that fails it."""
        suspects = [test for test in findings.tests if test.left_out == "flaky" and test.outcome == "failed"]
        if not suspects:
            return
        server = self._server("blame", self.seed, watched=False)
        try:
            lines = self._finished(server, _start(server))
            third = _by_name(server.greeting()["items"], lines)
        finally:
            server.close()
        for test in suspects:
            if third.get(test.nodeid) == "passed":
                test.left_out = "watching"

    def _alone(self, findings: Findings) -> None:
        """Each target's tests without the others: one that fails then needs what others leave behind."""
        targets = dict.fromkeys(gradient.target for gradient in findings.gradients())
        groups = {target: _of_target(findings, target) for target in targets}
        for _, lines in self._jobs((Job(Gradient(t, ""), "", 0.0, g) for t, g in groups.items()), findings):
            for line in lines:
                if line.get("outcome") == "failed":
                    findings.tests[line["item"]].left_out = "order"

    def _planted(self, findings: Findings) -> None:
        for gradient in findings.gradients():
            findings.trials[gradient] = {}
            findings.ladders[gradient] = Ladder.over(test.number for test in findings.judged(gradient))
        plan = Plan(findings)
        for job, lines in self._jobs(plan.jobs(), findings):
            plan.enter(job, lines)
            self.progress(f"{findings.runs} planted runs, {max(0.0, self.left):.0f} s of the budget left")
        for gradient in findings.gradients():
            tried = findings.trials[gradient]
            tests = findings.judged(gradient)
            findings.open[gradient] = [
                kind.name
                for kind in KINDS
                if any(
                    may_run(kind.name, t.gradients[gradient]) and t.number not in tried.get(kind.name, {})
                    for t in tests
                )
            ]

    def _jobs(self, jobs: Iterator[Job], findings: Findings) -> Iterator[tuple[Job, list[dict[str, Any]]]]:
        """Run jobs, a few at once, as long as the budget lasts; a job that did not come to its end is finished."""
        running: dict[int, Job] = {}
        again: list[Job] = []
        is_open = True
        while True:
            while is_open and len(running) < AT_ONCE and self.left > self.reserve:
                job = again.pop() if again else next(jobs, None)
                if job is None:
                    break
                running[self._submit(job, findings)] = job
            if not running:
                return
            ended = self.watched.wait()
            assert ended is not None
            job, lines = running.pop(ended[0]), self.watched.lines(ended[0])
            findings.runs += 1
            if trouble := self.watched.trouble(ended[0]):
                findings.errors.append(f"gradproof failed while {job.kind} was planted: {trouble.splitlines()[-1]}")
            begun = {line["begin"] for line in lines if "begin" in line}
            rest = tuple(item for item in job.items if item not in begun)
            if begun and rest:
                again.append(replace(job, items=rest))
            yield job, lines

    def together(self, jobs: Sequence[Mapping[str, Any]]) -> list[list[dict[str, Any]] | None]:
        """What jobs that run no tests wrote, a few run at once; None for those that the budget left."""
        found: list[list[dict[str, Any]] | None] = [None] * len(jobs)
        running: dict[int, int] = {}
        waiting = list(enumerate(jobs))
        while running or waiting:
            while waiting and len(running) < AT_ONCE and self.left > 0:
                place, job = waiting.pop(0)
                running[self.watched.submit(**job)] = place
            if not running:
                break
            ended = self.watched.wait()
            assert ended is not None
            found[running.pop(ended[0])] = self.watched.lines(ended[0])
        return found

    def _submit(self, job: Job, findings: Findings) -> int:
        gradient = job.gradient
        plant = {"target": gradient.target, "input": gradient.input, "kind": job.kind, "size": job.size}
        seconds = sum(findings.tests[item].seconds for item in job.items)
        timeout = PATIENCE * (1 + seconds)
        return self.watched.submit(items=list(job.items), plant=plant if job.kind else None, timeout=timeout)


class Plan:
    """Which plant is next: first the gross ones everywhere, then the resolution, then the other kinds."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.waiting: set[Gradient] = set()

    def jobs(self) -> Iterator[Job]:
        """The jobs, as long as results of earlier ones come in between."""
        gradients = self.findings.gradients()
        for kind in KINDS[:FIRST]:
            yield from self._of_kind(gradients, kind.name)
        yield from self._searches(gradients)
        for kind in KINDS[FIRST:]:
            yield from self._of_kind(gradients, kind.name)

    def enter(self, job: Job, lines: Sequence[dict[str, Any]]) -> None:
        """Enter what a job said."""
        trials = read_trials(lines, job.kind)
        gradient = job.gradient
        if job.kind == SCALED:
            self.waiting.discard(gradient)
            for item, trial in trials.items():
                self.findings.ladders[gradient].note(item, job.size, was_seen=trial.outcome == RED)
            return
        self.findings.trials[gradient].setdefault(job.kind, {}).update(trials)

    def _of_kind(self, gradients: Sequence[Gradient], kind: str) -> Iterator[Job]:
        """A job for each gradient, over the tests in which the kind can run by what was seen of them."""
        for gradient in gradients:
            tests = self.findings.judged(gradient)
            chosen = tuple(test.number for test in tests if may_run(kind, test.gradients[gradient]))
            absent = {test.number: Trial(ABSENT) for test in tests if test.number not in chosen}
            self.findings.trials[gradient].setdefault(kind, {}).update(absent)
            if chosen:
                yield Job(gradient, kind, 0.0, chosen)

    def _searches(self, gradients: Sequence[Gradient]) -> Iterator[Job]:
        """Steps of all searches in turn; a gradient whose last step is still running is passed over."""
        searching = list(gradients)
        while searching:
            found = False
            for gradient in list(searching):
                if gradient in self.waiting:
                    continue
                step = self.findings.ladders[gradient].next()
                if step is None:
                    searching.remove(gradient)
                    continue
                found = True
                self.waiting.add(gradient)
                yield Job(gradient, SCALED, step[0], tuple(sorted(step[1])))
            if searching and not found:
                gradient = searching[0]
                step = self.findings.ladders[gradient].next()
                if step is not None:  # all wait for their last step: this one is run twice rather than none
                    yield Job(gradient, SCALED, step[0], tuple(sorted(step[1])))


def _start(server: Server) -> int:
    return server.submit(items=None, timeout=PLAIN_SECONDS, is_first=True)


def may_run(kind: str, seen: Mapping[str, Any]) -> bool:
    """Whether a kind can be planted in a gradient, by what was seen of it in the plain run."""
    if seen["calls"] > LOOKED_AT:
        return True
    shapes = seen["shapes"]
    rules: dict[str, bool] = {
        "half precision": bool({"float16", "bfloat16"} & set(seen["dtypes"])),
        "non-contiguous": not seen["contiguous"],
        "detached": seen["differentiable"],
        "transposed": any(len(shape) > 1 and shape[-1] == shape[-2] for shape in shapes),
        "wrong axis": any(len(shape) > 1 for shape in shapes),
        "one row": any(len(shape) > 1 for shape in shapes),
    }
    return rules.get(kind, True)


def _of_target(findings: Findings, target: str) -> tuple[int, ...]:
    chosen = (t for t in findings.tests if not t.left_out and any(g.target == target for g in t.gradients))
    return tuple(test.number for test in chosen)


def _enter(findings: Findings, lines: Sequence[dict[str, Any]]) -> None:
    """Enter the plain run."""
    for line in lines:
        if "item" in line:
            test = findings.tests[line["item"]]
            test.outcome, test.account, test.seconds = line["outcome"], line["account"], line["seconds"]
            test.message = line.get("message", "")
        elif "targets" in line:
            findings.targets, findings.signatures = line["targets"], line["signatures"]
            findings.modules = line["modules"]


def _by_name(items: Sequence[dict[str, Any]], lines: Sequence[dict[str, Any]]) -> dict[str, str]:
    return {items[line["item"]]["nodeid"]: line["outcome"] for line in lines if "item" in line}


def _leave_out(findings: Findings, second: dict[str, str]) -> None:
    """Say which tests are not judged, and why."""
    for test in findings.tests:
        outcomes = {test.outcome, second.get(test.nodeid, "")}
        if not test.outcome:
            test.left_out = "hangs"
        elif "xfailed" in outcomes:
            test.left_out = "expected to fail"
        elif outcomes == {"failed"}:
            test.left_out = "fails"
        elif "failed" in outcomes or "" in outcomes:
            test.left_out = "flaky"
        elif "skipped" in outcomes:
            test.left_out = "skipped"
        elif test.account["writes"]:
            test.left_out = "writes"
