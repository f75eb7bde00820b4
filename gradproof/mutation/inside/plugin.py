"""The pytest plugin of the tests' own process: watches gradients, runs the jobs that it is given, says what happened.

It is loaded by `-p` before any conftest, so that whatever the tests import finds the watched comparisons. All settings
come in one file that the environment names.
"""

from __future__ import annotations

import json
import linecache
import os
import sys
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from gradproof.mutation.inside import draws
from gradproof.mutation.inside.settings import Settings

LIBRARIES = ("torch", "numpy", "scipy", "sympy", "mpmath", "hypothesis", "unittest", "gradproof")


def pytest_configure(config: pytest.Config) -> None:
    """Take over the run; one process runs all tests, whatever the project's own options say."""
    options = config.option
    for name, value in (("numprocesses", None), ("dist", "no"), ("tx", []), ("forked", False), ("no_cov", True)):
        if hasattr(options, name):
            setattr(options, name, value)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Watch before anything of the user's is imported."""
    import torch

    settings = Settings.from_environment()
    torch.set_num_threads(1)  # a thread pool would not survive the forks
    draws.seed_all(settings.seed)
    sys.pycache_prefix = str(settings.folder / "bytecode")  # nothing is written beside the user's files
    early_config.pluginmanager.register(Conductor(settings), "gradproof-mutation")


class Conductor:
    """One run of pytest that collects once and then runs tests as it is told."""

    def __init__(self, settings: Settings) -> None:
        from gradproof.mutation.inside.ledger import Ledger

        self.settings, self.ledger = settings, Ledger()
        self.items: list[pytest.Item] = []
        self.errors: list[str] = []
        self.outcome: dict[str, Any] = {}
        self.out: Any = None
        self.is_first = False
        self.numbers: dict[pytest.Item, int] = {}
        if settings.watched:
            from gradproof.mutation.inside.watching import autograd_functions, comparisons, hooks

            autograd_functions.watch(self.ledger)
            hooks.watch(self.ledger)
            self.comparisons = comparisons.watch(self.ledger)

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """See `pytest_configure` of the module, which options of plugins that come later can undo."""
        pytest_configure(config)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what could not be collected."""
        if report.failed:
            lines = [line for line in str(report.longrepr).splitlines() if line.strip()]
            self.errors.append(f"{report.nodeid}: {lines[-1].removeprefix('E ').strip() if lines else 'unknown'}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> NoReturn:
        """Serve jobs instead of running all tests once."""
        from gradproof.mutation.inside.hypotheses import warm_up
        from gradproof.mutation.inside.serving import serve

        self.items = list(session.items)
        self.numbers = {item: k for k, item in enumerate(self.items)}
        unknown = self._watch_named() if self.settings.watched else []
        warm_up(self.items)
        described = [_described(item, session.config) for item in self.items]
        serve(self, {"items": described, "errors": self.errors, "unknown": unknown})
        os._exit(0)  # plugins write their reports when a session ends, and this one was none

    def _watch_named(self) -> list[str]:
        from gradproof.mutation.inside.watching import named

        unknown = []
        for name in self.settings.functions:
            try:
                named.watch(self.ledger, name)
            except named.Unknown as error:
                unknown.append(str(error))
        return unknown

    def run(self, job: dict[str, Any], out: Path) -> None:
        """Run some tests in their order, and write what each did.

        Args:
            job: `items` (or None for all), `plant` (or None), and `is_first` for the run that others start like.
            out: The file of JSON lines.
        """
        from gradproof.mutation.inside.ledger import Plant

        self.ledger.plant = Plant(**job["plant"]) if job["plant"] else None
        self.is_first = job.get("is_first", False)
        if self.settings.watched:
            self._guard()
        if self.ledger.plant is not None and self.items:
            self.items[0].config.option.tbstyle = "value"  # nobody reads the traceback, and it takes longer than a test
        if "draft" in job:
            self._draft(job["draft"], out)
            return
        chosen = self.items if job["items"] is None else [self.items[k] for k in job["items"]]
        with out.open("w") as self.out:
            for item, following in zip(chosen, [*chosen[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.is_first:
                ledger = self.ledger
                self._write({"targets": ledger.targets, "signatures": ledger.signatures, "modules": _libraries()})

    def _draft(self, code: str, out: Path) -> None:
        from gradproof.mutation.inside.drafts import run_draft

        with out.open("w") as self.out:
            self._write({"draft": run_draft(code, self.ledger), "modules": _libraries()})

    def _write(self, line: dict[str, Any]) -> None:
        self.out.write(json.dumps(line, default=str) + "\n")
        self.out.flush()

    def _guard(self) -> None:
        from gradproof.mutation.inside.guard import Guard

        config = self.items[0].config if self.items else None
        roots = {item.path.parent for item in self.items} | ({config.rootpath} if config else set())
        roots.add(Path.cwd())
        guard = Guard(sorted(roots), [self.settings.folder], self._on_write)
        guard.is_on = True

    def _on_write(self, path: str) -> bool:
        account = self.ledger.current
        is_refused = self.ledger.plant is not None
        (account.blocked if is_refused else account.writes).append(path)
        return is_refused

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Open and close a test's account."""
        from gradproof.mutation.inside.hypotheses import settle
        from gradproof.mutation.inside.places import Where

        number = self.numbers[item]
        self.outcome = {"item": number, "outcome": "passed"}
        self._write({"begin": number})
        Where.file = str(getattr(item, "path", ""))
        before = None
        if self.settings.watched:
            settle(item)
            if self.is_first:
                before = draws.states()
            else:
                draws.bring_back(self.settings.folder, number)
        self.ledger.holders = [f"item:{number}"]
        started = time.process_time()
        try:
            return (yield)
        finally:
            self.ledger.holders = []
            self.outcome["seconds"] = round(time.process_time() - started, 4)
            account = self.ledger.of_item(f"item:{number}", _fixtures(item))
            if before is not None and account["forward"]:
                draws.keep(self.settings.folder, number, before)
            self._write(self.outcome | {"account": account})

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """What a fixture of a wider scope does is done for all tests that use it."""
        if fixturedef.scope == "function":
            return (yield)
        self.ledger.holders.append(f"fixture:{id(fixturedef)}")
        try:
            return (yield)
        finally:
            self.ledger.holders.pop()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, Any]:
        """Keep where and with which words a test failed."""
        report = yield
        found = call.excinfo
        if report.failed and found is not None:
            from gradproof.mutation.inside.guard import Refused

            lines = [one.lineno + 1 for one in found.traceback if str(one.path) == str(item.path)]
            self.outcome |= {
                "outcome": "failed",
                "when": report.when,
                "line": lines[-1] if lines else 0,
                "message": f"{found.typename}: {str(found.value).strip()}"[:300],
                "refused": found.errisinstance(Refused),
            }
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The outcome of a test is that of its worst part."""
        if report.failed:
            self.outcome["outcome"] = "failed"
        elif hasattr(report, "wasxfail"):
            self.outcome["outcome"] = "xfailed"
        elif report.skipped and self.outcome["outcome"] == "passed":
            self.outcome["outcome"] = "skipped"

    def pytest_assertion_pass(self, item: pytest.Item, lineno: int, orig: str, expl: str) -> None:
        """Note what an assertion saw."""
        path = str(item.path)
        if self.settings.watched and orig[:12] in linecache.getline(path, lineno):  # other files' assertions come too
            self.comparisons.note_assert(path, lineno, orig, expl)


def _libraries() -> list[str]:
    """Modules of libraries that are loaded by now; loaded before the next fork they need not be loaded in each."""
    return [name for name in sys.modules if name.split(".")[0] in LIBRARIES]


def _fixtures(item: pytest.Item) -> list[str]:
    definitions = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    return [f"fixture:{id(one)}" for found in definitions.values() for one in found if one.scope != "function"]


def _described(item: pytest.Item, config: pytest.Config) -> dict[str, Any]:
    _, line, _ = item.location
    path = Path(item.path)
    try:
        shown = os.path.relpath(path, config.invocation_params.dir)
    except ValueError:
        shown = str(path)
    return {"nodeid": item.nodeid, "file": shown, "path": str(path), "line": (line or 0) + 1}
