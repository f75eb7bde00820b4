"""Verdicts on small documents: the blame in a chain, what is not judged and why, index letters, ambiguous signs."""

from __future__ import annotations

import pytest
from document_networks import scalar_network, softmax_network
from tabulated import Tabulated

from gradproof.audit import Audit, Limits, audit


@pytest.fixture(scope="module")
def network() -> Tabulated:
    return scalar_network()


@pytest.fixture(scope="module")
def matrices() -> Tabulated:
    return softmax_network()


def statuses(judged: Audit) -> list[str]:
    return [verdict.status for verdict in judged.verdicts]


CHAINS = [
    (r"\frac{dLoss}{dY_5} = P_5 - 1 = P_5 + 1", ["holds", "WRONG"], {2}),
    (r"\frac{dLoss}{dY_5} = P_5 + 1 = P_5 - 1", ["WRONG", "WRONG"], {1}),
    (r"\frac{dLoss}{dY_6} = P_5 - 1 = -1 + P_5", ["WRONG", "holds"], {0}),
    (r"-\frac{1}{P_5} = \frac{dLoss}{dP_5} = \frac{1}{P_5}", ["holds", "WRONG"], {2}),
]


@pytest.mark.parametrize(("text", "expected", "blamed"), CHAINS, ids=[text for text, *_ in CHAINS])
def test_judge_chain_blames_the_side_that_differs_from_the_rest(
    text: str, expected: list[str], blamed: set[int], network: Tabulated
) -> None:
    judged = audit(f"$${text}$$", network)
    assert statuses(judged) == expected
    assert {verdict.side for verdict in judged.verdicts if verdict.status == "WRONG"} == blamed


def test_judge_side_that_is_not_read_does_not_hide_the_sides_behind_it(network: Tabulated) -> None:
    judged = audit(r"$$Loss = \int P_5 = -\log P_5 = \log P_5$$", network)
    assert statuses(judged) == ["not read", "holds", "WRONG"]
    assert "compared with side 1" in judged.verdicts[1].notes[0]


KINDS = [
    (r"Y_5 = W_{35} Y_3 + W_{45} Y_4 + b_5", "value", "holds"),
    (r"\frac{\partial Loss}{\partial Y_5} = P_5 - 1", "derivative", "holds"),
    (r"\nabla_{Y_5} Loss = P_5 - 1", "derivative", "holds"),
    (r"W_{35} = W_{35} - \eta (P_5 - 1) Y_3", "update", "holds"),
    (r"W_{35} := W_{35} - \eta (P_5 - 1) Y_3", "update", "holds"),
    (r"W_{35} \leftarrow W_{35} - \eta \frac{dLoss}{dW_{35}}", "update", "holds"),
    (r"W_{35}^{new} = W_{35}^{old} - \eta \frac{dLoss}{dW_{35}}", "update", "holds"),
    (r"W_{35}^{(t+1)} = W_{35}^{(t)} + \eta \frac{dLoss}{dW_{35}}", "update", "WRONG"),
]


@pytest.mark.parametrize(("text", "kind", "status"), KINDS, ids=[text for text, *_ in KINDS])
def test_judge_tells_values_derivatives_and_updates_apart(
    text: str, kind: str, status: str, network: Tabulated
) -> None:
    (verdict,) = audit(f"$${text}$$", network).verdicts
    assert (verdict.kind, verdict.status) == (kind, status)


UNJUDGED = [
    ("Q = P_5", "no quantity is declared for Q"),
    (r"P_5 \approx 0.3", "claims no equality"),
    (r"\eta = 0.1", "it sets a value that is drawn at random here"),
    ("P_5 = g(P_5)", "no quantity is declared for g"),
    (r"P_5 = \frac{dLoss}{d(P_5 P_6)}", "a derivative of or by an expression"),
    (r"P_5 = \sum_{k=1}^{99999} P_5", "a sum of 99,999 terms, the limit is 2,000"),
    (r"\frac{dY_5}{dX_1} - \frac{dY_5}{dX_1} = P_5 - P_5", "both sides are zero in every trial"),
]


@pytest.mark.parametrize(("text", "reason"), UNJUDGED, ids=[text for text, _ in UNJUDGED])
def test_judge_what_cannot_be_judged_says_why_and_where(text: str, reason: str, network: Tabulated) -> None:
    (verdict,) = audit(f"first line\n\n$${text}$$", network).verdicts
    assert verdict.status == "not judged"
    assert reason in verdict.reason
    assert (verdict.line, verdict.column >= 3) == (3, True)


def test_judge_index_letters_stand_for_all_their_values(network: Tabulated) -> None:
    judged = audit(r"$$P_i = \frac{e^{Y_i}}{\sum_{j=5}^{7} e^{Y_j}}$$ $$Y_k = \sum_j W_{jk} Y_j + b_k$$", network)
    assert statuses(judged) == ["holds", "holds"]
    assert [verdict.cases for verdict in judged.verdicts] == [3, 3]


def test_judge_index_letter_is_wrong_if_one_case_is_and_says_which(network: Tabulated) -> None:
    (verdict,) = audit(r"$$\frac{dLoss}{dY_k} = P_k$$", network).verdicts
    assert (verdict.status, verdict.case) == ("WRONG", "k = 5")


def test_judge_case_that_is_not_judged_is_noted_beside_those_that_are(network: Tabulated) -> None:
    (verdict,) = audit(r"$$\frac{dY_k}{dY_5} = 1 \cdot \frac{dY_k}{dY_5}$$", network).verdicts
    assert (verdict.status, verdict.cases) == ("holds", 1)
    assert verdict.notes[-1] == "not judged for k = 3: both sides are zero in every trial"


def test_judge_letter_of_an_index_is_never_a_quantity_in_another_case(network: Tabulated) -> None:
    (verdict,) = audit("$$y = 1$$", network).verdicts
    assert (verdict.status, verdict.reason) == ("not judged", "no quantity is declared for y")


KRONECKER = [
    (r"\frac{\partial P_i}{\partial Y_j} = P_i (\delta_{ij} - P_j)", "holds"),
    (r"\frac{\partial P_5}{\partial Y_j} = P_5 (\delta_{5j} - P_j)", "holds"),
    (r"\frac{\partial P_i}{\partial Y_j} = P_i (\delta_{i,j} + P_j)", "WRONG"),
    (r"\frac{\partial P_i}{\partial Y_j} = P_i (\mathbb{1}[i = j] - P_j)", "holds"),
    (r"\sum_{j} \delta_{5j} P_j = P_5", "holds"),
]


@pytest.mark.parametrize(("text", "status"), KRONECKER, ids=[text for text, _ in KRONECKER])
def test_judge_kronecker_delta_is_one_for_equal_labels(text: str, status: str, network: Tabulated) -> None:
    (verdict,) = audit(f"$${text}$$", network).verdicts
    assert verdict.status == status
    assert (r"\delta" in text) == any("Kronecker" in note for note in verdict.notes)


READINGS = [
    (
        r"\frac{\partial Loss}{\partial Z^{(1)}} = \frac{\partial Loss}{\partial Z^{(2)}} W^{(2)} \odot ReLU'(Z^{(1)})",
        "products and ⊙ are mixed: taken from left to right",
    ),
    (
        r"\frac{\partial Loss}{\partial Z^{(1)}} = ReLU'(Z^{(1)}) \odot \frac{\partial Loss}{\partial Z^{(2)}} W^{(2)}",
        "products and ⊙ are mixed: taken matrix products first",
    ),
    (r"P = \operatorname{softmax}(Z^{(2)})", "softmax is taken along rows"),
    (r"b^{(1)} \cdot b^{(1)} = b^{(1)} \odot b^{(1)}", "'·' between two columns is read as an elementwise product"),
    (r"b^{(1)} \cdot b^{(1)} = b^{(1)\top} b^{(1)}", "'·' between two columns is read as an inner product"),
]


@pytest.mark.parametrize(("text", "note"), READINGS, ids=[text for text, _ in READINGS])
def test_judge_ambiguous_sign_is_tried_both_ways_and_noted(text: str, note: str, matrices: Tabulated) -> None:
    (verdict,) = audit(f"$${text}$$", matrices).verdicts
    assert verdict.status == "holds"
    assert note in verdict.notes


def test_judge_equation_over_several_rows_is_quoted_without_its_alignment(network: Tabulated) -> None:
    rows = [r"\frac{dLoss}{dY_5} &= P_5 \label{eq:a} \\", r"  &{} - 1 \nonumber \\", "  &= P_5 - 1"]
    text = "\n".join([r"\begin{align}", *rows, r"\end{align}"])
    judged = audit(text, network)
    assert statuses(judged) == ["holds", "holds"]
    assert judged.verdicts[0].equation == r"\frac{dLoss}{dY_5} = P_5 {} - 1"


def test_judge_budget_of_evaluation_is_said_where_it_ends(network: Tabulated) -> None:
    judged = audit(r"$$P_5 = P_6$$ $$P_5 = P_5 + P_6 + P_7$$", network, limits=Limits(document_steps=8), mends=False)
    assert "the budget of evaluation steps is spent" in judged.verdicts[1].reason


def test_mend_names_other_edits_only_where_they_differ_in_words(network: Tabulated) -> None:
    (verdict,) = audit(r"$$\frac{dLoss}{dP_5} = \frac{1}{P_5}$$", network).wrong
    assert verdict.mend is not None
    assert (verdict.mend.wording, verdict.mend.alternatives) == ("- is missing", ())
