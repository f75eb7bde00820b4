"""One wrong equation with all that its repair may look at, and the candidates found for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from gradproof.repair.budget import CALL, Budget
from gradproof.repair.evidence.groups import Evidence, agreeing
from gradproof.repair.formulas.canonical import canonical, tidy
from gradproof.repair.formulas.evaluate import FAILURES, evaluate
from gradproof.repair.formulas.formula import Binary, Constant, Formula, Negate, changes, names_in, nodes, size
from gradproof.repair.formulas.functions import Array, Functions
from gradproof.repair.search.edits import Vocabulary
from gradproof.repair.search.prior import Prior, Target
from gradproof.repair.search.term_bank import Bank


@dataclass(frozen=True)
class Problem:
    """A wrong equation.

    Attributes:
        formula: What it says.
        target: Its name and its quantity.
        groups: The trials to search on.
        fresh: Other trials, to confirm on.
        legible: The quantities that a formula may read: what is computed from this one is not among them.
        screen: The few trials that candidates are tried on first.
        bank: What an edit may put in.
        vocabulary: What other edits may use.
        functions: The functions of its module.
        prior: Prices of formulas.
        siblings: Formulas of siblings written for this equation.
        budget: How much work may be done.
        seed: For the random directions on which values are compared.
        place: Which text has to be changed to give a formula; one formula may be had by edits of different texts.
    """

    formula: Formula
    target: Target
    groups: tuple[Evidence, ...]
    fresh: tuple[Evidence, ...]
    legible: frozenset[str]
    screen: Evidence
    bank: Bank
    vocabulary: Vocabulary
    functions: Functions
    prior: Prior
    siblings: tuple[Formula, ...]
    budget: Budget
    seed: int
    place: Callable[[Formula], str] = lambda formula: ""

    @property
    def truth(self) -> Array:
        """What the formula should give on the screen, `(1, trials, *shape)`."""
        return self.screen.lifted[self.target.quantity]

    @property
    def allowed(self) -> Array:
        """Differences from it that count as agreement, `(trials, *shape)`."""
        return self.screen.allowed(self.target.quantity)

    @property
    def late(self) -> bool:
        """Whether the work that may be done is done."""
        return self.budget.is_spent

    def hits(self, values: Array) -> Array:
        """Places of the candidates `(candidates, trials, *shape)` that agree on the screen."""
        self.budget.spend(CALL + values.size)
        return np.nonzero(agreeing(values, self.truth[0], self.allowed))[0]

    def holds(self, formula: Formula, groups: tuple[Evidence, ...]) -> bool:
        """Whether a formula gives the truth in all trials of some groups."""
        quantity = self.target.quantity
        for group in groups:
            self.budget.spend(CALL * size(formula))
            try:
                with np.errstate(all="ignore"):
                    value = evaluate(formula, group.lifted, self.functions)
            except FAILURES:
                return False
            if not agreeing(value, group.lifted[quantity][0], group.allowed(quantity)).all():
                return False
        return True


@dataclass(frozen=True)
class Candidate:
    """A formula that agrees in all trials, the fresh ones among them.

    Attributes:
        formula: The formula.
        slip: Bits of the slip that it assumes.
        bits: Bits of the slip and of the formula.
        level: The level of the search that found it.
    """

    formula: Formula
    slip: float
    bits: float
    level: int


@dataclass(frozen=True)
class Counts:
    """How much was tried.

    Attributes:
        candidates: Formulas whose values were compared with the truth.
        confirmed: Of those, formulas that agree in all trials and in the fresh ones.
        coincidental: Formulas that agree in all trials of the search but not in the fresh ones.
        level: The last level that was searched: 0 analogies, 1 one edit, 2 compounds, 3 two edits.
        exhausted: Whether every level was searched to its end; if not, the work that it may do was done.
    """

    candidates: int
    confirmed: int
    coincidental: int
    level: int
    exhausted: bool


@dataclass
class Found:
    """The candidates found so far; the one thing that changes in a search."""

    problem: Problem
    level: int = 0
    tried: int = 0
    coincidental: int = 0
    exhausted: bool = True
    seen: dict[str, Candidate | None] = field(default_factory=dict)
    kept: frozenset[Formula] = frozenset()

    def __post_init__(self) -> None:
        self.kept = frozenset(nodes(self.problem.formula))

    @property
    def ranked(self) -> list[Candidate]:
        """The candidates that agree, the simplest first."""
        agreeing_ones = [candidate for candidate in self.seen.values() if candidate is not None]
        return sorted(agreeing_ones, key=lambda c: (c.bits, size(c.formula), repr(c.formula)))

    def offer(self, formula: Formula, slip: float) -> bool:
        """Confirm a formula in all trials; whether it agrees."""
        problem = self.problem
        formula = tidy(formula, self.kept)
        key = f"{problem.place(formula)}:{canonical(formula)}"
        bits = slip + problem.prior.edit_bits(problem.formula, formula, problem.target)
        if key not in self.seen:
            agrees = self._confirmed(formula)
            self.seen[key] = Candidate(formula, slip, bits, self.level) if agrees else None
            return agrees
        earlier = self.seen[key]
        if earlier is None:
            return False
        # The same formula in another order of terms: the shorter one, or that which leaves more of the text as it is.
        if self._untidiness(formula, bits) < self._untidiness(earlier.formula, earlier.bits):
            earlier = replace(earlier, formula=formula)
        if bits < earlier.bits:
            earlier = replace(earlier, slip=slip, bits=bits)
        self.seen[key] = earlier
        return True

    def _untidiness(self, formula: Formula, bits: float) -> tuple[int, int, int, float]:
        odd = sum(
            (isinstance(node, Binary) and isinstance(node.right, Negate))  # a sign within a product
            or (isinstance(node, Binary) and node.op == "/" and _is_quotient(node.right))  # / (n / 2) for * 2 / n
            or (isinstance(node, Constant) and not float(node.value).is_integer())  # / 0.5 for * 2
            for node in nodes(formula)
        )
        return size(formula), odd, changes(self.problem.formula, formula), bits

    def _confirmed(self, formula: Formula) -> bool:
        problem = self.problem
        if not names_in(formula) <= problem.legible or not problem.holds(formula, problem.groups):
            return False
        if problem.holds(formula, problem.fresh):
            return True
        self.coincidental += 1
        return False


def _is_quotient(formula: Formula) -> bool:
    return isinstance(formula, Binary) and formula.op == "/"
