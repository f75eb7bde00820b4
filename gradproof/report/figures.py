"""All pictures of a result, in the order in which a page shows them."""

from __future__ import annotations

from gradproof.report.collect import Details
from gradproof.report.figures_graph import graph_picture
from gradproof.report.figures_runs import scales_picture, training_picture
from gradproof.report.figures_style import Picture
from gradproof.report.figures_values import scatter_picture, share_picture
from gradproof.result import CheckResult

NAMES = ("graph", "values", "bounds", "scales", "training")
"""Of all pictures that there may be."""


def pictures(result: CheckResult, details: Details) -> tuple[Picture, ...]:
    """The pictures that there is something to show in."""
    found = (
        graph_picture(result, details.inputs),
        scatter_picture(details.scatters, len(result.wrong)),
        share_picture(result, details.spreads),
        scales_picture(result.scales),
        training_picture(result.trajectory),
    )
    return tuple(one for one in found if one is not None)
