"""Printed lists of numbers are compared entry by entry, with the lists that the note gives to its names."""

from __future__ import annotations

import pytest

from gradproof.audit.judging.results import Verdict
from gradproof.audit.own.judging import audit_itself

SOFTMAX = r"""
$p_a = e^{t_a} / \sum_b e^{t_b}$ and $J = \sum_a p_a r_a$.

For $t = (0.5, 0, -0.5)$ and $r = (1, 2, 0)$: $p = (0.5065, 0.3072, 0.1863)$ and $J = LAST$.
"""


def last(text: str) -> Verdict:
    """The last verdict on a note."""
    return audit_itself(text).verdicts[-1]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (r"0.5\,(0.5, 0.3) = (0.25, 0.15)", "holds"),
        (r"0.5\,(0.5, 0.3) = (0.25, 0.16)", "WRONG"),
        (r"(1 - 2 - 0.5, 2 + 1) = (-1.5, 3)", "holds"),
        (r"(1 - 2 - 0.5, 2 + 1) = (-1.5, 3, 0)", "not judged"),
        (r"\frac{1}{3} (1, 2) = (0.333, 0.667)", "holds"),
        (r"\frac{1}{3} (1, 2) = (0.333, 0.676)", "WRONG"),
    ],
)
def test_lists_of_numbers_are_compared_to_the_last_digit_of_each(line, status):
    assert last(f"${line}$").status == status


def test_the_entry_that_is_wrong_is_mended():
    found = last(r"$0.5\,(0.5, 0.3) = (0.25, 0.16)$")
    assert found.mend is not None
    assert found.mend.wording == "printed 0.16, should be 0.15"


def test_lists_that_a_note_gives_to_its_names_have_their_own_lengths():
    found = audit_itself(SOFTMAX.replace("LAST", "1.1209"))
    assert [verdict.status for verdict in found.verdicts] == ["holds"] * len(found.verdicts)


def test_a_number_that_does_not_come_out_of_lists_is_wrong_where_another_does():
    assert last(SOFTMAX.replace("LAST", "1.1290")).status == "WRONG"


def test_rows_that_are_given_one_by_one_are_a_table():
    text = (
        r"With $s_f = \sum_i v_{if} x_i$ and $x = (1, 1, 0.5)$, $v_1 = (0.2, -0.1)$, $v_2 = (0.3, 0.4)$, "
        r"$v_3 = (-1, 0.6)$: $s = (0, SECOND)$"
    )
    assert last(text.replace("SECOND", "0.6")).status == "holds"
    assert last(text.replace("SECOND", "0.7")).status != "holds"
