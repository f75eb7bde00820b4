"""An erratum as plain text, for a test's failure."""

from __future__ import annotations

from gradproof.check.result import CheckResult, EquationResult
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


def disagreement(result: CheckResult) -> str:
    """Every undeclared wrong equation, every declared one that is not wrong, and all that was left uncompared."""
    uncompared = [f"{one.place}: {one.equation} is {one.verdict}: {one.diagnosis}" for one in result.uncompared]
    errata = [erratum(result, one) for one in result.unexpected]
    return "\n\n".join([f"{result.case}: {result.sentence}", *errata, *uncompared])
