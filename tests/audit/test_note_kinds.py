"""Kinds of notes that are their own reference: what is right holds, the same with a slip does not."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from tabulated import Tabulated

from gradproof.audit import Names, additions, explain
from gradproof.audit.judging import judge
from gradproof.audit.judging.results import Audit
from gradproof.audit.judging.section import only_section
from gradproof.audit.own.judging import audit_itself
from gradproof.audit.reading.tree import Symbol
from gradproof.errors import GradproofError
from gradproof.report.html.audited import audit_page

STEP = r"""
$$g_t = \tanh(W x_t + r_t \odot (U h_{t-1} + c) + b)$$
$$h_t = (1 - z_t) \odot g_t + z_t \odot h_{t-1}$$
Write $a_t = W x_t + r_t \odot (U h_{t-1} + c) + b$ and $q_t = U h_{t-1} + c$.
$$\frac{\partial E}{\partial a_t} = \frac{\partial E}{\partial h_t} \odot (1 - z_t) \odot (1 - g_t^2)$$
$$\frac{\partial E}{\partial q_t} = \frac{\partial E}{\partial a_t} \odot r_t$$
"""
CLAIM = r"$$\frac{\partial E}{\partial U} = \frac{\partial E}{\partial q_t} h_{t-1}^T$$"


def judged(text: str, *, mends: bool = False) -> Audit:
    """The audit of a note by itself."""
    return audit_itself(text, mends=mends)


def last(text: str) -> str:
    """The verdict on the last equality."""
    return judged(text).verdicts[-1].status


def test_one_step_of_a_recurrence_with_names_that_are_given_later_holds() -> None:
    assert {verdict.status for verdict in judged(STEP + CLAIM).verdicts} == {"holds"}


def test_slip_in_one_step_of_a_recurrence_is_wrong() -> None:
    assert last(STEP + CLAIM.replace("_{t-1}^T", "_t^T")) == "WRONG"


def test_sum_that_is_missing_is_wrong_where_the_loss_is_summed_over_steps() -> None:
    note = (
        r"$$h_t = \tanh(W h_{t-1} + x_t)$$ $$L = \sum_{t=1}^{T} \|h_t\|^2$$ $$d_t = \frac{\partial L}{\partial h_t}$$"
    )
    assert last(note + r"$$\frac{\partial L}{\partial W} = \sum_{t=1}^T (d_t \odot (1-h_t^2)) h_{t-1}^T$$") == "holds"
    assert last(note + r"$$\frac{\partial L}{\partial W} = (d_t \odot (1-h_t^2)) h_{t-1}^T$$") == "WRONG"


@pytest.mark.parametrize(
    ("note", "right", "slip"),
    [
        (r"$L = (w x + c - y)^2$", r"\frac{\partial^2 L}{\partial w \partial c} = 2 x", r"2 w"),
        (
            r"Let $X \in \mathbb{R}^{n \times n}$, $A \in \mathbb{R}^{n \times n}$.",
            r"\frac{\partial}{\partial X} \log\det X = X^{-\top}",
            r"X^{-1}",
        ),
        (r"$J(w) = \|X w - y\|^2$", r"\nabla J(w) = 2 X^T (X w - y)", r"X^T (X w - y)"),
        (
            r"$f = \|R - P Q^T\|_F^2$ and $e_{ij} = r_{ij} - \sum_{k=1}^K p_{ik} q_{jk}$, $E = R - P Q^T$,",
            r"\nabla_P f = -2 E Q",
            r"-2 E P",
        ),
        (r"$u = a = q z$ and $v = u^2$,", r"\frac{\partial v}{\partial a} = 2 u", r"u"),
    ],
)
def test_what_follows_holds_and_what_does_not_is_wrong(note: str, right: str, slip: str) -> None:
    assert last(f"{note} $${right}$$") == "holds"
    head = right.partition("=")[0]
    assert last(f"{note} $${head} = {slip}$$") == "WRONG"


def test_entries_of_an_array_are_claimed_for_every_index() -> None:
    note = r"$$z_k = \sum_{i=1}^H V_{ki} h_i$$ $$h_i = \tanh(a_i)$$ $$L = \frac12 \sum_{k=1}^K z_k^2$$"
    assert last(note + r"$$\frac{\partial L}{\partial a_i} = (1-h_i^2) \sum_{k=1}^K z_k V_{ki}$$") == "holds"
    assert last(note + r"$$\frac{\partial L}{\partial a_i} = (1-h_i) \sum_{k=1}^K z_k V_{ki}$$") == "WRONG"


def test_every_d_is_a_derivative_where_one_is_defined_so() -> None:
    note = r"$Y = X W$, write $dY = \frac{\partial L}{\partial Y}$. "
    assert last(note + r"$$dW = X^T dY$$") == "holds"
    assert last(note + r"$$dX = dY W$$") != "holds"


def test_best_value_is_no_definition_of_what_is_differentiated() -> None:
    note = r"$F = \|R - P Q^T\|_F^2$ and $\frac{\partial F}{\partial P} = -2 (R - P Q^T) Q$, "
    found = judged(note + r"thus $P = R Q (Q^T Q)^{-1}$.")
    assert [verdict.status for verdict in found.verdicts] == ["holds", "holds", "not judged"]


def test_crowd_of_lines_that_disagree_is_a_doubt_about_the_reading() -> None:
    note = r"$z = w x$, $a = z^2$, "
    claims = [
        r"\frac{\partial a}{\partial z} = 5 z w",
        r"\frac{\partial a}{\partial w} = 7 z^3",
        r"\frac{\partial a}{\partial x} = 9 z^4",
    ]
    found = judged(note + ", ".join(f"${claim}$" for claim in claims))
    assert found.count("WRONG") == 0
    assert all("if this part is read" in v.reason for v in found.verdicts if v.status == "not judged")


def test_what_breaks_inside_costs_one_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    real = judge.findings

    def broken(sides: object) -> object:
        if "w" in str(sides.statement.sides[0].node):  # type: ignore[attr-defined]
            raise RuntimeError("no such thing")
        return real(sides)  # type: ignore[arg-type]

    monkeypatch.setattr(judge, "findings", broken)
    found = judged(r"$z = x y$ and $w = z^2$ and $u = z$")
    assert [verdict.status for verdict in found.verdicts] == ["holds", "not judged", "holds"]
    assert "a fault of its own (RuntimeError" in found.verdicts[1].reason


def test_mend_is_not_made_of_the_other_side() -> None:
    found = judged(
        r"$z = w x$ and $L = z^2$, so $\frac{\partial L}{\partial x} = 2 z w$, $\frac{\partial L}{\partial w} = 2 z x$"
        r" and $$\frac{\partial L}{\partial w} = 7 x^5$$",
        mends=True,
    )
    assert found.verdicts[-1].status == "WRONG"
    assert found.verdicts[-1].mend is None


def test_note_lacks_a_function_and_is_told_the_line_that_supplies_it() -> None:
    found = judged(r"$a = f(z)$ and $\frac{\partial a}{\partial z} = f(z) (1 - f(z))$")
    assert [(one.name, one.count) for one in additions(found)] == [("f", 1)]
    assert "would be judged with a line that says what f is" in explain(found, found.verdicts[-1])


def test_section_alone_is_reported_and_the_rest_defines_its_names() -> None:
    found = judged("# One\n\n$L = w^2$\n\n# Two\n\n$\\frac{\\partial L}{\\partial w} = 2 w$\n")
    assert [verdict.line for verdict in only_section(found, "two").verdicts] == [7]
    with pytest.raises(GradproofError, match="the headings of the note are 'One', 'Two'"):
        only_section(found, "three")


def test_page_shows_every_verdict_and_nothing_from_elsewhere() -> None:
    page = audit_page(judged(r"$L = w^2$ and $\frac{\partial L}{\partial w} = 3 w$"), "note.md")
    assert page.count('<tr class="holds">') == 1
    assert page.count('<tr class="wrong">') == 1
    assert 'class="slip"' in page
    assert "http" not in page.replace("http-equiv", "")


class TestDefinitionsBesideAReference:
    """Names that the reference does not know."""

    names = Names(((Symbol("a"), "a"), (Symbol("y"), "y"), (Symbol("L"), "L")))
    values: ClassVar = {"a": np.array([2.0, 3.0]), "y": np.array([1.0, 5.0]), "L": np.array([0.5, 2.0])}

    def statuses(self, text: str) -> list[str]:
        """The status of every equality, with the derivative of L by a at hand."""
        known = {("L", "a"): self.values["a"] - self.values["y"]}
        table = Tabulated(self.names, self.values, lambda of, by: known.get((of, by)))
        return [verdict.status for verdict in judge.audit(text, table, mends=False).verdicts]

    def test_name_of_a_derivative_is_judged_as_that(self) -> None:
        note = r"$\delta = \frac{\partial L}{\partial a}$ and "
        assert self.statuses(note + r"$\delta = a - y$") == ["not judged", "holds"]
        assert self.statuses(note + r"$\delta = a + y$") == ["not judged", "WRONG"]

    def test_name_with_another_formula_is_defined_anew(self) -> None:
        assert self.statuses(r"$q = a - y$, $q = a + y$ and $q - y = a$") == ["not judged", "not judged", "holds"]

    def test_e_to_a_power_is_no_loss_of_another_case(self) -> None:
        values = {"E": np.array([2.0, 3.0]), "a": np.exp(self.values["y"]), "y": self.values["y"]}
        names = Names(((Symbol("E"), "E"), (Symbol("a"), "a"), (Symbol("y"), "y")))
        table = Tabulated(names, values, lambda of, by: None)
        assert judge.audit(r"$a = e^y$", table, mends=False).verdicts[0].status == "holds"


def test_number_worked_on_with_rounded_numbers_is_as_good_as_they_are() -> None:
    note = r"With $h = \frac{1}{1 + e^{-x}}$ and $y = v h$. For $x = 0.5$, $v = -0.1$: $h = 0.6225$ and "
    right = judged(note + r"$y = -0.1 \cdot 0.6225 = -0.0622$.")
    wrong = judged(note + r"$y = -0.1 \cdot 0.6225 = -0.0662$.")
    assert [found.count("WRONG") for found in (right, wrong)] == [0, 1]


def test_entries_with_one_index_twice_are_those_of_a_diagonal() -> None:
    note = r"With $\mu = X w$, $E = \sum_{n=1}^{N} \mu_n^3$ and $R_{nn} = 6 \mu_n$: "
    right = judged(note + r"$\nabla_w^2 E = X^T R X$")
    wrong = judged(note + r"$\nabla_w^2 E = 2 X^T R X$")
    assert [found.count("WRONG") for found in (right, wrong)] == [0, 1]


def test_rows_that_only_words_link_to_their_matrix_accuse_no_line() -> None:
    note = r"The rows of $X$ are $x_n^T$. With $\mu = X w$ and $E = \frac{1}{2} \sum_{n=1}^{N} \mu_n^2$: "
    found = judged(note + r"$\nabla_w^2 E = \sum_{n=1}^{N} x_n x_n^T$")
    assert found.count("WRONG") == 0
