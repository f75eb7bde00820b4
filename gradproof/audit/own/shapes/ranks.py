"""The number of axes of everything that a note uses and does not define: the choice in which most of it fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from math import prod

from gradproof.audit.own.names.definitions import Definitions
from gradproof.audit.own.names.families import Families, binding, symbols_in
from gradproof.audit.own.shapes.kinds import Kind, Kinds, Mismatch
from gradproof.audit.reading.names import form
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Derivative, Node, Symbol, Transpose, walk

Leaf = tuple[str, str, tuple[str, ...], int]
_EVALUATIONS = 150_000  # nodes whose kind is asked for in one chapter, in all
_MISFIT = 6.0
_DIAGONAL = 0.5  # the derivative of a vector by a vector that is printed as a vector: entry by entry
_STRAINED = 1.0  # what a statement costs that may fit better with other ranks
_TOGETHER = 729  # so many choices for the leaves of one statement are looked at
_MANY, _FEW = 40, 3  # so many of them are tried with the whole note, from so many the search goes on in any case
_SCALARS = frozenset("LJECNKTMDSRFHI")


def leaf_key(head: Symbol, families: Families) -> Leaf:
    """What all layers of a leaf share: `W^{(1)}` and `W^{(2)}` have as many axes."""
    letters = families.letters
    names = tuple("#" if letters.is_index(label.text) else label.text for label in head.sub)
    return head.name, head.mark, names, len(head.sup)


@dataclass
class Ranks:
    """The search: ranks of leaves changed one at a time while more statements fit."""

    statements: Sequence[Statement]
    definitions: Definitions
    families: Families
    given: Mapping[Leaf, int] = field(default_factory=dict)
    told: Mapping[tuple[str, str], int] = field(default_factory=dict)  # axes of states in time, by name
    _left: int = _EVALUATIONS

    def run(self) -> dict[Leaf, int]:
        """The best ranks found."""
        self._sides: list[list[Node]] = [binding(statement, self.families.letters) for statement in self.statements]
        self._size = sum(1 for sides in self._sides for tree in sides for _ in walk(tree)) or 1
        leaves = self._leaves()
        best: dict[Leaf, int] = {}
        lowest = float("inf")
        starts: tuple[tuple[int | None, bool], ...] = ((1, False), (0, False), (1, True), (None, False))
        for number, (usual, numbers) in enumerate(starts):
            if number > 1 and lowest < _MISFIT / 2:
                break
            ranks = {leaf: self._first(leaf, usual, leaves, numbers=numbers) for leaf in leaves}
            ranks, cost = self._descended(ranks, leaves)
            if cost < lowest - 1e-9:
                best, lowest = ranks, cost
        best, lowest = self._by_pairs(best, lowest, leaves)
        return self._by_statements(best, lowest, leaves)

    def _leaves(self) -> dict[Leaf, int]:
        """Leaves and the fewest axes that their labels and transposes need."""
        found: dict[Leaf, int] = {}
        transposed = {
            id(node.argument)
            for sides in self._sides
            for tree in sides
            for node in walk(tree)
            if isinstance(node, Transpose) and isinstance(node.argument, Symbol)
        }
        for symbol in (s for sides in self._sides for tree in sides for s in symbols_in(tree)):
            if self._is_defined(symbol):
                continue
            family = self.families.of(symbol)
            split = self.families.split(symbol)
            key = leaf_key(split.head, self.families)
            axes = family.axes if family is not None else 0
            found[key] = max(found.get(key, 0), axes, len(split.axes) + (id(symbol) in transposed))
        return found

    def _is_defined(self, symbol: Symbol) -> bool:
        """Whether an equation says what a symbol is, so that its axes follow; a function has none."""
        if form(symbol) in self.definitions.functions:
            return True
        head = self.families.split(symbol).head
        kinds = Kinds(self.definitions, self.families, lambda _: 0)
        return any(kinds.alike(d.head, head) for d in self.definitions.quantities.get((head.name, head.mark), ()))

    def _first(self, leaf: Leaf, usual: int | None, leaves: Mapping[Leaf, int], *, numbers: bool) -> int:
        """Where the search starts; `numbers`: with capital letters as numbers, such as the count X of a word.

        `usual`: the axes of small letters; None for vectors, each entry of `n_1, ..., n_M` one of them.
        """
        usual = leaves[leaf] + 1 if usual is None else usual
        if leaf in self.given:
            return self.given[leaf]
        if numbers and leaf[0].isupper():
            return leaves[leaf]
        prior = _prior(leaf)
        ranks = range(leaves[leaf], 4)
        wish = usual if leaf[0].isalpha() and leaf[0].islower() and len(leaf[0]) == 1 else -1
        return min(ranks, key=lambda rank: (rank != wish and wish >= 0, prior(rank)))

    def _descended(self, ranks: dict[Leaf, int], leaves: Mapping[Leaf, int]) -> tuple[dict[Leaf, int], float]:
        cost = self._cost(ranks)
        for _ in range(4):
            better = False
            for leaf in ranks:
                if leaf in self.given:
                    continue
                for rank in range(leaves[leaf], 4 if leaves[leaf] > 1 else 3):
                    if rank == ranks[leaf] or self._left < 0:
                        continue
                    other = {**ranks, leaf: rank}
                    changed = self._cost(other, cost)
                    if changed < cost - 1e-9:
                        ranks, cost, better = other, changed, True
            if not better:
                break
        return ranks, cost

    def _by_pairs(
        self, ranks: dict[Leaf, int], cost: float, leaves: Mapping[Leaf, int]
    ) -> tuple[dict[Leaf, int], float]:
        """Ranks changed two at a time: in `w^T x + b` those of `w` and `x` are right or wrong together."""
        better = True
        while better:
            better = False
            free = [leaf for leaf in ranks if leaf not in self.given]
            for pair in combinations(free, 2):
                for two in product(*(range(leaves[leaf], 3) for leaf in pair)):
                    if self._left < 0:
                        return ranks, cost
                    if any(ranks[leaf] == rank for leaf, rank in zip(pair, two, strict=True)):
                        continue  # one at a time has been tried
                    other = {**ranks, **dict(zip(pair, two, strict=True))}
                    changed = self._cost(other, cost)
                    if changed < cost - 1e-9:
                        ranks, cost, better = other, changed, True
        return ranks, cost

    def _by_statements(self, ranks: dict[Leaf, int], cost: float, leaves: Mapping[Leaf, int]) -> dict[Leaf, int]:
        """Ranks of all leaves of one statement changed together, where it fits badly, and the others after them.

        In `w^T w + C \\sum_i \\max(0, 1 - y_i (w^T x_i + b))` three wrong ranks hold each other up.
        """
        better = True
        while better:
            better = False
            kinds = self.kinds(ranks)
            costs = [(_cost_of(kinds, sides), number) for number, sides in enumerate(self._sides)]
            for strain, number in sorted(costs, key=lambda pair: (-pair[0], pair[1])):
                if strain <= _STRAINED:
                    break
                others = self._instead(ranks, number, leaves)
                for at, other in enumerate(others):
                    if self._left < 0:
                        return ranks
                    if at >= _FEW and self._cost(other, cost) >= cost:
                        continue
                    changed, total = self._descended(other, leaves)
                    if total < cost - 1e-9:
                        ranks, cost, better = changed, total, True
                if better:
                    break
        return ranks

    def _instead(self, ranks: dict[Leaf, int], number: int, leaves: Mapping[Leaf, int]) -> list[dict[Leaf, int]]:
        """The ranks with which one statement fits better, its leaves changed together, the best few of them."""
        sides = self._sides[number]
        here = dict.fromkeys(
            leaf
            for tree in sides
            for symbol in symbols_in(tree)
            if (leaf := leaf_key(self.families.split(symbol).head, self.families)) in leaves and leaf not in self.given
        )
        choices = [range(leaves[leaf], max(3, leaves[leaf] + 1)) for leaf in here]
        if prod(map(len, choices)) > _TOGETHER:
            return []
        found: list[tuple[float, int, dict[Leaf, int]]] = []
        for at, chosen in enumerate(product(*choices)):
            other = {**ranks, **dict(zip(here, chosen, strict=True))}
            kinds = self.kinds(other)
            cost = _cost_of(kinds, sides) + sum(_prior(leaf)(rank) for leaf, rank in zip(here, chosen, strict=True))
            self._left -= max(sum(1 for tree in sides for _ in walk(tree)), kinds.asked)
            found.append((cost, at, other))
            if self._left < 0:
                break
        return [other for _, _, other in sorted(found, key=lambda entry: entry[:2])[:_MANY] if other != ranks]

    def kinds(self, ranks: Mapping[Leaf, int]) -> Kinds:
        """The kinds of all formulas under some ranks."""
        return Kinds(self.definitions, self.families, lambda head: self._rank(ranks, head), told=self.told)

    def _cost(self, ranks: Mapping[Leaf, int], most: float = float("inf")) -> float:
        """How badly a note fits under some ranks; no term is negative, so what is beyond `most` is not added up."""
        kinds = self.kinds(ranks)
        total = float(sum(_prior(leaf)(rank) for leaf, rank in ranks.items()))
        for sides in self._sides:
            if total >= most:
                break
            total += _cost_of(kinds, sides)
        self._left -= max(self._size, kinds.asked)
        return total + kinds.strain

    def _rank(self, ranks: Mapping[Leaf, int], head: Symbol) -> int:
        return ranks.get(leaf_key(head, self.families), 0)


def _cost_of(kinds: Kinds, sides: Sequence[Node]) -> float:
    """How badly the sides of one statement fit, in the better of both conventions."""
    lowest = float("inf")
    for rows in (False, True):
        kinds.rows = rows
        before = kinds.strain
        cost, known, named = 0.0, None, None
        for tree in sides:
            try:
                kind = kinds.of(tree)
            except Mismatch:
                cost += _MISFIT
                continue
            if known is not None and not _equal(known, kind):
                diagonal = {known, kind} <= {1, 2} and any(isinstance(t, Derivative) for t in (named, tree))
                cost += _DIAGONAL if diagonal else _MISFIT
            if known in (None, "?"):
                known, named = kind, tree
        cost += kinds.strain - before
        kinds.strain = before
        lowest = min(lowest, cost)
        if cost == 0:
            break
    kinds.rows = False
    return lowest


def _equal(a: Kind, b: Kind) -> bool:
    if "?" in (a, b) or a == b:
        return True
    return {a, b} <= {1, "row", "column"} or ({a, b} == {0, 1} and False)


def _prior(leaf: Leaf):  # type: ignore[no-untyped-def]
    name = leaf[0].rstrip("'")
    if name.startswith("\\"):
        table = (0.0, 0.3, 2.5, 6.0) if name in (r"\delta", r"\theta", r"\mu", r"\sigma") else (0.0, 1.0, 3.0, 6.0)
        if name[1].isupper():
            table = (2.0, 2.0, 0.0, 6.0)
    elif len(name) > 1:
        table = (0.0, 1.5, 2.0, 6.0)
    elif name.isupper() and leaf[2].count("#") > 1:
        table = (0.0, 2.0, 2.0, 6.0)
    elif name.isupper() and "#" in leaf[2]:
        table = (0.4, 2.0, 0.0, 6.0) if name in "WUVAM" else (0.2, 2.0, 0.5, 6.0)
    elif name.isupper():
        table = (0.6, 2.0, 0.4, 5.0) if name in _SCALARS else (2.0, 2.0, 0.0, 3.0)
    elif name == "w":
        table = (0.6, 0.3, 1.0, 6.0)
    else:
        table = (0.35, 0.3, 2.5, 6.0)
    return lambda rank: table[min(rank, 3)]
