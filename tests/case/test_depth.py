"""Deep expressions have room, and code that calls itself for ever is stopped all the same."""

from __future__ import annotations

import sys

import pytest

from gradproof.case.depth import LEVELS, USUAL, room_for_depth, usual_depth


class Endless:
    """Its slope asks for itself: each turn takes room on the machine's own stack, of which there is little."""

    @property
    def slope(self) -> float:
        return self.slope


def test_a_property_that_asks_for_itself_is_stopped_where_expressions_have_room() -> None:
    before = sys.getrecursionlimit()
    with room_for_depth():
        with usual_depth(), pytest.raises(RecursionError):
            assert Endless().slope
        assert sys.getrecursionlimit() == max(before, LEVELS)
    assert sys.getrecursionlimit() == before


def test_as_many_calls_are_allowed_from_any_depth() -> None:
    def counted(left: int) -> int:
        return 0 if not left else 1 + counted(left - 1)

    def deep(left: int) -> int:
        if left:
            return deep(left - 1)
        with usual_depth():
            return counted(USUAL - 50)

    with room_for_depth():
        assert deep(3000) == USUAL - 50
