"""What a reading alone does not accuse: no small change mends the line, and nothing else bears its names out."""

from __future__ import annotations

from gradproof.audit.judging.results import Mend, Verdict
from gradproof.audit.own.corroboration import NOT_CORROBORATED, is_small
from gradproof.audit.own.judging import audit_itself

REGRESSION = r"""
The residual is $r = X w - y$ and the loss $L = \frac12 \|r\|^2$. Then
$$\frac{\partial L}{\partial r} = r, \qquad \frac{\partial L}{\partial w} = X^\top r$$
$$\frac{\partial L}{\partial y} = -r, \qquad \frac{\partial L}{\partial w} = X^\top (X w - y)$$
LINE
"""


def verdict_on(line: str) -> Verdict:
    """What is said of a line behind a least-squares note that holds."""
    return audit_itself(REGRESSION.replace("LINE", f"$${line}$$")).verdicts[-1]


def test_a_line_that_no_small_change_mends_of_a_name_that_stands_nowhere_else_is_not_accused():
    found = verdict_on(r"\frac{\partial L}{\partial X} = c^\top \sin(c) \, \cos(r) w^\top w")
    assert found.status == "not judged"


def test_names_that_no_other_line_bears_out_are_named():
    text = REGRESSION.replace("LINE", r"With $q = w^\top w$: $$\frac{\partial q}{\partial w} = \sin(w) \cos(q) q$$")
    found = audit_itself(text).verdicts[-1]
    assert found.status == "not judged"
    assert found.reason.startswith(NOT_CORROBORATED)
    assert "q" in found.reason


def test_a_line_that_a_small_change_mends_is_accused_though_its_names_stand_nowhere_else():
    text = REGRESSION.replace("LINE", r"With $q = w^\top w$: $$\frac{\partial q}{\partial w} = 3 w$$")
    found = audit_itself(text).verdicts[-1]
    assert found.status == "WRONG"
    assert found.mend is not None


def test_a_line_that_no_small_change_mends_is_accused_where_all_its_names_are_borne_out():
    found = verdict_on(r"\frac{\partial L}{\partial w} = \sin(X^\top r) \odot \cos(w) \odot \sin(w) \odot w")
    assert found.status == "WRONG"
    assert found.mend is None


def test_a_number_beside_a_quantity_is_accused_only_where_another_one_comes_out():
    numbers = r"For $u = 0.5$ and $v = 2$: $p = u v$, $p = 1$ and $q = u + v$, so "
    assert audit_itself(f"{numbers} $q = 2.6$").verdicts[-1].status == "WRONG"
    alone = audit_itself(r"For $u = 0.5$ and $v = 2$ and $q = u + v$ we find $q = 2.6$")
    assert alone.verdicts[-1].status == "not judged"


def test_a_mend_that_only_makes_sides_equal_is_no_small_change():
    assert is_small(Mend("+", "-", 0, ""))
    assert is_small(Mend("", r"X^{\top}", 0, ""))
    assert not is_small(Mend("", "1", 0, ""))
    assert not is_small(Mend("2", "0", 0, ""))
    assert is_small(Mend("x_{i}", "", 0, ""))
    assert not is_small(Mend(r"-\frac{\left\|x - f\right\|^{2}}{t^{3}}", "", 0, ""))
    assert not is_small(Mend("", r"\sum_{k} q_{k}", 0, ""))
    assert not is_small(Mend("", "a" * 60, 0, ""))


TWICE = r"""
# One vector
$$m = \frac{1}{d} \sum_{k=1}^d x_k, \qquad v = \frac{1}{d} \sum_{k=1}^d (x_k - m)^2$$
$$\frac{\partial v}{\partial x_k} = \frac{2}{d} (x_k - m)$$
# A batch
$$LINE$$
"""


def test_a_name_under_a_heading_of_its_own_may_be_defined_anew():
    said = audit_itself(TWICE.replace("LINE", r"v = \frac{1}{N} \sum_{k=1}^d (x_k - m)^2")).verdicts[-1]
    assert said.status != "WRONG"
    derived = audit_itself(TWICE.replace("LINE", r"\frac{\partial v}{\partial x_k} = \frac{1}{d} (x_k - m)")).verdicts[
        -1
    ]
    assert derived.status == "WRONG"


def test_sides_whose_shapes_do_not_fit_are_no_accusation_alone():
    found = verdict_on(r"\frac{\partial L}{\partial w} = w w r X \sin(X)")
    assert found.status != "WRONG"


def test_printed_numbers_that_come_out_of_each_other_are_not_accused_for_their_letters():
    numbers = r"For $u = 0.5$ and $v = 2$: $p = u v$, $p = 1$ and $q = u + v$, so "
    assert audit_itself(rf"{numbers} $q = \frac{{5.2}}{{2}} = 2.6$").verdicts[-2].status == "not judged"
    assert audit_itself(rf"{numbers} $q = \frac{{5}}{{2}} = 2.6$").verdicts[-1].status == "WRONG"


def test_a_side_that_begins_with_a_bare_d_may_be_a_differential():
    assert verdict_on(r"\mathrm{d} r = X \, \mathrm{d} w + y").status != "WRONG"
