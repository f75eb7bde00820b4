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


CONVENTION = r"""
Repeated indices are summed over. $$y_i = A_{ij} x_j, \quad E = \frac{1}{2} (y_i - t_i)^2$$
$$\frac{\partial E}{\partial x_j} = (y_i - t_i) A_{ij}$$
"""
TARGET = r"""
$x_k \in \mathbb{R}^m$ and $$x_{k+1} = x_k + s \tanh(A x_k), \quad C = \frac{1}{2} \| x_K - x^* \|^2, \quad
\frac{\partial C}{\partial A} = s \sum_{k=0}^{K-1} ((1 - \tanh^2(A x_k)) \odot
\frac{\partial C}{\partial x_{k+1}}) x_k^\top$$
"""
POSITIVE_OF_MANY = r"""
$$s_+ = \frac{z^\top z^+}{\tau}, \quad s_m = \frac{z^\top n_m}{\tau}, \quad
\ell = \log(e^{s_+} + \sum_{m=1}^{M} e^{s_m}) - s_+$$
$$\frac{\partial \ell}{\partial z^+} = \frac{1}{\tau} \left( \frac{e^{s_+}}{e^{s_+} +
\sum_{m=1}^{M} e^{s_m}} - 1 \right) z$$
"""
BY_A_SQUARE = r"""
$$L = \frac{(x - m)^2}{2 \sigma^2} + \frac{1}{2} \log \sigma^2, \quad
\frac{\partial L}{\partial \sigma^2} = \frac{1}{2 \sigma^2} - \frac{(x - m)^2}{2 \sigma^4}$$
"""
MARGIN = r"""
$$d = \| u - v \|, \quad C = \frac12 d^2 + \frac12 \max(0, \gamma - d)^2$$
$$\frac{\partial C}{\partial d} = d - \max(0, \gamma - d)$$
"""
POLICY = r"""
$$\pi_a = \frac{e^{h_a}}{\sum_b e^{h_b}}, \quad \log p = -\frac{(u - m)^2}{2 s^2} - \log s - \frac12 \log(2 \pi)$$
With $m = w^\top q$: $$\frac{\partial \log p}{\partial w} = \frac{u - m}{s^2} q$$
"""
FORWARD = r"""
$$a_{1,k} = q_{1,k}, \quad a_{2,k} = q_{2,k} + \log \sum_j \exp(a_{1,j} + T_{jk}), \quad
\log Z = \log \sum_k \exp(a_{2,k})$$ $$\mu_k = \frac{\partial \log Z}{\partial a_{2,k}}, \quad
\frac{\partial a_{2,k}}{\partial a_{1,j}} = \exp(a_{1,j} + T_{jk} + q_{2,k} - a_{2,k}), \quad \sum_k \mu_k = 1$$
"""
CHAINED = r"""
$$t = A^\top v, \quad q = \text{softmax}(t), \quad J = -\sum_i y_i \log q_i, \quad
\frac{\partial J}{\partial v} = \frac{\partial t}{\partial v} \frac{\partial J}{\partial t} = A (q - y)$$
"""
NAMED_IN_WORDS = r"""
$a = W x$ for a vector $x$, $s = \sigma(a)$ with the logistic $\sigma$, $g = a \odot s$, $E = \frac12 \| g - t \|^2$.
$$\frac{\partial E}{\partial a} = (g - t) \odot (s + a \odot s \odot (1 - s))$$
"""
DIVIDED = r"""
$$r_t = \beta r_{t-1} + (1 - \beta) g_t^2, \quad w_t = w_{t-1} - \frac{\eta}{\sqrt{r_t} + \epsilon} g_t, \quad
g_t = B w_{t-1}$$
With $r_0 = 0$: $$r_1 = (1 - \beta) g_1^2, \quad r_2 = (1 - \beta) (\beta g_1^2 + g_2^2)$$
"""


@pytest.mark.parametrize(
    ("note", "right", "slip"),
    [
        (CONVENTION, r"= (y_i - t_i) A_{ij}", r"= (y_i - t_i) A_{ji}"),
        (TARGET, r"x_k^\top", r"x_{k+1}^\top"),
        (POSITIVE_OF_MANY, r"- 1 \right)", r"+ 1 \right)"),
        (BY_A_SQUARE, r"= \frac{1}{2 \sigma^2}", r"= \frac{1}{\sigma^2}"),
        (MARGIN, r"d - \max(0, \gamma - d)$$", r"d + \max(0, \gamma - d)$$"),
        (POLICY, r"\frac{u - m}{s^2} q", r"\frac{m - u}{s^2} q"),
        (FORWARD, r"+ T_{jk} + q", r"+ T_{kj} + q"),
        (FORWARD, r"\mu_k = 1", r"\mu_k = 0"),
        (CHAINED, r"= A (q - y)", r"= A^\top (q - y)"),
        (NAMED_IN_WORDS, r"\odot (s + a", r"\odot (s - a"),
        (DIVIDED, r"(\beta g_1^2 + g_2^2)", r"(g_1^2 + \beta g_2^2)"),
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
