"""From what the trials have shown to a verdict on every equation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from gradproof.case.derivation import Equation
from gradproof.check.case import Case
from gradproof.check.compare import Tally
from gradproof.check.facts.resolution import Resolution
from gradproof.check.facts.result import EquationResult
from gradproof.check.facts.verdict import Verdict
from gradproof.check.judging import FREE, OWN
from gradproof.check.vacuity import Teeth
from gradproof.tolerances import COARSEST
from gradproof.truth.sources import reading_of

RARE = 0.02
"""Near ties at which the two sides took different branches, and overflows, excuse an equation in such a share of its
trials."""

NOTHING_SEEN = Resolution(relative=float("nan"), absolute=float("nan"), zeros=0, entries=0, untold=float("nan"))


@dataclass(frozen=True)
class Overflow:
    """What overflows in an equation's worst trial.

    Attributes:
        sentence: In words.
        by_rounding: Whether its exact result is finite there, so that arithmetic is at fault and not the equation.
    """

    sentence: str
    by_rounding: bool


@dataclass(frozen=True)
class Evidence:
    """What a run has shown.

    Attributes:
        case: The case that was run.
        tallies: By run (`own`, `free`) and equation.
        shapes: The shapes of each equation's quantity, one for each reference.
        misfits: Why an equation's result cannot be compared with its quantity at all, by equation.
        teeth: What the trials can show of each equation.
        overflows: What overflows in an equation that disagrees for that alone.
        closer: What a closer look on true inputs has shown of equations that the run from the leaves leaves open.
    """

    case: Case
    tallies: Mapping[tuple[str, str], Tally]
    shapes: Mapping[str, list[tuple[int, ...]]]
    misfits: Mapping[str, str]
    teeth: Teeth
    overflows: Mapping[str, Overflow]
    closer: Mapping[str, Tally] = field(default_factory=dict)

    def excused(self, name: str) -> str:
        """Why an equation that disagrees is not wrong for it: it rarely does, by an overflow of arithmetic alone."""
        overflow = self.overflows.get(name)
        tally = self.tallies.get((OWN, name))
        if overflow is None or tally is None or not overflow.by_rounding or not _is_rare(tally):
            return ""
        return f"left out: {tally.disagreeing} of {tally.trials} trials, in which {overflow.sentence}"


def results_of(evidence: Evidence) -> tuple[EquationResult, ...]:
    """One record for each equation, in the document's order."""
    derivation = evidence.case.derivation
    wrong = {e.name for e in derivation.equations if _is_wrong(evidence, e)}
    for equation in sorted(derivation.equations, key=lambda one: len(derivation.upstream(one))):
        if _is_blind(evidence, equation) and not wrong.intersection(derivation.upstream(equation)):
            wrong.add(equation.name)
    return tuple(_result(evidence, equation, wrong) for equation in evidence.case.derivation.equations)


def left_open(evidence: Evidence) -> list[str]:
    """The equations of which the run from the leaves cannot tell, because of rounding or of near ties."""
    dtype = evidence.case.dtype
    free = {name: tally for (run, name), tally in evidence.tallies.items() if run == FREE and tally.seen.lit}
    found = {name for name, tally in free.items() if _why_open(tally, dtype)}
    if not found:
        return []
    return [
        one.equation for one in results_of(evidence) if one.verdict == Verdict.INCONCLUSIVE and one.equation in found
    ]


def _is_wrong(evidence: Evidence, equation: Equation) -> bool:
    """Wrong by itself: it disagrees on true inputs, or cannot be compared."""
    if equation.name in evidence.misfits:
        return True
    tally = evidence.tallies.get((OWN, equation.name))
    return tally is not None and tally.disagreeing > 0 and not evidence.excused(equation.name)


def _is_blind(evidence: Evidence, equation: Equation) -> bool:
    """Wrong in the run from the leaves, where true inputs cannot tell: near ties of those decide it there.

    That a maximum is one of the values that it was taken of is known only where it was taken.
    """
    own, free = evidence.tallies.get((OWN, equation.name)), evidence.tallies.get((FREE, equation.name))
    if own is None or free is None or not free.disagreeing or own.disagreeing:
        return False
    return own.edges > RARE * own.trials and not _excuse(evidence, equation, free)


def _is_rare(tally: Tally) -> bool:
    """Whether all that disagrees is not finite, in few of the trials."""
    return 0 < tally.disagreeing == tally.overflows <= RARE * tally.trials


def _excuse(evidence: Evidence, equation: Equation, free: Tally) -> str:
    """Why an equation agrees though values of its own, or of what it reads, overflow in few trials; else empty."""
    own = evidence.excused(equation.name)
    if own or not _is_rare(free):
        return own
    names = [name for name in evidence.case.derivation.upstream(equation) if evidence.excused(name)]
    return f"left out: {free.disagreeing} of {free.trials} trials, in which {names[0]} overflows" if names else ""


def _result(evidence: Evidence, equation: Equation, wrong: set[str]) -> EquationResult:
    derivation = evidence.case.derivation
    verdict, diagnosis, tally, sources = _verdict(evidence, equation, wrong)
    fineness = tally.seen.resolution() or NOTHING_SEEN
    return EquationResult(
        equation=equation.name,
        form=equation.form,
        kind=evidence.case.kind(equation),
        shape="; ".join(dict.fromkeys(str(shape) for shape in evidence.shapes.get(equation.name, []))),
        place=equation.place,
        written=equation.written,
        verdict=verdict,
        trials=tally.trials,
        disagreeing_trials=tally.disagreeing,
        undefined_trials=tally.undefined,
        finite_there=tally.finite_there,
        max_abs_error=tally.max_abs,
        max_rel_error=tally.max_rel,
        max_ulp_error=tally.max_ulp,
        bound_share=float("inf") if verdict == Verdict.DISAGREES and tally.overflows else tally.share,
        bound_kind="sampled" if "sampled" in tally.kinds else "rigorous" if tally.kinds else "",
        edge_trials=tally.edges,
        resolution=fineness.relative,
        resolution_at_zero=fineness.absolute,
        zero_entries=fineness.zeros,
        untold=fineness.untold,
        rarest_branch=evidence.teeth.branches.get(equation.name, float("nan")),
        worst_trial=tally.worst[2],
        diagnosis=diagnosis,
        inherits_from=sources,
        known_erratum=equation.name in derivation.known_errata,
        accepted=derivation.accepted.get(equation.name, ""),
    )


def _verdict(evidence: Evidence, equation: Equation, wrong: set[str]) -> tuple[Verdict, str, Tally, tuple[str, ...]]:
    """The verdict, why, the tally that it rests on, and the wrong equations upstream if it inherits."""
    if equation.quantity not in evidence.case.known:
        return Verdict.UNCHECKED, evidence.case.bindings[0].why_unknown(equation.quantity), Tally(), ()
    if equation.name in evidence.misfits:
        return Verdict.DISAGREES, evidence.misfits[equation.name], Tally(), ()
    own, free = evidence.tallies.get((OWN, equation.name)), evidence.tallies[FREE, equation.name]
    excuse = _excuse(evidence, equation, free)
    if own is not None and own.disagreeing and not excuse:
        overflow = evidence.overflows.get(equation.name)
        return Verdict.DISAGREES, overflow.sentence if overflow else _helpers(evidence.case, equation), own, ()
    upstream = evidence.case.derivation.upstream(equation)
    sources = tuple(name for name in upstream if name in wrong)
    if (free.disagreeing and not excuse) or any(name in evidence.misfits for name in sources):
        if sources:
            return Verdict.INHERITS, f"wrong only because of {', '.join(sources)}", free, sources
        if own is None:
            stopped = "or what it reads: the run was stopped before it was tried on true inputs"
            return Verdict.DISAGREES, stopped, free, ()
        if equation.name in wrong:
            return Verdict.DISAGREES, "", free, ()
        return Verdict.DISAGREES, "agrees on true inputs, but its own inputs are off by more than rounding", free, ()
    if not free.trials:
        there = f"; the equation is finite in {free.finite_there} of them" if free.finite_there else ""
        way_out = "the model may saturate at such draws: try --scale 0.1, or Reference(parameters=normal(std=0.1))"
        reason = f"the truth is not finite in any of {free.undefined} trials{there}; {way_out}"
        return Verdict.UNDEFINED, reason, free, ()
    open_there, closer = _why_open(free, evidence.case.dtype), evidence.closer.get(equation.name)
    told = ""
    if open_there and closer is not None and not _why_open(closer, evidence.case.dtype):
        told, open_there = f"told on true inputs; in the run from the leaves {open_there}", ""
        free = replace(free, seen=closer.seen)
    reason = open_there or evidence.teeth.blunt.get(equation.name, "")
    if reason:
        return Verdict.INCONCLUSIVE, reason, free, ()
    reading = reading_of(equation.quantity, evidence.case.sources[equation.quantity])
    left_out = f"left out: {_in_doubt(free)}" if free.doubtful and not told else ""
    read = f"read as {reading}" if reading else ""
    notes = (read, told, excuse, _undefined(free), "" if told else _edges(free), left_out, _cancelled(free))
    return Verdict.AGREES, "; ".join(filter(None, (*notes, evidence.teeth.remarks.get(equation.name, "")))), free, ()


def _why_open(tally: Tally, dtype: str) -> str:
    """Why the trials cannot tell; empty where they can."""
    fineness = tally.seen.resolution()
    if not tally.seen.lit:
        return f"zero in all {tally.trials} trials: a wrong factor would not show"
    if tally.edges > RARE * tally.trials:
        return (
            f"a comparison between nearly equal values decides it: in {tally.edges} of {tally.trials} trials the two "
            "sides took different branches there"
        )
    if tally.doubtful > RARE * tally.trials:
        return f"{_in_doubt(tally)}: a step of the model, or of the equation, has no rule for its rounding"
    if fineness is None or np.isinf(fineness.relative + fineness.absolute):
        return "no finite rounding bound in any trial for some entry" if fineness else "it was never given a bound"
    if fineness.zeros == fineness.entries and fineness.absolute <= COARSEST[dtype]:
        return ""  # what cancels is measured absolutely, and that is said beside the verdict
    if fineness.too_coarse(COARSEST[dtype], tally.seen.largest):
        finest = max(fineness.relative, fineness.absolute / tally.seen.largest)
        return f"rounding hides too much: in some entry only a relative fault above {finest:.1g} would have shown"
    return ""


def _cancelled(tally: Tally) -> str:
    """A truth that is a sum which cancels in every trial: said, since a factor on all of it would not show."""
    fineness = tally.seen.resolution()
    if fineness is None or fineness.zeros < fineness.entries:
        return ""
    return f"its terms cancel in all trials, so it is held against 0: {fineness.absolute:.1g} would have shown"


def _edges(tally: Tally) -> str:
    if not tally.edges:
        return ""
    return f"left out: {tally.edges} trials in which the two sides took different branches at a near tie"


def _in_doubt(tally: Tally) -> str:
    return (
        f"in {tally.doubtful} of {tally.trials} trials it differs by more than a sampled bound, and by too little for "
        "an accusation"
    )


def _undefined(tally: Tally) -> str:
    if not tally.undefined:
        return ""
    return f"left out: {tally.undefined} trials whose truth is not finite ({tally.finite_there} finite here)"


def _helpers(case: Case, equation: Equation) -> str:
    """The fault may as well lie in helper quantities that the reference does not know."""
    by_name = case.derivation.by_name
    group: dict[str, None] = {}
    waiting = [equation]
    while waiting:
        for name in waiting.pop().inputs:
            if name not in case.known and name not in group:
                group[name] = None
                waiting.append(by_name[name])
    return f"or one of the helpers it reads, which the reference does not have: {', '.join(group)}" if group else ""
