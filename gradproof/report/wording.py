"""How numbers and facts are worded, for all renderers alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.check.facts.verdict import Verdict

if TYPE_CHECKING:
    from gradproof.check.facts.measured import WorstEntry


def short(value: float) -> str:
    """Three significant digits: `1.32e-14`, `12`, `0.431`."""
    return f"{value:.3g}"


def exact(value: float) -> str:
    """The shortest text that reads back to the same number."""
    return repr(float(value))


def common(value: float) -> str:
    """Six significant digits, which every machine finds."""
    return f"{value:.6g}"


def count(number: int, singular: str, plural: str = "") -> str:
    """`1 trial`, `10,000 trials`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def names(some: Sequence[str], at_most: int = 6) -> str:
    """`a, b, c`; of a long list the first few and how many more."""
    more = len(some) - at_most
    return ", ".join(some) if more <= 1 else f"{', '.join(some[:at_most])} and {more} more"


def verdict_line(result: CheckResult) -> str:
    """Whether all is as the case expects, and the verdict over all in one sentence."""
    return f"{'ok' if result.ok else 'FAILED'}: {result.sentence}"


def run_line(result: CheckResult) -> str:
    """What was run: `10,000 trials, seed 0, float64`."""
    scale = "" if result.scale == 1.0 else f", scale {result.scale:g}"
    done = count(result.trials, "trial") + (f" ({result.choice})" if result.choice else "")
    tolerated = f", TOLERANCE {result.tolerance:g} of each quantity's largest entry" if result.tolerance else ""
    stopped = "interrupted after " if result.interrupted else ""
    return f"{stopped}{done}, seed {result.seed}, {result.dtype}{scale}{tolerated}"


def check_command(result: CheckResult) -> str:
    """The command that gives the same outcome again."""
    steps = [] if result.trajectory is None else [f"--steps {len(result.trajectory.steps)}"]
    scales = [] if result.scales is None else ["--scales"]
    return result.command("check", f"--trials {result.trials}", *steps, *scales)


def version_of(package: str) -> str:
    """The version of a package without the label of its build, which tells machines apart."""
    return version(package).partition("+")[0]


def worst_of(result: CheckResult, equation: str) -> WorstEntry | None:
    """The worst trial of an equation, where one was compared."""
    shown = any(one.equation == equation and one.worst_trial >= 0 for one in result.results)
    return next((worst for worst in result.worst if shown and worst.equation == equation), None)


def disagreement(result: EquationResult) -> str:
    """In how many trials an equation is wrong."""
    if not result.trials:
        return "cannot be compared in any trial"
    if result.refuted_only:
        return f"refuted at one input, unseen in {count(result.trials, 'trial')}"
    return f"disagrees in {result.disagreeing_trials:,} of {count(result.trials, 'trial')}"


def declared(result: EquationResult) -> str:
    """How a case declares an equation wrong: as a known erratum, or accepted for a reason; empty where it does not."""
    if result.accepted:
        return f"accepted: {result.accepted}"
    return "known erratum" if result.known_erratum else ""


def difference(worst: WorstEntry) -> str:
    """How far the worst entry is from the truth, and how much of that is rounding."""
    return f"{short(worst.abs_error)}, of which rounding explains {short(worst.bound)} at most"


def confirmation(result: EquationResult) -> str:
    """In how many trials the mended equation was seen to be right."""
    proved = "; proved for all inputs" if result.fix_proof == "PROVED" else ""
    picked, fresh = count(result.fix_trials, "picked trial"), count(result.fresh_trials, "fresh one")
    sizes = ", at these sizes only" if result.fix_one_size else ""
    return f"agrees in all of {picked} and {fresh}{sizes}{proved}"


def same_slip(result: CheckResult, one: EquationResult) -> EquationResult | None:
    """The first wrong equation that the same edit of the same line mends; None where that is the equation itself."""
    if not one.fix or not one.fix_place:
        return None
    first = next((o for o in result.wrong if (o.fix_place, o.fix) == (one.fix_place, one.fix)), one)
    return None if first.equation == one.equation else first


def agreement(results: Sequence[EquationResult]) -> str:
    """How closely the equations that agree do so: the largest share of its bound that an error takes, and the smallest
    relative fault that would have shown in every entry of all of them."""
    agreeing = [result for result in results if result.verdict == Verdict.AGREES]
    if not agreeing:
        return ""
    finest = max((one.resolution for one in agreeing if one.resolution > 0), default=0.0)
    seen = f"; would have seen {resolution(finest)}" if finest else ""
    return f"{percent(max(result.bound_share for result in agreeing))} of bound{seen}"


def resolution(relative: float) -> str:
    """A resolution in one digit, empty where nothing was bounded: `2e-14`."""
    return "" if math.isnan(relative) else f"{relative:.0e}"


def would_show(relative: float) -> str:
    """A relative fault that would have shown, in steps so coarse that every machine finds the same: `1e-12`."""
    if math.isnan(relative) or math.isinf(relative):
        return ""
    return next(
        text
        for size, text in ((1e-12, "1e-12"), (1e-9, "1e-9"), (1e-6, "1e-6"), (math.inf, "1e-3"))
        if relative <= size
    )


def percent(share: float) -> str:
    """A share of a bound: `<1%`, `43%`; in powers of ten where it is a large multiple."""
    if share == 0:
        return "0%"
    if share < 0.01:
        return "<1%"
    return f"{share:.0%}" if share < 100 else f"{short(share)} times"


def shown_steps(steps: int) -> list[int]:
    """The steps of a training run that a short table shows: 1, 2, 5, 10, 20, 50, ... and the last."""
    chosen = [digit * 10**power for power in range(len(str(steps))) for digit in (1, 2, 5)]
    return sorted({step for step in chosen if step <= steps} | {steps})
