"""The search for the smallest relative fault that each test sees: bisection over steps of 1, 2, 5."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

STEPS = (*(float(f"{mantissa}e{power}") for power in range(-12, 6) for mantissa in (1, 2, 5)), 1e6)
"""The relative faults that are tried, from the smallest that is worth telling to one that everybody sees."""


@dataclass
class Ladder:
    """How far the search for each test is: the largest step that it is known not to see, the smallest that it sees."""

    unseen: dict[int, int] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)

    @classmethod
    def over(cls, items: Iterable[int]) -> Ladder:
        """A search that knows nothing yet."""
        items = list(items)
        return cls(dict.fromkeys(items, -1), dict.fromkeys(items, len(STEPS)))

    def next(self) -> tuple[float, list[int]] | None:
        """The step to try next and the tests that need it; None when all is known."""
        wanted = {item: (low + self.seen[item]) // 2 for item, low in self.unseen.items() if self.seen[item] - low > 1}
        if not wanted:
            return None
        step, _ = Counter(wanted.values()).most_common(1)[0]
        return STEPS[step], [item for item, other in wanted.items() if other == step]

    def note(self, item: int, size: float, *, was_seen: bool) -> None:
        """Enter what a test said of a fault of some size."""
        step = STEPS.index(size)
        if was_seen:
            self.seen[item] = min(self.seen[item], step)
        else:
            self.unseen[item] = max(self.unseen[item], step)

    def resolution(self, item: int) -> float | None:
        """The smallest fault that a test sees: infinite where it sees none, None where the search is not done."""
        if self.seen[item] - self.unseen[item] > 1:
            return None
        return float("inf") if self.seen[item] == len(STEPS) else STEPS[self.seen[item]]
