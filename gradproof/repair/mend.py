"""Mending a wrong equation: the simplest edit of its own text that agrees in all trials, confirmed on fresh ones."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gradproof.defaults import REPAIR_SECONDS
from gradproof.repair.code import CodeRepair
from gradproof.repair.code.source import Source
from gradproof.repair.confirm import holds, outputs
from gradproof.repair.diagnosis import Diagnosis
from gradproof.repair.equation import Context, Equation, definition_of, functions_of
from gradproof.repair.evaluate import FAILURES, evaluate
from gradproof.repair.evidence import Evidence, checked
from gradproof.repair.formula_repair import FormulaRepair
from gradproof.repair.functions import LEAD, Array
from gradproof.repair.helpers import Helpers, composite, fused, helpers_among, upstream, with_helpers
from gradproof.repair.mended import mended
from gradproof.repair.parsed import Definition
from gradproof.repair.results import Fix, Repair
from gradproof.repair.rewrite import Unwritable
from gradproof.repair.screen import coincidences, screen
from gradproof.repair.sharing import Sharing, is_written, widened
from gradproof.repair.values import diagnose_values


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
    def true(self) -> frozenset[str]:
        """The quantities whose true values are known in all trials."""
        first, *rest = (*self.evidence, *self.fresh)
        return frozenset(name for name in first.values if all(name in group.values for group in rest))

    @cached_property
    def helpers(self) -> Helpers:
        """The equations of the derivation whose quantities have no true values."""
        return helpers_among(self.context.equations, self.true)

    @cached_property
    def sharing(self) -> Sharing:
        """The statements that the equations of the derivation have in common."""
        return Sharing(self.context.equations, self.context.passing)

    @cached_property
    def groups(self) -> tuple[tuple[Evidence, ...], tuple[Evidence, ...]]:
        """The trials to search on and the fresh ones, with the values of helpers as these are written."""
        count = len(self.evidence)
        every = with_helpers((*self.evidence, *self.fresh), self.helpers)
        return every[:count], every[count:]

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The quantities whose values are known in all trials, those of helpers among them."""
        first, *rest = (*self.groups[0], *self.groups[1])
        return tuple(name for name in first.values if all(name in group.values for group in rest))

    @cached_property
    def screen(self) -> Evidence:
        """The few trials that candidates are tried on first."""
        return screen(self.groups[0], self.known)

    @cached_property
    def coinciding(self) -> tuple[str, ...]:
        """What is equal in all trials of the search but not in the fresh ones."""
        return coincidences(*self.groups, self.known)

    def mend(self, equation: Equation, *, budget_seconds: float = REPAIR_SECONDS) -> Repair:
        """Mend one wrong equation.

        Args:
            equation: The equation.
            budget_seconds: How long the search may take.

        Raises:
            GradproofError: The trials lack the truth of the equation's quantity.
        """
        deadline = time.thread_time() + budget_seconds
        checked(self.evidence, "the evidence", equation.quantity)
        checked(self.fresh, "the fresh evidence", equation.quantity)
        if self.holds(equation):
            return Repair(None, (), None, None, "the equation agrees with the truth in every trial")
        if not all(np.isfinite(group.lifted[equation.quantity]).all() for group in (*self.evidence, *self.fresh)):
            return Repair(None, (), None, None, f"the true value of {equation.quantity} is not finite in some trials")
        if self.coinciding:
            listed = "; ".join(self.coinciding[:3])
            return Repair(None, (), None, None, f"{listed}: no repair can be trusted that such trials suggest")
        definition = definition_of(equation)
        if isinstance(definition, Definition) and not self._reads_right(equation, definition):
            definition = "its text does not give what the function gives"
        if isinstance(definition, Definition):
            program = fused(equation, definition, self.helpers, self.context.settled)
            found = FormulaRepair(self, equation, program, deadline).repair()
            unread = len(upstream(equation, self.helpers)) >= len(program.parts)
            # A larger edit may only make up for a slip in a helper that is no formula.
            large = found.tried is not None and found.tried.level > 1
            if found.fix is not None and not (unread and large) and is_written(equation, found.fix):
                return found
            other = self._of_code(equation, budget_seconds)
            return found if other.fix is None else other
        if Source.of(equation.source) is None:
            return Repair(None, (), self.reading(equation), None, definition)
        return self._of_code(equation, budget_seconds)

    def _of_code(self, equation: Equation, budget_seconds: float) -> Repair:
        """The edit of an equation's text; if there is none, that which reads what the code has computed besides."""
        found = CodeRepair(self, equation, time.thread_time() + budget_seconds).repair()
        wide = widened(equation) if found.fix is None else None
        if wide is None or len(wide.source) <= len(equation.source):
            return found
        source = Source.of(equation.source)
        bound = source.bound if source is not None else frozenset()
        other = CodeRepair(self, wide, time.thread_time() + budget_seconds, known=bound).repair()
        return found if other.fix is None else other

    def reading(self, equation: Equation) -> Diagnosis | None:
        """What the wrong values alone say about the slip; None if they say nothing."""
        if not all(name in group.values for group in self.groups[0] for name in equation.inputs):
            return None
        computed = [outputs(equation.function, equation.inputs, group) for group in self.groups[0]]
        truth = [group.lifted[equation.quantity][0] for group in self.groups[0]]
        known = [{name: group.lifted[name][0] for name in self.known} for group in self.groups[0]]
        return next(iter(diagnose_values(computed, truth, known, quantity=equation.quantity)), None)

    def holds(self, equation: Equation, helpers: Helpers | None = None) -> bool:
        """Whether an equation gives the truth in every trial, with the derivation's helpers or with others."""
        try:
            whole = composite(equation, self.helpers if helpers is None else helpers)
        except Unwritable:
            return False
        groups = (*self.fresh, *self.evidence)
        return self.true.issuperset(whole.inputs) and holds(whole.function, whole.inputs, equation.quantity, groups)

    def mends(self, wrong: Equation, edited: Equation, fix: Fix) -> tuple[str, ...]:
        """The wrong equations that are right with a fix, the given one first; none where it or a right one is not.

        Args:
            wrong: The equation that is to be mended.
            edited: The equation whose text the fix edits: that one, or a helper upstream of it.
            fix: The fix.
        """
        new = mended(edited, fix)
        if self.sharing.edits_settled(edited, fix):
            return ()
        if edited.name == wrong.name:
            return (wrong.name, *self.shared(edited, fix)) if self.holds(new) else ()
        helpers = {**self.helpers, edited.quantity: new}
        if not self.holds(wrong, helpers):
            return ()
        found = [wrong.name]
        for other in self._readers(edited, helpers):
            if other.name == wrong.name:
                continue
            right = self.holds(other, helpers)
            if other.name in self.context.passing and not right:
                return ()
            if right and other.name not in self.context.passing:
                found.append(other.name)
        return tuple(found)

    def shared(self, edited: Equation, fix: Fix) -> dict[str, Fix]:
        """The fixes that the same edit of the same statement is for other wrong equations, by their names."""
        by_name = {equation.name: equation for equation in self.context.equations}
        return {
            other.equation: other
            for other in self.sharing.others(edited, fix)
            if self.holds(mended(by_name[other.equation], other))
        }

    def _readers(self, helper: Equation, helpers: Helpers) -> Iterator[Equation]:
        """The equations of known quantities that are computed from a helper, before or after it was mended."""
        for equation in self.context.equations:
            if equation.quantity in self.true:
                above = (*upstream(equation, self.helpers), *upstream(equation, helpers))
                if any(each.quantity == helper.quantity for each in above):
                    yield equation

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


def mend(
    equation: Equation,
    evidence: Sequence[Evidence],
    fresh: Sequence[Evidence],
    context: Context | None = None,
    *,
    seed: int,
    budget_seconds: float = REPAIR_SECONDS,
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
