"""How much work a search may do: counted, never measured by a clock, so that a loaded machine finds the same fixes."""

from __future__ import annotations

SECOND = 1_000_000_000
"""Work of about one second of an ordinary core: a number that NumPy computes counts one, a call of it `CALL`."""

CALL = 15_000
"""What any operation of NumPy's counts besides its numbers."""

LINE = 1_000
"""What a line of plain Python counts."""

EDIT = 150_000
"""What it counts to make an edit of a text: to parse and to compile it."""

SLIP = 6_000
"""What it counts to think of an edit, made or not."""


class Budget:
    """Work that may be spent, as a part of a larger budget or by itself.

    Args:
        work: How much.
        whole: The budget that this one is a part of; what is spent here is spent there.
    """

    def __init__(self, work: float, whole: Budget | None = None) -> None:
        self.work = work
        self.spent = 0.0
        self._whole = whole

    @classmethod
    def of_seconds(cls, seconds: float) -> Budget:
        """What an ordinary core does in so many seconds."""
        return cls(seconds * SECOND)

    def spend(self, work: float) -> None:
        """Count some work."""
        self.spent += work
        if self._whole is not None:
            self._whole.spend(work)

    @property
    def left(self) -> float:
        """What is left."""
        left = max(self.work - self.spent, 0.0)
        return left if self._whole is None else min(left, self._whole.left)

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self.left <= 0.0

    def share(self, count: int, most: float) -> Budget:
        """A part for one of so many searches that are left: an equal share, and not more than a given amount.

        A search that needs less leaves the rest to those that follow; one that comes when all is spent gets a trifle.
        """
        return Budget(max(min(self.left / max(count, 1), most), 1.0), self)
