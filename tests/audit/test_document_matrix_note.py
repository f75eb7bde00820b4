"""The matrix note: it holds as it stands, and each planted mistake is found, blamed on its side, and mended."""

from __future__ import annotations

from pathlib import Path

import pytest
from document_networks import softmax_network
from tabulated import Tabulated

from gradproof.audit import Audit, audit

NOTE = (Path(__file__).resolve().parents[2] / "manual" / "softmax_mlp.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def network() -> Tabulated:
    return softmax_network()


def test_matrix_note_every_equality_holds(network: Tabulated) -> None:
    judged = audit(NOTE, network)
    assert [v.equation for v in judged.verdicts if v.status != "holds"] == []
    assert len(judged.verdicts) == 26


def test_matrix_note_entries_are_judged_for_all_values_of_their_indices(network: Tabulated) -> None:
    judged = audit(NOTE, network)
    cases = {v.equation[:20]: v.cases for v in judged.verdicts if v.cases > 1}
    # P_{nk}: 5 samples by 2 classes; the weights from input i to unit j: 4 by 3.
    assert sorted(cases.values()) == [10, 12]


PLANTED = [
    ("transpose forgotten", r"X W^{(1)\top} + b^{(1)}", r"X W^{(1)} + b^{(1)}", r"W^{(1)}, should be W^{(1)\top}"),
    ("wrong layer", r"A^{(1)} W^{(2)\top}", r"Z^{(1)} W^{(2)\top}", "printed Z^{(1)}, should be A^{(1)}"),
    ("sign of the loss", r"Loss = -\frac{1}{N}", r"Loss = \frac{1}{N}", "- is missing"),
    ("sign of the gradient", r"\frac{1}{N} (P - T)$$", r"\frac{1}{N} (P + T)$$", "printed +, should be -"),
    ("mask forgotten", r" \odot \operatorname{ReLU}'\left(Z^{(1)}\right)", "", r"is missing"),
    ("prime forgotten", r"\operatorname{ReLU}'\left", r"\operatorname{ReLU}\left", "should be ReLU'"),
    (
        "factors exchanged",
        r"\frac{\partial Loss}{\partial Z^{(2)}} W^{(2)} \\",
        r"W^{(2)} \frac{\partial Loss}{\partial Z^{(2)}} \\",
        r"should be \frac{\partial Loss}{\partial Z^{(2)}} W^{(2)}",
    ),
    (
        "transpose in the gradient",
        r"\left( \frac{\partial Loss}{\partial Z^{(1)}} \right)^{\top} X",
        r"\frac{\partial Loss}{\partial Z^{(1)}} X",
        r"^{\top}",
    ),
    ("climbing", r"W^{(2)} - \eta \frac", r"W^{(2)} + \eta \frac", "printed +, should be -"),
    ("wrong index", r"X_{ni}$$", r"X_{nj}$$", "printed X_{nj}, should be X_{ni}"),
]


@pytest.mark.parametrize(("slip", "right", "wrong", "wording"), PLANTED, ids=[row[0] for row in PLANTED])
def test_matrix_note_planted_slip_is_found_and_mended(
    slip: str, right: str, wrong: str, wording: str, network: Tabulated
) -> None:
    assert NOTE.count(right) >= 1
    text = NOTE.replace(right, wrong, 1)
    judged = audit(text, network)
    (verdict,) = judged.wrong
    assert verdict.mend is not None
    assert wording in verdict.mend.wording
    assert audit(f"$${verdict.mend.latex}$$", network).count("WRONG") == 0


def planted(right: str, wrong: str, network: Tabulated) -> Audit:
    assert right in NOTE
    return audit(NOTE.replace(right, wrong, 1), network)


def test_matrix_note_shapes_that_do_not_fit_are_wrong_with_the_shapes_said(network: Tabulated) -> None:
    judged = planted(r"X W^{(1)\top} + b^{(1)}", r"X W^{(1)} + b^{(1)}", network)
    (verdict,) = judged.wrong
    assert verdict.reason == "the shapes do not fit: (5, 4) times (3, 4)"
    assert verdict.side == 1


def test_matrix_note_result_of_another_shape_is_wrong_and_named_the_transpose(network: Tabulated) -> None:
    text = r"$$\frac{\partial Loss}{\partial W^{(1)}} = X^\top \frac{\partial Loss}{\partial Z^{(1)}}$$"
    judged = audit(text, network)
    (verdict,) = judged.verdicts
    assert verdict.status == "WRONG"
    assert verdict.reason == "the sides have the shapes (3, 4) and (4, 3): one is shaped like the other's transpose"


def test_matrix_note_constant_factor_lost_is_wrong(network: Tabulated) -> None:
    judged = planted(r"= \frac{1}{N} (P - T)$$", "= P - T$$", network)
    (verdict,) = judged.wrong
    assert verdict.side == 2
