"""What the prover decides, and how long it takes: derivations against autograd, hard identities, random mutants.

Run from the repository's root: `python benchmarks/proof.py [--mutants 1000] [--seed 1]`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "proof"))

from proof_derivations import DERIVATIONS  # its folder is put on the path above
from proof_document import document_pairs
from proof_identities import FALSE, NOT_PROVED, TRUE, Identity, built
from proof_mutants import mutants

from gradproof.proof.expressions.expression import Graph
from gradproof.proof.identity import Proof, prove_equal


def derivations(seed: int) -> None:
    """Every gradient of the document and of five derivations."""
    graph = Graph()
    start = time.perf_counter()
    pairs = document_pairs(graph)
    proofs = prove_equal(list(pairs.values()), seed=seed)
    _line("the document", proofs, time.perf_counter() - start, len(graph.nodes))
    for derivation in DERIVATIONS:
        graph = Graph()
        traced = derivation.pairs(graph)
        start = time.perf_counter()
        proofs = prove_equal(list(traced.values()), seed=seed)
        _line(derivation.name, proofs, time.perf_counter() - start, len(graph.nodes))


def identities(seed: int) -> None:
    """The hard identities; each line is one kind."""
    for kind, table in (("true", TRUE), ("false", FALSE), ("apart by a rounding", NOT_PROVED)):
        start = time.perf_counter()
        proofs = list(_proved_one_by_one(table, seed))
        _line(f"{kind} identities", proofs, time.perf_counter() - start, 0)


def _proved_one_by_one(table: dict[str, Identity], seed: int) -> Iterator[Proof]:
    for identity in table.values():
        yield prove_equal([built(identity, Graph())], seed=seed)[0]


def mutations(count: int, seed: int) -> None:
    """One-operation mutants of the derivations."""
    verdicts: Counter[str] = Counter()
    contradictions, reasons, start = 0, Counter[str](), time.perf_counter()
    for mutant in mutants(count, seed):
        verdicts[mutant.proof.verdict.name] += 1
        if mutant.proof.verdict.name == "UNDECIDED":
            reasons[f"{mutant.derivation}: {mutant.change}: {mutant.proof.reason}"] += 1
        if mutant.contradiction:
            contradictions += 1
            print(f"  CONTRADICTION {mutant.derivation} {mutant.quantity}, {mutant.change}: {mutant.contradiction}")
    seconds = time.perf_counter() - start
    print(f"{count} mutants: {dict(verdicts)}, {contradictions} contradicted by the numbers, {seconds:.1f} s")
    for reason, number in reasons.most_common():
        print(f"  undecided {number}: {reason}")


def _line(name: str, proofs: list[Proof], seconds: float, nodes: int) -> None:
    verdicts = Counter(proof.verdict.name for proof in proofs)
    entries = sum(proof.entries for proof in proofs)
    print(f"{name:28s} {dict(verdicts)}, {entries} entries, {nodes} nodes, {seconds:.2f} s")


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    derivations(options.seed)
    identities(options.seed)
    mutations(options.mutants, options.seed)


if __name__ == "__main__":
    main()
