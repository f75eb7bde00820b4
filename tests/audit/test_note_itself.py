"""A note as its own reference: what it defines is computed, what it claims is judged by that."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from gradproof.audit.auditing import read_note
from gradproof.audit.judging.results import Audit
from gradproof.audit.own.judging import audit_itself

ROOT = Path(__file__).resolve().parents[2]
NOTES = ROOT / "benchmarks" / "notes"
SLIPS = tomllib.loads((NOTES / "slips.toml").read_text(encoding="utf-8"))["slip"]
LOGISTIC = r"""
$$\sigma(z) = \frac{1}{1 + e^{-z}}$$
$$z = w^T x + b, \quad a = \sigma(z)$$
$$L = -(y \log a + (1 - y) \log(1 - a))$$
$$\frac{\partial L}{\partial z} = a - y$$
"""
SOFTMAX = r"P_j = \frac{e^{Y_j}}{\sum_{k=5}^{7} e^{Y_k}}"


def judged(text: str, *given: str) -> Audit:
    """The audit of a note without any reference and without mends."""
    return audit_itself(text, given=given, mends=False)


def statuses(text: str) -> list[str]:
    """The status of every equality."""
    return [verdict.status for verdict in judged(text).verdicts]


def test_claim_that_follows_from_the_definitions_holds() -> None:
    assert set(statuses(LOGISTIC + r"$$\frac{\partial L}{\partial w} = (a - y) x$$")) == {"holds"}


def test_claim_that_does_not_follow_is_wrong() -> None:
    found = judged(LOGISTIC + r"$$\frac{\partial L}{\partial w} = (a + y) x$$")
    assert [verdict.equation for verdict in found.verdicts if verdict.status == "WRONG"] == [
        r"\frac{\partial L}{\partial w} = (a + y) x"
    ]


@pytest.mark.parametrize(("sign", "status"), [("-", "holds"), ("+", "WRONG")])
def test_update_is_judged_as_a_step_of_descent(sign: str, status: str) -> None:
    assert statuses(LOGISTIC + rf"$$w \leftarrow w {sign} \eta (a - y) x$$")[-1] == status


@pytest.mark.parametrize(("sign", "status"), [("-", "holds"), ("+", "WRONG")])
def test_line_given_beside_the_note_defines_a_function(sign: str, status: str) -> None:
    text = LOGISTIC.replace(r"$$\sigma(z) = \frac{1}{1 + e^{-z}}$$", "").replace(r"\sigma", "g")
    text += rf"$$\frac{{\partial L}}{{\partial w}} = (a {sign} y) x$$"
    found = judged(text, r"g(z) = \frac{1}{1 + e^{-z}}")
    assert [verdict.status for verdict in found.verdicts] == ["holds"] * 4 + [status]


def test_document_without_a_reference_has_its_six_misprints_and_their_mends() -> None:
    found = audit_itself(read_note(ROOT / "manual" / "parameter_update_2.md"), given=[SOFTMAX])
    assert (len(found.statements), len(found.verdicts), found.count("holds")) == (49, 72, 66)
    wrong = [verdict for verdict in found.verdicts if verdict.status == "WRONG"]
    assert [(v.kind, v.mend and (v.mend.printed, v.mend.should)) for v in wrong] == [("update", ("+", "-"))] * 6


def test_derivative_by_what_the_loss_does_not_depend_on_is_not_judged() -> None:
    assert statuses(r"$L = (q - y)^2$ and $\frac{\partial L}{\partial z} = 2 (q - y)$")[-1] == "not judged"


def test_equation_to_be_solved_is_not_wrong() -> None:
    assert statuses(r"$L = \frac12 (w x - y)^2$, so $x w = y$")[-1] == "not judged"


@pytest.mark.parametrize(("number", "status"), [("0.593269992", "holds"), ("0.5933", "holds"), ("0.5939", "WRONG")])
def test_printed_decimals_are_compared_to_their_last_digit(number: str, status: str) -> None:
    text = rf"$\sigma(t) = \frac{{1}}{{1 + e^{{-t}}}}$ and $\sigma(0.3775) = {number}$"
    assert statuses(text)[-1] == status


def test_condition_beside_an_equation_holds_for_its_indices() -> None:
    softmax = r"$$p_i = \frac{e^{z_i}}{\sum_k e^{z_k}}$$"
    claim = r"$$\frac{\partial p_i}{\partial z_j} = -p_i p_j"
    assert statuses(softmax + claim + r", \quad i \neq j$$")[-1] == "holds"
    assert statuses(softmax + claim + r", \quad i = j$$")[-1] == "WRONG"


@pytest.mark.parametrize("opener", ["\\\\\\\\({}\\\\\\\\)", "$`{}`$", "> $${}$$", ":math:`{}`"])
def test_maths_of_other_flavours_is_seen(opener: str) -> None:
    assert statuses(opener.replace("\\\\", "\\").format(r"a = b + c")) == ["holds"]


@pytest.mark.parametrize("name", ["lstm_one_step.md", "cross_entropy_page.html", "batched_mlp.rst"])
def test_right_note_holds_and_each_planted_slip_is_found_in_its_line(name: str) -> None:
    text = read_note(NOTES / name)
    assert {verdict.status for verdict in judged(text).verdicts} == {"holds"}
    for slip in (slip for slip in SLIPS if slip["note"] == name):
        changed = text.replace(slip["printed"], slip["slip"])
        line = changed.count("\n", 0, changed.index(slip["slip"])) + 1
        assert line in {v.line for v in judged(changed).verdicts if v.status == "WRONG"}, slip["kind"]
