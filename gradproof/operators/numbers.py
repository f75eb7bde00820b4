"""The numbers that an edit may put in: small ones, powers, axes, and the epsilons that keep a denominator from 0."""

from __future__ import annotations

import re
from collections.abc import Iterator

_POWER = re.compile(r"(\d)e-0(\d)\b")

NUMBERS: dict[float, float] = {1: 2.0, 2: 2.0, 0: 2.0, -1: 2.0, 0.5: 3.25, 3: 4.0, 4: 4.0}
"""Small numbers, and the bits that it takes to write each."""

EPSILONS: dict[float, float] = {
    1e-5: 2.0, 1e-8: 2.0, 1e-6: 2.5, 1e-7: 2.5, 1e-12: 2.5, 1e-10: 3.0, 1e-9: 3.0, 1e-3: 3.0, 1e-4: 3.0,
    1e-15: 3.5, 1e-16: 3.5,
}  # fmt: skip
"""What is usually added to a variance, a norm or a probability before it is divided by or its logarithm is taken."""

GUARDED = frozenset({"sqrt", "log", "reciprocal", "rsqrt", "log2", "log10"})
"""Functions whose argument is often kept from 0 by an epsilon."""

EXPONENTS: tuple[float, ...] = (2, 3, 0.5, -1, -0.5, 1, 1.5, -1.5, -2)
"""Powers, the usual ones first."""

AXES: tuple[int | None, ...] = (0, 1, -1, None, 2)
"""Axes of a reduction, the usual ones first; None goes over all."""

OTHER_NUMBER = 4.0
"""Bits of a number that is in no table."""

LARGEST_EPSILON = 2e-3


def number_bits(value: float) -> float:
    """Bits to write a number."""
    return NUMBERS.get(value, EPSILONS.get(value, OTHER_NUMBER))


def numbers_near(value: float) -> Iterator[tuple[float, float]]:
    """The numbers that may have been meant where one stands, each once, with how much less likely it is than the first.

    An epsilon is taken for another epsilon; any other number for its negative, its double, half, neighbours, tenfold,
    and for the small numbers.
    """
    if 0 < abs(value) <= LARGEST_EPSILON:
        others = [(other, 0.25 * rank) for rank, other in enumerate((*EPSILONS, 0.0))]
    else:
        near = [*(0, 1, 2), value + 1, value - 1, 2 * value, value / 2, *NUMBERS, -value]
        if not float(value).is_integer():
            near += [float(f"{value * factor:.12g}") for factor in (10, 0.1)] + [1 - value, 1 / value]
        others = [(other, 0.1 * rank) for rank, other in enumerate(near)]
    seen = {value}
    for other, more in others:
        if other not in seen:
            seen.add(other)
            yield _plain(other), more


def with_plain_powers(text: str) -> str:
    """A text that Python has made with its small numbers as a person writes them: `1e-5` for `1e-05`."""
    return _POWER.sub(r"\1e-\2", text)


def _plain(value: float) -> float:
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else value


def written_number(value: float) -> str:
    """A number as a person writes it: `1e-5` and not `1e-05`, `2` and not `2.0`."""
    text = repr(_plain(value))
    head, mark, power = text.partition("e")
    return f"{head}e{int(power)}" if mark else text
