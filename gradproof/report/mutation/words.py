"""How the facts of a mutation run are worded, for all its renderers alike."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradproof.mutation.kinds import BY_NAME
from gradproof.mutation.result import LEFT_OUT, DraftResult, GradientResult, SuiteResult, TestResult
from gradproof.report.wording import count


def resolution(value: float | None) -> str:
    """A resolution as a reader sees it."""
    if value is None:
        return "not known"
    return "none" if value == float("inf") else f"{value:g}"


def sentence(result: SuiteResult) -> str:
    """The outcome over all in one sentence."""
    blind = [one for one in result.gradients if one.resolution == float("inf")]
    judged = [test for test in result.tests if not test.left_out]
    cannot = [test for test in judged if not test.can_fail]
    held = [test for test in judged if test.can_fail and test.code]
    parts = [
        f"{count(len(result.gradients), 'gradient')} in {count(len(judged), 'test')}",
        f"{len(blind)} compared by none" if blind else "each compared by some",
        f"{count(len(cannot), 'test')} cannot fail for a gradient" if cannot else "",
        f"{count(len(held), 'test')} held back" if held else "",
    ]
    return ", ".join(part for part in parts if part)


def kinds(names: Sequence[str]) -> str:
    """Kinds as they read after "would pass: a gradient that"."""
    return "; ".join(BY_NAME[name].words for name in names)


def lacks(one: GradientResult) -> str:
    """What no test asks of this gradient, by the kinds that never ran."""
    needs = [BY_NAME[name].needs for name in one.never_ran if BY_NAME[name].needs]
    return f"no test has {', or '.join(needs)}" if needs else ""


def grouped(tests: Sequence[TestResult]) -> list[tuple[TestResult, int]]:
    """Tests of one function that say the same are told once, with how many they are."""
    found: dict[tuple[str, ...], list[TestResult]] = {}
    for test in tests:
        found.setdefault((function_of(test.nodeid), test.left_out, test.code), []).append(test)
    return [(group[0], len(group)) for group in found.values()]


def function_of(nodeid: str) -> str:
    """A test without its parameters."""
    return re.sub(r"\[.*\]$", "", nodeid, flags=re.S)


def of_test(test: TestResult, number: int) -> str:
    """A test's name, with how many parametrisations say the same."""
    return function_of(test.nodeid) + (f" ({number} parametrisations)" if number > 1 else "")


def why_left_out(test: TestResult) -> str:
    """Why a test is not judged."""
    said = f": {test.words.splitlines()[0]}" if test.words else ""
    return LEFT_OUT[test.left_out] + said


def draft_line(draft: DraftResult) -> str:
    """Both resolutions, input by input."""
    own = dict(draft.resolution)
    parts = [f"{name} {resolution(own.get(name))} (the tests: {resolution(old)})" for name, old in draft.suite]
    return "; ".join(parts)
