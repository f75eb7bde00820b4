"""Proofs of what a note prints: every comparison of an audit repeated on exact expressions, for all inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from gradproof.audit import Agreement, Audit
from gradproof.audit.judging.results import Compared, Verdict
from gradproof.audit.judging.sides import Sides
from gradproof.audit.reading.limits import Budget, Limits
from gradproof.audit.truth import Known, NoteTruth, Numbers
from gradproof.audit.values.evaluate import evaluation
from gradproof.audit.values.provider import Array
from gradproof.audit.values.shapes import Misfit, alike
from gradproof.errors import GradproofError
from gradproof.proof.expressions.array import ExactArray
from gradproof.proof.expressions.expression import Graph
from gradproof.proof.expressions.walking import topological
from gradproof.proof.field.points import Deadline
from gradproof.proof.identity import Proof, prove_equal
from gradproof.proof.identity import ProofVerdict as Outcome
from gradproof.proof.leaves import leaf_expressions

_BATCH = 16  # equalities proved together, so that one that cannot be proved takes the time of few others
_MOST_OPERATIONS = 100_000  # in all that is compared in one note: the same on every machine, unlike the time
_UNSPENT = "the proofs of this note need more operations than are allowed"

Claim = tuple[Array, Array]


@dataclass(frozen=True)
class Exact(Known):
    """The truth as exact expressions of the leaves."""

    graph: Graph = field(default_factory=Graph)

    @cached_property
    def table(self) -> Mapping[str, Array]:
        """Quantities by name."""
        tape = self.truth.bounds.tape
        assert tape is not None  # the caller has looked
        leaves = leaf_expressions(self.truth.binding, self.truth.draws, self.graph)
        one = ExactArray.of(self.graph, 1.0)
        return dict(tape.run([one, *(leaves[name] for name in self.truth.binding.leaves)]))

    def constant(self, number: Fraction) -> Array:
        """A number, exactly."""
        return ExactArray.of(self.graph, self.graph.constant(number))

    def plain(self, values: Numbers) -> Array:
        """Numbers, exactly."""
        return ExactArray.of(self.graph, values)

    def numbers(self, value: Array) -> Numbers:
        """Expressions have none."""
        raise NotImplementedError("an expression has no numbers")

    def compare(self, left: Array, right: Array) -> Agreement:
        """Expressions are compared together, by `prove_equal`."""
        raise NotImplementedError("expressions are compared by proofs")


def with_proofs(found: Audit, truth: NoteTruth, seed: int, seconds: float) -> Audit:
    """The same audit with `PROVED`, `REFUTED` or `UNDECIDED` at each equality that holds or is WRONG.

    An equality with index letters is PROVED where it is for all their values. What is UNDECIDED has a note that says
    why. What is WRONG because shapes do not fit has no proof. All proofs together take about `seconds` at most.
    """
    sides = _ExactSides(found, Exact(truth))
    claims = {
        (number, compared): sides.claim(verdict, compared)
        for number, verdict in enumerate(found.verdicts)
        for compared in verdict.compared
    }
    proofs = _Proofs(seed, seconds)
    proofs.run(claim for claim in claims.values() if isinstance(claim, tuple))
    verdicts = []
    for number, verdict in enumerate(found.verdicts):
        outcomes = [proofs.outcome(claims[number, compared]) for compared in verdict.compared]
        verdicts.append(_with_outcomes(verdict, outcomes) if outcomes else verdict)
    return replace(found, verdicts=tuple(verdicts))


class _ExactSides:
    """The sides of a note's statements as expressions; each statement once for each case and reading."""

    def __init__(self, found: Audit, exact: Exact) -> None:
        self._found, self._exact, self._limits = found, exact, Limits()
        self._budget = Budget(self._limits.document_steps)
        self._known: dict[object, Sides] = {}
        try:
            self._problem = "" if exact.table else "the reference has no expressions"
        except GradproofError as error:  # an operation of torch that no expression stands for
            self._problem = str(error)

    def claim(self, verdict: Verdict, compared: Compared) -> Claim | str:
        """The two sides of a comparison as expressions, or why they cannot be had."""
        if self._problem:
            return self._problem
        key = (verdict.statement, compared.indices, compared.reading)
        if key not in self._known:
            statement, indices = self._found.statements[verdict.statement], dict(compared.indices)
            evaluated = evaluation(self._exact, self._budget, self._limits, indices, compared.reading)
            self._known[key] = Sides(statement, evaluated)
        outcomes = [self._known[key].outcomes[side] for side in (compared.left, compared.right)]
        for outcome in outcomes:
            if outcome.value is None:
                return outcome.reason
        try:
            return alike(outcomes[0].value, outcomes[1].value)
        except Misfit as error:
            return error.reason


class _Proofs:
    """The proofs of many claims, each different one once, within a number of operations and of work, both counted."""

    def __init__(self, seed: int, seconds: float) -> None:
        self._seed, self._left, self._seconds = seed, seconds, seconds
        self._operations = Budget(_MOST_OPERATIONS)
        self._known: dict[tuple[int, ...], tuple[str, str]] = {}

    def run(self, claims: Iterable[Claim]) -> None:
        """Prove or refute the claims."""
        different = {_identity(claim): claim for claim in claims}
        for keys in _batches(list(different), _BATCH):
            affordable = [key for key in keys if self._operations.spend(_operations(different[key]))]
            self._known |= dict.fromkeys(set(keys) - set(affordable), ("UNDECIDED", _UNSPENT))
            if self._left <= 0:
                reason = f"the proofs of this note take more than the work of about {self._seconds:g} s"
                self._known |= dict.fromkeys(affordable, ("UNDECIDED", reason))
            elif affordable:
                work = Deadline(self._left)
                found = prove_equal([different[key] for key in affordable], seed=self._seed, deadline=work)
                self._left = work.left
                self._known |= {key: _worded(proof) for key, proof in zip(affordable, found, strict=True)}

    def outcome(self, claim: Claim | str) -> tuple[str, str]:
        """What is known of a claim, and why it is undecided."""
        return ("UNDECIDED", claim) if isinstance(claim, str) else self._known[_identity(claim)]


def _batches(keys: Sequence[tuple[int, ...]], size: int) -> Iterator[Sequence[tuple[int, ...]]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def _identity(claim: Claim) -> tuple[int, ...]:
    """The same for claims of the same expressions."""
    return tuple(node.id for side in claim for node in side.expressions.flat)


def _operations(claim: Claim) -> int:
    return len(topological(node for side in claim for node in side.expressions.flat))


def _worded(proof: Proof) -> tuple[str, str]:
    return proof.verdict.value, proof.reason if proof.verdict is Outcome.UNDECIDED else ""


def _with_outcomes(verdict: Verdict, outcomes: Sequence[tuple[str, str]]) -> Verdict:
    """One proof for all cases of a verdict; what trials and proof do not say alike is undecided."""
    wanted = "PROVED" if verdict.status == "holds" else "REFUTED"
    odd = next(((word, reason) for word, reason in outcomes if word != wanted), None)
    if odd is None:
        return replace(verdict, proof=wanted)
    word, reason = odd
    note = f"not {wanted.lower()} for all inputs: {reason or f'the proof says {word}'}"
    return replace(verdict, proof="UNDECIDED", notes=(*verdict.notes, note))
