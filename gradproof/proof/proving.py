"""Proof of a case: every equation equals what autograd and the optimizer compute, for all inputs.

Torch's own operations, recorded for one trial, are run on exact expressions of the leaves; so is each equation, on the
expressions of its true inputs. That each of them yields the truth from true inputs proves them all together. The
sizes are those of the case's smallest reference.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradproof.case.derivation import Equation
from gradproof.check.bounds import TruthBounds
from gradproof.check.case import Case
from gradproof.check.facts.failures import Failure, failure
from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.check.facts.verdict import Verdict
from gradproof.errors import GradproofError
from gradproof.proof.confirming import following, unconfirmed
from gradproof.proof.expressions.array import ExactArray
from gradproof.proof.expressions.branches import trace
from gradproof.proof.expressions.expression import Graph
from gradproof.proof.field.points import Deadline
from gradproof.proof.identity import Proof, ProofVerdict, prove_equal
from gradproof.proof.leaves import leaf_expressions, sampler_of
from gradproof.proof.witness import Sampler, Witness

DEADLINE = 10.0

LONGEST_WITNESS = 400
"""So many characters of a counterexample are shown."""


@dataclass(frozen=True)
class EquationProof:
    """What is known of one equation for all inputs.

    Attributes:
        equation: Its name.
        verdict: `PROVED`, `REFUTED`, `UNDECIDED`, or empty where the reference has no such quantity.
        reason: Why it is undecided, or where it was refuted.
        error_probability: A bound on the chance that PROVED is wrong.
        witness: The input that refutes it.
    """

    equation: str
    verdict: str
    reason: str = ""
    error_probability: float = 0.0
    witness: Witness | None = None


@dataclass(frozen=True)
class CaseProof:
    """The proofs of a case: at which shapes of the leaves, and with which random seed."""

    case: str
    equations: tuple[EquationProof, ...]
    shapes: Mapping[str, tuple[int, ...]]
    seed: int

    @property
    def refuted(self) -> frozenset[str]:
        """The names of the refuted equations."""
        return frozenset(one.equation for one in self.equations if one.verdict == "REFUTED")

    def count(self, verdict: str) -> int:
        """How many equations have a verdict."""
        return sum(one.verdict == verdict for one in self.equations)


def prove_case(
    case: Case,
    *,
    seed: int | None = None,
    deadline: float = DEADLINE,
    failures: list[Failure] | None = None,
    doubted: Collection[str] = (),
    only: Collection[str] | None = None,
) -> CaseProof:
    """Prove or refute every equation of a case.

    Args:
        case: The case.
        seed: 64 bits that the random points come from; drawn from the operating system if None.
        deadline: Seconds for all equations together; what is open then is UNDECIDED.
        failures: Where it is noted that the proof of an equation raised; it is UNDECIDED, and the others go on.
        doubted: The names of equations that disagree in trials: a counterexample is looked for, no proof by regions.
        only: The names of the equations to look at; all of them if None.
    """
    traced = trace_case(case)
    fixed = dict(traced.settled)
    followed = following(case, traced.reference, traced.pairs, Deadline(deadline / 4))
    fixed |= {name: EquationProof(name, "UNDECIDED", reason) for name, reason in followed.items()}
    pairs = [
        (equation, pair)
        for equation, pair in traced.pairs
        if equation.name not in fixed and (only is None or equation.name in only)
    ]
    sampler = sampler_of(case.bindings[traced.reference])
    proofs = _proved(pairs, seed, deadline, sampler, failures, doubted)
    for (equation, _), proof in zip(pairs, proofs, strict=True):
        doubt = unconfirmed(case, traced.reference, equation, proof)
        fixed[equation.name] = EquationProof(equation.name, "UNDECIDED", doubt) if doubt else _of(equation, proof)
    shapes = {name: distribution.shape for name, distribution in case.bindings[traced.reference].leaves.items()}
    names = [equation.name for equation in case.derivation.equations]
    found_seed = proofs[0].seed if proofs else (seed or 0)
    return CaseProof(case.name, tuple(fixed.get(n, EquationProof(n, "")) for n in names), shapes, found_seed)


def _proved(
    pairs: Sequence[tuple[Equation, tuple[ExactArray, ExactArray]]],
    seed: int | None,
    deadline: float,
    sampler: Sampler,
    failures: list[Failure] | None,
    doubted: Collection[str],
) -> list[Proof]:
    """The proofs of all pairs; one that fails by a fault of the prover costs no other."""
    numbers = [number for number, (equation, _) in enumerate(pairs) if equation.name in doubted]
    try:
        return prove_equal([pair for _, pair in pairs], seed=seed, deadline=deadline, sampler=sampler, doubted=numbers)
    except Exception as problem:  # whatever a prover may stumble over: the verdicts of the trials stand
        if len(pairs) == 1:
            ((equation, (expected, _)),) = pairs
            failed = failure(f"the proof of {equation.name}", problem)
            if failures is not None:
                failures.append(failed)
            return [Proof(ProofVerdict.UNDECIDED, failed.sentence, 0.0, None, None, seed or 0, expected.size)]
    share = deadline / len(pairs)
    return [proof for pair in pairs for proof in _proved([pair], seed, share, sampler, failures, doubted)]


@dataclass(frozen=True)
class Traced:
    """A case as exact expressions of its leaves, at the sizes of its smallest reference.

    Attributes:
        reference: Which reference that is.
        pairs: Each equation with its truth, and with what it gives on true inputs.
        settled: What is known of the others without a proof.
    """

    reference: int
    pairs: tuple[tuple[Equation, tuple[ExactArray, ExactArray]], ...]
    settled: Mapping[str, EquationProof]


def trace_case(case: Case) -> Traced:
    """Run torch's recorded operations, and each equation on its true inputs, on exact expressions."""
    smallest = int(np.argmin([sum(int(np.prod(d.shape)) for d in b.leaves.values()) for b in case.bindings]))
    graph = Graph()
    leaves = leaf_expressions(case.bindings[smallest], case.draw_trials([smallest], seed=0), graph)
    try:
        truth = _truth(graph, case.truth_bounds[smallest], leaves)
    except GradproofError as problem:
        reason = str(problem)
        settled = {e.name: EquationProof(e.name, "UNDECIDED", reason) for e in case.derivation.equations}
        return Traced(smallest, (), settled)
    pairs, settled = [], {}
    helpers: dict[str, ExactArray] = {}
    for equation in case.derivation.order:
        try:
            found = _run(graph, equation, truth, helpers, case)
        except GradproofError as problem:
            settled[equation.name] = EquationProof(equation.name, "UNDECIDED", str(problem))
            continue
        if equation.quantity not in truth:
            helpers[equation.name] = found
            continue
        expected = _lifted(graph, truth[equation.quantity])  # what depends on class indices alone is plain numbers
        if found.shape != expected.shape:
            reason = f"its shape is {found.shape}, but that of {equation.quantity} is {expected.shape}"
            settled[equation.name] = EquationProof(equation.name, "REFUTED", reason)
        else:
            pairs.append((equation, (expected, found)))
    return Traced(smallest, tuple(pairs), settled)


def with_proofs(result: CheckResult, proofs: CaseProof) -> CheckResult:
    """A check's result with the verdict of the proof for each equation; the two never contradict each other.

    A counterexample that the case can draw counts like a trial: the equation disagrees. What disagrees in trials is
    not proved, whatever a proof says of it.
    """
    by_name = {one.equation: one for one in proofs.equations}
    return result.with_results(tuple(_reconciled(one, by_name[one.equation]) for one in result.results))


def _reconciled(one: EquationResult, proof: EquationProof) -> EquationResult:
    if proof.verdict == "REFUTED" and one.verdict in (Verdict.AGREES, Verdict.INHERITS, Verdict.INCONCLUSIVE):
        seen = f"the proof has an input at which it is wrong: {proof.reason}"
        at = f"; there {_written(proof.witness)}" if proof.witness is not None else ""
        return replace(one, verdict=Verdict.DISAGREES, proof=proof.verdict, diagnosis=f"{seen}{at}", worst_trial=-1)
    if proof.verdict == "PROVED" and one.verdict == Verdict.DISAGREES:
        why = (
            "the proof finds both sides equal in exact arithmetic: either the numbers overflow or cancel here, or this "
            "is a fault of gradproof, please report it"
        )
        return replace(one, proof="UNDECIDED", diagnosis="; ".join(filter(None, (one.diagnosis, why))))
    if proof.verdict == "PROVED" and one.verdict == Verdict.INCONCLUSIVE:
        # what holds for all inputs needs no trial that shows it
        return replace(
            one, verdict=Verdict.AGREES, proof=proof.verdict, diagnosis=f"proved; the trials alone: {one.diagnosis}"
        )
    return replace(one, proof=proof.verdict)


def _written(witness: Witness) -> str:
    """The input that refutes, as far as it is short."""
    parts = [f"{name} = {np.asarray(value).tolist()}" for name, value in witness.inputs.items()]
    text = ", ".join(parts)
    return text if len(text) <= LONGEST_WITNESS else f"{text[:LONGEST_WITNESS]} ..."


def with_fix_proofs(result: CheckResult, proofs: CaseProof) -> CheckResult:
    """A check's result with the verdict of the proof for each fix, from the proofs of the mended case."""
    verdicts = {one.equation: one.verdict for one in proofs.equations}
    return result.with_results(
        tuple(replace(one, fix_proof=verdicts[one.equation]) if one.fix else one for one in result.results)
    )


def _truth(graph: Graph, bounds: TruthBounds, leaves: Mapping[str, Any]) -> dict[str, ExactArray]:
    """Torch's own operations on exact expressions.

    Raises:
        GradproofError: They could not be recorded, or one of them has no exact counterpart.
    """
    if bounds.tape is None:
        raise GradproofError(bounds.why_none)
    one = ExactArray.of(graph, 1.0)
    outputs = bounds.tape.run([one, *(leaves[name] for name in bounds.truth.binding.leaves)])
    return dict(outputs)


def _run(
    graph: Graph, equation: Equation, truth: Mapping[str, Any], helpers: Mapping[str, Any], case: Case
) -> ExactArray:
    by_name = case.derivation.by_name
    inputs = []
    for name in equation.inputs:
        if name not in truth and by_name[name].name not in helpers:
            raise GradproofError(f"it reads {name}, which could not be followed")
        inputs.append(truth[name] if name in truth else helpers[by_name[name].name])
    result = trace(graph, equation.function, *inputs)
    return _lifted(graph, result)


def _lifted(graph: Graph, value: Any) -> ExactArray:
    return value if isinstance(value, ExactArray) else ExactArray.of(graph, value)


def _of(equation: Equation, proof: Proof) -> EquationProof:
    reason = proof.reason
    if proof.verdict is ProofVerdict.REFUTED and proof.witness is not None:
        witness = proof.witness
        at = f" at entry {list(proof.place)}" if proof.place else ""
        reason = f"{witness.found!r} where {witness.expected!r} is right{at}; rounding explains {witness.bound:.2g}"
    return EquationProof(equation.name, proof.verdict, reason, proof.error_probability, proof.witness)
