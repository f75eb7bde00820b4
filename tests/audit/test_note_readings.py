"""How a note's names and conditions are read: what is right holds, and one slip in it is found."""

from __future__ import annotations

import pytest

from gradproof.audit.own.judging import audit_itself
from gradproof.audit.own.shapes.spaces import plainly, symmetric_names
from gradproof.audit.reading.limits import Limits

ONE_PAIR = r"""
$$e_{ui} = r_{ui} - p_u^\top q_i, \quad L = \frac{1}{2} e_{ui}^2 + \frac{\lambda}{2} \|q_i\|^2$$
$$\frac{\partial L}{\partial q_i} = -e_{ui} p_u + \lambda q_i$$
"""
POSITIVE_KEY = r"""
Let $s_j = q^\top k_j$ and $P_j = \frac{e^{s_j}}{\sum_{l'=1}^{N} e^{s_{l'}}}$, and $L = -\log P_p$.
$$\frac{\partial L}{\partial k_p} = (P_p - 1) q, \qquad \frac{\partial L}{\partial k_j} = P_j q \quad (j \neq p)$$
"""
HINGE = r"""
$$L = \max(0, \|a - p\|^2 - \|a - n\|^2 + m)$$

If $L > 0$:

$$\frac{\partial L}{\partial a} = 2 (n - p)$$
"""
TWO_LOSSES = r"""
$$\ell = \frac12 \sum_{i=1}^{N} (x_i - \mu)^2$$ $$\frac{\partial \ell}{\partial \mu} = -\sum_{i=1}^{N} (x_i - \mu)$$
For another model $$\ell = \sum_{i=1}^{N} (e^{\mu} - x_i \mu)$$
$$\frac{\partial \ell}{\partial \mu} = \sum_{i=1}^{N} (e^{\mu} - x_i)$$
"""
OTHER_SIDE = r"""
$$Z = B X, \quad E = X - A Z, \quad L = \frac12 \|X - A B X\|_F^2 = \frac12 \operatorname{tr}(E^T E)$$
$$\frac{\partial L}{\partial Z} = -A^T E$$
"""
MINIMISER = r"""
Let $f(w) = \frac12 \|y - \Phi w\|^2$. The minimiser is $\hat{w} = (\Phi^\top \Phi)^{-1} \Phi^\top y$.

# Ridge

$$w^\star = (\Phi^\top \Phi + \lambda I)^{-1} \Phi^\top y$$
"""
CONVOLVED = r"""
With $M = N - 2$: $$z_i = b + \sum_{j=1}^{3} k_j x_{i+j-1}, \quad L = \frac{1}{2} \sum_{i=1}^{M} z_i^2$$
$$\frac{\partial L}{\partial k_j} = \sum_{i=1}^{M} z_i x_{i+j-1}$$
"""
STARTS_AT_ZERO = r"""
From $h^{(0)} = 0$ it computes $$a^{(t)} = W h^{(t-1)} + U x^{(t)}, \quad h^{(t)} = \tanh(a^{(t)})$$
$$L = \frac12 \sum_{t=1}^{T} \| h^{(t)} - y^{(t)} \|^2, \quad \delta^{(t)} = \frac{\partial L}{\partial a^{(t)}}$$
$$\frac{\partial L}{\partial W} = \sum_{t=2}^{T} \delta^{(t)} {h^{(t-1)}}^\top$$
"""


@pytest.mark.parametrize(
    ("note", "right", "slip"),
    [
        (STARTS_AT_ZERO, r"{h^{(t-1)}}^\top", r"{h^{(t)}}^\top"),
        (ONE_PAIR, r"-e_{ui} p_u", r"e_{ui} p_u"),
        (POSITIVE_KEY, r"= P_j q", r"= -P_j q"),
        (HINGE, r"2 (n - p)", r"2 (p - n)"),
        (TWO_LOSSES, r"\sum_{i=1}^{N} (e^{\mu} - x_i)", r"\sum_{i=1}^{N} (e^{\mu} + x_i)"),
        (OTHER_SIDE, r"= -A^T E", r"= A^T E"),
        (CONVOLVED, r"z_i x_{i+j-1}", r"z_i x_{i+j}"),
    ],
)
def test_reading_accepts_what_is_right_and_catches_a_slip(note: str, right: str, slip: str) -> None:
    assert {verdict.status for verdict in audit_itself(note, mends=False).verdicts} <= {"holds"}
    assert note.count(right) == 1
    assert "WRONG" in {verdict.status for verdict in audit_itself(note.replace(right, slip), mends=False).verdicts}


def test_inverse_of_a_product_has_enough_rows_to_be_one() -> None:
    assert {verdict.status for verdict in audit_itself(MINIMISER, mends=False).verdicts} == {"holds"}


def test_condition_that_holds_in_no_trial_accuses_nobody() -> None:
    note = HINGE.replace("L > 0", "L < 0").replace("(n - p)", "(p - n)")
    assert "WRONG" not in {verdict.status for verdict in audit_itself(note, mends=False).verdicts}


@pytest.mark.parametrize(
    ("prose", "names"),
    [
        (r"let $\bm{R}$ be the symmetric positive definite noise covariance.", {"R"}),
        (r"where $A$ and $B$ are symmetric", {"A", "B"}),
        (r"with the covariance matrix $\Sigma$", {r"\Sigma"}),
        (r"a prior of covariance $P$ (symmetric)", {"P"}),
        ("the Hessian, which is symmetric", set()),
        ("all matrices are symmetric", None),
    ],
)
def test_symmetric_matrices_are_named_by_prose(prose: str, names: set[str] | None) -> None:
    assert symmetric_names(plainly(prose, Limits())) == names
