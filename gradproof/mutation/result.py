"""The outcome of a run of `gradproof mutate`, as facts and as tidy frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

FORMAT = "gradproof.mutation"
VERSION = 1

LEFT_OUT = {
    "fails": "fails as it is",
    "expected to fail": "is marked as expected to fail",
    "flaky": "passes in one plain run and not in another",
    "watching": "fails while gradproof watches it, which is not its fault",
    "order": "fails without the tests that come before it",
    "writes": "writes files of the project, which no planted run may do",
    "skipped": "is skipped",
    "hangs": "did not come to its end",
}
"""Why a test is not judged."""


@dataclass(frozen=True)
class GradientResult:
    """One gradient: what the suite sees of it.

    Attributes:
        target: The Function, operator, hook, function or module, as `module:name`.
        of: Which of these it is.
        file, line: Where its backward stands.
        input: For which input, or under which name it is returned.
        dtypes: In which it was computed.
        resolution: The smallest relative fault that some test sees; infinite where none does, None where the budget
            was spent before it was known.
        resolution_test: The test that sees it.
        compared_by: The tests that a mistake in its value fails.
        computed_by: All tests that compute it.
        survivors: Kinds of mistakes that ran, changed it, and failed no test.
        seen: Kinds that failed a test.
        no_difference: Kinds that ran and changed nothing in any test.
        never_ran: Kinds whose condition no test meets.
        open: Kinds that the budget left.
    """

    target: str
    of: str
    file: str
    line: int
    input: str
    dtypes: tuple[str, ...]
    resolution: float | None
    resolution_test: str
    compared_by: tuple[str, ...]
    computed_by: tuple[str, ...]
    survivors: tuple[str, ...]
    seen: tuple[str, ...]
    no_difference: tuple[str, ...]
    never_ran: tuple[str, ...]
    open: tuple[str, ...]

    @property
    def name(self) -> str:
        """As people call it: `Linear, w`."""
        return f"{self.target.rpartition(':')[2]}, {self.input}"


@dataclass(frozen=True)
class TestResult:
    """One test: whether it can fail for a gradient.

    Attributes:
        nodeid: Its name.
        file, line: Where it begins.
        left_out: Why nothing was planted in it, a key of `LEFT_OUT`; empty where it is judged.
        compares: The gradients that it compares, as `Linear, w`.
        computes: The gradients that it computes.
        resolution: The smallest relative fault that it sees in a gradient that it sees least well among those that it
            compares; infinite where it compares none, None where it is not known.
        code: What holds it back, in a word; empty where nothing does.
        words: The same as a fact.
        words_line: Where that stands.
        survivors: Kinds of mistakes that pass in a gradient that it compares.
    """

    __test__ = False  # pytest would collect it

    nodeid: str
    file: str
    line: int
    left_out: str = ""
    compares: tuple[str, ...] = ()
    computes: tuple[str, ...] = ()
    resolution: float | None = None
    code: str = ""
    words: str = ""
    words_line: int = 0
    survivors: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where what holds it back stands, or else the test."""
        return f"{self.file}:{self.words_line or self.line}"

    @property
    def can_fail(self) -> bool:
        """Whether some mistake in the value of a gradient fails it."""
        return bool(self.compares)


@dataclass(frozen=True)
class DraftResult:
    """The check that would replace a Function's tests.

    Attributes:
        target: The Function.
        imports: The lines that it needs before it.
        line: The line; empty where none can be drafted.
        outcome: `agrees`, `disagrees`, or empty where it did not run.
        words: What it said, or why there is none.
        resolution: Input -> the smallest relative fault that the line sees.
        suite: Input -> that of the suite.
    """

    target: str
    imports: tuple[str, ...] = ()
    line: str = ""
    outcome: str = ""
    words: str = ""
    resolution: tuple[tuple[str, float | None], ...] = ()
    suite: tuple[tuple[str, float | None], ...] = ()


@dataclass(frozen=True)
class SuiteResult:
    """The outcome over a suite.

    Attributes:
        arguments: What pytest was given.
        seed: Where the random numbers started.
        gradients: Every gradient that the judged tests compute.
        tests: Every test that calls one of the targets, or was left out.
        others: How many tests call none.
        drafts: The checks that would replace the tests of each Function.
        plants: Every plant in every test: gradient, kind, test, outcome, how far it moved the gradient.
        errors: What could not be collected, and what failed on gradproof's side.
        runs: How many planted runs there were.
    """

    arguments: tuple[str, ...]
    seed: int
    gradients: tuple[GradientResult, ...]
    tests: tuple[TestResult, ...]
    others: int
    drafts: tuple[DraftResult, ...]
    plants: tuple[tuple[str, str, str, str, str, float], ...]
    errors: tuple[str, ...]
    runs: int

    def reaches(self, wanted: float) -> bool:
        """Whether the suite sees a relative fault of this size in every gradient."""
        known = [one.resolution for one in self.gradients]
        return bool(known) and all(one is not None and one <= wanted for one in known) and not self.errors

    @property
    def frame(self) -> pd.DataFrame:
        """One row for each gradient, its attributes as columns; lists as texts."""
        return _frame(self.gradients, GradientResult)

    @property
    def tests_frame(self) -> pd.DataFrame:
        """One row for each test."""
        return _frame(self.tests, TestResult)

    @property
    def plants_frame(self) -> pd.DataFrame:
        """One row for each plant in each test."""
        import pandas as pd  # loaded when a frame is asked for

        columns = ["target", "input", "kind", "test", "outcome", "moved"]
        return pd.DataFrame(list(self.plants), columns=columns)

    def as_json(self) -> dict[str, Any]:
        """The outcome for programs; an infinite resolution is the text `none`."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "arguments": list(self.arguments),
            "seed": self.seed,
            "runs": self.runs,
            "gradients": [_plain(asdict(one)) for one in self.gradients],
            "tests": [_plain(asdict(one)) for one in self.tests],
            "other_tests": self.others,
            "drafts": [_plain(asdict(one)) for one in self.drafts],
            "errors": list(self.errors),
        }


def _frame(rows: Sequence[Any], of: type) -> pd.DataFrame:
    import pandas as pd  # loaded when a frame is asked for

    names = [field.name for field in fields(of)]
    return pd.DataFrame([[_cell(getattr(row, name)) for name in names] for row in rows], columns=names)


def _cell(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, tuple) else value


def _plain(value: Any) -> Any:
    """JSON knows no infinity."""
    if isinstance(value, float) and value == float("inf"):
        return "none"
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
