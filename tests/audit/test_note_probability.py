"""Expectations, conditional probabilities and a page's own macros are read; what they are worth is not guessed."""

from __future__ import annotations

import pytest

from gradproof.audit.auditing import read_note
from gradproof.audit.own.judging import audit_itself
from gradproof.audit.reading.limits import Limits
from gradproof.audit.reading.macros import definitions


@pytest.mark.parametrize(
    "line",
    [
        r"\mathbb{E}_q[\log q(z) - z] = 2 c",
        r"E\{e^2\} = c^2 - 2 c",
        r"E_{a \sim \pi}[g_a] = \sum_a \pi_a g_a",
        r"p(x \mid z) = c",
        r"\mathcal N(x \mid \mu, \Sigma) = c",
        r"D(q \,\|\, p) = c",
        r"\operatorname{Var} e = c",
    ],
)
def test_what_is_not_printed_is_read_and_never_accused(line):
    (verdict,) = audit_itself(f"$${line}$$", mends=False).verdicts
    assert verdict.status in ("not judged", "holds")


def test_a_variance_does_not_say_what_a_name_is():
    text = r"With $\operatorname{Var} e = h$ and $F = P + h$: $$\frac{\partial F}{\partial h} = FACTOR$$"
    assert audit_itself(text.replace("FACTOR", "1"), mends=False).verdicts[-1].status == "holds"
    assert audit_itself(text.replace("FACTOR", "2 P"), mends=False).verdicts[-1].status == "WRONG"


def test_a_gradient_without_its_variable_is_by_what_the_objective_depends_on():
    text = r"$J(w) = \frac12 w^\top w$ and $$\nabla \log J = FACTOR w / J$$"
    assert audit_itself(text.replace("FACTOR", ""), mends=False).verdicts[-1].status == "holds"
    assert audit_itself(text.replace("FACTOR", "2"), mends=False).verdicts[-1].status == "WRONG"


@pytest.mark.parametrize(
    ("text", "name", "arguments", "body"),
    [
        (r'macros: { KL: "\\operatorname{KL}" }', r"\KL", 0, r"\operatorname{KL}"),
        (r'macros: {norm: ["\\|#1\\|", 1]}', r"\norm", 1, r"\|#1\|"),
        (r"""macros:{'\\N': '\\mathcal{N}'}""", r"\N", 0, r"\mathcal{N}"),
    ],
)
def test_macros_of_a_page_are_known(text, name, arguments, body):
    macro = definitions(f"MathJax = {{ tex: {{ {text} }} }};", Limits())[name]
    assert (macro.arguments, "".join(token.text for token in macro.body)) == (arguments, body)


def test_a_page_is_read_with_its_macros(tmp_path):
    page = tmp_path / "page.html"
    script = r'<script>MathJax = { tex: { macros: { LL: "\\mathcal{L}" } } };</script>'
    page.write_text(f"<html>{script}<p>$$\\LL = w^2$$ $$\\frac{{d\\LL}}{{dw}} = 2 w$$</p></html>")
    assert [verdict.status for verdict in audit_itself(read_note(page), mends=False).verdicts] == ["holds", "holds"]


def test_a_labelled_name_beside_a_function_of_its_name_is_a_factor():
    text = r"""
    $\pi_a = e^{t_a} / \sum_b e^{t_b}$ and $J = \sum_a \pi_a r_a$, later $\pi(a | s) \propto e^c$.
    $$\frac{\partial J}{\partial t_b} = \sum_a r_a \pi_a (1[a = b] - \pi_b) = \pi_b (r_b - J)$$
    $$\frac{\partial J}{\partial t_b} = \pi_b (r_b SIGN J)$$
    """
    right = audit_itself(text.replace("SIGN", "-"), mends=False).verdicts
    assert [v.status for v in right[-3:]] == ["holds"] * 3
    assert audit_itself(text.replace("SIGN", "+"), mends=False).verdicts[-1].status == "WRONG"
