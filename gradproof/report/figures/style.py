"""How all pictures look: one palette, which the page's style sheet can exchange, and SVG without anything random."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO, StringIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.ticker import FuncFormatter, NullLocator
from numpy.typing import NDArray

Pixels = NDArray[Any]
_DPI = 160

PALETTE = {
    "paper": "#ffffff",
    "ink": "#1d2125",
    "muted": "#59616b",
    "line": "#d4d8dd",
    "faint": "#e9ebee",
    "agrees": "#0c7457",
    "disagrees": "#b4231f",
    "inherits": "#a85a00",
    "inconclusive": "#6c4ba6",
    "undefined": "#3d5a80",
    "unchecked": "#6b7178",
    "manual": "#1a5fb4",
    "autograd": "#b5560c",
}
"""By role, as on paper. In a page each is a CSS variable of this name, so that a dark page has its own."""

MARKERS = {
    "agrees": "o",
    "disagrees": "X",
    "inherits": "^",
    "inconclusive": "D",
    "undefined": "s",
    "unchecked": "o",
}
"""A shape for each verdict: colour is never the only sign."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

_STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "svg.fonttype": "none",
    "svg.image_inline": True,
    "axes.edgecolor": PALETTE["muted"],
    "axes.labelcolor": PALETTE["ink"],
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": PALETTE["faint"],
    "grid.linewidth": 0.7,
    "text.color": PALETTE["ink"],
    "xtick.color": PALETTE["muted"],
    "ytick.color": PALETTE["muted"],
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.visible": False,
    "ytick.minor.visible": False,
    "axes.unicode_minus": True,
    "text.parse_math": False,  # a name may hold a dollar sign
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "path.simplify": True,
}


@dataclass(frozen=True)
class Picture:
    """A picture of what a check has found.

    Attributes:
        name: A short name: of its file, and of its place in the page.
        title: What to see.
        caption: How to read it.
        alternative: What it shows, for those who do not see it.
        panels: One drawing or several that stand beside each other where there is room.
    """

    name: str
    title: str
    caption: str
    alternative: str
    panels: tuple[Figure, ...]


@contextmanager
def style() -> Iterator[None]:
    """Draw in the style of the reports; matplotlib's own settings are as before afterwards."""
    with mpl.rc_context():
        current: dict[Any, Any] = mpl.rcParams
        dict.update(current, _settings())  # as they are: they have been checked
        yield


@cache
def _settings() -> dict[str, Any]:
    """All of matplotlib's settings that say how a drawing looks: its defaults, and this style on top."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        return {name: value for name, value in dict.items(mpl.rcParams) if not name.startswith("backend")}


def leave_margins(figure: Figure, *, top: float, between: float = 0.0) -> None:
    """Room for labels around the axes, in inches: known beforehand, as finding it takes longer than drawing.

    Args:
        figure: The drawing.
        top: The room above, for a legend.
        between: The room between two axes, as a share of their height.
    """
    width, height = figure.get_size_inches()
    figure.subplots_adjust(
        left=0.8 / width, right=1 - 0.15 / width, bottom=0.5 / height, top=1 - top / height, hspace=between
    )


def svg(figure: Figure, name: str) -> str:
    """A drawing as an `svg` element for a page: its colours are the page's variables, its names its own."""
    buffer = StringIO()
    with style(), mpl.rc_context({"svg.hashsalt": name}):
        metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", metadata=metadata, transparent=True)
    text = buffer.getvalue()
    return _themed(_own_names(text[text.index("<svg") :], name))


def png(picture: Picture) -> bytes:
    """A picture as a file: its title, and below that its panels, three beside each other."""
    rows = [picture.panels[start : start + 3] for start in range(0, len(picture.panels), 3)]
    strips = [_beside([_pixels(panel) for panel in row]) for row in rows]
    width = max(strip.shape[1] for strip in strips)
    with style():
        heading = Figure(figsize=(width / _DPI, 0.34))
        heading.text(0.1 * _DPI / width, 0.35, picture.title, fontsize=10, fontweight="bold")
    strips = [_pixels(heading), *strips]
    padded = [np.pad(s, ((0, 0), (0, width - s.shape[1]), (0, 0)), constant_values=255) for s in strips]
    out = BytesIO()
    imsave(out, np.concatenate(padded), format="png", metadata={"Software": ""}, pil_kwargs={"compress_level": 4})
    return out.getvalue()


def _pixels(figure: Figure) -> Pixels:
    """A drawing on white paper, `(height, width, 4)` bytes."""
    buffer = BytesIO()
    with style():
        figure.savefig(buffer, format="rgba", dpi=_DPI, facecolor="white")
    return np.frombuffer(buffer.getvalue(), np.uint8).reshape(int(figure.get_figheight() * _DPI), -1, 4)


def _beside(images: Sequence[Pixels]) -> Pixels:
    height = max(image.shape[0] for image in images)
    padded = [np.pad(i, ((0, height - i.shape[0]), (0, 0), (0, 0)), constant_values=255) for i in images]
    return np.concatenate(padded, axis=1)


def _own_names(text: str, name: str) -> str:
    """Names that are referred to get the picture's name in front; all others go, as pictures share them."""
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', text))
    text = re.sub(r' id="([^"]*)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", text)
    text = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", text)
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    return re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)


def _themed(text: str) -> str:
    """Colours as variables, fonts as the page's, and the width left to the page."""
    for role, colour in PALETTE.items():
        text = text.replace(colour, f"var(--{role})")
    text = text.replace("'DejaVu Sans Mono'", "var(--mono)").replace("'DejaVu Sans'", "var(--sans)")
    head, rest = text.split(">", 1)
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', head)
    assert size is not None
    box = f"0 0 {size[1]} {size[2]}"
    start = f'<svg viewBox="{box}" style="--width: {float(size[1]) * 4 / 3:.0f}px" aria-hidden="true" focusable="false"'
    return f'{start} xmlns:xlink="http://www.w3.org/1999/xlink">{rest}'.strip()


def powers_of_ten(axis: Axis) -> None:
    """Ticks of a logarithmic axis as `10⁻³`, without markup."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(value)))
    axis.set_minor_locator(NullLocator())


def power_of_ten(value: float) -> str:
    """`0.001` as `10⁻³`; a number that is no power of ten as it is."""
    exponent = round(math.log10(value)) if value > 0 else 0
    if value <= 0 or not math.isclose(value, 10.0**exponent):
        return f"{value:g}"
    if exponent in (0, 1):
        return "1" if exponent == 0 else "10"
    return "10" + str(exponent).translate(_RAISED)
