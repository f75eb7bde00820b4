"""The table of mutation operators: one home, read by every adapter."""

from __future__ import annotations

import pytest

from gradproof.operators import EPSILONS, OPERATORS, arithmetic, comparisons, functions, numbers_near, written_number


def test_operators_differ_in_their_edits_and_say_something() -> None:
    assert len({operator.edit for operator in OPERATORS}) == len(OPERATORS)
    assert all(operator.bits > 0 and operator.says("a", "b", "c") for operator in OPERATORS)


@pytest.mark.parametrize(("symbol", "first"), [("+", "-"), ("-", "+"), ("*", "/"), ("/", "*"), ("@", "*")])
def test_arithmetic_the_likeliest_other_comes_first(symbol: str, first: str) -> None:
    swaps = arithmetic(symbol)
    assert swaps[0].other == first
    assert [swap.bits for swap in swaps] == sorted(swap.bits for swap in swaps)


def test_swaps_of_what_is_in_no_table_are_none() -> None:
    assert arithmetic("%") == comparisons("is") == functions("frobnicate") == ()


def test_functions_a_mean_for_a_sum_is_a_mistake_of_its_own() -> None:
    assert functions("sum")[0].operator.name == "mean/sum"
    assert [swap.other for swap in functions("dot")][:1] == ["outer"]


def test_numbers_near_an_epsilon_are_epsilons() -> None:
    assert [number for number, _ in numbers_near(1e-5)] == [*(e for e in EPSILONS if e != 1e-5), 0]


def test_numbers_near_a_whole_number_are_its_neighbours_and_never_itself() -> None:
    numbers = [number for number, _ in numbers_near(2)]
    assert {-2, 4, 1, 3, 0, 0.5} <= set(numbers)
    assert 2 not in numbers
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize(
    ("value", "text"), [(1e-05, "1e-5"), (2.0, "2"), (0.5, "0.5"), (1e-12, "1e-12"), (-1.0, "-1"), (2.5e-3, "0.0025")]
)
def test_written_number_is_what_a_person_writes(value: float, text: str) -> None:
    assert written_number(value) == text
