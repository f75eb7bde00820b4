"""One-operation mutants of traced gradients, and an evaluation of expressions that shares nothing with the prover."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from proof_derivations import DERIVATIONS, Derivation

from gradproof.proof.expressions.array import ExactArray
from gradproof.proof.expressions.calculus import exchanged
from gradproof.proof.expressions.errors import TraceError
from gradproof.proof.expressions.expression import Expression, Graph
from gradproof.proof.expressions.functions import is_truth_value
from gradproof.proof.expressions.walking import topological
from gradproof.proof.identity import Proof, ProofVerdict, prove_equal

_ERF = np.vectorize(math.erf, otypes=[np.longdouble])


@dataclass(frozen=True)
class Mutant:
    """One changed gradient of one derivation, what was changed, and the verdict."""

    derivation: str
    quantity: str
    change: str
    proof: Proof
    contradiction: str


def mutants(count: int, seed: int, derivations: Sequence[Derivation] = DERIVATIONS) -> Iterator[Mutant]:
    """`count` judged mutants, spread over the derivations."""
    rng = random.Random(seed)
    traced = []
    for derivation in derivations:
        graph = Graph()
        traced.append((derivation.name, derivation.pairs(graph)))
    made = 0
    while made < count:
        name, pairs = traced[made % len(traced)]
        quantity = rng.choice(sorted(pairs))
        truth, manual = pairs[quantity]
        changed = _mutated(manual, rng)
        if changed is None:
            continue
        change, array = changed
        (proof,) = prove_equal([(truth, array)], seed=rng.getrandbits(64))
        yield Mutant(name, quantity, change, proof, contradiction(truth, array, proof))
        made += 1


def _mutated(array: ExactArray, rng: random.Random) -> tuple[str, ExactArray] | None:
    roots: list[Expression] = list(array.expressions.flat)
    operations = [e for e in topological(roots) if e.op not in ("var", "pi")]
    if not operations:
        return None
    node = rng.choice(operations)
    try:
        change, new = rng.choice(_changes(node, rng))
        changed = exchanged(roots, {node.id: new})
    except TraceError:
        return None
    nodes = np.empty(array.shape, dtype=object)
    nodes.reshape(-1)[:] = changed
    return change, ExactArray.of(node.graph, nodes)


def _changes(node: Expression, rng: random.Random) -> list[tuple[str, Expression]]:
    """Ways to get this one operation wrong."""
    changes = [("negated", -node), ("times 1 + 2^-30", node * (1 + Fraction(1, 2**30))), ("doubled", node * 2)]
    if node.op == "const":
        return [*changes, ("constant plus 1", node + 1)]
    args = node.args
    if node.op == "add":
        return [*changes, ("sum to difference", args[0] - args[1]), ("a term lost", rng.choice(args))]
    if node.op == "mul":
        other = args[1] if args[0].op == "const" else args[0]
        return [*changes, ("product to quotient", args[0] / args[1]), ("a factor lost", rng.choice([args[1], other]))]
    if node.op == "pos":
        return [*changes, ("condition turned round", 1 - node), ("condition lost", node.graph.constant(1))]
    return [*changes, ("function lost", args[0]), ("function squared", node * node)]


def contradiction(truth: ExactArray, found: ExactArray, proof: Proof) -> str:
    """What extended precision has to say against a verdict; "" for nothing."""
    sides = [*truth.expressions.flat], [*found.expressions.flat]
    if proof.verdict is ProofVerdict.PROVED:
        rng = np.random.default_rng(proof.seed)
        shapes = truth.expressions.flat[0].graph.shapes
        inputs = {name: rng.standard_normal((40, *shape)) for name, shape in shapes.items()}
        for a, b in zip(*(extended(side, inputs) for side in sides), strict=True):
            both = np.isfinite(a) & np.isfinite(b)
            with np.errstate(all="ignore"):
                close = np.abs(a - b) <= 1e-12 * (1 + np.abs(a) + np.abs(b))
            if not close[both].all() or (np.isfinite(a) & np.isnan(b)).any():
                return "proved, but the values differ"
    if proof.verdict is ProofVerdict.REFUTED:
        assert proof.witness is not None
        inputs = {name: values[None] for name, values in proof.witness.inputs.items()}
        i = np.ravel_multi_index(proof.witness.place, truth.shape) if truth.shape else 0
        a, b = (extended([side[i]], inputs)[0][0] for side in sides)
        if np.isnan(proof.witness.found):
            return "" if np.isfinite(a) and not np.isfinite(b) else "called undefined, but it is not"
        claimed = abs(proof.witness.expected - proof.witness.found)
        if not abs(abs(a - b) - claimed) <= max(proof.witness.bound, 1e-9 * claimed):
            return "refuted, but the values are equal at the witness"
    return ""


@np.errstate(all="ignore")
def extended(roots: Sequence[Expression], inputs: Mapping[str, Any]) -> list[Any]:
    """Values in extended precision for inputs name -> (trials, *shape)."""
    functions = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "erf": _ERF}
    values: dict[int, Any] = {}
    trials = next(iter(inputs.values())).shape[0]
    for node in topological(roots):
        x = [values[a.id] for a in node.args]
        match node.op:
            case "const":
                value = np.longdouble(node.data.numerator) / np.longdouble(node.data.denominator)
            case "pi":
                value = np.arctan(np.longdouble(1)) * 4
            case "var":
                name, index = node.data
                value = inputs[name][(slice(None), *index)].astype(np.longdouble)
            case "add":
                value = x[0] + x[1]
            case "mul":
                skipped = [is_truth_value(a) & (value == 0) for a, value in zip(node.args, x, strict=True)]
                value = np.where(skipped[0] | skipped[1], 0, x[0] * x[1])  # what np.where does not take
            case "inv":
                value = 1 / x[0]
            case "pos":
                value = np.where(np.isnan(x[0]), x[0], (x[0] > 0).astype(np.longdouble))  # unknown of the unknown
            case _:
                value = functions[node.op](x[0])
        values[node.id] = value
    return [np.broadcast_to(values[root.id], (trials,)) for root in roots]
