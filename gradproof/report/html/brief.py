"""The verdict on a case and its errata, as records for a page or a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gradproof.check.facts.failures import REPORT
from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.check.facts.verdict import Verdict
from gradproof.report import wording
from gradproof.report.html.data import MARKS, Brief, Count, Erratum, Fact
from gradproof.report.html.showing import Typesetter

_OF_MANY = {Verdict.AGREES: "agree", Verdict.DISAGREES: "disagree", Verdict.INHERITS: "inherit"}


def brief(
    result: CheckResult,
    sources: Mapping[str, str],
    scripts: Mapping[str, str] | None = None,
    typesetter: Typesetter | None = None,
) -> Brief:
    """The verdict on a case, and its errata.

    Args:
        result: The outcome.
        sources: The text of every equation by its name.
        scripts: A small failing trial of wrong equations as a file, by their names.
        typesetter: Of these sources, where there is one already.
    """
    typesetter = typesetter or Typesetter(sources.values())
    return Brief(
        case=result.case,
        title=result.title,
        headline=headline(result),
        status=status(result),
        ok=result.ok,
        counts=tuple(count_of(verdict, result.count(verdict)) for verdict in Verdict),
        facts=_run_facts(result),
        command=wording.check_command(result),
        errata=tuple(
            replace(_erratum(result, one, typesetter, sources), script=(scripts or {}).get(one.equation, ""))
            for one in result.wrong
        ),
    )


def headline(result: CheckResult) -> str:
    """The verdict in a sentence."""
    total, wrong, agree = len(result.results), len(result.wrong), result.count(Verdict.AGREES)
    equations = wording.count(total, "equation")
    if wrong:
        whole = agree + wrong == total
        rest = "the other one agrees" if whole else "one agrees"
        if agree != 1:
            rest = f"the other {agree} agree" if whole else f"{agree} agree"
        return f"{wrong} of {equations} {'is' if wrong == 1 else 'are'} wrong{f'; {rest}' if agree else ''}."
    if agree == total:
        return f"All {equations} agree." if total > 1 else "The one equation agrees."
    if not agree:
        return "No equation is known to be right or wrong."
    return f"{agree} of {equations} {'agrees' if agree == 1 else 'agree'}; none is wrong."


def status(result: CheckResult) -> str:
    """Whether this is as expected: every equation agrees but those that are declared as errata."""
    parts = []
    if result.unexpected:
        parts.append(f"{wording.names([one.equation for one in result.unexpected])} should agree")
    if result.not_shown:
        parts.append(f"{wording.names(result.not_shown)} should disagree, as declared")
    if parts:
        return f"Not as expected: {'; '.join(parts)}."
    if result.failures:
        return f"Incomplete: {'; '.join(one.sentence for one in result.failures)}. {REPORT}"
    if not result.ok:
        return "Nothing could be compared."
    if not result.wrong:
        return "As expected: the case declares no errata."
    return "As expected: exactly the errata that the case declares."


def count_of(verdict: Verdict, number: int) -> Count:
    """How many equations have a verdict, as it is said."""
    return Count(verdict, MARKS[verdict], number, verdict if number == 1 else _OF_MANY.get(verdict, verdict))


def _run_facts(result: CheckResult) -> tuple[Fact, ...]:
    facts = [
        Fact("trials", f"{result.trials:,}" + (" (interrupted)" if result.interrupted else "")),
        Fact("seed", str(result.seed)),
        Fact("dtype", result.dtype),
    ]
    if result.scale != 1.0:
        facts.append(Fact("scale", f"{result.scale:g}"))
    names = (("torch", "torch"), ("NumPy", "numpy"))
    return (*facts, *(Fact(shown, wording.version_of(package)) for shown, package in names))


def anchor(number: int) -> str:
    """A name for links, made of a number, as an equation's own name may hold anything."""
    return f"e{number}"


def _erratum(result: CheckResult, one: EquationResult, typesetter: Typesetter, sources: Mapping[str, str]) -> Erratum:
    worst = wording.worst_of(result, one.equation)
    facts = []
    if worst is not None:
        entry = f", entry {worst.entry}" if worst.entry else ""
        facts = [
            Fact("worst trial", f"{worst.trial:,}{entry}"),
            Fact("difference", wording.difference(worst)),
            Fact("by hand", wording.exact(worst.manual), is_code=True),
            Fact("by torch", wording.exact(worst.truth), is_code=True),
        ]
    if one.fix and one.fix_trials:
        facts.append(Fact("the fix", wording.confirmation(one)))
    if one.alternatives:
        facts.append(Fact("also right", "; ".join(one.alternatives[:3]), is_code=True))
    if one.proof:
        facts.append(Fact("as written", one.proof))
    tainted = [other.equation for other in result.results if one.equation in other.inherits_from]
    if tainted:
        facts.append(Fact("taints", wording.names(tainted, at_most=20)))
    return Erratum(
        name=one.equation,
        anchor=anchor(1 + result.results.index(one)),
        place=one.place,
        known=wording.declared(one),
        shown=typesetter.show(one.equation, one.written, sources.get(one.equation, ""), one.fix)
        if not one.fix_before
        else typesetter.show("", one.fix_before, "", one.fix),
        code=f"{one.equation} = {one.written}",
        diagnosis=one.diagnosis,
        fix=one.mended,
        extent=wording.disagreement(one),
        facts=tuple(facts),
        inputs=_pairs(worst.inputs) if worst is not None else (),
        replay=result.replay_command(one),
    )


def _pairs(inputs: str) -> tuple[tuple[str, str], ...]:
    """`x=1.0, y=2.0` as pairs of name and value."""
    parts = (part.partition("=") for part in inputs.split(", ") if part)
    return tuple((name, value) for name, _, value in parts)
