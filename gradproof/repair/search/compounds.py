"""Formulas of two or three names, built for all names at once.

Activation derivatives, reductions of a name or of a product, sums, products and quotients of two names, matrix
products, and a matrix times a reduction (normalisation layers, softmax): what a derivative is usually short of.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from gradproof.repair.formulas.evaluate import FAILURES, apply, evaluate
from gradproof.repair.formulas.formula import Binary, Call, Compare, Constant, Formula, Name, Reduce, size
from gradproof.repair.formulas.functions import Array, Functions
from gradproof.repair.search.batches import Shape, Stack

LARGEST = 2_000_000
"""Numbers in one array of compounds; of larger pools only the likeliest names are combined."""

_HOLE = Name("#")
_ONE, _TWO, _ZERO = Constant(1), Constant(2), Constant(0)
_Wrap = Callable[[Formula], Formula]

_UNARY: tuple[tuple[float, _Wrap], ...] = (
    (4.0, lambda n: Binary("-", _ONE, n)),
    (4.5, lambda n: Binary("**", n, _TWO)),
    (4.0, lambda n: Compare(">", n, _ZERO)),
    (5.0, lambda n: Binary("*", n, Binary("-", _ONE, n))),
    (5.0, lambda n: Binary("-", _ONE, Binary("**", n, _TWO))),
    (6.0, lambda n: Binary("-", _ONE, Binary("**", Call("tanh", (n,)), _TWO))),
    (5.0, lambda n: Call("exp", (n,))),
    (4.5, lambda n: Call("maximum", (n, _ZERO))),
    (5.0, lambda n: Call("log", (n,))),
    (4.5, lambda n: Call("sqrt", (n,))),
    (5.0, lambda n: Call("tanh", (n,))),
    (4.0, lambda n: Binary("/", _ONE, n)),
    (3.0, lambda n: Binary("*", _TWO, n)),
    (3.0, lambda n: Binary("/", n, _TWO)),
)


def compounds(
    names: Mapping[Shape, Stack],
    transposes: Mapping[Shape, Stack],
    functions: Functions,
    helpers: Sequence[str],
) -> Iterator[Stack]:
    """Compounds of names; transposes enter matrix products only.

    Args:
        names: The names by shape.
        transposes: Their transposes by shape.
        functions: The functions of the equation's module.
        helpers: Its helpers of one argument.
    """
    kept = [_affordable(stack) for stack in names.values() if len(stack)]
    factors = kept + [_affordable(stack) for stack in transposes.values() if len(stack)]
    wraps = (*_UNARY, *((3.5, _calling(helper)) for helper in helpers))
    reductions: list[Stack] = []
    for stack in kept:
        yield from _lifted(stack, wraps, functions)
        reductions += _lifted(stack, _reducing(stack.shape, 4.0), functions)
    for first in kept:
        for second in kept:
            for pairs, op in _pairs_of(first, second, functions):
                yield pairs
                if op == "*":
                    reductions += _lifted(pairs, _reducing(pairs.shape, 3.0), functions)
    for first in factors:
        for second in factors:
            if first.shape and second.shape:
                yield from _pairs(first, second, "@", 2.0, functions)
    yield from reductions
    for matrices in kept:
        for reduction in reductions if len(matrices.shape) == 2 else ():
            if _fit(matrices.shape, reduction.shape):
                yield from _pairs(matrices.cheapest(12), reduction.cheapest(60), "*", 2.0, functions)


def _affordable(stack: Stack) -> Stack:
    """The likeliest names, so many that all their pairs can be held."""
    entries = stack.values.shape[1] * math.prod(stack.shape)
    return stack.cheapest(max(4, math.isqrt(LARGEST // entries)))


def _calling(helper: str) -> _Wrap:
    return lambda operand: Call(helper, (operand,))


def _reducing(shape: Shape, bits: float) -> tuple[tuple[float, _Wrap], ...]:
    """Sums and means over each axis, with the axis kept and without."""

    def wrap(function: str, axis: int, keepdims: bool) -> _Wrap:
        return lambda operand: Reduce(function, operand, axis, keepdims)

    return tuple(
        (bits + 0.5 * keepdims, wrap(function, axis, keepdims))
        for axis in range(len(shape))
        for function in ("sum", "mean")
        for keepdims in (False, True)
    )


def _lifted(stack: Stack, wraps: Sequence[tuple[float, _Wrap]], functions: Functions) -> Iterator[Stack]:
    """Formulas of one hole, for all candidates at once; those left out that cannot be evaluated."""
    for bits, wrap in wraps:
        template = wrap(_HOLE)
        try:
            with np.errstate(all="ignore"):
                values = evaluate(template, {_HOLE.id: stack.values}, functions)
        except FAILURES:
            continue
        length = 1.0 if isinstance(template, Compare) else 1.5 * (size(template) - 1)
        lifted = stack.mapped(values, wrap, slip=length)
        yield Stack(lifted.values, lifted.slip, lifted.weight + bits, lifted.write)


def _pairs_of(first: Stack, second: Stack, functions: Functions) -> Iterator[tuple[Stack, str]]:
    """Elementwise pairs with their operator; those that are symmetric in one of the two orders."""
    if not _fit(first.shape, second.shape):
        return
    ordered = first is second or (len(first.shape), first.shape) > (len(second.shape), second.shape)
    for op, bits in (("-", 3.0), ("/", 3.0), ("+", 3.0), ("*", 2.0)):
        if op in "-/" or ordered:
            for made in _pairs(first, second, op, bits, functions):
                halved = op in "+*" and first is second
                yield (made.at(_upper_triangle(len(first))) if halved else made), op


def _upper_triangle(width: int) -> Array:
    """Places of the pairs (i, j) with i <= j among all, row by row."""
    rows, columns = np.triu_indices(width)
    return np.asarray(rows * width + columns)


def _pairs(first: Stack, second: Stack, op: str, bits: float, functions: Functions) -> Iterator[Stack]:
    """`u op v` for every u of the one stack and v of the other; nothing where the shapes do not fit."""
    left = np.repeat(first.values, len(second), axis=0)
    right = np.tile(second.values, (len(first), 1, *(1,) * len(second.shape)))
    try:
        with np.errstate(all="ignore"):
            values = apply(Binary(op, _HOLE, _HOLE), (left, right), functions)
    except FAILURES:
        return
    slip = np.add.outer(first.slip, second.slip).ravel() + 3.0
    weight = np.add.outer(first.weight, second.weight).ravel() + bits
    width = len(second)
    yield Stack(values, slip, weight, lambda i: Binary(op, first.write(i // width), second.write(i % width)))


def _fit(first: Shape, second: Shape) -> bool:
    """Whether the shapes broadcast."""
    try:
        np.broadcast_shapes(first, second)
    except ValueError:
        return False
    return True
