"""Pictures of the trials: the share of the rounding bound that each equation used, and wrong values beside true."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.check.facts.verdict import Verdict
from gradproof.report.figures.style import MARKERS, PALETTE, Picture, leave_margins, powers_of_ten, style
from gradproof.report.wording import count, names, percent
from gradproof.studies.scatter import Scatter
from gradproof.studies.spread import Spread

LABELLED = 24
"""So many equations above the bound are named in the picture."""

FLOOR = 1e-4
"""Smaller shares stand at the foot of the picture."""


def share_picture(result: CheckResult, spreads: Sequence[Spread] = ()) -> Picture | None:
    """How much of its rounding bound every equation used; None where nothing was compared.

    Args:
        result: The outcome, with the largest share of all trials.
        spreads: How the shares of some equations are spread over trials.
    """
    compared = [(k, one) for k, one in enumerate(result.results, start=1) if one.trials]
    if not compared:
        return None
    above = [(k, one) for k, one in compared if one.bound_share > 1]
    within = [(k, one) for k, one in compared if one.bound_share <= 1]
    numbers = {one.equation: k for k, one in within}
    lines = [(numbers[one.equation], one) for one in spreads if one.equation in numbers]
    with style():
        figure = _shares(len(result.results), within, above, lines)
    most = max((one.bound_share for _, one in within), default=0.0)
    used = f"All {len(within)} equations use" if not above else "All others use"
    alternative = f"{used} {percent(most)} of their bound at most." if within else ""
    if above:
        alternative = f"Above the bound: {names([one.equation for _, one in above], LABELLED)}. {alternative}".strip()
    if lines:
        median = max(one.middle for _, one in lines)
        alternative += f" In an average trial it is {percent(median)} at most."
    spread = (
        f" Each line spans the middle 90% of {count(max(one.trials for _, one in lines), 'trial')}, with a tick at "
        "their median."
        if lines
        else ""
    )
    return Picture(
        name="bounds",
        title=_share_title(above, within),
        caption="Marks: the largest difference between hand and torch over all trials, as a share of what rounding can "
        "explain in that trial. At the foot: equal, or to a few units in the last place, which needs no bound."
        + spread,
        alternative=alternative,
        panels=(figure,),
    )


def _share_title(above: Sequence[tuple[int, EquationResult]], within: Sequence[tuple[int, EquationResult]]) -> str:
    if not above:
        return "Every difference is smaller than what rounding explains"
    how = "far above" if min(one.bound_share for _, one in above) > 1000 else "above"
    if not within:
        return f"{how.capitalize()} what rounding explains"
    return f"{count(len(above), 'equation')} {how} what rounding explains, the rest below"


def _shares(
    equations: int,
    within: Sequence[tuple[int, EquationResult]],
    above: Sequence[tuple[int, EquationResult]],
    lines: Sequence[tuple[int, Spread]],
) -> Figure:
    figure = Figure(figsize=(10.6, 3.8 if above else 2.9))
    grid = figure.add_gridspec(2 if above else 1, 1, height_ratios=[3, 5] if above else None)
    lower = figure.add_subplot(grid[-1, 0])
    lower.set(xlim=(0.4, equations + 0.6), ylim=(FLOOR / 1.6, 2.6), yscale="log")
    lower.set(xlabel="equation, by its number in the document", ylabel="share of its bound")
    lower.set_yticks([FLOOR, 1e-3, 1e-2, 0.1, 1.0], ["equal", "0.1%", "1%", "10%", "100%"])
    lower.yaxis.set_minor_locator(NullLocator())
    lower.xaxis.set_major_locator(MaxNLocator(integer=True))
    lower.axhline(1.0, color=PALETTE["ink"], linewidth=0.9, linestyle=(0, (5, 3)))
    lower.annotate(
        "all that rounding can explain",
        (1, 1.0),
        xycoords=("axes fraction", "data"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="right",
        fontsize=8,
    )
    lower.grid(visible=False, axis="x")
    _lines(lower, lines)
    largest = {k: one.high for k, one in lines}
    _marks(lower, [(k, one, max(one.bound_share, largest.get(k, 0.0), FLOOR)) for k, one in within])
    if above:
        upper = figure.add_subplot(grid[0, 0], sharex=lower)
        _above(upper, above, named=_room(above, equations))
    leave_margins(figure, top=0.12, between=0.1)
    return figure


def _lines(axes: Axes, lines: Sequence[tuple[int, Spread]]) -> None:
    """Where the middle of an equation's trials lies; nothing where it lies at zero."""
    shown = [(k, one) for k, one in lines if one.high > FLOOR]
    if not shown:
        return
    xs = [k for k, _ in shown]
    low, middle = [max(one.low, FLOOR) for _, one in shown], [max(one.middle, FLOOR) for _, one in shown]
    axes.vlines(xs, low, [one.high for _, one in shown], color=PALETTE["agrees"], linewidth=1.0, alpha=0.55)
    axes.plot(xs, middle, linestyle="none", marker="_", markersize=5, color=PALETTE["agrees"], markeredgewidth=1.2)


def _above(axes: Axes, above: Sequence[tuple[int, EquationResult]], *, named: bool) -> None:
    """What lies above the bound, on a scale of its own."""
    finite = [one.bound_share for _, one in above if math.isfinite(one.bound_share)]
    top = max(finite, default=10.0)
    axes.set(yscale="log", ylim=(1, top ** (2.1 if named else 1.3)), ylabel="times its bound")
    powers_of_ten(axes.yaxis)
    axes.set_yticks([10.0**k for k in range(0, math.ceil(math.log10(top)) + 1, max(1, math.ceil(math.log10(top) / 4)))])
    axes.tick_params(axis="x", labelbottom=False)
    axes.grid(visible=False, axis="x")
    _marks(axes, [(k, one, one.bound_share) for k, one in above if math.isfinite(one.bound_share)])
    for k, one in above if named else ():
        height = one.bound_share if math.isfinite(one.bound_share) else top
        axes.annotate(
            one.equation,
            (k, height),
            xytext=(0, 6),
            textcoords="offset points",
            rotation=90,
            ha="center",
            va="bottom",
            fontsize=6.5,
            family="DejaVu Sans Mono",
        )


def _room(above: Sequence[tuple[int, EquationResult]], equations: int) -> bool:
    """Whether names fit beside each other: each needs about a sixtieth of the width."""
    gaps = [after - before for (before, _), (after, _) in pairwise(above)]
    return len(above) <= LABELLED and min(gaps, default=equations) >= equations / 100


def _marks(axes: Axes, equations: Sequence[tuple[int, EquationResult, float]]) -> None:
    """Equations by number, each at a height, in the shape of its verdict."""
    for verdict in Verdict:
        points = [(k, height) for k, one, height in equations if one.verdict == verdict]
        if points:
            xs, ys = zip(*points, strict=True)
            axes.plot(
                xs,
                ys,
                linestyle="none",
                marker=MARKERS[verdict],
                markersize=7 if verdict == Verdict.DISAGREES else 4.5,
                color=PALETTE[verdict],
                markeredgewidth=0,
                clip_on=False,
            )


def scatter_picture(scatters: Sequence[Scatter], total: int) -> Picture | None:
    """Values of wrong equations beside the truth; None where there are none.

    Args:
        scatters: The values.
        total: How many equations are wrong.
    """
    if not scatters:
        return None
    with style():
        panels = tuple(_scatter(one) for one in scatters)
    rest = f" The first {len(scatters)} of {total} wrong equations are shown." if total > len(scatters) else ""
    return Picture(
        name="values",
        title="Wrong values beside the truth, trial by trial",
        caption="Right values would lie on the dashed line. Another straight line is a wrong sign or a lost factor; "
        f"a cloud is a wrong formula.{rest}",
        alternative=f"By hand against torch, for {', '.join(one.equation for one in scatters)}; "
        "the worst trial of each is given in numbers above.",
        panels=panels,
    )


def _scatter(one: Scatter) -> Figure:
    figure = Figure(figsize=(3.0, 3.05))
    axes = figure.add_axes((0.2, 0.14, 0.76, 0.76))
    values = [abs(value) for value in (*one.manual, *one.truth)]
    reach = 1.08 * max(values, default=1.0) or 1.0
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.plot([-reach, reach], [-reach, reach], color=PALETTE["ink"], linewidth=0.9, linestyle=(0, (5, 3)))
    axes.plot(
        one.truth,
        one.manual,
        linestyle="none",
        marker="o",
        markersize=3.6,
        color=PALETTE["disagrees"],
        alpha=0.5,
        markeredgewidth=0,
    )
    what = f"change of {one.change_of}" if one.change_of else one.equation
    axes.set_xlabel(f"{_short(what)} by torch")
    axes.set_ylabel(f"{_short(what)} by hand")
    axes.set_title(_short(one.equation, 34), family="DejaVu Sans Mono", fontsize=8, loc="left")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))
    return figure


def _short(text: str, length: int = 26) -> str:
    return text if len(text) <= length else text[: length - 1] + "\u2026"
