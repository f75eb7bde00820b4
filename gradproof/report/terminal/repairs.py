"""Mistakes and their fixes as a person sees them in a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from gradproof.check.facts.result import CheckResult
from gradproof.repair import Repair
from gradproof.report.terminal.tables import print_fix, print_hanging


def stderr() -> Console:
    """A console on standard error that leaves brackets and numbers as they are."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def print_repairs(console: Console, result: CheckResult, repairs: Mapping[str, Repair]) -> None:
    """What was wrong with each equation, and what was found or tried."""
    if not result.wrong:
        console.print(Text(f"{result.case}: nothing to mend: {result.sentence}", style="green"), soft_wrap=True)
    for one in result.wrong:
        console.print(Text(one.place, style="bold"), soft_wrap=True)
        print_hanging(console, "  ", f"{one.equation} = {one.written}")
        if one.diagnosis:
            print_hanging(console, "  diagnosis: ", one.diagnosis)
        if one.fix:
            print_fix(console, one)
        elif one.equation in repairs and (tried := repairs[one.equation].tried) is not None:
            print_hanging(console, "  tried: ", str(tried))
