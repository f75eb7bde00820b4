"""One trial in full, as `gradproof replay` prints it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.text import Text

from gradproof.check.replay import TrialValues
from gradproof.report import wording
from gradproof.tolerances import COARSEST

Array = NDArray[Any]


def print_trial(console: Console, values: TrialValues, references: int) -> None:
    """Inputs, what the equation gives on them and in the free run, the truth, and the differences."""
    console.print(Text(values.place, style="bold"), soft_wrap=True)
    console.print(Text(f"{values.equation} = {values.written}"), soft_wrap=True)
    of = f", of reference {values.reference + 1} of {references}" if references > 1 else ""
    console.print(Text(f"trial {values.trial}{of}\n"))
    console.print(Text("inputs, true values", style="bold"))
    for name, value in values.inputs.items():
        _print_value(console, name, value)
    console.print(Text("\nresults", style="bold"))
    _print_value(console, "truth", values.truth)
    _print_side(console, values, "on true inputs", values.computed, values.bound)
    _print_side(console, values, "in the free run", values.free, values.free_bound)


def _print_side(console: Console, values: TrialValues, title: str, computed: Array, bound: Array | None) -> None:
    """One of the two ways in which the equation was run, against the truth."""
    console.print()
    _print_value(console, f"manual, {title}", computed)
    truth = values.truth
    if truth is None:
        console.print(Text(f"not compared: the reference has no {values.equation.partition('__')[0]}"))
    elif bound is None:
        console.print(Text(f"not compared: its shape is {computed.shape}, that of the truth {truth.shape}"))
    else:
        with np.errstate(all="ignore"):
            difference = np.abs(computed.astype(np.float64) - truth)
            ulps = difference / np.spacing(np.abs(truth))
        _print_size(console, "difference", difference)
        _print_size(console, f"bound ({values.bound_kind})", bound)
        _print_size(console, "difference in ulp", ulps)
        console.print(_verdict(difference, bound, truth))


def _verdict(difference: Array, bound: Array, truth: Array) -> Text:
    if not np.isfinite(truth).all():
        return Text("undefined: the truth is not finite", style="yellow")
    known = np.isfinite(bound)
    wrong = known & ~(difference <= bound)
    if not wrong.any():
        if not known.all():
            return Text(f"inconclusive: no finite bound in {int((~known).sum())} of {known.size}", style="yellow")
        coarsest = COARSEST[str(truth.dtype)] * float(np.abs(truth).max(initial=0.0))
        if (bound > coarsest).any():
            return Text("inconclusive: rounding hides too much in this trial", style="yellow")
        return Text("agrees: rounding explains the difference", style="green")
    entries = "" if not wrong.ndim else f" in {wording.count(int(wrong.sum()), 'entry', 'entries')} of {wrong.size}"
    return Text(f"disagrees{entries}: rounding does not explain the difference", style="red")


def _print_value(console: Console, name: str, value: Array | None) -> None:
    """A quantity: a number on the line of its name, an array below it; every number reads back to the same bits."""
    if value is None:
        console.print(Text(f"{name}: none"))
        return
    _print_array(console, name, value, lambda entry: str(entry))  # str of a NumPy scalar is the shortest such text


def _print_size(console: Console, name: str, value: Array) -> None:
    """A difference or a bound, of which three digits say enough."""
    _print_array(console, name, value, wording.short)


def _print_array(console: Console, name: str, value: Array, form: Callable[[Any], str]) -> None:
    if value.ndim == 0:
        console.print(Text(f"{name} = {form(value[()])}"), soft_wrap=True)
        return
    shape = " x ".join(map(str, value.shape))
    text = np.array2string(
        value, separator=", ", formatter={"all": form}, threshold=value.size + 1, max_line_width=console.width
    )
    console.print(Text(f"{name} ({shape}) =\n{text}"), soft_wrap=True)
