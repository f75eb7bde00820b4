r"""`\sigma(z)(1 - \sigma(z))` of a matrix is meant entry by entry: no accusation, and no cover for another slip."""

from __future__ import annotations

from gradproof.audit.auditing import audit_alone

NOTE = r"""
With $z = X W$ and $p = \sigma(z)$, where $X$ is $n \times d$ and $W$ is $d \times d$, use

$$\sigma(z) = \frac{1}{1 + e^{-z}}.$$

A fact is that $\sigma'(z) = \sigma(z)\,(1 %s \sigma(z))$.

$$J = \frac{1}{2} \sum_{i,j} (p_{ij} - y_{ij})^2$$
"""


def statuses(sign: str) -> list[str]:
    return [verdict.status for verdict in audit_alone(NOTE % sign).verdicts]


def test_product_of_values_accuses_nobody() -> None:
    assert "WRONG" not in statuses("-")


def test_slip_in_a_product_of_values_is_found() -> None:
    assert "WRONG" in statuses("+")
