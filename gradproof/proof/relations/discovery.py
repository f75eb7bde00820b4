"""Finding the rule of every node that is not plain field arithmetic.

Nodes are visited in order, at enough random points that relations between arguments show: exponents and angles in
the rational span of earlier ones, equal arguments, proportional conditions, radicands that are squares.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction

from gradproof.proof.expressions.expression import Expression
from gradproof.proof.field.basis import Basis
from gradproof.proof.field.conditions import Conditions, FreeConditions
from gradproof.proof.field.field import RATIONAL_BOUND, Field
from gradproof.proof.field.points import Deadline, Points, Program
from gradproof.proof.field.rows import ONE, Key, Row
from gradproof.proof.field.rules import Atom, Free, Rule
from gradproof.proof.field.rules_exponential import ANGLE_UNIT, Exponential, Logarithm, Rotation
from gradproof.proof.relations.logarithms import LogarithmBasis
from gradproof.proof.relations.roots import RootFinder

_SPARE_POINTS = 6
_POINTS_WITH_ROOTS = 16


class Discovery:
    """Finds the rules of one program in the order of its nodes.

    `notes` says of some nodes why nothing can be proved that depends on them.
    """

    def __init__(self, program: Program, rng: random.Random, conditions: Conditions, *, products_of_logs: bool) -> None:
        self.field, self._conditions = program.field, conditions
        self._exponents = Basis(self.field.p, RATIONAL_BOUND, ("exp", ONE), _argument_row)
        self._angles = Basis(self.field.p, RATIONAL_BOUND, ("angle", ONE), _argument_row)
        self._atoms: dict[str, list[int]] = {}
        self._logs = LogarithmBasis(program, compare_products=products_of_logs)
        self._roots = RootFinder(program, rng, conditions)
        self.notes: dict[int, str] = {}

    def rule(self, node: Expression, at: Points) -> Rule:
        """The rule of a node that is not plain arithmetic. Raises Undecidable, NeedSquares."""
        match node.op:
            case "var" | "pi":
                return Free((node.op, node.id))
            case "pos":
                return self._conditions.rule(node.args[0].id, at)
            case "exp":
                return self._exponential(node.args[0].id, at)
            case "log":
                return self._logarithm(node.args[0], at)
            case "sin" | "cos":
                return self._rotation(node.op, node.args[0].id, at)
            case "sqrt":
                rule, note = self._roots.rule(node, at)
                if note:
                    self.notes[node.id] = note
                return rule
        return self._atom(node.op, node.args[0].id, at)

    def _exponential(self, argument: int, at: Points) -> Rule:
        found = self._exponents.express(at.node(argument), at)
        if found is not None:
            terms = tuple((number, c) for (kind, number), c in found.items() if kind == "exp")
            powers = tuple((number, c) for (kind, number), c in found.items() if kind == "log")
            rule = Exponential(argument, terms, powers)
            if self._usable(rule, at):
                return rule
        self._exponents.add(("exp", argument), at)
        return Exponential(argument, ((argument, Fraction(1)),))

    def _usable(self, rule: Exponential, at: Points) -> bool:
        """Whether the field has the roots, and they are of values that are no squares already."""
        for _, c in (*rule.terms, *rule.powers):
            if not self.field.has_roots(c.denominator):
                return False
        return all(self._roots.independent(number, at) for number in rule.squares)

    def _logarithm(self, argument: Expression, at: Points) -> Rule:
        rule = self._logs.rule(argument, at)
        if isinstance(rule, Logarithm) and rule.terms == ((argument.id, 1),):
            self._exponents.add(("log", argument.id), at)
        return rule

    def _rotation(self, function: str, argument: int, at: Points) -> Rule:
        found = self._angles.express(at.node(argument), at)
        if found is not None and all(ANGLE_UNIT % c.denominator == 0 for c in found.values()):
            return Rotation(function, argument, tuple((number, c) for (_, number), c in found.items()))
        self._angles.add(("angle", argument), at)
        return Rotation(function, argument, ((argument, Fraction(1)),))

    def _atom(self, op: str, argument: int, at: Points) -> Rule:
        row, p = at.node(argument), self.field.p
        known = self._atoms.setdefault(op, [])
        for number in known:
            other = at.node(number)
            if row == other:
                return Atom(argument, (op, number), 1)
            if all((a + b) % p == 0 for a, b in zip(row, other, strict=True)):
                return Atom(argument, (op, number), -1)
        known.append(argument)
        return Atom(argument, (op, argument), 1)


def _argument_row(key: Key, at: Points) -> Row:
    """The values of what a basis key stands for: a representative argument, or the generator of a logarithm."""
    return at.draw(key) if key[0] == "log" else at.node(key[1])


def discover(
    roots: Sequence[Expression],
    field: Field,
    seed: int,
    deadline: Deadline,
    conditions: Callable[[Program], Conditions] = FreeConditions,
    *,
    products_of_logs: bool = False,
    spare_points: int = 0,
) -> tuple[Program, dict[int, str]]:
    """A program for the roots with all its rules, and for some nodes why nothing can be proved that depends on them.

    `spare_points` are taken beyond those that exponents, angles and logarithms ask for. Raises Undecidable, and
    NeedSquares when it takes another field.
    """
    program = Program(roots, field, deadline)
    width = _width(program) + spare_points
    discovery = Discovery(program, random.Random(seed), conditions(program), products_of_logs=products_of_logs)
    Points(program, width, random.Random(seed + 1)).evaluate(discover=discovery.rule)
    return program, discovery.notes


def _width(program: Program) -> int:
    counts: dict[str, int] = {}
    for node in program.nodes:
        counts[node.op] = counts.get(node.op, 0) + 1
    relations = max(counts.get("exp", 0) + counts.get("log", 0), counts.get("sin", 0) + counts.get("cos", 0))
    return max(relations + _SPARE_POINTS, _POINTS_WITH_ROOTS if "sqrt" in counts else 0)
