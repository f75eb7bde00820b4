"""An outcome, or an erratum, as plain text: for `print(result)`, and for a test's failure."""

from __future__ import annotations

from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.check.facts.verdict import Verdict
from gradproof.report import wording


def erratum(result: CheckResult, one: EquationResult) -> str:
    """Where a wrong equation stands, how it reads, what is wrong, how to mend it, and how to see it again."""
    lines = [f"{one.place}: {one.equation} {wording.disagreement(one)}", f"  written    {one.equation} = {one.written}"]
    lines += [f"  diagnosis  {one.diagnosis}"] if one.diagnosis else []
    if one.fix:
        lines.append(f"  fix        {one.mended}")
        lines += [f"             {wording.confirmation(one)}"] if one.fix_trials else []
    worst = wording.worst_of(result, one.equation)
    if worst is not None:
        lines += [
            f"  worst      trial {worst.trial}{', entry ' + worst.entry if worst.entry else ''}",
            f"  by hand    {wording.exact(worst.manual)}",
            f"  by torch   {wording.exact(worst.truth)}",
            f"  differs    by {wording.difference(worst)}",
        ]
        lines += [f"  inputs     {worst.inputs}"] if worst.inputs else []
    return "\n".join([*lines, f"  replay     {result.replay_command(one)}"])


def outcome(result: CheckResult) -> str:
    """The verdict, how it was found, and each equation that is not plainly right on a line."""
    lines = [f"{result.case}: {wording.verdict_line(result)}", f"  {wording.run_line(result)}"]
    for one in result.results:
        if one.verdict == Verdict.DISAGREES:
            lines.append(f"  {one.equation} {wording.disagreement(one)}: {one.diagnosis or one.written}")
            lines += [f"    fix: {one.mended}"] if one.fix else []
        elif one.verdict != Verdict.AGREES:
            lines.append(f"  {one.equation} {one.verdict}: {one.diagnosis}")
    return "\n".join([*lines, *(f"  {failure.sentence}" for failure in result.failures)])


def disagreement(result: CheckResult) -> str:
    """Every undeclared wrong equation, every declared one that is not wrong, and all that was left uncompared."""
    uncompared = [f"{one.place}: {one.equation} is {one.verdict}: {one.diagnosis}" for one in result.uncompared]
    errata = [erratum(result, one) for one in result.unexpected]
    return "\n\n".join([f"{result.case}: {result.sentence}", *errata, *uncompared])
