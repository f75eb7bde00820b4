"""Axes joined by what a note does with them, and the sizes that they get."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

Axis = int
Shape = tuple[Axis, ...]
ONE = 0
"""The axis of length one."""
_SMALLEST_MANY = 4
_MANY = frozenset({"n", "N", "B"})  # numbers of examples, of which there are more than features
SMALLEST = 2


class Clash(Exception):
    """Shapes that do not fit."""


@dataclass
class Axes:
    """Axes joined by what a note does with them; each class has a size that is given, or its own."""

    parents: list[int] = field(default_factory=lambda: [0])
    sizes: dict[int, int] = field(default_factory=lambda: {0: 1})
    least: dict[int, int] = field(default_factory=dict)
    named: dict[str, Axis] = field(default_factory=dict)
    sums: dict[int, tuple[int, ...]] = field(default_factory=dict)
    distinct: set[str] = field(default_factory=set)  # names of sizes that the note prints, each its own
    spans: dict[int, list[tuple[tuple[Axis, ...], int]]] = field(default_factory=dict)  # axes that `i+k-1` counts
    taller: list[Shape] = field(default_factory=list)  # X has more rows than columns: X^T X is inverted
    larger: int = 0  # how much more than usual every size is that is not given

    def new(self) -> Axis:
        """A fresh axis."""
        self.parents.append(len(self.parents))
        return len(self.parents) - 1

    def root(self, axis: Axis) -> Axis:
        """The axis that stands for its class."""
        while self.parents[axis] != axis:
            self.parents[axis] = self.parents[self.parents[axis]]
            axis = self.parents[axis]
        return axis

    def join(self, a: Axis, b: Axis) -> Axis:
        """Make two axes one; raises `Clash` for different sizes."""
        a, b = self.root(a), self.root(b)
        if a == b:
            return a
        first, second = self.sizes.get(a), self.sizes.get(b)
        if first is not None and second is not None and first != second:
            raise Clash
        if self.distinct and all(self.is_printed(axis) for axis in (a, b)):
            raise Clash
        if second is not None:
            a, b = b, a
        self.parents[b] = a
        if b in self.least:
            self.least[a] = max(self.least.get(a, 0), self.least.pop(b))
        return a

    def _spans(self, axis: Axis) -> list[tuple[tuple[Axis, ...], int]]:
        """What an axis is counted by in index arithmetic: axes that are added, and a number."""
        found = [span for a, spans in self.spans.items() if self.root(a) == axis for span in spans]
        return [(axes, number) for axes, number in found if all(self.root(a) != axis for a in axes)]

    def _join_parts(self) -> None:
        """One axis that two concatenations give: `[h_0, x_1]` and `[h_1, x_2]` have parts of the same sizes."""
        by_root: dict[Axis, tuple[Axis, ...]] = {}
        for axis, parts in self.sums.items():
            known = by_root.setdefault(self.root(axis), parts)
            if len(known) == len(parts):
                for one, other in zip(known, parts, strict=True):
                    with suppress(Clash):
                        self.join(one, other)

    def is_printed(self, axis: Axis) -> bool:
        """Whether the size of an axis has a name of its own in what the note prints of its arrays."""
        axis = self.root(axis)
        return any(self.root(self.named[name]) == axis for name in self.distinct if name in self.named)

    def fix(self, axis: Axis, size: int) -> None:
        """Give an axis its size; raises `Clash` where it has another."""
        axis = self.root(axis)
        if self.sizes.setdefault(axis, size) != size:
            raise Clash

    def of_size(self, size: int) -> Axis:
        """A fresh axis of a size."""
        if size == 1:
            return ONE
        axis = self.new()
        self.fix(axis, size)
        return axis

    def name(self, name: str) -> Axis:
        """The axis whose length a letter is: n of `\\sum_{i=1}^n`."""
        if name not in self.named:
            self.named[name] = self.new()
        return self.named[name]

    def solve(self) -> Callable[[Axis], int]:
        """Sizes for all axes: those that are not given are different from each other."""
        self._join_parts()
        taken = set(self.sizes.values())
        sizes = dict(self.sizes)
        busy: set[Axis] = set()

        def of(axis: Axis) -> int:
            axis = self.root(axis)
            parts = next((p for a, p in self.sums.items() if self.root(a) == axis), None)
            if axis not in sizes and parts is not None:
                sizes[axis] = sum(of(part) for part in parts)
            if axis not in sizes and axis not in busy and (spanned := self._spans(axis)):
                busy.add(axis)
                needed = [sum(map(of, letters)) + number for letters, number in spanned]
                sizes[axis] = max(SMALLEST, self.least.get(axis, 0), *needed)
                taken.add(sizes[axis])
            if axis not in sizes and axis not in busy:
                busy.add(axis)
                below = [of(low) for high, low in self.taller if self.root(high) == axis != self.root(low)]
                self.least[axis] = max([self.least.get(axis, 0), *(size + 1 for size in below)])
            if axis not in sizes:
                many = any(self.root(a) == axis for name, a in self.named.items() if name in _MANY)
                size = max(_SMALLEST_MANY if many else SMALLEST, self.least.get(axis, 0)) + self.larger
                while size in taken and size < 9 + self.larger:
                    size += 1
                sizes[axis] = size
                taken.add(size)
            return sizes[axis]

        return of
