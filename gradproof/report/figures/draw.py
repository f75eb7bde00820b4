"""All pictures of a result, in the order in which a page shows them."""

from __future__ import annotations

from collections.abc import Callable

from gradproof.check.facts.failures import Failure, contained
from gradproof.check.facts.result import CheckResult
from gradproof.report.collect import Details
from gradproof.report.figures.dependencies import graph_picture
from gradproof.report.figures.runs import scales_picture, training_picture
from gradproof.report.figures.style import Picture
from gradproof.report.figures.values import scatter_picture, share_picture

NAMES = ("graph", "values", "bounds", "scales", "training")
"""Of all pictures that there may be."""


def pictures(result: CheckResult, details: Details, failures: list[Failure] | None = None) -> tuple[Picture, ...]:
    """The pictures that there is something to show in.

    Args:
        result: The outcome of a check.
        details: What is shown besides its records.
        failures: Where it is noted that a picture could not be drawn; without a list the exception is passed on.
    """
    drawers: dict[str, Callable[[], Picture | None]] = {
        "graph": lambda: graph_picture(result, details.inputs),
        "values": lambda: scatter_picture(details.scatters, len(result.wrong)),
        "bounds": lambda: share_picture(result, details.spreads),
        "scales": lambda: scales_picture(result.scales),
        "training": lambda: training_picture(result.trajectory),
    }
    drawn: list[Picture | None] = []
    for name, draw in drawers.items():
        with contained(failures, f"the picture {name} of {result.case}"):
            drawn.append(draw())
    return tuple(one for one in drawn if one is not None)
