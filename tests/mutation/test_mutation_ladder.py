"""The search for the smallest fault that each test sees."""

from __future__ import annotations

import math

from gradproof.mutation.ladder import STEPS, Ladder


def searched(limits: dict[int, float]) -> tuple[Ladder, int]:
    """A search over tests that see a fault from their limit on, and how many runs it took."""
    ladder, runs = Ladder.over(limits), 0
    while (step := ladder.next()) is not None:
        size, items = step
        runs += 1
        for item in items:
            ladder.note(item, size, was_seen=size >= limits[item])
    return ladder, runs


def test_every_step_is_found() -> None:
    ladder, _ = searched(dict(enumerate(STEPS)))
    assert [ladder.resolution(k) for k in range(len(STEPS))] == list(STEPS)


def test_between_two_steps_the_larger_is_told() -> None:
    ladder, runs = searched({0: 3e-5})
    assert ladder.resolution(0) == 5e-5
    assert runs <= 6


def test_test_that_sees_nothing_has_an_infinite_one() -> None:
    ladder, _ = searched({0: math.inf, 1: 1e-3})
    assert (ladder.resolution(0), ladder.resolution(1)) == (math.inf, 1e-3)


def test_unfinished_search_is_not_known() -> None:
    assert Ladder.over([0]).resolution(0) is None
