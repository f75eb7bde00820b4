"""A derivation with its trials: locating, mending and judging equations with a slip."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from benchmarks.repair_cases import truth
from benchmarks.repair_cases.mutants import Mutant, mutants
from benchmarks.repair_cases.written import equations, rewritten
from gradproof.case.derivation import Equation
from gradproof.check.case import load_case
from gradproof.repair import Context, Evidence, Repair, Workbench, mend_all
from gradproof.repair.budget import Budget
from gradproof.repair.equation import definition_of
from gradproof.repair.evidence.confirm import holds
from gradproof.repair.evidence.strata import fresh, stratified
from gradproof.repair.formulas.canonical import canonical
from gradproof.repair.formulas.formula import Formula, inline, names_in
from gradproof.repair.formulas.names import descendants
from gradproof.repair.formulas.parsed import Definition
from gradproof.repair.formulas.printing import show
from gradproof.truth.ancestors import ancestors_of


@dataclass(frozen=True)
class Outcome:
    """What came of one wrong equation.

    Attributes:
        verdict: `exact` (the author's formula again), `equivalent` (another that is right), `spurious`, or `none`.
        seconds: How long mending took.
        repair: What it yielded.
    """

    verdict: str
    seconds: float
    repair: Repair = field(repr=False)


@dataclass(frozen=True)
class Bench:
    """A right derivation with the trials to search on, fresh ones, and others again to judge by.

    Attributes:
        equations: The right equations, by name.
        search: Trials to search on.
        fresh: Trials that the search confirms its finds on.
        judge: Trials that it never sees.
        ancestors: The forward graph.
    """

    equations: Mapping[str, Equation]
    search: tuple[Evidence, ...]
    fresh: tuple[Evidence, ...]
    judge: tuple[Evidence, ...]
    ancestors: Mapping[str, frozenset[str]]

    @cached_property
    def formulas(self) -> dict[str, Formula]:
        """The right formulas, without local names."""
        found = {}
        for name, equation in self.equations.items():
            definition = definition_of(equation)
            assert isinstance(definition, Definition), definition
            found[name] = inline(definition.formula)
        return found

    @cached_property
    def workbenches(self) -> dict[frozenset[str], Workbench]:
        """Prepared once for each set of wrong equations."""
        return {}

    def workbench(self, wrong: Iterable[Equation]) -> Workbench:
        """Trials and derivation with some equations replaced by wrong ones."""
        replaced = {equation.name: equation for equation in wrong}
        every = tuple(replaced.get(name, equation) for name, equation in self.equations.items())
        passing = frozenset(self.equations).difference(replaced)
        return Workbench(self.search, self.fresh, Context(every, passing, self.ancestors))

    def prepared(self, name: str) -> Workbench:
        """The workbench for one equation that is wrong, prepared; what it says at first plays no part."""
        key = frozenset([name])
        if key not in self.workbenches:
            bench = self.workbench([self.equations[name]])
            _ = bench.screen, bench.coinciding, bench.context.prior, bench.context.fragments, bench.context.helpers
            self.workbenches[key] = bench
        return self.workbenches[key]

    def with_formula(self, name: str, formula: Formula) -> Equation:
        """An equation with another formula."""
        return rewritten(self.equations[name], show(formula), tuple(sorted(names_in(formula))))

    def mutants(self, name: str) -> Iterator[Mutant]:
        """All slips in one equation."""
        equation = self.equations[name]
        return mutants(self.formulas[name], equation.inputs, list(self.search[0].values))

    def is_right(self, equation: Equation) -> bool:
        """Whether an equation gives the truth in the trials of the judge."""
        return holds_batched(equation, self.judge)

    def located(self, wrong: Sequence[Equation]) -> frozenset[str]:
        """The equations that fail from true inputs, if some are replaced by wrong ones."""
        replaced = {equation.name: equation for equation in wrong}
        every = [replaced.get(name, equation) for name, equation in self.equations.items()]
        return frozenset(equation.name for equation in every if not holds_batched(equation, self.search))

    def mended(self, equation: Equation, budget_seconds: float = 2.0) -> Outcome:
        """Mend a wrong equation and judge the result."""
        workbench = self.prepared(equation.name)
        start = time.perf_counter()
        repair = workbench.mend(equation, Budget.of_seconds(budget_seconds))
        return Outcome(self.verdict(equation, repair), time.perf_counter() - start, repair)

    def verdict(self, equation: Equation, repair: Repair) -> str:
        """How good a repair is."""
        fix = repair.fix
        if fix is None:
            return "none"
        again = rewritten(equation, fix.expression, fix.parameters)
        definition = definition_of(again)
        if isinstance(definition, Definition) and canonical(definition.formula) == canonical(
            self.formulas[equation.name]
        ):
            return "exact"
        inputs = {other: self.equations[other].inputs for other in self.equations}
        if descendants(inputs, equation.quantity).intersection(fix.parameters):
            return "spurious"
        right = holds(fix.function, fix.parameters, equation.quantity, self.judge)
        return "equivalent" if right else "spurious"

    def mended_together(self, wrong: Sequence[Equation]) -> tuple[dict[str, Equation], float]:
        """Mend several wrong equations of one module: the module afterwards, and how long it took."""
        workbench = self.workbench(wrong)
        start = time.perf_counter()
        outcomes = mend_all(wrong, workbench)
        seconds = time.perf_counter() - start
        module = dict(self.equations) | {equation.name: equation for equation in wrong}
        for name, outcome in outcomes.items():
            if outcome.fix is not None:
                module[name] = rewritten(module[name], outcome.fix.expression, outcome.fix.parameters)
        return module, seconds


def holds_batched(equation: Equation, groups: Sequence[Evidence]) -> bool:
    """Whether an equation gives the truth from true inputs; scalars in one call for all trials."""
    for group in groups:
        values = [group.values[name] for name in equation.inputs]
        if any(value.ndim > 1 for value in values) or group.values[equation.quantity].ndim > 1:
            if not holds(equation.function, equation.inputs, equation.quantity, [group]):
                return False
            continue
        with np.errstate(all="ignore"):
            computed = np.asarray(equation.function(*values), dtype=np.float64)
        off = np.abs(computed - group.lifted[equation.quantity][0])
        if not np.all(off <= group.allowed(equation.quantity)):
            return False
    return True


def runs_right(module: Mapping[str, Equation], groups: Sequence[Evidence]) -> bool:
    """Whether a whole scalar module, run freely from the leaves, gives the truth of every quantity."""
    for group in groups:
        values = {name: value for name, value in group.values.items() if name not in module}
        try:
            for name in module:
                _computed(name, module, values, ())
        except RecursionError:
            return False
        for name in module:
            allowed = 10 * group.allowed(name)
            if not np.all(np.abs(values[name] - group.lifted[name][0]) <= allowed):
                return False
    return True


def _computed(
    name: str, module: Mapping[str, Equation], values: dict[str, np.ndarray], above: tuple[str, ...]
) -> np.ndarray:
    if name in above:
        raise RecursionError(f"{name} is computed from itself")
    if name not in values:
        equation = module[name]
        inputs = [_computed(other, module, values, (*above, name)) for other in equation.inputs]
        with np.errstate(all="ignore"):
            values[name] = np.asarray(equation.function(*inputs), dtype=np.float64)
    return values[name]


def scalar_bench(size: int = 4) -> Bench:
    """The scalar network, with `size` stratified trials a pattern."""
    every = equations("scalar_network")
    return Bench(
        every,
        truth.scalar_evidence("stratified", size, 0, list(every)),
        truth.scalar_evidence("other", 64, 1, list(every)),
        truth.scalar_evidence("other", 400, 2, list(every)) + truth.scalar_evidence("stratified", 100, 3, list(every)),
        truth.ancestors(truth.scalar_forward, truth._generic(np.random.default_rng(0), 8)),
    )


def tensor_bench(case: str) -> Bench:
    """A tensor derivation."""
    every = equations(case)
    return Bench(
        every,
        truth.tensor_evidence(case, truth.SEARCH_SIZES, 0, list(every)),
        truth.tensor_evidence(case, truth.FRESH_SIZES, 1, list(every)),
        truth.tensor_evidence(case, truth.JUDGE_SIZES, 2, list(every)),
        truth.tensor_ancestors(case),
    )


def document_bench() -> Bench:
    """The document's own derivation, with the trials that the command line searches on and confirms by."""
    case = load_case("parameter_update_2")
    return Bench(
        {equation.name: equation for equation in case.derivation.equations},
        stratified(case, 0),
        fresh(case, 0),
        fresh(case, 1) + stratified(case, 2),
        ancestors_of(case.truths[0], case.draw_trials([0], 0)),
    )
