"""`mutate_tests`: the whole of it as one call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gradproof import defaults
from gradproof.errors import GradproofError
from gradproof.mutation.campaign import Campaign, Progress
from gradproof.mutation.drafting import drafted_checks
from gradproof.mutation.facts import Findings
from gradproof.mutation.result import DraftResult, SuiteResult
from gradproof.mutation.server import Suite
from gradproof.mutation.summing import summed

KEPT_FOR_DRAFTS = 0.25
"""A share of the budget, for the checks that would replace the tests."""


def mutate_tests(
    *arguments: str,
    functions: Sequence[str] = (),
    budget: float = defaults.MUTATION_SECONDS,
    seed: int = 0,
    folder: Path | None = None,
    drafts: bool = True,
    progress: Progress = lambda what: None,
) -> SuiteResult:
    """Plant mistakes in the gradients that a pytest suite computes, and see which tests notice.

    Args:
        *arguments: What pytest is given: files, folders, `-k` and an expression.
        functions: Functions, methods or module classes whose results are gradients too, as `module:name` or
            `FILE:name`.
        budget: Seconds for the planted runs; the most telling ones come first.
        seed: Where the random numbers start that tests do not seed themselves.
        folder: The working directory of pytest; default: the current one.
        drafts: Whether to draft, and run, the checks that would replace the tests.
        progress: Told what is being done.

    Raises:
        GradproofError: The tests cannot be run, or there are none, or a named function is not there.
    """
    for name in functions:
        module, colon, path = name.rpartition(":")
        if not (colon and module and path):
            raise GradproofError(f"--function takes MODULE:NAME or FILE:NAME, such as layers:backward, not {name!r}")
    suite = Suite(tuple(arguments), (folder or Path.cwd()).resolve(), tuple(functions))
    made: list[DraftResult] = []

    def draft(campaign: Campaign, findings: Findings) -> None:
        if drafts:
            made.extend(drafted_checks(campaign, findings))

    reserve = budget * KEPT_FOR_DRAFTS if drafts else 0.0
    findings = Campaign(suite, seed=seed, budget=budget, reserve=reserve, progress=progress).run(draft)
    return summed(findings, suite, seed, tuple(made))
