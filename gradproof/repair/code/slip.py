"""One edit of a text, with what it says about the mistake."""

from __future__ import annotations

from typing import NamedTuple

from gradproof.operators import table
from gradproof.repair.formulas.rewrite import Span

ORDER = table.ORDER.name
"""The kind of a slip in the order in which things are done."""


class Slip(NamedTuple):
    """A mistake that somebody may have made, by the edit that mends it.

    Attributes:
        spans: What is replaced.
        bits: How unlikely it is.
        kind: The class of the slip.
        sentence: The slip in one line.
        reads: Names that the mended text reads and that may be no parameters yet.
    """

    spans: tuple[Span, ...]
    bits: float
    kind: str
    sentence: str
    reads: tuple[str, ...] = ()
