"""Exact expressions: a hash-consed graph of scalar operations over the rational numbers.

Every node is one of: a rational (or infinite) constant, a variable, the number pi, a sum or product of two nodes, a
reciprocal, exp, log, sqrt, sin, cos, erf, or the indicator [u > 0] (`pos`). Everything else is written in these. A
node's id is larger than those of its arguments, so that sorting by id is a topological order and every pass over a
graph is a loop.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from gradproof.proof.expressions import simplify
from gradproof.proof.expressions.errors import ExpressionLimit, TraceError

Number = int | float | Fraction | np.bool_ | np.integer[Any] | np.floating[Any]
_NUMBERS = (int, float, Fraction, np.bool_, np.integer, np.floating)
_LONGEST_CONSTANT = 1 << 15  # bits; float64 arithmetic overflows long before
_LARGEST_POWER = 1 << 16


class Graph:
    """Owner of the nodes of one set of expressions.

    Raises ExpressionLimit (from any operation on its nodes) once it would hold more than `max_nodes`.
    """

    def __init__(self, max_nodes: int = 2_000_000) -> None:
        self.max_nodes = max_nodes
        self.nodes: list[Expression] = []
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.truth_values: set[int] = set()  # ids of sums that are known to be 0 or 1
        self.discrete: set[str] = set()  # variables that take some numbers only, such as counts
        self.decide: Callable[[Expression], bool] | None = None
        self._table: dict[tuple[Any, ...], Expression] = {}

    def node(self, op: str, args: tuple[Expression, ...] = (), data: Any = None) -> Expression:
        """The one node with this operation, these arguments and this datum."""
        key = (op, data, *(a.id for a in args))
        found = self._table.get(key)
        if found is None:
            if len(self.nodes) >= self.max_nodes:
                raise ExpressionLimit(
                    f"the expression has more than {self.max_nodes} operations; trace it on smaller arrays, "
                    "or raise max_nodes"
                )
            found = Expression(self, len(self.nodes), op, args, data)
            self.nodes.append(found)
            self._table[key] = found
        return found

    def constant(self, value: Number) -> Expression:
        """The exact value of a Python or NumPy number: floats are the binary fractions that they are."""
        if isinstance(value, Fraction):
            exact = value
        elif isinstance(value, (float, np.floating)):
            if math.isnan(value):
                raise TraceError("a NaN constant has no exact value; leave it out of the equation")
            if math.isinf(value):
                return self.node("const", (), float(value))
            exact = Fraction(float(value))
        else:
            exact = Fraction(int(value))
        if exact.numerator.bit_length() + exact.denominator.bit_length() > _LONGEST_CONSTANT:
            raise ExpressionLimit("a constant has more than 10,000 digits; it is far outside float64's range")
        return self.node("const", (), exact)

    def variable(self, name: str, index: tuple[int, ...] = ()) -> Expression:
        """The free real variable `name[index]`."""
        return self.node("var", (), (name, index))

    def pi(self) -> Expression:
        """The number pi, exactly."""
        return self.node("pi")


class Expression:
    """One scalar node. Arithmetic on nodes gives nodes; `==` and hashing are by identity.

    `positive` and `nonnegative` are what the structure alone makes certain, wherever the node is defined.
    """

    __slots__ = ("args", "data", "graph", "id", "nonnegative", "op", "positive")
    graph: Graph
    id: int
    op: str
    args: tuple[Expression, ...]
    data: Any
    positive: bool
    nonnegative: bool

    def __init__(self, graph: Graph, id: int, op: str, args: tuple[Expression, ...], data: Any) -> None:
        self.graph, self.id, self.op, self.args, self.data = graph, id, op, args, data
        self.positive, self.nonnegative = simplify.certain_sign(op, args, data)

    def __repr__(self) -> str:
        return f"Expression({self.id}: {self.op})"

    def lift(self, other: Any) -> Expression:
        """`other` as a node of the same graph. Raises TraceError for anything but a number or such a node."""
        if isinstance(other, Expression):
            if other.graph is not self.graph:
                raise TraceError("two expressions of different graphs meet; make all symbols in one Graph")
            return other
        if isinstance(other, _NUMBERS):
            return self.graph.constant(other)
        raise TraceError(f"a {type(other).__name__} meets an exact expression; use real numbers and arrays")

    @property
    def value(self) -> Fraction | float | None:
        """The value of a constant, None for any other node."""
        return self.data if self.op == "const" else None

    @property
    def infinite(self) -> bool:
        """Whether this is one of the constants inf and -inf."""
        return self.op == "const" and isinstance(self.data, float)

    # --- the field operations

    def __add__(self, other: Any) -> Expression:
        a, b = self, self.lift(other)
        if a.op == "const" or b.op == "const":
            return simplify.add_constant(a, b) if b.op == "const" else simplify.add_constant(b, a)
        if simplify.is_negation(a, b) or simplify.is_negation(b, a):
            return self.graph.constant(0)
        return self.graph.node("add", (a, b) if a.id <= b.id else (b, a))

    def __mul__(self, other: Any) -> Expression:
        a, b = self, self.lift(other)
        if a.op == "const" or b.op == "const":
            return simplify.scale(b, a) if a.op == "const" else simplify.scale(a, b)
        return simplify.product(a, b)

    def __neg__(self) -> Expression:
        return self * -1

    def __sub__(self, other: Any) -> Expression:
        subtrahend = self.lift(other)
        if subtrahend is self and not self.infinite:
            return self.graph.constant(0)
        return self + (-subtrahend)

    def inverse(self) -> Expression:
        """1 / self. Raises TraceError for the constant zero."""
        if self.op == "const":
            if self.data == 0:
                raise TraceError("a division by the constant zero; the result is not finite")
            return self.graph.constant(0 if self.infinite else 1 / self.data)
        if self.op == "inv":
            return self.args[0]
        return self.graph.node("inv", (self,))

    def __truediv__(self, other: Any) -> Expression:
        return self * self.lift(other).inverse()

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Any) -> Expression:
        return self.lift(other).__sub__(self)

    def __rtruediv__(self, other: Any) -> Expression:
        return self.lift(other).__truediv__(self)

    def __pow__(self, exponent: Any) -> Expression:
        """Real power: by products for integers, by sqrt for halves, exp(n log self) for all others."""
        n = self.lift(exponent)
        if not isinstance(n.data, Fraction) or n.data.denominator > 2:
            return (n * self.log()).exp()
        if abs(n.data) > _LARGEST_POWER:
            raise ExpressionLimit(f"a power above {_LARGEST_POWER}; no float64 result would be of use")
        base = self if n.data.denominator == 1 else self.sqrt()
        return simplify.integer_power(base if n.data >= 0 else base.inverse(), abs(n.data.numerator))

    def __rpow__(self, base: Any) -> Expression:
        return self.lift(base).__pow__(self)

    def __abs__(self) -> Expression:
        return self if self.nonnegative else self * (self.pos() * 2 - 1)

    # --- elementary functions

    def exp(self) -> Expression:
        """e to the power self."""
        if self.infinite:
            if self.data > 0:
                raise TraceError("exp(inf); the result is not finite")
            return self.graph.constant(0)
        if self.op == "log" and self.args[0].positive:
            return self.args[0]
        if self.op == "mul" and self.args[1].op == "log" and getattr(self.args[0].value, "denominator", 1) == 2:
            return self.args[1].args[0] ** self.args[0]  # a half power is made of square roots, which are known more of
        return self.graph.constant(1) if self.value == 0 else self.graph.node("exp", (self,))

    def log(self) -> Expression:
        """Natural logarithm, real: defined where self > 0."""
        if self.op == "const":
            if self.data <= 0 or self.infinite:
                raise TraceError(f"log({self.data}); the result is not finite")
            if self.data == 1:
                return self.graph.constant(0)
        factors = simplify.positive_factors(self)
        if factors is None:
            return self.graph.node("log", (self,))
        total = self.graph.constant(0)
        for factor, exponent in factors:
            log = factor.args[0] if factor.op == "exp" else factor._node_or_constant("log")
            total = total + log * exponent
        return total

    def sqrt(self) -> Expression:
        """The square root that is not negative, real: defined where self >= 0."""
        if self.op == "const" and (self.data < 0 or self.infinite):
            raise TraceError(f"sqrt({self.data}); the result is not real and finite")
        factors = simplify.positive_factors(self)
        if factors is not None:
            root = self.graph.constant(1)
            for factor, exponent in factors:
                if factor.op == "exp":
                    root = root * (factor.args[0] * Fraction(exponent, 2)).exp()
                else:
                    root = root * factor._node_or_constant("sqrt") ** exponent
            return root
        if self.op == "mul" and (exact := simplify.rational_root(self.args[0].value)) is not None:
            return self.args[1].sqrt() * exact
        return self._node_or_constant("sqrt")

    def _node_or_constant(self, op: str) -> Expression:
        """The log or sqrt of a node that has no structure to use; exact for a constant where that is rational."""
        exact: Fraction | None = (
            simplify.rational_root(self.value) if op == "sqrt" else Fraction(0) if self.value == 1 else None
        )
        return self.graph.node(op, (self,)) if exact is None else self.graph.constant(exact)

    def sin(self) -> Expression:
        """Sine."""
        return self.graph.constant(0) if self.value == 0 else self.graph.node("sin", (self,))

    def cos(self) -> Expression:
        """Cosine."""
        return self.graph.constant(1) if self.value == 0 else self.graph.node("cos", (self,))

    def erf(self) -> Expression:
        """The error function."""
        return self.graph.constant(0) if self.value == 0 else self.graph.node("erf", (self,))

    def pos(self) -> Expression:
        """The indicator [self > 0]; of a product with a factor >= 0, the product of both indicators."""
        u, gate = simplify.sign_core(self), self.graph.constant(1)
        while (split := simplify.without_nonnegative_factor(u)) is not None:
            gate = gate * self.graph.node("pos", (split[0],))
            u = simplify.sign_core(split[1])
        return gate * u._certain_or_indicator()

    def _certain_or_indicator(self) -> Expression:
        u = self
        if u.positive:
            return self.graph.constant(1)
        if u.op == "const":
            return self.graph.constant(int(u.data > 0))
        if u.op == "mul" and u.args[0].value == -1 and u.args[1].nonnegative:
            return self.graph.constant(0)
        known = simplify.indicator_of_truth_value(u)
        return self.graph.node("pos", (u,)) if known is None else known

    def __bool__(self) -> bool:
        """A Python branch: the graph's explorer decides, so that both sides are followed."""
        if self.op == "const":
            return bool(self.data)
        if self.graph.decide is None:
            raise TraceError(
                "a Python branch on a value that depends on the inputs; use np.where, or trace the function with "
                "gradproof.proof.expressions.branches.trace, which follows both sides"
            )
        return self.graph.decide(self)
