"""What the runs say: tests, gradients, and what every plant did in every test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradproof.mutation.kinds import SCALED
from gradproof.mutation.ladder import Ladder

RED, GREEN, VOID, ABSENT, BLOCKED = "red", "green", "no difference", "never ran", "refused"
"""What a plant did in a test: failed it; was there unseen; changed nothing; never ran; let it write files."""


LOOKED_AT = 64
"""So many calls of a gradient are looked at in one test; the rest are counted."""


@dataclass(frozen=True)
class Gradient:
    """One gradient: of a target, for one of its inputs."""

    target: str
    input: str


@dataclass(frozen=True)
class Comparison:
    """One comparison of a test, at a line, in the plain run or a planted one."""

    name: str
    file: str
    line: int
    ok: bool
    returns: bool
    text: str = ""
    size: int = 0
    largest: float = 0.0
    rtol: float | None = None
    atol: float | None = None
    a: int | None = None
    b: int | None = None
    same: bool = False

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Comparison:
        """From what the plugin wrote."""
        return cls(**given)

    @property
    def place(self) -> tuple[str, int, str]:
        """Comparisons of one place are the same comparison, over loops and runs."""
        return self.file, self.line, self.name


@dataclass(frozen=True)
class Trial:
    """A plant in one test.

    Attributes:
        outcome: One of the words above.
        moved: How far the gradient was moved, in units of its largest entry.
        line: The line of the test that failed; 0 where none did.
        message: With which words.
        comparisons: What the test compared.
    """

    outcome: str
    moved: float = 0.0
    line: int = 0
    message: str = ""
    comparisons: tuple[Comparison, ...] = ()


@dataclass
class Test:
    """A test, as the plain run saw it.

    Attributes:
        number: Its place in the order of the run.
        nodeid: Its name.
        file: Its file, from the working directory.
        path: Its file.
        line: Where it begins.
        outcome: Of the plain run.
        account: What it did there.
        seconds: Of the processor, which it took.
        left_out: Why nothing is planted in it; empty where it is judged.
    """

    __test__ = False  # pytest would collect it

    number: int
    nodeid: str
    file: str
    path: str
    line: int
    outcome: str = ""
    account: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    message: str = ""
    left_out: str = ""

    @property
    def forward(self) -> dict[str, int]:
        """Target -> how often its forward ran."""
        found: dict[str, int] = self.account.get("forward", {})
        return found

    @property
    def gradients(self) -> dict[Gradient, dict[str, Any]]:
        """Every gradient that was computed, with what was seen of it."""
        found = self.account.get("gradients", {})
        return {Gradient(target, name): seen for target, inputs in found.items() for name, seen in inputs.items()}

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """What it compares."""
        return tuple(map(Comparison.read, self.account.get("comparisons", ())))


@dataclass
class Findings:
    """All that the runs said.

    Attributes:
        tests: Every test that was collected.
        targets: Target -> its kind and the place of its backward.
        signatures: Target -> what it was called with.
        trials: Gradient -> kind -> number of the test -> what became of the plant.
        ladders: Gradient -> the search for the resolution of each test.
        open: Gradient -> the kinds that the budget left.
        errors: What could not be collected, and what failed on this project's side.
        modules: Modules of libraries that the plain run loaded.
        runs: How many jobs ran.
    """

    tests: list[Test]
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)
    signatures: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    trials: dict[Gradient, dict[str, dict[int, Trial]]] = field(default_factory=dict)
    ladders: dict[Gradient, Ladder] = field(default_factory=dict)
    open: dict[Gradient, list[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    runs: int = 0

    def judged(self, gradient: Gradient) -> list[Test]:
        """The tests in which a gradient is computed and planted."""
        return [test for test in self.tests if not test.left_out and gradient in test.gradients]

    def gradients(self) -> list[Gradient]:
        """Every gradient of the tests that are judged, in the order in which it is met."""
        met = (gradient for test in self.tests if not test.left_out for gradient in test.gradients)
        return list(dict.fromkeys(met))

    def outcomes(self, gradient: Gradient, test: Test) -> dict[str, Trial]:
        """Kind -> what became of it in one test."""
        kinds = self.trials.get(gradient, {})
        return {kind: found[test.number] for kind, found in kinds.items() if test.number in found and kind != SCALED}

    def resolution(self, gradient: Gradient, test: Test) -> float | None:
        """The smallest relative fault that one test sees; None where the search was not finished."""
        ladder = self.ladders.get(gradient)
        if ladder is None or test.number not in ladder.seen:
            return None
        return ladder.resolution(test.number)


def read_trials(lines: Sequence[Mapping[str, Any]], plant_kind: str) -> dict[int, Trial]:
    """The tests of one job; one that began and did not end was killed or crashed, and fails by that."""
    found: dict[int, Trial] = {}
    for line in lines:
        if "begin" in line:
            found[line["begin"]] = Trial(RED, 1.0, 0, "the test's process died or hung")
        elif "item" in line:
            found[line["item"]] = _trial(line, plant_kind)
    return found


def _trial(line: Mapping[str, Any], kind: str) -> Trial:
    account = line["account"]
    planted = account["planted"]
    if not planted["ran"]:
        return Trial(ABSENT)
    if line.get("refused") or (account["blocked"] and line["outcome"] == "failed"):
        return Trial(BLOCKED)
    moved = planted["moved"]
    if line["outcome"] == "failed":
        return Trial(RED, moved, line.get("line", 0), line.get("message", ""))
    comparisons = tuple(map(Comparison.read, account["comparisons"])) if kind != SCALED else ()
    return Trial(GREEN if moved else VOID, moved, comparisons=comparisons)
