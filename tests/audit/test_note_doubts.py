"""What may be said against an accusation, each kind with a right note that is left alone and a slip that is found."""

from __future__ import annotations

import pytest

from gradproof.audit.own.judging import audit_itself
from gradproof.audit.own.weighing.words import of_another_case

_SIGNS = r"""
$\sigma(t) = 1/(1+e^{-t})$ and $y_i \in \{-1, +1\}$, $J = \sum_{i=1}^n \log(1 + e^{-y_i z_i})$.
$$\frac{\partial J}{\partial z_i} = -y_i \sigma(-y_i z_i)$$
With $t_i = (1 + y_i)/2$ and $p_i = \sigma(z_i)$ we have $p_i - t_i = -y_i \sigma(-y_i z_i)$.
"""
_DOTTED = r"""
$x_i$ for $i = 1, \dots, m$, $\hat x_i = x_i^3 - \mu$, $y_i = \gamma \hat x_i + \beta$,
with $\dot y_i := \partial \ell / \partial y_i$.
$$\dot{\hat x}_i = \gamma \dot y_i, \qquad \dot\gamma = \sum_{i=1}^m \dot y_i \hat x_i$$
"""
_PRIMES = r"""
$Q = (y - X b)'(y - X b) + \lambda b'b$ with $X \in \mathbb{R}^{n \times k}$.
$$\frac{\partial Q}{\partial b} = -2 X'(y - X b) + 2 \lambda b$$
"""
_GATES = r"""
$$a^i_t = W_i x_t, \quad i_t = \tanh(a^i_t), \quad L = \sum_{t=1}^T c^\top i_t$$
$$\frac{\partial L}{\partial a^i_t} = c \odot (1 - i_t^2)$$
"""
_ONES = r"""
$Z = X W + \mathbf 1 b^\top$ with $X \in \mathbb{R}^{n \times d}$ and $L = \frac12 \|Z\|^2$.
$$\frac{\partial L}{\partial b} = Z^\top \mathbf 1$$
"""
_RESIDUAL = r"""
$y = W x$ and $\bar y = \partial L / \partial y$. Then $\partial L / \partial x = W^\top \bar y$.

With the residual $z = x + y$, the gradient $\partial L / \partial z$ reaches both.
"""
_ERRORS = r"""
$e = y - H m$, $\ell = \frac12 e^T S^{-1} e$ with a covariance matrix $S$.
$$\frac{\partial \ell}{\partial e} = S^{-1} e, \qquad \frac{\partial \ell}{\partial m} = -H^T S^{-1} e$$
"""


@pytest.mark.parametrize(
    ("note", "right", "slip"),
    [
        (_SIGNS, r"p_i - t_i = -y_i", r"p_i - t_i = y_i"),
        (_DOTTED, r"\gamma \dot y_i,", r"\beta \dot y_i,"),
        (_PRIMES, r"-2 X'(y", r"2 X'(y"),
        (_GATES, r"(1 - i_t^2)", r"(1 - i_t)"),
        (_ONES, r"Z^\top \mathbf 1", r"2 Z^\top \mathbf 1"),
        (_RESIDUAL, r"= W^\top \bar y", r"= -W^\top \bar y"),
        (_ERRORS, r"-H^T S", r"H^T S"),
    ],
)
def test_what_is_right_holds_and_its_slip_is_found(note: str, right: str, slip: str) -> None:
    assert {verdict.status for verdict in audit_itself(note, mends=False).verdicts} == {"holds"}
    assert note.count(right) == 1
    found = audit_itself(note.replace(right, slip), mends=False).verdicts
    assert [v.status for v in found if v.status != "holds"] == ["WRONG"]


@pytest.mark.parametrize(
    "line",
    [
        r"Assume that all is centred, $\sum_j z_j = \sum_j v_j$.",
        r"At test time $\frac{\partial L}{\partial z_i} = 3 v_i$.",
        r"For the sigmoid $\frac{\partial L}{\partial z_i} = z_i v_i$.",
        r"The shapes are $(d \times n)(n \times h) = d \times h$.",
        r"$v_i \approx z_i = 2 z_i - 1$ is close to it.",
        r"If $E$ is the mean, $E L = 2 z_1$.",
    ],
)
def test_what_is_said_of_another_case_is_not_called_wrong(line: str) -> None:
    note = r"$L = \sum_{i=1}^n z_i v_i$ and $\frac{\partial L}{\partial z_i} = v_i$." + f"\n\n{line}\n"
    found = audit_itself(note, mends=False)
    assert found.count("WRONG") == 0
    assert found.count("holds") >= 2


def test_condition_with_a_number_is_made_use_of() -> None:
    note = r"""
$v = \frac1d \sum_{i=1}^d x_i^2$ and $\hat x_i = x_i / \sqrt{v + \epsilon}$.

With $\epsilon = 0$ we have $\sum_{i=1}^d \hat x_i^2 = VALUE$.
"""
    assert audit_itself(note.replace("VALUE", "d"), mends=False).verdicts[-1].status == "holds"
    assert audit_itself(note.replace("VALUE", "d + 1"), mends=False).verdicts[-1].status != "holds"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("All is well. Suppose that ", "Suppose"),
        ("Suppose $x$. Then ", ""),
        ("so for ReLU we have ", "for ReLU we have"),
        ("for each example ", ""),
        ("# What if it is another one?\n\nThen ", "What if"),
        ("The chain rule gives ", ""),
    ],
)
def test_words_that_speak_of_another_case(text: str, said: str) -> None:
    assert of_another_case(f"{text}$a = b$", len(text)) == said
