"""Mending a wrong equation: the simplest edit of its own text that agrees in all trials, confirmed on fresh ones."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradproof.defaults import REPAIR_SECONDS
from gradproof.operators import EPSILONS
from gradproof.repair.bench import Bench
from gradproof.repair.budget import Budget
from gradproof.repair.code.source import Source
from gradproof.repair.code_repair import CodeRepair
from gradproof.repair.equation import Context, Equation, definition_of
from gradproof.repair.evidence.groups import Evidence, checked
from gradproof.repair.formula_repair import FormulaRepair
from gradproof.repair.formulas.parsed import Definition
from gradproof.repair.helpers import fused, upstream
from gradproof.repair.results import Repair
from gradproof.repair.sharing import edited_by, is_written, widened


class Workbench(Bench):
    """A bench on which equations are mended, any number of them on the same trials."""

    def mend(self, equation: Equation, budget: Budget | None = None) -> Repair:
        """Mend one wrong equation.

        Args:
            equation: The equation.
            budget: How much work may be done; by default that of one equation.

        Raises:
            GradproofError: The trials lack the truth of the equation's quantity.
        """
        budget = Budget.of_seconds(REPAIR_SECONDS) if budget is None else budget
        checked(self.evidence, "the evidence", equation.quantity)
        checked(self.fresh, "the fresh evidence", equation.quantity)
        if self.holds(equation):
            why = "in the trials of the search it is right up to rounding"
            return Repair(None, (), None, None, why)
        if not all(np.isfinite(group.lifted[equation.quantity]).all() for group in (*self.evidence, *self.fresh)):
            return Repair(None, (), None, None, f"the true value of {equation.quantity} is not finite in some trials")
        if self.coinciding:
            listed = "; ".join(self.coinciding[:3])
            return Repair(None, (), None, None, f"{listed}: no repair can be trusted that such trials suggest")
        definition = definition_of(equation)
        if isinstance(definition, Definition) and not self.reads_right(equation, definition):
            definition = "its text does not give what the function gives"
        if isinstance(definition, Definition):
            program = fused(equation, definition, self.helpers, self.context.settled)
            search = FormulaRepair(self, equation, program, budget)
            found = search.repair()
            unread = len(upstream(equation, self.helpers)) >= len(program.parts)
            # A larger edit may only make up for a slip in a helper that is no formula.
            large = found.tried is not None and found.tried.level > 1
            if found.fix is not None and not (unread and large) and is_written(equation, found.fix):
                return self._likelier(equation, self._with_own_epsilon(equation, found), budget)
            other = self._of_code(equation, budget)
            if other.fix is not None:
                return self._with_own_epsilon(equation, other)
            derived = self.derived(equation)
            whole = search.rewritten(derived) if derived is not None else None
            if whole is not None and whole.fix is not None and is_written(equation, whole.fix):
                return whole
            return replace(found, fix=None, alternatives=(), derived=derived)
        if Source.of(equation.source) is None:
            return Repair(None, (), self.reading(equation), None, definition)
        found = self._with_own_epsilon(equation, self._of_code(equation, budget))
        return found if found.fix is not None else replace(found, derived=self.derived(equation))

    def _likelier(self, equation: Equation, found: Repair, budget: Budget) -> Repair:
        """A repair, or where it edits a statement of existing code that is probably right the edit of another one."""
        price = self._dearer(equation, found)
        other = self._of_code(equation, budget) if price > 0.0 else found
        return other if other.fix is not None and self._dearer(equation, other) < price else found

    def _dearer(self, equation: Equation, found: Repair) -> float:
        """The bits by which what is known of the statement that a fix edits speaks against it."""
        path = getattr(equation, "path", None)
        written = None if found.fix is None else getattr(edited_by(equation, found.fix), "code", None)
        if written is None or path is None or found.fix is None:
            return 0.0
        change = written.change(found.fix.source, found.fix.body)
        return 0.0 if change is None else self.context.inner.dearer((path, change.line))

    def _of_code(self, equation: Equation, budget: Budget) -> Repair:
        """The edit of an equation's text; if there is none, that which reads what the code has computed besides."""
        found = CodeRepair(self, equation, budget).repair()
        if found.fix is not None or budget.is_spent:
            return found
        other = self._wider(equation, budget)
        return found if other is None else other

    def _wider(self, equation: Equation, budget: Budget) -> Repair | None:
        """The edit that reads what the code has computed besides, where there is one."""
        wide = widened(equation)
        if wide is None or len(wide.source) <= len(equation.source):
            return None
        source = Source.of(equation.source)
        bound = source.bound if source is not None else frozenset()
        other = CodeRepair(self, wide, budget, known=bound).repair()
        return None if other.fix is None else other

    def _with_own_epsilon(self, equation: Equation, found: Repair) -> Repair:
        """A repair that puts in an epsilon, with the code's own name for it where it has one."""
        if found.fix is None or not _epsilons(found.fix.body) - _epsilons(found.fix.source):
            return found
        other = self._wider(equation, Budget.of_seconds(REPAIR_SECONDS / 4))
        return found if other is None else other


def _epsilons(text: str) -> set[float]:
    """The epsilons that a text has as numbers."""
    numbers = (node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant))
    return {number for number in numbers if isinstance(number, float) and number in EPSILONS}


def mend(
    equation: Equation,
    evidence: Sequence[Evidence],
    fresh: Sequence[Evidence],
    context: Context | None = None,
    *,
    seed: int,
    budget: Budget | None = None,
) -> Repair:
    """Mend one wrong equation; for several on the same trials, a `Workbench` prepares once.

    Args:
        equation: The equation.
        evidence: True values in the trials to search on, one group for each set of sizes.
        fresh: True values in other trials, drawn otherwise.
        context: The derivation around it.
        seed: For the random directions on which values are compared.
        budget: How much work may be done; by default that of one equation.

    Raises:
        GradproofError: The trials lack the truth of the equation's quantity.
    """
    workbench = Workbench(tuple(evidence), tuple(fresh), Context() if context is None else context, seed)
    checked(workbench.evidence, "the evidence", equation.quantity)
    checked(workbench.fresh, "the fresh evidence", equation.quantity)
    return workbench.mend(equation, budget)
