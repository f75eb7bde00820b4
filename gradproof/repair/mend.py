"""Mending a wrong equation: the simplest edit of its own text that agrees in all trials, confirmed on fresh ones."""

from __future__ import annotations

import inspect
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gradproof.repair.analogy import analogies
from gradproof.repair.bank import Bank
from gradproof.repair.confirm import compiled, holds, outputs
from gradproof.repair.diagnosis import Diagnosis
from gradproof.repair.edits import Vocabulary
from gradproof.repair.equation import Context, Equation, definition_of, functions_of
from gradproof.repair.evaluate import FAILURES, evaluate
from gradproof.repair.evidence import Evidence, checked
from gradproof.repair.explain import Setting, explain
from gradproof.repair.formula import names_in
from gradproof.repair.functions import LEAD, Array, Functions
from gradproof.repair.names import descendants, readable
from gradproof.repair.parsed import Definition
from gradproof.repair.prior import Target
from gradproof.repair.problem import Candidate, Problem
from gradproof.repair.results import Fix, Repair
from gradproof.repair.rewrite import Unwritable, rewrite
from gradproof.repair.screen import coincidences, screen
from gradproof.repair.search import search
from gradproof.repair.values import diagnose_values

BUDGET_SECONDS = 2.0
MOST_ALTERNATIVES = 3


@dataclass(frozen=True)
class Workbench:
    """Trials and derivation, prepared once for the repair of any number of equations.

    Attributes:
        evidence: True values in the trials to search on, one group for each set of sizes.
        fresh: True values in other trials, of another distribution and, where possible, of other sizes.
        context: The derivation around the equations.
        seed: For the random directions on which values are compared; the result is the same for the same seed.
    """

    evidence: tuple[Evidence, ...]
    fresh: tuple[Evidence, ...]
    context: Context = field(default_factory=Context)
    seed: int = 0

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The quantities whose values are known in all trials."""
        first, *rest = (*self.evidence, *self.fresh)
        return tuple(name for name in first.values if all(name in group.values for group in rest))

    @cached_property
    def screen(self) -> Evidence:
        """The few trials that candidates are tried on first."""
        return screen(self.evidence, self.known)

    @cached_property
    def coinciding(self) -> tuple[str, ...]:
        """What is equal in all trials of the search but not in the fresh ones."""
        return coincidences(self.evidence, self.fresh, self.known)

    def mend(self, equation: Equation, *, budget_seconds: float = BUDGET_SECONDS) -> Repair:
        """Mend one wrong equation.

        Args:
            equation: The equation.
            budget_seconds: How long the search may take.

        Raises:
            GradproofError: The trials lack the truth of the equation's quantity.
        """
        deadline = time.perf_counter() + budget_seconds
        checked(self.evidence, "the evidence", equation.quantity)
        checked(self.fresh, "the fresh evidence", equation.quantity)
        if self._holds(equation):
            return Repair(None, (), None, None, "the equation agrees with the truth in every trial")
        if not all(np.isfinite(group.lifted[equation.quantity]).all() for group in (*self.evidence, *self.fresh)):
            return Repair(None, (), None, None, f"the true value of {equation.quantity} is not finite in some trials")
        if self.coinciding:
            listed = "; ".join(self.coinciding[:3])
            return Repair(None, (), None, None, f"{listed}: no repair can be trusted that such trials suggest")
        definition = definition_of(equation)
        if isinstance(definition, Definition) and not self._reads_right(equation, definition):
            definition = "its text does not give what the function gives"
        if not isinstance(definition, Definition):
            return Repair(None, (), self.reading(equation), None, definition)
        return _Mending(self, equation, definition, deadline).repair()

    def reading(self, equation: Equation) -> Diagnosis | None:
        """What the wrong values alone say about the slip; None if they say nothing."""
        if not all(name in group.values for group in self.evidence for name in equation.inputs):
            return None
        computed = [outputs(equation.function, equation.inputs, group) for group in self.evidence]
        truth = [group.lifted[equation.quantity][0] for group in self.evidence]
        known = [{name: group.lifted[name][0] for name in self.known} for group in self.evidence]
        return next(iter(diagnose_values(computed, truth, known, quantity=equation.quantity)), None)

    def _holds(self, equation: Equation) -> bool:
        groups = (*self.evidence, *self.fresh)
        present = all(name in group.values for group in groups for name in equation.inputs)
        return present and holds(equation.function, equation.inputs, equation.quantity, groups)

    def _reads_right(self, equation: Equation, definition: Definition) -> bool:
        """Whether the formula that was read gives what the function gives, right or wrong."""
        if not all(name in self.screen.values for name in equation.inputs):
            return True
        given = outputs(equation.function, equation.inputs, self.screen)
        if isinstance(given, Exception):
            return True
        try:
            with np.errstate(all="ignore"):
                value = evaluate(definition.formula, self.screen.lifted, functions_of(equation))
        except FAILURES:
            return False
        return value.shape[LEAD:] == given.shape[1:] and _equal(value[0], given)


def _equal(value: Array, given: Array) -> bool:
    return bool(np.allclose(np.broadcast_to(value, given.shape), given, rtol=1e-9, atol=0.0, equal_nan=True))


@dataclass(frozen=True)
class _Mending:
    """The repair of one equation."""

    workbench: Workbench
    equation: Equation
    definition: Definition
    deadline: float
    fixes: dict[int, Fix] = field(default_factory=dict)

    @cached_property
    def functions(self) -> Functions:
        return functions_of(self.equation)

    def repair(self) -> Repair:
        candidates, counts = search(self.problem(), self.check)
        fixes = [self.fixes[id(candidate)] for candidate in candidates]
        if not fixes:
            return Repair(None, (), self.workbench.reading(self.equation), counts)
        return Repair(fixes[0], tuple(fixes[1 : 1 + MOST_ALTERNATIVES]), fixes[0].diagnosis, counts)

    def problem(self) -> Problem:
        bench, context = self.workbench, self.workbench.context
        formula, target = (
            self.definition.formula,
            Target(self.equation.name, self.equation.quantity, names_in(self.definition.formula)),
        )
        pool = readable(target.quantity, bench.known, context.inputs, context.ancestors)
        own = names_in(formula)
        legible = own.union(pool) - descendants(context.inputs, target.quantity) - {target.quantity}
        helpers = tuple(helper for helper in context.helpers if callable(self.functions.find(helper)))
        bank = Bank(
            target=target,
            pool=pool,
            own=own,
            screen=bench.screen,
            groups=bench.evidence,
            functions=self.functions,
            helpers=helpers,
            fragments=tuple(part for part in context.fragments if names_in(part) <= legible),
            prior=context.prior,
            deadline=self.deadline,
            seed=bench.seed,
        )
        siblings = analogies(self.equation.name, context.formulas, bench.known)
        return Problem(
            formula=formula,
            target=target,
            groups=bench.evidence,
            fresh=bench.fresh,
            legible=legible,
            screen=bench.screen,
            bank=bank,
            vocabulary=Vocabulary(any(bench.screen.lifted[n].ndim > LEAD for n in bench.known), helpers),
            functions=self.functions,
            prior=context.prior,
            siblings=tuple((name, other) for name, other in siblings if names_in(other) <= legible),
            deadline=self.deadline,
            seed=bench.seed,
        )

    def check(self, candidate: Candidate) -> bool:
        """Write the candidate into the function's text and run that in all trials."""
        bench, equation = self.workbench, self.equation
        namespace = getattr(inspect.unwrap(equation.function), "__globals__", {})
        try:
            written = rewrite(self.definition, candidate.formula, self.functions)
            function = compiled(written.text, self.definition.name, namespace)
        except (Unwritable, ValueError):
            return False
        if not holds(function, written.parameters, equation.quantity, (*bench.fresh, *bench.evidence)):
            return False
        setting = Setting(equation.quantity, bench.context.activations)
        diagnosis = explain(self.definition.formula, candidate.formula, setting)
        self.fixes[id(candidate)] = Fix(
            equation=equation.name,
            line=equation.line,
            source=equation.source,
            expression=written.expression,
            body=written.text,
            parameters=written.parameters,
            edits=written.spans,
            kind=diagnosis.kind,
            sentence=diagnosis.sentence,
            bits=candidate.bits,
            trials=sum(group.trials for group in bench.evidence),
            fresh_trials=sum(group.trials for group in bench.fresh),
            function=function,
            analogy=candidate.sibling,
        )
        return True


def mend(
    equation: Equation,
    evidence: Sequence[Evidence],
    fresh: Sequence[Evidence],
    context: Context | None = None,
    *,
    seed: int,
    budget_seconds: float = BUDGET_SECONDS,
) -> Repair:
    """Mend one wrong equation; for several on the same trials, a `Workbench` prepares once.

    Args:
        equation: The equation.
        evidence: True values in the trials to search on, one group for each set of sizes.
        fresh: True values in other trials, drawn otherwise.
        context: The derivation around it.
        seed: For the random directions on which values are compared.
        budget_seconds: How long the search may take.

    Raises:
        GradproofError: The trials lack the truth of the equation's quantity.
    """
    workbench = Workbench(tuple(evidence), tuple(fresh), Context() if context is None else context, seed)
    checked(workbench.evidence, "the evidence", equation.quantity)
    checked(workbench.fresh, "the fresh evidence", equation.quantity)
    return workbench.mend(equation, budget_seconds=budget_seconds)
