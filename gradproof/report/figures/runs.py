"""Pictures of further runs: the errors of both sides at many scales, and two training runs that part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from gradproof.check.facts.measured import ScalePoint, ScaleSweep, SideErrors, Trajectory
from gradproof.report.figures.style import PALETTE, Picture, leave_margins, power_of_ten, powers_of_ten, style
from gradproof.report.wording import count, percent, short

MANY = 10
"""So many times torch's largest error are digits lost by the formula, and no chance."""

_SIDES = (("manual", "by hand", "o", "-"), ("autograd", "torch", "s", (0, (4, 2))))


def scales_picture(sweep: ScaleSweep | None) -> Picture | None:
    """The errors of both sides at every scale; None where they were not asked for."""
    if sweep is None or not sweep.points:
        return None
    with style():
        figure = Figure(figsize=(10.6, 4.4))
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[5, 3])
        _errors(upper, sweep)
        _undefined(lower, sweep)
        leave_margins(figure, top=0.35, between=0.1)
    measured = [point for point in sweep.points if math.isfinite(point.manual.largest)]
    ulps = [max(getattr(point, side).largest_ulp for point in measured) for side in ("manual", "autograd")] or [0, 0]
    beyond = [power_of_ten(point.scale) for point in sweep.points if point.beyond > 0]
    lost = f" torch itself is not finite in float64 in some trials at {', '.join(beyond)}." if beyond else ""
    return Picture(
        name="scales",
        title=_scales_title(sweep.points),
        caption=f"Both sides in float32, each measured by torch in float64 on the same inputs, over "
        f"{count(len(sweep.equations), 'equation')} that agree and {count(sweep.trials, 'trial')} at each scale. "
        f"Errors of entries that nearly cancel are large on both sides alike. "
        f"Largest: {short(ulps[0])} ulp by hand, {short(ulps[1])} ulp by torch."
        f"{f' Beyond measure:{lost}' if lost else ''}",
        alternative="; ".join(_in_words(point.scale, point.manual, point.autograd) for point in sweep.points) + ".",
        panels=(figure,),
    )


def _scales_title(points: Sequence[ScalePoint]) -> str:
    """What there is to see: values that only the hand-written side loses, digits that it loses, or neither."""
    overflow = [point.scale for point in points if point.manual.undefined > point.autograd.undefined]
    if overflow:
        return f"By hand not finite at scale {_listed(overflow)} where torch is"
    lost = [point.scale for point in points if point.manual.largest > MANY * point.autograd.largest]
    if lost:
        return f"By hand at least {MANY} times as far off as torch at scale {_listed(lost)}"
    return "By hand and by torch lose the same digits at every scale"


def _listed(scales: Sequence[float]) -> str:
    return ", ".join(map(power_of_ten, scales))


def _errors(axes: Axes, sweep: ScaleSweep) -> None:
    scales = [point.scale for point in sweep.points]
    for side, label, marker, dashes in _SIDES:
        for what, alpha in (("largest", 1.0), ("median", 0.55)):
            values = [_drawn(getattr(getattr(point, side), what)) for point in sweep.points]
            axes.plot(
                scales,
                values,
                color=PALETTE[side],
                marker=marker,
                markersize=4.5,
                linestyle=dashes,
                linewidth=1.4,
                alpha=alpha,
                label=f"{what}, {label}",
            )
    axes.set(xscale="log", yscale="log", ylabel="relative error")
    powers_of_ten(axes.yaxis)
    axes.legend(ncols=4, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0)


def _undefined(axes: Axes, sweep: ScaleSweep) -> None:
    scales = [point.scale for point in sweep.points]
    for side, label, marker, dashes in _SIDES:
        values = [getattr(point, side).undefined for point in sweep.points]
        axes.plot(scales, values, color=PALETTE[side], marker=marker, markersize=4.5, linestyle=dashes, label=label)
    beyond = [point.beyond for point in sweep.points]
    axes.plot(
        scales, beyond, color=PALETTE["muted"], marker="^", markersize=4.5, linestyle=":", label="torch in float64"
    )
    axes.set(ylim=(-0.05, 1.05), ylabel="not finite", xlabel="scale of parameters and inputs")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    powers_of_ten(axes.xaxis)
    axes.set_xticks(scales)
    axes.legend(ncols=3, loc="upper left")


def _drawn(value: float) -> float:
    """What a logarithmic axis can show; a gap where there is nothing."""
    return value if value > 0 else math.nan


def _in_words(scale: float, manual: SideErrors, autograd: SideErrors) -> str:
    if not math.isfinite(manual.largest) or not math.isfinite(autograd.largest):
        return f"scale {power_of_ten(scale)}: nothing finite to measure"
    gone = f", {percent(manual.undefined)} not finite by hand" if manual.undefined else ""
    return f"scale {power_of_ten(scale)}: {short(manual.largest)} by hand, {short(autograd.largest)} by torch{gone}"


def training_picture(run: Trajectory | None) -> Picture | None:
    """How two training runs part; None where there were none."""
    if run is None or not run.steps:
        return None
    with style():
        figure = Figure(figsize=(10.6, 3.2))
        axes = figure.add_subplot()
        _line(axes, run.steps, run.largest_parameter, "muted", ":", "largest parameter, by torch")
        _line(axes, run.steps, run.max_difference, "disagrees", "-", "largest difference of any parameter")
        _line(axes, run.steps, run.median_difference, "manual", (0, (4, 2)), "median over trials of the largest")
        axes.set(yscale="log", xlabel="step of training", ylabel="size, in the parameters' unit")
        powers_of_ten(axes.yaxis)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0)
        leave_margins(figure, top=0.35)
    end, size = run.max_difference[-1], run.largest_parameter[-1]
    return Picture(
        name="training",
        title=f"After {count(len(run.steps), 'step')} of training the two sides are {short(end)} apart",
        caption=f"{count(run.trials, 'trial')} trained by both sides from the same start: by hand with the "
        "derivation's own updates, by torch with the optimizer.",
        alternative=f"The largest difference of any parameter goes from {short(run.max_difference[0])} after the first "
        f"step to {short(end)} after the last; the largest parameter is then {short(size)}.",
        panels=(figure,),
    )


def _line(axes: Axes, xs: Sequence[int], ys: Sequence[float], role: str, dashes: Any, label: str) -> None:
    few = len(xs) <= 40
    axes.plot(
        xs,
        [_drawn(y) for y in ys],
        color=PALETTE[role],
        linestyle=dashes,
        linewidth=1.5,
        marker="o" if few else None,
        markersize=3.5,
        label=label,
    )
