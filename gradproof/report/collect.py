"""What the reports for people show beyond a check's records, gathered once: the graph, values over trials."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gradproof.check.case import Case
from gradproof.check.facts.result import CheckResult
from gradproof.check.facts.verdict import Verdict
from gradproof.studies.scatter import Scatter, scatter
from gradproof.studies.sending import scripts_of
from gradproof.studies.spread import Spread, spreads

SCATTERS = 9
"""So many wrong equations get a picture of their values."""


@dataclass(frozen=True)
class Details:
    """What there is to know of a case's equations besides their records.

    Attributes:
        inputs: By equation: what it reads, each the name of an equation or of a drawn quantity.
        sources: By equation: its text in its file; empty where there is none.
        scatters: Values of the first wrong equations over trials.
        spreads: How the errors of the equations that agree are spread over trials.
        scripts: By equation, for the first wrong ones: a small failing trial as a file of NumPy and torch.
    """

    inputs: dict[str, tuple[str, ...]]
    sources: dict[str, str]
    scatters: tuple[Scatter, ...] = ()
    spreads: tuple[Spread, ...] = ()
    scripts: dict[str, str] = field(default_factory=dict)


def sources_of(result: CheckResult) -> dict[str, str]:
    """The text of every equation by its name; empty for a result that was not made by a check."""
    return {e.name: e.source for e in result.checked.derivation.equations} if result.checked is not None else {}


def named(result: CheckResult) -> Details:
    """What each equation reads, and its text; nothing that would have to be computed."""
    case = result.checked
    if case is None:
        return Details({}, {})
    by_name = case.derivation.by_name
    inputs = {
        e.name: tuple(by_name[i].name if i in by_name else i for i in e.inputs) for e in case.derivation.equations
    }
    return Details(inputs, sources_of(result))


def _scripts(result: CheckResult, case: Case) -> dict[str, str]:
    trials = {one.equation: one.worst_trial for one in result.wrong if one.disagreeing_trials}
    first = dict(list(trials.items())[:SCATTERS])
    return {name: one.text for name, one in scripts_of(case, first, seed=result.seed, scale=result.scale).items()}


def collect(result: CheckResult) -> Details:
    """The details of a result; empty where it was not made by a check."""
    case = result.checked
    if case is None:
        return named(result)
    wrong = [one.equation for one in result.wrong if one.trials][:SCATTERS]
    right = [one.equation for one in result.results if one.verdict == Verdict.AGREES]
    return replace(
        named(result),
        scatters=scatter(case, wrong, result.seed, result.scale),
        spreads=spreads(case, right, result.seed, result.scale, [one.equation for one in result.wrong]),
        scripts=_scripts(result, case),
    )
