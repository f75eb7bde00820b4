"""Are two computations the same function?  PROVED, REFUTED or UNDECIDED, entry by entry of two arrays."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gradproof.errors import GradproofError
from gradproof.proof.expressions.alike import representatives
from gradproof.proof.expressions.array import ExactArray
from gradproof.proof.expressions.constants import named_in, read_exactly
from gradproof.proof.expressions.errors import TraceError
from gradproof.proof.expressions.expression import Expression
from gradproof.proof.expressions.ranges import partial_nodes
from gradproof.proof.field.points import Deadline, OutOfTime
from gradproof.proof.prover import Finding, Prover
from gradproof.proof.witness import Refute, Sampler, Witness, in_doubt, search, search_by_code

Side = ExactArray | Expression | float
Test = Callable[[Sequence[Expression], Deadline], dict[int, Finding]]
_MOST_READINGS_NAMED = 3


class ProofVerdict(StrEnum):
    """What is known of an identity, as a string that prints as its word; docs/proof.md has the meaning of each."""

    PROVED = "PROVED"
    REFUTED = "REFUTED"
    UNDECIDED = "UNDECIDED"

    def __repr__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True)
class Proof:
    """The verdict on one pair of arrays.

    `error_probability` bounds the chance that a PROVED is wrong (0 for identical expressions). `place` is the entry
    that decided against PROVED, `witness` the input of a REFUTED. The same seed gives the same result.
    """

    verdict: ProofVerdict
    reason: str
    error_probability: float
    witness: Witness | None
    place: tuple[int, ...] | None
    seed: int
    entries: int

    def __str__(self) -> str:
        if self.verdict is ProofVerdict.PROVED:
            return f"PROVED for all inputs off the kinks; error probability below {self.error_probability:.2g}"
        if self.witness is None:
            return f"{self.verdict}: {self.reason}"
        at = ", ".join(f"{name}={np.asarray(value).tolist()!r}" for name, value in self.witness.inputs.items())
        return f"{self.verdict}: {self.witness.expected!r} against {self.witness.found!r} at {at}"


@dataclass(frozen=True)
class _Entry:
    """One scalar of one pair."""

    pair: int
    place: tuple[int, ...]
    expected: Expression
    found: Expression


def prove_equal(
    pairs: Sequence[tuple[Side, Side]],
    *,
    seed: int | None = None,
    deadline: float | Deadline = 10.0,
    most_conditions: int = 10,
    sampler: Sampler | None = None,
    refute: Sequence[Refute | None] | None = None,
    doubted: Collection[int] = (),
) -> list[Proof]:
    """One Proof for each pair (expected, found) of arrays of one shape and one graph.

    seed: 64 bits that all random choices come from; drawn from the operating system if None.
    deadline: the work of about so many seconds for the whole call, or a deadline of which what is left is used up;
        what is open then is UNDECIDED.
    most_conditions: how many conditions are told apart region by region, at up to 2**most_conditions regions.
    sampler: where witnesses are looked for; the default draws numbers of several scales and both signs.
    refute: for each pair the original code, on which a witness is looked for before the expressions.
    doubted: the numbers of pairs that are known to differ on plain numbers; they are not told apart region by region.
    Raises GradproofError where shapes differ.
    """
    seed = secrets.randbits(64) if seed is None else seed
    entries = [entry for number, pair in enumerate(pairs) for entry in _entries(number, *pair)]
    clock = deadline if isinstance(deadline, Deadline) else Deadline(deadline)
    work = _Work(entries, seed, clock, most_conditions, sampler)
    work.run(refute or [None] * len(pairs), frozenset(doubted))
    return [_combined(number, work) for number in range(len(pairs))]


class _Work:
    """Findings and witnesses of all entries, found in stages from cheap to dear."""

    def __init__(
        self,
        entries: Sequence[_Entry],
        seed: int,
        deadline: Deadline,
        most_conditions: int,
        sampler: Sampler | None,
    ) -> None:
        self.entries, self.seed, self._sampler, self._deadline = entries, seed, sampler, deadline
        self._prover = Prover(seed, most_conditions)
        self.findings: dict[int, Finding] = {}
        self.witnesses: dict[int, Witness] = {}
        self._differences: dict[int, Expression] = {}

    def run(self, refute: Sequence[Refute | None], doubted: frozenset[int]) -> None:
        """Free conditions; witnesses; regions; the domains of what was proved; an explanation of the rest."""
        for i, entry in enumerate(self.entries):
            self._subtract(i, entry)
        self._apply(self._prover.all_at_once, list(self._differences), 0.5)
        self._run_code(refute)
        self._look_for_witnesses(self._open(), 0.75)
        hopeful = [i for i in self._open() if self.entries[i].pair not in doubted]
        self._apply(self._prover.by_regions, hopeful, 0.9)
        self._compare_domains()
        self._explain()

    def _subtract(self, i: int, entry: _Entry) -> None:
        """The difference of the two sides; a constant is judged at once."""
        if entry.expected is entry.found:
            self.findings[i] = Finding(True)
            return
        if entry.expected.infinite or entry.found.infinite:
            self.findings[i] = Finding(False, reason="an infinite constant on one side")
            return
        try:
            difference = entry.expected - entry.found
        except TraceError as problem:
            self.findings[i] = Finding(False, reason=problem.problem)
            return
        if difference.op == "const":
            self.findings[i] = Finding(
                difference.value == 0, reason="" if difference.value == 0 else "a constant apart"
            )
        else:
            self._differences[i] = difference

    def _apply(self, test: Test, places: list[int], share: float) -> None:
        places = [i for i in places if i in self._differences]
        standing_for = representatives(self._differences[i] for i in places)
        unique = {one.id: one for one in standing_for.values()}
        results = test(list(unique.values()), self._deadline.earlier(share)) if unique else {}
        for i in places:
            self.findings[i] = results[standing_for[self._differences[i].id].id]

    def _open(self) -> list[int]:
        """The entries that are not proved, of the pairs that no witness refutes."""
        refuted = {self.entries[i].pair for i in self.witnesses}
        return [i for i, entry in enumerate(self.entries) if not self.findings[i].proved and entry.pair not in refuted]

    def _compare_domains(self) -> None:
        """What is proved is refuted, or left open, where it is undefined on the side found and not on the expected."""
        refuted = {self.entries[i].pair for i in self.witnesses}
        proved = [i for i, entry in enumerate(self.entries) if self.findings[i].proved and entry.pair not in refuted]
        sides = [node for i in proved for node in (self.entries[i].expected, self.entries[i].found)]
        partial = partial_nodes(sides)
        suspects = [i for i in proved if partial[self.entries[i].found.id] & ~partial[self.entries[i].expected.id]]
        self._look_for_witnesses(suspects, 1.0)
        suspects = [i for i in suspects if i not in self.witnesses]
        pairs = [(self.entries[i].expected, self.entries[i].found) for i in suspects]
        reason = "a condition is undefined where the expected value is not"
        try:
            doubts = in_doubt(pairs, self.seed, self._sampler, self._deadline) if pairs else []
        except OutOfTime as problem:
            doubts, reason = [True] * len(pairs), str(problem)
        for i, doubt in zip(suspects, doubts, strict=True):
            if doubt:
                self.findings[i] = Finding(False, reason=reason)

    def _run_code(self, refute: Sequence[Refute | None]) -> None:
        """A witness of the clearest entry of each pair that is open and came with its code."""
        for number in sorted({self.entries[i].pair for i in self._open()}):
            code = refute[number]
            places = {entry.place: i for i, entry in enumerate(self.entries) if entry.pair == number}
            roots = [node for i in places.values() for node in (self.entries[i].expected, self.entries[i].found)]
            witness = search_by_code(code, roots, self.seed, self._sampler) if code else None
            if witness and witness.place in places:
                self.witnesses[places[witness.place]] = witness

    def _look_for_witnesses(self, places: list[int], share: float) -> None:
        pairs = [(self.entries[i].expected, self.entries[i].found) for i in places]
        found = search(pairs, self.seed, self._sampler, self._deadline.earlier(share)) if pairs else []
        self.witnesses.update({i: witness for i, witness in zip(places, found, strict=True) if witness})

    def _explain(self) -> None:
        """Whether what is still open holds once rounded constants are read as the numbers they stand for."""
        places = [i for i in self._open() if i in self._differences]
        try:
            self._deadline.check()
            differences, readings = read_exactly([self._differences[i] for i in places])
        except (TraceError, OutOfTime):
            return
        tested = {new.id: new for new, i in zip(differences, places, strict=True) if new is not self._differences[i]}
        unknown = [new for new in tested.values() if new.op != "const"]
        results = self._prover.all_at_once(unknown, self._deadline) if unknown else {}
        for i, new in zip(places, differences, strict=True):
            if new.value == 0 or (new.id in results and results[new.id].proved):
                named = ", ".join(named_in(self._differences[i], readings)[:_MOST_READINGS_NAMED])
                self.findings[i] = Finding(False, reason=f"equal up to the rounding of a constant ({named})")


def _entries(number: int, expected: Side, found: Side) -> Iterator[_Entry]:
    sides = [
        side.expressions if isinstance(side, ExactArray) else np.asarray(side, dtype=object)
        for side in (expected, found)
    ]
    if sides[0].shape != sides[1].shape:
        raise GradproofError(
            f"pair {number} cannot be compared: the expected value has shape {sides[0].shape}, the one found has "
            f"shape {sides[1].shape}; give both the same shape"
        )
    model = next((e for side in sides for e in side.flat if isinstance(e, Expression)), None)
    if model is None and sides[0].size:
        raise GradproofError(f"pair {number} holds no expression; compare plain numbers with NumPy")
    for place in np.ndindex(*sides[0].shape):
        assert model is not None
        yield _Entry(number, place, model.lift(sides[0][place]), model.lift(sides[1][place]))


def _combined(number: int, work: _Work) -> Proof:
    places = [i for i, entry in enumerate(work.entries) if entry.pair == number]
    refuted = [i for i in places if i in work.witnesses]
    if refuted:
        return _refuted(refuted[0], work, len(places))
    still_open = [i for i in places if not work.findings[i].proved]
    if still_open:
        i = still_open[0]
        reason = work.findings[i].reason
        return Proof(ProofVerdict.UNDECIDED, reason, 0.0, None, work.entries[i].place, work.seed, len(places))
    error = sum(work.findings[i].error for i in places)
    regions = max((work.findings[i].regions for i in places), default=1)
    reason = "" if regions == 1 else f"in each of {regions} regions"
    return Proof(ProofVerdict.PROVED, reason, error, None, None, work.seed, len(places))


def _refuted(i: int, work: _Work, entries: int) -> Proof:
    entry, witness = work.entries[i], work.witnesses[i]
    undefined = np.isnan(witness.found)
    reason = "undefined where the expected value is not" if undefined else "the values differ by more than rounding can"
    placed = Witness(witness.inputs, entry.place, witness.expected, witness.found, witness.bound)
    return Proof(ProofVerdict.REFUTED, reason, 0.0, placed, entry.place, work.seed, entries)
