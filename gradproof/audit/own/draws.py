"""How what a note leaves open is drawn: labels of a cross-entropy sum to one, step sizes are positive."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Big, Call, Node, Number, Product, Symbol, Transpose, walk

_POSITIVE = frozenset(
    [
        r"\eta",
        r"\alpha",
        r"\lambda",
        r"\epsilon",
        r"\varepsilon",
        r"\gamma",
        r"\beta",
        r"\kappa",
        r"\rho",
        r"\tau",
        r"\sigma",
        r"\Delta",
        r"\nu",
        r"\zeta",
    ]
)
_FAMILY = tuple[str, str]
_SMALL = 2  # the first trial with small numbers; every third one is


def probabilities(trees: Iterable[Node]) -> frozenset[_FAMILY]:
    """Names that are multiplied with a logarithm under a sum, as labels with the sum one are."""
    found: set[_FAMILY] = set()
    for node in (below for tree in trees for below in walk(tree)):
        if isinstance(node, Big) and isinstance(node.body, Product):
            found |= _beside_logarithm(node.body)
        elif isinstance(node, Product) and any(isinstance(f, Transpose) for f in node.factors):
            found |= _beside_logarithm(node)
    return frozenset(found)


def summing_to_one(statements: Iterable[Statement]) -> frozenset[_FAMILY]:
    """Names of which a note prints that they sum to one: `\\sum_k q_k = 1`."""
    found = set()
    for statement in statements:
        trees = [side.node for side in statement.sides]
        for tree, other in pairwise(trees):
            if (
                isinstance(tree, Big)
                and tree.operator == "sum"
                and isinstance(tree.body, Symbol)
                and other == Number("1")
            ):
                found.add((tree.body.name, tree.body.mark))
    return frozenset(found)


def _beside_logarithm(product: Product) -> set[_FAMILY]:
    if not any(isinstance(f, Call) and f.function == "log" for f in product.factors):
        return set()
    plain = [f.argument if isinstance(f, Transpose) else f for f in product.factors]
    return {(f.name, f.mark) for f in plain if isinstance(f, Symbol)}


def under_roots(trees: Iterable[Node]) -> frozenset[_FAMILY]:
    """Names whose root or logarithm is printed: no number of them is negative."""
    calls = (n for tree in trees for n in walk(tree) if isinstance(n, Call) and n.function in ("sqrt", "log"))
    return frozenset((a.name, a.mark) for call in calls for a in call.arguments if isinstance(a, Symbol))


def drawn(
    symbol: Symbol,
    shape: tuple[int, ...],
    trials: int,
    seed: int,
    labels: frozenset[_FAMILY],
    positive: frozenset[_FAMILY] = frozenset(),
    few: Sequence[float] = (),
) -> NDArray[np.float64]:
    """Numbers (trials, *shape) for a leaf; the same for the same name, shape and seed. `few`: all that it can be."""
    text = f"{symbol.mark} {symbol.name} {symbol.sub} {symbol.sup}"
    generator = np.random.default_rng([seed, zlib.crc32(text.encode())])
    if few:
        return np.asarray(generator.choice(np.asarray(few, dtype=np.float64), size=(trials, *shape)))
    values = generator.normal(size=(trials, *shape))
    if shape:
        values[_SMALL::3] *= 0.2  # so that a margin is kept in some trials, and not in others
    if (symbol.name, symbol.mark) in labels and shape:
        exponential = np.exp(values)
        return np.asarray(exponential / exponential.sum(axis=-1, keepdims=True))
    if symbol.name in _POSITIVE or (symbol.name, symbol.mark) in positive:
        return np.asarray(0.2 + 0.7 / (1.0 + np.exp(-values)))
    if not shape:
        return np.asarray(np.sign(values) * (0.25 + np.abs(values)))
    return np.asarray(values)
