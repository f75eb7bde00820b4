"""Audit a note against a case: the reference's truth behind the printed names, with rounding bounds and with proofs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from gradproof import defaults
from gradproof.arrays.bound import BoundArray
from gradproof.arrays.exact import ExactArray
from gradproof.binding import Binding, Leaf, Output, Result
from gradproof.bounds import TruthBounds
from gradproof.document import Agreement, Audit, Names, NotAvailable, audit, declare
from gradproof.document.judge import judge
from gradproof.document.provider import Role
from gradproof.document.read import Document
from gradproof.document.results import Verdict
from gradproof.errors import GradproofError
from gradproof.project import Project
from gradproof.proof.expression import Graph
from gradproof.proof.identity import Verdict as ProofVerdict
from gradproof.proof.identity import prove_equal
from gradproof.proving import leaf_expressions
from gradproof.reference import Reference, load_references
from gradproof.trials import Block, block_size, draw
from gradproof.truth import DTYPES, Truth

Array = Any
Numbers = NDArray[np.float64]

NUMBER_PAIRS = 2000
"""Up to so many pairs of quantities every derivative of the one by the other is at hand; beyond, those of the loss."""


def audit_note(
    text: str, name: str, *, project: Project, seed: int = 0, trials: int = defaults.AUDIT_TRIALS, proof: bool = True
) -> Audit:
    """Read a note and judge every `=` in it against the reference of a case.

    Args:
        text: The note, Markdown or LaTeX.
        name: The case whose `reference/NAME.py` knows the truth.
        project: The project that holds it.
        seed: For the trials and for the proofs.
        trials: How many trials.
        proof: Also prove what holds, for all inputs.

    Raises:
        GradproofError: The reference is broken, or the note is beyond the reader's limits.
    """
    reference = load_references(project, name)[0]
    truth = NoteTruth(reference, name, trials, seed)
    found = audit(text, Bounded(truth))
    return with_proofs(found, truth, seed) if proof and truth.bounds.tape is not None else found


@dataclass(frozen=True)
class NoteTruth:
    """All that one reference knows in some trials, in float64.

    Attributes:
        reference: The reference, at one set of sizes.
        name: The case's name.
        trials, seed: Which trials.
    """

    reference: Reference
    name: str
    trials: int
    seed: int

    @cached_property
    def binding(self) -> Binding:
        """The names of the reference."""
        return Binding(self.reference, f"reference/{self.name}.py", DTYPES["float64"])

    @cached_property
    def truth(self) -> Truth:
        """The torch side, of every quantity, derivative and update that has a truth."""
        roots = list(self.binding.roots)
        computed = [name for name in roots if not isinstance(self.binding.roots[name], Leaf)]
        tops = computed if len(computed) * len(roots) <= NUMBER_PAIRS else [self.reference.loss]
        names = [*roots, *(f"d{a}_d{b}" for a in tops for b in roots), *(f"{name}_new" for name in roots)]
        known = [name for name in dict.fromkeys(names) if self.binding.find(name) is not None]
        return Truth(self.binding, [name for name in known if self._is_small(name)], "float64")

    def _is_small(self, name: str) -> bool:
        """Derivatives of arrays by arrays are of no use to a note that does not print their entries."""
        return not name.startswith("d") or name in self.binding.roots or self._top_size(name) <= 1

    def _top_size(self, name: str) -> int:
        source = self.binding.find(name)
        above = self.binding.roots[getattr(source, "top", "")] if hasattr(source, "top") else None
        if isinstance(above, Output):
            return int(np.empty(self.binding.calls[above.call])[above.index].size)
        return int(np.prod(self.binding.results[above.name])) if isinstance(above, Result) and not above.is_loss else 1

    @cached_property
    def draws(self) -> dict[str, NDArray[Any]]:
        """The drawn numbers of all trials."""
        size = block_size(sum(int(np.prod(d.shape)) for d in self.binding.leaves.values()))
        rows = np.arange(min(self.trials, size), dtype=np.int64)
        return draw(self.binding.leaves, Block(0, 0, rows), size, case=self.name, seed=self.seed)

    @cached_property
    def bounds(self) -> TruthBounds:
        """The recorded operations of torch."""
        return TruthBounds(self.truth, self.draws)

    @cached_property
    def values(self) -> dict[str, BoundArray]:
        """Every quantity with its rounding bound."""
        known = self.truth.evaluate(self.draws)
        found = self.bounds.of(self.draws, known, self.truth.sources)
        return {name: bounded.operand() for name, bounded in found.items()}

    @cached_property
    def names(self) -> Names:
        """What printed names mean."""
        return declare(list(self.binding.roots), written=self.reference.latex, constants=dict(self.reference.constants))

    def role(self, key: str) -> Role:
        """Whether a quantity is drawn, and as what."""
        source = self.binding.roots.get(key)
        if not isinstance(source, Leaf):
            return "value"
        if source.path in self.binding.parameters:
            return "parameter"
        return "hyperparameter" if source.path in self.reference.hyperparameters else "input"


@dataclass(frozen=True)
class _Known:
    """What both providers share: quantities by name."""

    truth: NoteTruth

    @property
    def names(self) -> Names:
        """What printed names mean."""
        return self.truth.names

    @property
    def table(self) -> Mapping[str, Array]:
        """Quantities by name."""
        raise NotImplementedError

    def role(self, key: str) -> Role:
        """Whether a quantity is drawn, and as what."""
        return self.truth.role(key)

    def value(self, key: str) -> Array:
        """The value of a quantity, before the optimizer's step."""
        return self._find(key, f"a value of {key}")

    def derivative(self, of: str, by: str) -> Array:
        """The derivative of one quantity by another."""
        return self._find(f"d{of}_d{by}", f"a derivative of {of} by {by}")

    def updated(self, key: str) -> Array:
        """The value of a parameter after the optimizer's step."""
        return self._find(f"{key}_new", f"an updated {key}")

    def _find(self, name: str, what: str) -> Array:
        if name not in self.table:
            raise NotAvailable(f"the reference has no truth for {what}")
        return self.table[name]


@dataclass(frozen=True)
class Bounded(_Known):
    """The truth in trials, each value with a rigorous rounding bound."""

    @property
    def table(self) -> Mapping[str, Array]:
        """Quantities by name."""
        return self.truth.values

    def constant(self, number: Fraction) -> Array:
        """A number, with what is lost where float64 does not have it."""
        nearest = float(number)
        return BoundArray(np.full(1, nearest), np.full(1, float(abs(Fraction(nearest) - number)) * (1 + 2**-50)))

    def numbers(self, value: Array) -> Numbers:
        """The numbers behind a value, `(trials, *shape)`."""
        return np.asarray(cast(BoundArray, value).value, dtype=np.float64)

    def compare(self, left: Array, right: Array) -> Agreement:
        """Whether two values are equal, trial by trial, as far as their rounding bounds let them differ."""
        count = max(len(left.value), len(right.value))
        a, b = (_flat(side.value, count) for side in (left, right))
        bound = _flat(left.error, count) + _flat(right.error, count)
        with np.errstate(all="ignore"):
            difference = np.abs(a - b)
            defined = np.isfinite(a).all(axis=1) | np.isfinite(b).all(axis=1)
            told = defined & (np.isfinite(bound).all(axis=1) | ~(np.isfinite(a) & np.isfinite(b)).all(axis=1))
            differs = told & ~(difference <= bound).all(axis=1)
            excess = np.where(np.isnan(difference), np.inf, difference - np.where(np.isfinite(bound), bound, 0.0))
        if not told.any():
            return Agreement("undecided", "no trial has finite values with a finite rounding bound", count)
        trial = int(np.where(told, excess.max(axis=1), -np.inf).argmax())
        entry = int(excess[trial].argmax())
        place = tuple(int(k) for k in np.unravel_index(entry, left.shape)) if left.ndim else ()
        return Agreement(
            "differ" if differs.any() else "agree",
            trials=count,
            differing=int(differs.sum()),
            trial=trial,
            entry=place,
            left=float(a[trial, entry]),
            right=float(b[trial, entry]),
            zero=bool((a == 0).all() and (b == 0).all()),
        )


@dataclass(frozen=True)
class Exact(_Known):
    """The truth as exact expressions of the leaves, in which equality is proved."""

    seed: int = 0
    graph: Graph = field(default_factory=Graph)

    @cached_property
    def _expressions(self) -> Mapping[str, Array]:
        tape = self.truth.bounds.tape
        assert tape is not None
        leaves = leaf_expressions(self.truth.binding, self.truth.draws, self.graph)
        one = ExactArray.of(self.graph, 1.0)
        return dict(tape.run([one, *(leaves[name] for name in self.truth.binding.leaves)]))

    @property
    def table(self) -> Mapping[str, Array]:
        """Quantities by name."""
        return self._expressions

    def constant(self, number: Fraction) -> Array:
        """A number, exactly."""
        return ExactArray.of(self.graph, self.graph.constant(number))

    def numbers(self, value: Array) -> Numbers:
        """Expressions have none."""
        return np.full((1, *value.shape), np.nan)

    def compare(self, left: Array, right: Array) -> Agreement:
        """Whether two values are proved equal; nothing else is said."""
        proof = prove_equal([(left, right)], seed=self.seed, deadline=2.0)[0]
        if proof.verdict is ProofVerdict.PROVED:
            return Agreement("agree", trials=1, proof="PROVED")
        if proof.verdict is ProofVerdict.REFUTED:
            return Agreement("differ", trials=1, differing=1, proof="REFUTED")
        return Agreement("undecided", proof.reason)


def with_proofs(found: Audit, truth: NoteTruth, seed: int) -> Audit:
    """The same audit with `PROVED`, `REFUTED` or `UNDECIDED` at each equality that was judged."""
    try:
        exact = judge(Document(found.text, found.statements), Exact(truth, seed), mends=False)
    except GradproofError:
        return found
    by_place = {(v.statement, v.equality, v.case): v for v in exact.verdicts}
    verdicts = tuple(_with_proof(v, by_place.get((v.statement, v.equality, v.case))) for v in found.verdicts)
    return replace(found, verdicts=verdicts)


def _flat(values: NDArray[Any], count: int) -> Numbers:
    """`(trials, *shape)` or the same in all trials, as `(count, entries)`."""
    spread = np.broadcast_to(values, (count, *values.shape[1:]))
    return np.asarray(spread, dtype=np.float64).reshape(count, -1)


def _with_proof(verdict: Verdict, exact: Verdict | None) -> Verdict:
    if verdict.status not in ("holds", "WRONG") or exact is None:
        return verdict
    proofs = {"holds": "PROVED", "WRONG": "REFUTED"}
    proof = proofs.get(exact.status, "UNDECIDED")
    agree = (proof == "PROVED") == (verdict.status == "holds")
    return replace(verdict, proof=proof if agree else "UNDECIDED")


def read_note(path: Path) -> str:
    """The text of a note.

    Raises:
        GradproofError: It cannot be read, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise GradproofError(f"there is no note {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise GradproofError(f"{path} cannot be read as UTF-8 text: {error}") from error
