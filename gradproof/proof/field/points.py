"""Values of every node of a set of expressions at random points of a prime field.

A point gives every generator a random value; every node follows. Where a rule asks for the square root of a value
that has none, the generators that this root is the first to use are drawn again (all of them where there is none
such), so that sums over many independent roots do not need an exponential number of draws.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from gradproof.proof.expressions.expression import Expression
from gradproof.proof.expressions.walking import topological
from gradproof.proof.field.field import Field
from gradproof.proof.field.rows import ONE, Key, Row, Turn, turned_by
from gradproof.proof.field.rules import Rule

_MOST_DRAWS = 600  # redraws for one root; each succeeds with probability 1/2 where the roots are independent
_NODES_BETWEEN_COUNTS = 512

_A_SECOND = 1e6
A_NODE = 10.0
_A_FIELD_NODE, _A_POINT, _A_RULE = 9.0, 1.3, 100.0
"""What takes how long, in microseconds of a usual machine: a node in floating numbers; one in a field, and each of its
points; finding a rule."""

RULED = frozenset({"var", "pi", "pos", "exp", "log", "sin", "cos", "sqrt", "erf"})
T = TypeVar("T")
Discover = Callable[[Expression, "Points"], Rule]


class Undecidable(Exception):
    """The test cannot be carried out on these expressions; the text says why."""


class OutOfTime(Undecidable):
    """As much work was done as was allowed."""


class Deadline:
    """How much work may be done before it is given up: counted, so that a busy or a slow machine proves the same.

    Args:
        seconds: About how long the work takes on a usual machine.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self._limit = seconds, seconds * _A_SECOND
        self._spent = [0.0]

    @property
    def left(self) -> float:
        """For about how many seconds' work there is room."""
        return max(0.0, (self._limit - self._spent[0]) / _A_SECOND)

    def earlier(self, share: float) -> Deadline:
        """The deadline of a part of the work, which may bring what is spent up to this share of all."""
        part = Deadline(self.seconds)
        part._limit, part._spent = share * self._limit, self._spent
        return part

    def check(self, work: float = 0.0) -> None:
        """Count work, in about microseconds; raises OutOfTime once there was too much of it."""
        self._spent[0] += work
        if self._spent[0] > self._limit:
            raise OutOfTime(f"not finished in the work of about {self.seconds:g} s")


class Program:
    """Nodes in the order of evaluation with the rules found so far.

    Nodes are sorted by the depth of nested roots first, so that a root comes after all that it could be made of.
    """

    def __init__(self, roots: Sequence[Expression], field: Field, deadline: Deadline) -> None:
        self.field, self.deadline, self.graph = field, deadline, roots[0].graph
        self.rules: dict[int, Rule] = {}
        depth: dict[int, int] = {}
        for node in topological(roots):
            depth[node.id] = max((depth[a.id] for a in node.args), default=0) + (node.op == "sqrt")
        self.nodes = sorted(topological(roots), key=lambda node: (depth[node.id], node.id))
        self._fresh: dict[int, frozenset[Key]] = {}
        self.not_looked_at = self._not_looked_at()

    def _not_looked_at(self) -> frozenset[int]:
        """Nodes whose values show nothing about a rule: no rule's argument depends on them.

        A square root may turn out to be made of any node, so where there is one all are looked at.
        """
        if any(node.op == "sqrt" for node in self.nodes):
            return frozenset()
        arguments = [a for node in self.nodes if node.op in RULED for a in node.args]
        return frozenset(node.id for node in self.nodes) - {node.id for node in topological(arguments)}

    def fresh_keys(self, place: int) -> frozenset[Key]:
        """The generators that the node at `place`, which needs roots, is the first of such nodes to depend on."""
        if place not in self._fresh:
            earlier: set[Key] = set()
            for node in self.nodes[:place]:
                rule = self.rules.get(node.id)
                if rule is not None and rule.squares:
                    earlier |= self._keys_of(node)
            self._fresh[place] = frozenset(self._keys_of(self.nodes[place]) - earlier)
        return self._fresh[place]

    def _keys_of(self, node: Expression) -> set[Key]:
        return {key for e in topological([node]) if e.id in self.rules for key in self.rules[e.id].keys}


class Points:
    """`width` random points; `fixed` gives some generators a value of its own, `kept` rows of values.

    All values are in [0, p).
    """

    def __init__(
        self,
        program: Program,
        width: int,
        rng: random.Random,
        fixed: Mapping[Key, int] | None = None,
        kept: Mapping[Key, Row] | None = None,
    ) -> None:
        self.program, self.width, self._rng = program, width, rng
        self.field = program.field
        self.values: dict[int, Row] = {ONE: [1] * width}
        self._fixed = fixed or {}
        self._draws: dict[Key, Row] = dict(kept or {})
        self._roots: dict[int, list[int | None]] = {}
        self._turns: dict[tuple[Key, int], list[Turn]] = {}
        self._done = self._counted = 0
        self.generation = 0  # counts how often points were drawn again

    def draw(self, key: Key) -> Row:
        """The values of a generator: any residue, a non-zero square for an exponential."""
        row = self._draws.get(key)
        if row is None:
            if key in self._fixed:
                row = [self._fixed[key]] * self.width
            else:
                p = self.field.p
                row = [self._rng.randrange(1, p) for _ in range(self.width)]
                if key[0] == "exp":
                    row = [value * value % p for value in row]
            self._draws[key] = row
        return row

    def turns(self, key: Key, unit: int) -> list[Turn]:
        """Points of the circle: ((1 - t^2) / (1 + t^2), 2t / (1 + t^2)) of the generator t, `unit` times round."""
        found = self._turns.get((key, unit))
        if found is None:
            p = self.field.p
            if unit == 1:
                row = self.draw(key)
                inverses = self.field.inverses([(1 + t * t) % p for t in row])
                found = [((1 - t * t) * i % p, 2 * t * i % p) for t, i in zip(row, inverses, strict=True)]
            else:
                found = [turned_by(turn, unit, p) for turn in self.turns(key, 1)]
            self._turns[key, unit] = found
        return found

    @property
    def place(self) -> int:
        """How many nodes of the program have their values."""
        return self._done

    def node(self, number: int) -> Row:
        """The values of a node, by its id; ONE is the constant 1."""
        return self.values[number]

    def roots(self, number: int) -> Row:
        """The square roots of a node whose values a rule asked to be squares."""
        return [root for root in self._roots[number] if root is not None]

    def evaluate(self, stop: int | None = None, discover: Discover | None = None) -> None:
        """Give the nodes before the place `stop` (all of them by default) their values.

        `discover` finds the rule of a node that has none yet. Raises Undecidable.
        """
        nodes, rules = self.program.nodes, self.program.rules
        stop = len(nodes) if stop is None else stop
        skipped = frozenset[int]() if discover is None else self.program.not_looked_at
        for place in range(self._done, stop):
            if place % _NODES_BETWEEN_COUNTS == 0 and place > self._counted:
                self._count_work(place)
            node = nodes[place]
            if node.id in skipped:
                if node.op in RULED and discover is not None:
                    self._done = place
                    self.program.deadline.check(_A_RULE)
                    rules[node.id] = discover(node, self)
                continue
            row = self._arithmetic(node)
            if row is None:
                rule = rules.get(node.id)
                if rule is None:
                    if discover is None:
                        raise Undecidable(f"no rule for {node.op} at a random point")
                    self._done = place
                    self.program.deadline.check(_A_RULE)
                    rule = rules[node.id] = discover(node, self)
                self._make_squares(rule, place)
                row = rule.evaluate(self)
            self.values[node.id] = row
        self._done = max(self._done, stop)
        self._count_work(self._done)

    def _count_work(self, place: int) -> None:
        """Tell the deadline of the nodes that were given values up to here."""
        nodes, self._counted = place - self._counted, place
        self.program.deadline.check(max(nodes, 0) * (_A_FIELD_NODE + _A_POINT * self.width))

    def exponentials(self) -> list[int]:
        """The representatives of the exponential generators drawn so far."""
        return sorted(number for kind, number in self._draws if kind == "exp")

    def stretched(self, exponentials: Sequence[int], factor: int) -> Points:
        """The first point again and again, in column i with the i-th exponential times `factor`; last, unchanged."""
        width = len(exponentials) + 1
        kept = {key: [row[0]] * width for key, row in self._draws.items()}
        for i, number in enumerate(exponentials):
            kept["exp", number][i] = kept["exp", number][i] * factor % self.field.p
        new = Points(self.program, width, self._rng, self._fixed, kept)
        new.evaluate(self._done)
        return new

    def relations_hold(self) -> bool:
        """Whether all identities that the rules rest on hold at these points."""
        rules = self.program.rules
        return all(rules[node.id].holds(self) for node in self.program.nodes if node.id in rules)

    def _arithmetic(self, node: Expression) -> Row | None:
        """The values of a node of field arithmetic, None for one that needs a rule."""
        values, op, p = self.values, node.op, self.field.p
        if op == "mul":
            return [a * b % p for a, b in zip(values[node.args[0].id], values[node.args[1].id], strict=True)]
        if op == "add":
            sums = [a + b for a, b in zip(values[node.args[0].id], values[node.args[1].id], strict=True)]
            return [value if value < p else value - p for value in sums]
        if op == "const":
            if node.infinite:
                raise Undecidable("an infinite constant takes part in a sum or a comparison")
            return [self.field.rational(node.data)] * self.width
        if op == "inv":
            divisor = values[node.args[0].id]
            # 1/0 of a divisor that is zero everywhere may be any value: then only what masks it can be proved.
            return self.field.inverses(divisor) if any(divisor) else self.draw(("pole", node.id))
        return None

    def _make_squares(self, rule: Rule, place: int) -> None:
        """Draw again until every value that the rule asks a root of is a square."""
        for number in rule.squares:
            columns: Sequence[int] = range(self.width)
            self._roots[number] = [None] * self.width
            for attempt in range(_MOST_DRAWS):
                row, roots = self.node(number), self._roots[number]
                for i in columns:
                    roots[i] = self.field.square_root(row[i])
                columns = [i for i in columns if roots[i] is None]
                if not columns:
                    break
                fresh = self.program.fresh_keys(place) if attempt < _MOST_DRAWS // 2 else frozenset()
                self._redraw(columns, place, fresh)
            else:
                raise Undecidable("no point was found at which all square roots exist")

    def _redraw(self, columns: Sequence[int], place: int, fresh: frozenset[Key]) -> None:
        """New values for the `fresh` generators (for all of them where that is empty) in some columns."""
        kept = {k: [row[i] for i in columns] for k, row in self._draws.items() if k not in fresh} if fresh else {}
        new = Points(self.program, len(columns), self._rng, self._fixed, kept)
        new.evaluate(place)
        for name, row in new.values.items():
            self.values[name] = _spliced(self.values[name], columns, row)
        for key, row in new._draws.items():
            self._draws[key] = _spliced(self._draws[key], columns, row)
        for number, roots in new._roots.items():
            self._roots[number] = _spliced(self._roots[number], columns, roots)
        self._turns.clear()
        self.generation += 1


def _spliced(row: Sequence[T], columns: Sequence[int], new: Sequence[T]) -> list[T]:
    out = list(row)
    for i, value in zip(columns, new, strict=True):
        out[i] = value
    return out
