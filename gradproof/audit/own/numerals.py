"""Printed numbers: compared to their last digit, with the numbers that the note itself gives to its quantities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from gradproof.arrays.trials import TrialArray
from gradproof.audit.judging.results import Verdict
from gradproof.audit.own.arithmetic import numeric_mend
from gradproof.audit.own.names.definitions import is_literal, is_numeric, made_of
from gradproof.audit.own.names.families import VERSIONS, symbols_in
from gradproof.audit.own.provider import Own
from gradproof.audit.own.steps import without_version
from gradproof.audit.own.world import World
from gradproof.audit.reading.limits import Budget, Limits
from gradproof.audit.reading.names import Names, form
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Derivative, Node, Number, Sum, Symbol, children, walk, with_children
from gradproof.audit.values import lookup
from gradproof.audit.values.evaluate import evaluation
from gradproof.audit.values.evaluation import Unjudged
from gradproof.audit.values.provider import Agreement, Array, NotAvailable, Role, compare_numbers
from gradproof.audit.values.shapes import Misfit
from gradproof.tolerances import OWN_PASS

_ROUNDED, _DECIMALS = 5, 3  # a literal with so many digits, or so many behind the point, may be rounded itself
_STEPS = 20_000
_RATES = frozenset({r"\eta", r"\alpha", r"\epsilon", r"\varepsilon", r"\gamma", r"\lambda", "lr"})


def numbers_given(statements: Sequence[Statement]) -> dict[object, float]:
    """The numbers that some statements give to symbols, by form: `w_1 = .15`, `w_1 = w_2 = 1`."""
    found: dict[object, float] = {}
    for statement in statements:
        trees = [side.node for side in statement.sides]
        if len(trees) < 2 or not is_literal(trees[-1]) or trees[-1] is None:
            continue
        value = literal_value(trees[-1])
        for tree in trees[:-1]:
            if isinstance(tree, Symbol) and value is not None:
                found.setdefault(form(tree), value)
    return found


def given_anew(statements: Sequence[Statement]) -> frozenset[object]:
    """The names to which some statements give different numbers, one for each example."""
    found: dict[object, set[float]] = {}
    for statement in statements:
        for key, value in numbers_given([statement]).items():
            found.setdefault(key, set()).add(value)
    return frozenset(key for key, values in found.items() if len(values) > 1)


def literal_value(tree: Node) -> float | None:
    """The value of a side that is made of numbers; None where it has none."""
    numbers = literal_array(tree)
    return float(numbers.ravel()[0]) if numbers is not None and numbers.size == 1 else None


def literal_array(tree: Node) -> NDArray[np.float64] | None:
    """The numbers of a side that is made of numbers and lists of them; None where it has none."""
    try:
        value = evaluation(_Literals(), Budget(_STEPS), Limits()).value(tree)
    except (Unjudged, Misfit):
        return None
    numbers = np.asarray(getattr(value, "values", value), dtype=np.float64)
    return numbers[0] if numbers.ndim and np.isfinite(numbers).all() else None


def spread_of(tree: Node) -> NDArray[np.float64]:
    """What half a unit in each rounded literal of a side made of numbers changes of its entries."""
    whole = literal_array(tree)
    total = np.zeros(() if whole is None else whole.shape)
    for number in rounded(tree):
        moved = literal_array(_with(tree, number, f"{float(number.text) + 0.5 * _unit(number.text, about=False):.20f}"))
        total = total + np.abs(moved - whole) if moved is not None and whole is not None else total
    return total


def rounded(tree: Node) -> Iterator[Number]:
    """The literals of a tree that may be rounded themselves."""
    for number in (n for n in walk(tree) if isinstance(n, Number)):
        digits, decimals = number.text.replace(".", "").lstrip("0"), number.text.partition(".")[2]
        if len(digits) >= _ROUNDED or len(decimals) >= _DECIMALS:
            yield number


def unit_of(tree: Node) -> float | None:
    """One in the last digit of a single number; None for anything else."""
    text = _single(tree)
    return None if text is None else _unit(text, about=False)


class _Literals:
    """A provider of numbers alone."""

    names = Names()

    def value(self, key: str) -> Array:
        raise NotAvailable(f"{key} is no number")

    def derivative(self, of: str, by: str) -> Array:
        raise NotAvailable(f"a derivative of {of} by {by} is no number")

    def updated(self, key: str) -> Array:
        return self.value(key)

    def constant(self, number: Fraction) -> Array:
        return TrialArray(np.full(1, float(number)))

    def role(self, key: str) -> Role:
        return "value"

    def compare(self, left: Array, right: Array) -> Agreement:
        return compare_numbers(*np.broadcast_arrays(self.numbers(left), self.numbers(right)))

    def numbers(self, value: Array) -> NDArray[np.float64]:
        return np.asarray(getattr(value, "values", value), dtype=np.float64)


@dataclass
class Numerals:
    """The judgement of equalities one side of which is made of numbers."""

    own: Own
    given: Mapping[object, float]
    text: str
    objectives: Sequence[str] = ()
    lists: Mapping[object, NDArray[np.float64]] = field(default_factory=dict)
    several: frozenset[object] = frozenset()  # names to which the note gives more than one number
    _world: World | None = None

    def judged(self, verdict: Verdict, statement: Statement) -> Verdict:
        """A verdict on printed numbers in place of one on random ones."""
        if not statement.sides or verdict.status == "not read":
            return verdict
        left, right = (statement.sides[at].node for at in (verdict.equality, verdict.equality + 1))
        if left is None or right is None or not (is_numeric(left) or is_numeric(right)):
            return verdict
        if (
            any(
                isinstance(n, Number) and n.text in ("0", "1") and len(list(walk(side))) == 1
                for side in (left, right)
                for n in (side,)
            )
            and verdict.status == "holds"
        ):
            return verdict
        if isinstance(left, Symbol) and (form(left) in self.several or not self.is_defined(left)):
            note = "it gives the name its number"
            return replace(verdict, status="holds", reason="", notes=(note,), witness=None, mend=None, side=-1)
        values = [self._value(side) for side in (left, right)]
        if verdict.status == "holds" and any(isinstance(side, Derivative) for side in (left, right)):
            return verdict  # a derivative that is the same number everywhere
        if values[0] is None and isinstance(left, Symbol) and values[1] is not None:
            values[0] = self._stepped(left, values[1], 2 * self._allowed(left, right, about=True))
        first, second = values
        if (first is None or second is None) and self._is_another_constant(verdict, left, right):
            return replace(verdict, trials=1, mend=None)
        if first is None or second is None:
            reason = "the note gives no numbers for all that it is made of"
            return replace(verdict, status="not judged", reason=reason, witness=None, mend=None)
        allowed = self._allowed(left, right, about=statement.relations[verdict.equality].kind == "~")
        if abs(first - second) <= allowed:
            return replace(verdict, status="holds", reason="", trials=1, witness=None, mend=None, side=-1)
        at = 1 if is_numeric(right) else 0
        printed, value = (second, first) if at else (first, second)
        reason = f"it is {value:.9g}, printed is {printed:.9g}"
        told = replace(
            verdict, status="WRONG", reason=reason, side=verdict.equality + at, trials=1, witness=None, mend=None
        )
        return told if _single((left, right)[at]) is None else self._mended(told, statement, at, printed, value)

    def _is_another_constant(self, verdict: Verdict, left: Node, right: Node) -> bool:
        """Whether a side made of what the note defines is one number in every trial, and the printed one another.

        What sums to one, whatever it is made of, does not sum to zero.
        """
        if verdict.status != "WRONG" or not verdict.compared or is_literal(left) == is_literal(right):
            return False
        world, tree = self.own.world, right if is_literal(left) else left
        e = world.evaluation({**self.own.letters, **dict(verdict.compared[0].indices)})
        printed = {(s.name, s.mark) for s in symbols_in(tree) if not lookup.is_kronecker(world, s)}
        keys = {key for key, head in world.heads.items() if (head.name, head.mark) in printed}
        if not keys or keys & world.open.keys():
            return False  # it says how what is open is chosen
        names = made_of([tree], world.definitions)
        if any(d.statement < 0 for name in names for d in world.definitions.quantities.get(name, ())):
            return False  # a loss of our own making
        try:
            numbers = world.numbers(e.value(tree))
        except (Unjudged, Misfit, NotAvailable):
            return False
        return bool(np.isfinite(numbers).all() and numbers.any()) and float(np.ptp(numbers)) <= OWN_PASS

    def _mended(self, verdict: Verdict, statement: Statement, at: int, printed: float, value: float) -> Verdict:
        """A verdict on a printed number with its mend; `at`: on which side of the sign the number stands."""
        number, other = (statement.sides[verdict.equality + side].node for side in (at, 1 - at))
        assert number is not None
        about = statement.relations[verdict.equality].kind == "~"

        def comes_out(tree: Node) -> bool:
            other_value = self._value(tree)
            return other_value is not None and abs(other_value - printed) <= self._allowed(tree, number, about=about)

        elsewhere = [abs(known - printed) for known in self._others(statement, verdict.equality)]
        is_right = any(distance <= self._allowed(number, number, about=about) for distance in elsewhere)
        computed = verdict.equality + 1 - at
        mend = numeric_mend(
            self.text,
            statement,
            verdict.equality + at,
            computed,
            value,
            comes_out if is_numeric(other) else None,
            number_is_right=is_right,
        )
        return replace(verdict, mend=mend, side=computed if is_right else verdict.side)

    def _stepped(self, symbol: Symbol, printed: float, allowed: float) -> float | None:
        """The value after a step of descent on an objective, where that is the printed one; no other is known."""
        old = without_version(symbol)
        value = self._value(old) if form(old) != form(symbol) else None
        place = None if value is None or self._world is None else lookup.find(self.own, old, {})
        if value is None or place is None or self._world is None:
            return None
        for top in self.objectives:
            whole = self._world.slope(top, place.key)
            if whole is None:
                continue
            slope = float(self._world.numbers(whole)[0][place.index]) if place.index else float(whole.tensor[0])
            for name, rate in self.given.items():
                if isinstance(name, tuple) and name[0] in _RATES and abs(value - rate * slope - printed) <= allowed:
                    return value - rate * slope
        return None

    def _others(self, statement: Statement, equality: int) -> list[float]:
        """The values of the other sides of a chain."""
        trees = [s.node for at, s in enumerate(statement.sides) if at not in (equality, equality + 1)]
        values = [self._value(tree) for tree in trees if tree is not None and not is_numeric(tree)]
        return [value for value in values if value is not None]

    def is_defined(self, symbol: Symbol) -> bool:
        """Whether the note says what a name is, other than by a number."""
        if any(label.text in VERSIONS for label in symbol.sup):
            return True
        head = self.own.world.families.split(symbol).head
        return any(True for _ in self.own.world.definitions.matches(head))

    def _value(self, tree: Node) -> float | None:
        if is_literal(tree):
            return literal_value(tree)
        numbers = self._computed(tree)
        return float(numbers.ravel()[0]) if numbers is not None and numbers.size == 1 else None

    def array(self, tree: Node) -> NDArray[np.float64] | None:
        """The numbers of a side, with those that the note gives; None where it does not give them all."""
        return literal_array(tree) if is_literal(tree) else self._computed(tree)

    def _computed(self, tree: Node) -> NDArray[np.float64] | None:
        if self._world is None:
            known = [(symbol, self.given.get(form(symbol))) for symbol, _ in self.own.names.constants]
            told = tuple((s, Fraction(n).limit_denominator()) for s, n in known if n is not None)  # no guessed lengths
            names = replace(self.own.names, constants=told)
            fixed: dict[object, float | NDArray[np.float64]] = {**self.given, **self.lists}
            self._world = replace(
                self.own.world, names=names, fixed=fixed, trials=1, open={}, _values={}, _computing=set()
            )
        try:
            value = self._world.evaluation({}).value(tree)
        except (Unjudged, Misfit, NotAvailable):
            return None
        numbers = self._world.numbers(value)
        return numbers[0] if numbers.ndim and np.isfinite(numbers).all() else None

    def _allowed(self, left: Node, right: Node, *, about: bool) -> float:
        """How far two sides may lie apart: less than one in the last digit, and what rounded literals bring."""
        singles = [tree for tree in (left, right) if _single(tree) is not None]
        units = [_unit(_single(tree) or "0", about=about) for tree in singles]
        total = 0.999 * max(units, default=1e-9)
        numeric = [tree for tree in (left, right) if is_numeric(tree)]
        total += sum(self._spread(tree) for tree in numeric if tree not in singles)
        return total + 1e-9 * max((abs(self._value(tree) or 0.0) for tree in numeric), default=0.0)

    def _spread(self, tree: Node) -> float:
        """What half a unit in each rounded literal of an expression changes of its value."""
        whole = self._value(tree)
        total = 0.0
        for number in rounded(tree):
            half = 0.5 * _unit(number.text, about=False)
            moved = self._value(_with(tree, number, f"{float(number.text) + half:.20f}"))
            total += abs(moved - whole) if moved is not None and whole is not None else 0.0
        return total


def _single(tree: Node) -> str | None:
    """The text of a side that is one number, with or without a sign."""
    if isinstance(tree, Number):
        return tree.text
    if isinstance(tree, Sum) and len(tree.terms) == 1 and isinstance(tree.terms[0], Number):
        return tree.terms[0].text
    return None


def _unit(text: str, *, about: bool) -> float:
    digits = len(text.partition(".")[2])
    return 10.0**-digits if digits or about else 1e-9


def _with(tree: Node, number: Number, text: str) -> Node:
    if tree is number:
        return Number(text[:38], span=number.span)
    below = children(tree)
    return with_children(tree, tuple(_with(child, number, text) for child in below)) if below else tree


__all__ = ["Iterator", "Numerals", "literal_value", "numbers_given"]
