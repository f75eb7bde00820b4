"""Work is counted: parts of a budget are taken from the whole, and no clock is asked."""

from __future__ import annotations

from pathlib import Path

import gradproof
from gradproof.repair.budget import SECOND, Budget


def test_budget_what_a_part_spends_is_spent_of_the_whole() -> None:
    whole = Budget(10)
    part = whole.share(2, most=100)
    part.spend(5)
    assert part.is_spent
    assert whole.left == 5


def test_budget_a_part_ends_with_the_whole() -> None:
    whole = Budget(10)
    part = whole.share(1, most=8)
    whole.spend(10)
    assert part.is_spent


def test_budget_a_search_that_needs_little_leaves_more_to_the_next() -> None:
    whole = Budget(12)
    whole.share(3, most=100).spend(1)
    assert whole.share(2, most=100).work == 5.5
    assert whole.share(2, most=2).work == 2


def test_budget_of_seconds_is_work_of_an_ordinary_core() -> None:
    assert Budget.of_seconds(2.0).work == 2 * SECOND


def test_repair_asks_no_clock() -> None:
    folder = Path(gradproof.__file__).parent / "repair"
    clocks = ("thread_time", "monotonic", "perf_counter", "process_time", "import time")
    asked = [str(path) for path in folder.rglob("*.py") if any(clock in path.read_text() for clock in clocks)]
    assert asked == []
