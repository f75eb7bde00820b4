"""The price of an edit: what it puts in, not what stands around it."""

from __future__ import annotations

from repair_setup import formula

from gradproof.repair.formulas.formula import changes
from gradproof.repair.search.prior import SWAPPED, Prior, Target

PRIOR = Prior({}, {})
TARGET = Target("f", "f", frozenset({"a", "b", "c"}))


def bits(old: str, new: str) -> float:
    return PRIOR.edit_bits(formula(old), formula(new), TARGET)


def test_edit_bits_of_the_same_formula_are_none() -> None:
    assert bits("a * b + c", "a * b + c") == 0


def test_edit_bits_do_not_grow_with_what_is_left_as_it_is() -> None:
    assert bits("a - b", "a - c") == bits("(a - b) * d + A * B", "(a - c) * d + A * B") > 0


def test_edit_bits_of_what_is_taken_out_are_none() -> None:
    assert bits("a * b + c", "a * b") == 0 < bits("a * b", "a * b + c")


def test_edit_bits_of_exchanged_operands_are_those_of_the_exchange() -> None:
    assert bits("a * b - c", "c - a * b") == SWAPPED


def test_changes_counts_the_nodes_that_do_not_stand_where_they_stood() -> None:
    assert changes(formula("a * b + c"), formula("a * b + c")) == 0
    assert changes(formula("a * b + c"), formula("a * d + c")) == 1
    assert changes(formula("a * b + c"), formula("c + a * b")) == 4


def test_edit_bits_of_a_forgotten_factor_are_fewer_than_those_of_a_sum_with_itself() -> None:
    likely = Prior({name: ["b"] * 9 for name in ("f", "g")}, {})
    once, twice = formula("a * b"), formula("a * (b + b)")
    assert likely.edit_bits(once, formula("a * 2 * b"), TARGET) < likely.edit_bits(once, twice, TARGET)
