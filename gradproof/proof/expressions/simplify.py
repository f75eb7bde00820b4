"""What is rewritten while a graph is built, and what its structure makes certain of a sign.

Each rewriting is an identity of real functions wherever both sides are defined.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from gradproof.proof.expressions.errors import TraceError
from gradproof.proof.expressions.walking import N, topological


def certain_sign(op: str, args: tuple[N, ...], data: Any) -> tuple[bool, bool]:
    """(certainly > 0, certainly >= 0) of a node wherever it is defined, from its arguments."""
    match op:
        case "const":
            return data > 0, data >= 0
        case "exp" | "pi":
            return True, True
        case "pos":
            return False, True
        case "sqrt" | "inv":
            return args[0].positive, op == "sqrt" or args[0].nonnegative
        case "add":
            a, b = args
            both = a.nonnegative and b.nonnegative
            return both and (a.positive or b.positive), both
        case "mul":
            a, b = args
            square = a is b or _is_rectified(a, b)
            return a.positive and b.positive, square or (a.nonnegative and b.nonnegative)
    return False, False


def _is_rectified(a: N, b: N) -> bool:
    """Whether a * b is z [z > 0]."""
    return (b.op == "pos" and b.args[0] is a) or (a.op == "pos" and a.args[0] is b)


def is_negation(a: N, b: N) -> bool:
    """Whether b is -a."""
    return b.op == "mul" and b.args[0].value == -1 and b.args[1] is a


def add_constant(a: N, constant: N) -> N:
    """a + constant; constants come first in a sum and are merged."""
    if constant.data == 0:
        return a
    if a.op == "const":
        if a.infinite and constant.infinite and a.data != constant.data:
            raise TraceError("inf - inf; the result is not a number")
        return a.graph.constant(a.data + constant.data)
    if constant.infinite:
        return constant
    if a.op == "add" and a.args[0].op == "const":
        return add_constant(a.args[1], a.graph.constant(a.args[0].data + constant.data))
    return a.graph.node("add", (constant, a))


def scale(a: N, factor: N) -> N:
    """factor * a for a constant factor, which always stands first in a product."""
    if a.op == "const":
        if (a.infinite or factor.infinite) and 0 in (a.data, factor.data):
            raise TraceError("0 * inf; the result is not a number")
        return a.graph.constant(a.data * factor.data)
    if factor.infinite:
        raise TraceError("an infinite constant times a value of unknown sign; use np.where with a finite one")
    if factor.data == 0:
        return factor
    if factor.data == 1:
        return a
    if a.op == "mul" and a.args[0].op == "const":
        return scale(a.args[1], a.graph.constant(a.args[0].data * factor.data))
    return a.graph.node("mul", (factor, a))


def product(a: N, b: N) -> N:
    """a * b of two nodes that are not constant: constant factors to the front, equal indicators merged."""
    if a.op == "mul" and a.args[0].op == "const":
        return scale(a.args[1] * b, a.args[0])
    if b.op == "mul" and b.args[0].op == "const":
        return scale(a * b.args[1], b.args[0])
    gates: list[N] = []
    product: N | None = None
    while product is None:
        gate_a, core_a = _gated(a)
        gate_b, core_b = _gated(b)
        if gate_a is None or gate_a is not gate_b:
            product = _square_of(a) if a is b else _node_product(a, b)
        elif core_a is None or core_b is None:
            product = b if core_a is None else a
        else:
            gates.append(gate_a)
            a, b = core_a, core_b
    for gate in reversed(gates):
        product = _node_product(gate, product)
    return product


def _square_of(a: N) -> N:
    """a * a, without the root of a root, and of a truth value itself."""
    if a.op == "sqrt":
        return a.args[0]
    return a if is_truth_value(a) else _node_product(a, a)


def _node_product(a: N, b: N) -> N:
    return a.graph.node("mul", (a, b) if a.id <= b.id else (b, a))


def positive_factors(a: N) -> list[tuple[N, int]] | None:
    """The factors, each certainly positive, of which `a` is the product, with exponents; None where not so."""
    if not a.positive or a.op not in ("exp", "mul", "inv"):
        return None
    exponents, factors = {a.id: 1}, []
    for node in reversed(topological([a], through=_opens_into_factors)):
        n = exponents.get(node.id, 0)
        if n and _opens_into_factors(node):
            for arg in node.args:
                exponents[arg.id] = exponents.get(arg.id, 0) + (-n if node.op == "inv" else n)
        elif n:
            factors.append((node, n))
    return factors


def _opens_into_factors(a: N) -> bool:
    return a.op == "inv" or (a.op == "mul" and a.args[0].positive and a.args[1].positive)


def _gated(a: N) -> tuple[N | None, N | None]:
    """(g, r) of a = g * r with an indicator g; r is None where a is the indicator itself."""
    if a.op == "pos":
        return a, None
    if a.op == "mul":
        x, y = a.args
        if x.op == "pos":
            return x, y
        if y.op == "pos":
            return y, x
    return None, None


def is_truth_value(a: N) -> bool:
    """Whether the structure makes certain that the value is 0 or 1."""
    stack, seen = [a], set()
    while stack:
        e = stack.pop()
        if e.id in seen or e.id in e.graph.truth_values or e.op == "pos" or (e.op == "const" and e.data in (0, 1)):
            continue
        seen.add(e.id)
        if e.op == "mul" and e.args[0].op != "const":
            stack.extend(e.args)
        elif e.op == "add" and e.args[0].value == 1 and e.args[1].op == "mul" and e.args[1].args[0].value == -1:
            stack.append(e.args[1].args[1])
        else:
            return False
    return True


def indicator_of_truth_value(a: N) -> N | None:
    """[a > 0] of a = p + q c with numbers p, q and a truth value c, which takes two values only; else None."""
    shift, rest = (a.args[0].value, a.args[1]) if a.op == "add" and a.args[0].op == "const" else (Fraction(0), a)
    factor, truth = (rest.args[0].value, rest.args[1]) if rest.op == "mul" and rest.args[0].op == "const" else (1, rest)
    if truth.op == "const" or not is_truth_value(truth):
        return None
    assert shift is not None
    assert factor is not None
    without, with_it = int(shift > 0), int(shift + factor > 0)
    return truth * (with_it - without) + without


def sign_core(a: N, *, above: bool = True) -> N:
    """A node that is positive just where `a` is, without its positive factors.

    With `above` false it is negative just where `a` is as well: z [z > 0] is then not the same as z.
    """
    while True:
        if a.op == "inv":
            a = a.args[0]
        elif a.op == "mul" and (a.args[0].positive or a.args[1].positive):
            a = a.args[1] if a.args[0].positive else a.args[0]
        elif a.op == "mul" and above and _is_rectified(*a.args):
            a = a.args[0] if a.args[1].op == "pos" else a.args[1]
        elif a.op == "mul" and a.args[0].op == "const" and a.args[0].data != -1:
            return -sign_core(a.args[1], above=False)
        elif a.op == "mul" and a.args[0].op == "const":
            inner = sign_core(a.args[1], above=False)
            return a if inner is a.args[1] else -inner
        else:
            return a


def rational_root(value: Fraction | float | None) -> Fraction | None:
    """The square root of a rational that is the square of one, else None."""
    if not isinstance(value, Fraction) or value < 0:
        return None
    top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
    exact = top * top == value.numerator and bottom * bottom == value.denominator
    return Fraction(top, bottom) if exact else None


def integer_power(base: N, n: int) -> N:
    """base^n for n >= 0, by squaring."""
    result = base.graph.constant(1)
    while n:
        if n & 1:
            result = result * base
        base = base * base if n > 1 else base
        n >>= 1
    return result


def without_nonnegative_factor(a: N) -> tuple[N, N] | None:
    """(f, r) of a = f * r with a factor f >= 0 that is not certainly positive; None where there is none."""
    negative = a.op == "mul" and a.args[0].value == -1
    inner = a.args[1] if negative else a
    if inner.op != "mul" or inner.nonnegative or inner.args[0].op == "const":
        return None
    for factor, rest in (inner.args, inner.args[::-1]):
        if factor.nonnegative:
            return factor, -rest if negative else rest
    return None
