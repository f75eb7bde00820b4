"""The kinds of planted mistakes: one table for gradients in tests and for equations of a case.

A kind says in words what a gradient is that has it: where a mistake of a text has that value, in the words of the
table of mutation operators. Neither torch nor pandas is needed to know them.
"""

from __future__ import annotations

from dataclasses import dataclass

from gradproof.operators import table


@dataclass(frozen=True)
class Kind:
    """One way in which a gradient is wrong.

    Attributes:
        name: What frames and JSON call it.
        words: What such a gradient is, after "a gradient that".
        needs: What a test must do for it to differ from the right one; empty where it always may.
    """

    name: str
    words: str
    needs: str = ""


KINDS = (
    Kind("zero", "is zero"),
    Kind("sign", table.SIGN.value),
    Kind("doubled", table.CONSTANT_FACTOR.value),
    Kind("upstream ignored", "does not depend on the upstream gradient"),
    Kind("too large", "is too large in every entry, by its largest entry"),
    Kind("too small", "is too small in every entry, by its largest entry"),
    Kind("shifted", "has its entries in the wrong order, each one place on"),
    Kind("one entry", "is wrong in one entry"),
    Kind("not a number", "is not a number in one entry"),
    Kind("missing", "is not there: None"),
    Kind("transposed", table.TRANSPOSED.value),
    Kind("wrong axis", table.AXIS.value),
    Kind("mean for sum", table.REDUCTION.value),
    Kind("one row", "is wrong in one row"),
    Kind("last tile", "is zero in its last columns, as where the last tile is left out"),
    Kind(
        "non-contiguous", "is wrong for cotangents that are not contiguous", needs="a cotangent that is not contiguous"
    ),
    Kind("half precision", "is wrong in half precision only", needs="float16 or bfloat16"),
    Kind("detached", "cannot be differentiated again", needs="a second derivative"),
)
"""In the order in which they are planted: the most telling first."""

SCALED = "scaled"
"""Every entry off by a share of itself, some up and some down: what the resolution is found with."""

BY_NAME = {kind.name: kind for kind in KINDS}
EXISTS_ONLY = frozenset(("not a number", "missing"))
"""Seen by whoever only asks whether there is a gradient, of the right form and finite."""
