"""The graph of equations as a picture: which are right, which are wrong, and what a wrong one taints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from gradproof.check.facts.result import CheckResult
from gradproof.check.facts.verdict import Verdict
from gradproof.report.figures.graph import WIDEST, Layout, lay_out
from gradproof.report.figures.style import MARKERS, PALETTE, Picture, style
from gradproof.report.wording import count

_ROW, _LETTER, _GAP, _MARGIN, _ENTRY = 11.0, 4.25, 34.0, 8.0, 45.0
"""In points: a row, a letter of a label, the space for arrows, the margin, an entry of the legend without its word."""

ROOM = 840.0
"""A graph that is wider goes on below in more bands, in points: what a page shows without making it smaller."""

MOST = 300
"""A graph of more equations is shown where it is wrong alone."""

_NARROWEST, _STUB = 5, 7.0


def graph_picture(result: CheckResult, inputs: Mapping[str, Sequence[str]]) -> Picture | None:
    """The graph of a case's equations; None where what they read is not known.

    Args:
        result: The outcome, which colours the nodes.
        inputs: By equation: what it reads.
    """
    shown = _shown(result, inputs)
    if not shown:
        return None
    verdicts = {one.equation: one.verdict for one in result.results}
    last = [one.equation for one in result.results if one.kind == "update"]
    layout = _fitting(shown, [name for name in last if name in shown])
    with style():
        figure = _draw(layout, verdicts)
    wrong, tainted = result.count(Verdict.DISAGREES), result.count(Verdict.INHERITS)
    if not wrong:
        title = "How the equations depend on each other"
    else:
        which = "One equation is" if wrong == 1 else f"{wrong} equations are"
        rest = f"what {'it taints' if wrong == 1 else 'they taint'} is marked" if tainted else "no other is tainted"
        title = f"{which} wrong; {rest}"
    part = f"; of {len(inputs):,} equations those about a wrong one" if len(shown) < len(inputs) else ""
    bands = f", in {layout.bands} bands as in lines of a text" if layout.bands > 1 else ""
    return Picture(
        name="graph",
        title=title,
        caption=f"From what is drawn on the left to the updated parameters on the right{bands}. A line joins what is "
        f"read to what reads it; lines that follow from others are left out{part}.",
        alternative=_alternative(result, layout, len(shown)),
        panels=(figure,),
    )


def _shown(result: CheckResult, inputs: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """What is drawn: all that is not too much to be read, else what is wrong with what it reads and what reads it."""
    if len(inputs) <= MOST:
        return inputs
    wrong = {one.equation for one in result.wrong}
    about = wrong.union(*(inputs.get(name, ()) for name in wrong))
    about |= {name for name, read in inputs.items() if not wrong.isdisjoint(read)}
    found = {name: read for name, read in inputs.items() if name in about}
    return found if len(found) <= MOST else {}


def _fitting(inputs: Mapping[str, Sequence[str]], last: Sequence[str]) -> Layout:
    """The layout with as many columns beside each other as there is room for."""
    for widest in range(WIDEST, _NARROWEST, -1):
        layout = lay_out(inputs, last, widest=widest)
        if _columns(layout)[1] <= ROOM:
            return layout
    return lay_out(inputs, last, widest=_NARROWEST)


def _draw(layout: Layout, verdicts: Mapping[str, str]) -> Figure:
    lefts, width = _columns(layout)
    shown = [verdict for verdict in Verdict if verdict in verdicts.values()]
    width = max(width, _MARGIN + sum(_ENTRY + len(_label(verdict)) * _LETTER for verdict in (*shown, "")))
    height = (layout.rows + 2) * _ROW + 2 * _MARGIN
    figure = Figure(figsize=(width / 72, height / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    places = {n.name: (lefts[n.column], _MARGIN + (n.row + 2.5) * _ROW) for n in layout.nodes.values()}
    _edges(axes, layout, places, verdicts)
    for verdict in ("", *reversed(Verdict)):
        names = [name for name in places if verdicts.get(name, "") == verdict]
        if names:
            _nodes(axes, names, places, verdict)
    handles = [_handle(verdict) for verdict in shown]
    axes.legend(handles=[*handles, _handle("")], loc="upper left", ncols=len(handles) + 1, borderaxespad=0.2)
    return figure


def _label(verdict: str) -> str:
    return verdict or "drawn at random"


def _columns(layout: Layout) -> tuple[list[float], float]:
    """The left edge of each column, and the width of all: as wide as the longest label of each."""
    lefts, x = [], _MARGIN
    for column in range(layout.columns):
        lefts.append(x)
        longest = max(len(n.name) for n in layout.nodes.values() if n.column == column)
        x += 9 + longest * _LETTER + _GAP
    return lefts, x - _GAP + _MARGIN


def _edges(axes: Axes, layout: Layout, places: Mapping[str, tuple[float, float]], verdicts: Mapping[str, str]) -> None:
    """All edges as two paths: those that a mistake goes along, above the others."""
    for bad in (False, True):
        ways = []
        for start, end in layout.edges:
            if _bad((start, end), verdicts) == bad:
                (x0, y0), (x1, y1) = places[start], places[end]
                ways.append(_way(x0 + 9 + len(start) * _LETTER, y0, x1 - 5, y1))
        if ways:
            axes.add_patch(
                PathPatch(
                    Path.make_compound_path(*ways),
                    facecolor="none",
                    edgecolor=PALETTE["disagrees" if bad else "muted"],
                    alpha=0.9 if bad else 0.4,
                    linewidth=1.1 if bad else 0.6,
                )
            )


def _way(x0: float, y0: float, x1: float, y1: float) -> Path:
    """From one node to another; back to the left, in a band below, the line breaks off and is taken up there."""
    if x1 < x0:
        return Path([(x0, y0), (x0 + _STUB, y0), (x1 - _STUB, y1), (x1, y1)], [Path.MOVETO, Path.LINETO] * 2)
    middle = (x0 + x1) / 2
    return Path([(x0, y0), (middle, y0), (middle, y1), (x1, y1)], [Path.MOVETO, *[Path.CURVE4] * 3])


def _bad(edge: tuple[str, str], verdicts: Mapping[str, str]) -> bool:
    """Whether a mistake goes along this edge."""
    return all(verdicts.get(end) in (Verdict.DISAGREES, Verdict.INHERITS) for end in edge)


def _nodes(axes: Axes, names: Sequence[str], places: Mapping[str, tuple[float, float]], verdict: str) -> None:
    marks = _handle(verdict)
    xs, ys = zip(*(places[name] for name in names), strict=True)
    axes.plot(
        xs,
        ys,
        linestyle="none",
        marker=marks.get_marker(),
        markersize=marks.get_markersize(),
        markerfacecolor=marks.get_markerfacecolor(),
        markeredgecolor=marks.get_markeredgecolor(),
        markeredgewidth=marks.get_markeredgewidth(),
    )
    wrong = verdict in (Verdict.DISAGREES, Verdict.INHERITS)
    for name, x, y in zip(names, xs, ys, strict=True):
        axes.text(
            x + 6,
            y,
            name,
            va="center_baseline",
            family="DejaVu Sans Mono",
            fontsize=7,
            bbox={"facecolor": PALETTE["paper"], "edgecolor": "none", "pad": 0.3, "alpha": 0.8},
            fontweight="bold" if verdict == Verdict.DISAGREES else "normal",
            color=PALETTE[verdict] if wrong else PALETTE["ink"] if verdict else PALETTE["muted"],
        )


def _handle(verdict: str) -> Line2D:
    """How a verdict is marked; the empty one is that of a drawn quantity."""
    if not verdict:
        colour, face, marker, size = PALETTE["muted"], PALETTE["muted"], "|", 5.0
    else:
        colour, marker = PALETTE[verdict], MARKERS[verdict]
        face = "none" if verdict == Verdict.UNCHECKED else colour
        size = 7.0 if verdict == Verdict.DISAGREES else 5.0
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=marker,
        markersize=size,
        markerfacecolor=face,
        markeredgecolor=colour,
        markeredgewidth=0.9 if face == "none" or not verdict else 0.0,
        label=_label(verdict),
    )


def _alternative(result: CheckResult, layout: Layout, equations: int) -> str:
    parts = [f"A graph of {count(equations, 'equation')} in {count(layout.columns, 'column')}."]
    for one in result.wrong:
        tainted = [other.equation for other in result.results if one.equation in other.inherits_from]
        reads = f"taints {', '.join(tainted)}" if tainted else "taints no other"
        parts.append(f"{one.equation} is wrong and {reads}.")
    return " ".join(parts)
