"""Notes of strangers, in kinds: right lines are never accused, slips are found, mends are true."""

from __future__ import annotations

import pytest

from gradproof.audit.judging.results import Audit, Verdict
from gradproof.audit.own.judging import audit_itself

LAYER_NORM = r"""
The mean is $$m = \frac1n \sum_{i=1}^{n} x_i$$ and the output is $y_i = g_i z_i$ with $z_i = x_i - m$.
With $d_i = \frac{\partial L}{\partial y_i}$ we have
$$\frac{\partial L}{\partial x_j} = d_j g_j - \frac1n \sum_{i=1}^n d_i g_i$$
"""
TWO_LAYERS = r"""
The input is $x \in \mathbb{R}^{4}$.
$$z^{(1)} = W^{(1)} x + b^{(1)}, \qquad a^{(1)} = \tanh(z^{(1)})$$
$$z^{(2)} = W^{(2)} a^{(1)} + b^{(2)}, \qquad L = \frac12 \lVert z^{(2)} - t \rVert^2$$
Define $\delta^{(l)} = \frac{\partial L}{\partial z^{(l)}}$.
$$\delta^{(2)} = z^{(2)} - t$$
$$\delta^{(1)} = (MATRIX \delta^{(2)}) \odot (1 - a^{(1)} \odot a^{(1)})$$
$$\frac{\partial L}{\partial W^{(1)}} = \delta^{(1)} x^\top$$
$$W^{(1)} \leftarrow W^{(1)} - \eta \, \delta^{(1)} x^\top$$
"""
CONVOLUTION = r"""
$$y_i = \sum_{k=0}^{K-1} w_k x_{i+k} + b, \qquad i = 0, \dots, M-1$$ with $M = N - K + 1$ outputs.
With $g_i = \frac{\partial E}{\partial y_i}$:
$$\frac{\partial E}{\partial w_k} = \sum_{i=0}^{M-1} g_i x_{i+k}$$
"""
GATE = r"""
$$z_t = \tanh(W x_t + U h_{t-1})$$
$$h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tanh(V x_t)$$
Set $\delta_z = \frac{\partial E}{\partial z_t} \odot (1 - z_t \odot z_t)$. Then
$$\frac{\partial E}{\partial W} = \delta_z x_t^T$$
"""
ROWS = r"""
WORDS
$$\mu = X w$$
$$E(w) = \frac12 \sum_{n=1}^{N} (\mu_n - y_n)^2$$
$$\nabla_w E = \sum_{n=1}^{N} (\mu_n - y_n) x_n$$
$$\nabla^2 E = \sum_{n=1}^{N} x_n x_n^T$$
"""


def accused(found: Audit) -> list[Verdict]:
    """The accusations."""
    return [verdict for verdict in found.verdicts if verdict.status == "WRONG"]


def held(text: str) -> bool:
    """Whether every line of a note holds."""
    return {verdict.status for verdict in audit_itself(text, mends=False).verdicts} == {"holds"}


def mended(text: str) -> str:
    """The mended line of the only accusation."""
    (verdict,) = accused(audit_itself(text))
    return verdict.mend.latex if verdict.mend is not None else ""


@pytest.mark.parametrize(
    "later", ["", r"RMS norm has the output $u_i = \frac{x_i}{r}$ with $r = \sqrt{\frac1n \sum_{i=1}^n x_i^2}$."]
)
def test_later_function_of_an_input_is_no_input_of_the_loss(later: str) -> None:
    assert held(LAYER_NORM + later)


def test_loss_is_made_of_all_outputs_by_which_it_is_differentiated() -> None:
    text = r"""
    $u = a x^2$ and $v = b \sin x$, $p = \frac{\partial L}{\partial u}$ and $q = \frac{\partial L}{\partial v}$, so
    $$\frac{\partial L}{\partial x} = 2 p a x + q b \cos x$$
    """
    assert held(text)
    assert accused(audit_itself(text.replace(r" + q b \cos x", ""), mends=False))


def test_slip_in_a_line_beside_a_general_definition_is_blamed_alone() -> None:
    assert held(TWO_LAYERS.replace("MATRIX", r"(W^{(2)})^\top"))
    assert r"W^{(2)\top} \delta^{(2)}" in mended(TWO_LAYERS.replace("MATRIX", "W^{(2)}"))


@pytest.mark.parametrize("slip", ["g_i x_{i+k}", "g_i x_{i}", "g_k x_{i+k}"])
def test_sums_from_zero_are_judged_and_their_slips_found(slip: str) -> None:
    text = CONVOLUTION.replace(r"\sum_{i=0}^{M-1} g_i x_{i+k}", rf"\sum_{{i=0}}^{{M-1}} {slip}")
    assert bool(accused(audit_itself(text, mends=False))) == (slip != "g_i x_{i+k}")
    assert held(text) == (slip == "g_i x_{i+k}")


def test_mend_of_entries_counted_from_zero_is_printed_as_its_author_counts() -> None:
    text = CONVOLUTION.replace("= \\sum_{i=0}^{M-1} g_i", "= \\sum_{i=0}^{M-1} y_i")
    assert r"\sum_{i=0}^{M-1} g_{i} x_{i+k}" in mended(text)


def test_bare_letter_that_counts_from_zero_is_the_number_that_is_printed() -> None:
    text = r"$$p = \sum_{k=0}^{K-1} c_k x^k, \quad \frac{dp}{dx} = \sum_{k=0}^{K-1} k c_k x^{k-1}$$"
    assert held(text)
    assert accused(audit_itself(text.replace("k c_k", "c_k"), mends=False))


def test_name_that_leaves_out_its_step_is_that_of_the_step() -> None:
    assert held(GATE)
    assert accused(audit_itself(GATE.replace(r"\delta_z x_t^T", r"\delta_z h_{t-1}^T"), mends=False))


@pytest.mark.parametrize("order", ["", "^2"])
def test_gradient_without_a_name_is_by_what_the_function_is_of(order: str) -> None:
    right = {"": r"A^T (A w - t)", "^2": "A^T A"}[order]
    text = rf"Let $E(w) = \frac12 (t - A w)^T (t - A w)$. Then $$\nabla{order} E = {right}$$"
    assert held(text)
    assert accused(audit_itself(text.replace(right, "2 " + right), mends=False))


@pytest.mark.parametrize(
    "words",
    [
        "The design matrix $X$ has the rows $x_n^T$.",
        "Data: rows $x_n^T$ of the design matrix $X$.",
        "Here $x_n^T$ is the $n$-th row of the matrix $X$.",
        "The rows of $X$ are the examples $x_n^T$.",
    ],
)
def test_rows_that_are_named_in_words_are_rows(words: str) -> None:
    assert held(ROWS.replace("WORDS", words))


def test_columns_that_are_named_in_words_are_columns() -> None:
    words = "The columns of $U$ are the vectors $u_k$, $$s_k = u_k^T h, \\quad s = U^T h, \\quad "
    assert held(words + r"E = \frac12 \sum_k (s_k - t_k)^2, \quad \frac{\partial E}{\partial h} = U (s - t)$$")


def test_mend_holds_for_every_length_and_not_for_the_one_that_was_tried() -> None:
    text = r"$$(1 - \beta) \sum_{i=1}^{t} \beta^{t-i} = 1 - \beta$$"
    assert mended(text) == r"(1 - \beta) \sum_{i=1}^{t} \beta^{t-i} = 1 - \beta^{{t}}"


def test_mend_names_the_step_before_and_no_step_by_its_number() -> None:
    text = r"""
    $$c_t = f_t \odot c_{t-1} + i_t, \quad h_t = \tanh(c_t), \quad \frac{\partial E}{\partial f_t} =
    \frac{\partial E}{\partial c_t} \odot c_{t}$$
    """
    assert "c_{t-1}" in mended(text)


def test_column_is_not_mended_to_stand_before_a_matrix() -> None:
    text = (
        r"Let $J(w) = \frac12 \|A w - t\|^2$, $w \in \mathbb{R}^3$. $$A^T (A A^T + I)^{-1} t = A^T (A^T A + I)^{-1} t$$"
    )
    assert mended(text).endswith((r"A^T (A A^{\top} + I)^{-1} t", r"\left(A^{\top} A + I\right)^{-1} A^{\top} t"))


def test_entries_with_kroneckers_delta_are_meant_for_all_indices() -> None:
    text = r"""
    $$p_i = \frac{e^{o_i}}{\sum_{k=1}^n e^{o_k}}, \quad \frac{\partial p_i}{\partial o_j} = p_i (\delta_{ij} - LAST)$$
    """
    assert held(text.replace("LAST", "p_j"))
    assert accused(audit_itself(text.replace("LAST", "p_i"), mends=False))


@pytest.mark.parametrize(
    ("line", "mend"),
    [
        (r"0.5 - 0.1 \cdot (-8) = 1.31", "1.30"),
        (r"\frac{1}{1 + e^{-0.5}} = 0.6235", "0.6225"),
        (r"0.25 \cdot 2 = 0.6", "0.5"),
    ],
)
def test_printed_number_that_does_not_come_out_is_mended_to_as_many_digits(line: str, mend: str) -> None:
    assert mended(f"$${line}$$").endswith(f"= {mend}")


def test_sign_is_mended_where_the_rest_of_the_chain_has_the_printed_number() -> None:
    text = r"With $w = 0.5$ and $g = -8$ we get $$w - 0.1 g = 0.5 + 0.1 \cdot (-8) = 1.3$$"
    mends = [verdict.mend.latex for verdict in accused(audit_itself(text)) if verdict.mend is not None]
    assert mends[-1].endswith(r"0.5 - 0.1 \cdot (-8) = 1.3")


def test_second_line_on_a_new_value_is_held_to_the_first() -> None:
    text = r"""
    $$E(w) = \frac12 (A w - t)^T (A w - t), \quad H = \nabla_w^2 E$$
    $$w^{new} = w - H^{-1} \nabla_w E$$
    $$w^{new} = (A^T A)^{-1} A^T t$$
    """
    assert "WRONG" not in {v.status for v in audit_itself(text, mends=False).verdicts}
    assert accused(audit_itself(text.replace("A^T t$$", "A^T A t$$").replace("A^T A t", "2 A^T t"), mends=False))


def test_number_of_a_definition_with_functions_is_no_new_definition() -> None:
    text = r"""
    Let $\sigma(z) = \frac{1}{1 + e^{-z}}$, $h = \sigma(w x)$, $y = v h$.
    ## Numbers
    Take $w = 0.5$, $x = 1$, $v = 2$: $$h = \sigma(0.5 \cdot 1) = 0.6225$$
    $$\frac{\partial y}{\partial w} = v h (1 - h) x$$
    """
    assert held(text)


BLOCK = r"""
$$v = \tanh(W x), \quad o = x + U v$$
and $\bar{o} := \partial \mathcal{L} / \partial o$. Backwards:
$$\bar{v} = U^T \bar{o}, \quad \frac{\partial \mathcal{L}}{\partial U} = \bar{o} v^T$$
With $\mathcal{L}_{reg} = \mathcal{L} + \frac{\lambda}{2} \|U\|_F^2$ the objective is another one.
"""


def test_bar_over_one_name_is_the_derivative_by_it_over_all_names() -> None:
    assert held(BLOCK)
    assert accused(audit_itself(BLOCK.replace("U^T", "U"), mends=False))


def test_later_definition_accuses_no_line_before_it() -> None:
    text = r"""
    Let $q = -\frac12 (x - m)^T (x - m)$. Then $\frac{\partial q}{\partial m} = x - m$.
    With $x = m + s z$ and $h = \frac{\partial f}{\partial x}$ we have $\frac{\partial f}{\partial m} = h$.
    """
    assert not accused(audit_itself(text, mends=False))
    assert accused(audit_itself(text.replace("} = x - m$", "} = m - x$"), mends=False))


def test_sums_over_indices_side_by_side_and_entries_with_three_are_read() -> None:
    text = r"""
    $$z_k = \sum_{ij} x_i B_{ijk} y_j, \quad C = \frac12 \sum_k (z_k - t_k)^2$$
    $$\frac{\partial C}{\partial B_{ijk}} = x_i y_j (z_k - t_k)$$
    """
    assert held(text)
    assert accused(audit_itself(text.replace("x_i y_j (", "x_j y_i ("), mends=False))


def test_statement_that_is_not_read_costs_itself_alone() -> None:
    assert sorted(v.status for v in audit_itself("$$\n\n$$c_1 = c_1$$ and $x^ = $$ $y = 2 x$").verdicts)
    assert audit_itself(r"$$ $$ isthe, $\sigma(x) = 1$, $$").verdicts is not None
