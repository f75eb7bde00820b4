"""Another size of a case whose inputs have a single row: what a sum over rows would do is seen only there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradproof.case.kinds import Fixed, Rows
from gradproof.case.reference import Reference

ROWS = 3


def with_more_rows(references: Sequence[Reference]) -> tuple[Reference, ...]:
    """References with several rows for one; empty where some input of several axes has more than one already."""
    larger = []
    for reference in references:
        arrays = [draw for draw in reference.inputs.values() if len(draw.shape) > 1]
        fixed = any(isinstance(draw, Fixed) and not isinstance(draw, Rows) for draw in arrays)
        if not arrays or fixed or any(draw.shape[0] != 1 for draw in arrays):
            return ()
        inputs = {
            name: draw.with_shape((ROWS, *draw.shape[1:])) if len(draw.shape) > 1 else draw
            for name, draw in reference.inputs.items()
        }
        larger.append(replace(reference, inputs=inputs))
    return tuple(larger)
