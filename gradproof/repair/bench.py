"""Trials and derivation as every search for a mended equation needs them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gradproof.repair.derive import Oracle
from gradproof.repair.equation import Context, Equation, functions_of
from gradproof.repair.evidence.confirm import holds, outputs
from gradproof.repair.evidence.groups import Evidence, agreeing
from gradproof.repair.evidence.soundness import (
    adds_a_size,
    divides_by_gradient,
    finite_where_truth_is,
    writes_into_inputs,
)
from gradproof.repair.explain.diagnosis import Diagnosis
from gradproof.repair.explain.values import diagnose_values
from gradproof.repair.formulas.evaluate import FAILURES, evaluate
from gradproof.repair.formulas.formula import Formula
from gradproof.repair.formulas.functions import LEAD, Functions
from gradproof.repair.formulas.names import descendants, readable
from gradproof.repair.formulas.parsed import Definition
from gradproof.repair.formulas.rewrite import Unwritable
from gradproof.repair.helpers import Composite, Helpers, composite, helpers_among, upstream
from gradproof.repair.prepared import Prepared
from gradproof.repair.results import Fix, mended
from gradproof.repair.sharing import Sharing
from gradproof.tolerances import REPEATED


@dataclass(frozen=True)
class Bench:
    """Trials and derivation, prepared once for the repair of any number of equations.

    Attributes:
        evidence: True values in the trials to search on, one group for each set of sizes.
        fresh: True values in other trials, of another distribution and, where possible, of other sizes.
        context: The derivation around the equations.
        seed: For the random directions on which values are compared; the result is the same for the same seed.
        elsewhere: True values at other sizes than those of the case, where its model can be built at others.
        zeroed: True values where much of what is drawn is 0.
        oracle: What gives the true formula of a quantity where no edit of a text does; None where there is none.
        before: What was made of the same trials for the derivation before an equation of it was mended.
    """

    evidence: tuple[Evidence, ...]
    fresh: tuple[Evidence, ...]
    context: Context = field(default_factory=Context)
    seed: int = 0
    elsewhere: tuple[Evidence, ...] = ()
    zeroed: tuple[Evidence, ...] = ()
    oracle: Oracle | None = None
    before: Prepared | None = None

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
        return Sharing(self.context.equations, self.context.passing, self.context.inner)

    @cached_property
    def prepared(self) -> Prepared:
        """What is made of the trials; that of the bench before, where the helpers are the same."""
        if self.before is not None and self.before.helpers == self.helpers:
            return self.before
        return Prepared(self.evidence, self.fresh, self.helpers)

    @property
    def groups(self) -> tuple[tuple[Evidence, ...], tuple[Evidence, ...]]:
        """The trials to search on and the fresh ones, with the values of helpers as these are written."""
        return self.prepared.groups

    @property
    def known(self) -> tuple[str, ...]:
        """The quantities whose values are known in all trials, those of helpers among them."""
        return self.prepared.known

    @property
    def screen(self) -> Evidence:
        """The few trials that candidates are tried on first."""
        return self.prepared.screen

    @property
    def coinciding(self) -> tuple[str, ...]:
        """What is equal in all trials of the search but not in the fresh ones."""
        return self.prepared.coinciding

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

    def stands(self, wrong: Equation, edited: Equation, fix: Fix) -> bool:
        """Whether nothing speaks against a fix that agrees: it is finite, and leaves its inputs as they are."""
        if divides_by_gradient(fix.source, fix.body):
            return False
        whole = self._with(wrong, edited, fix)
        if not finite_where_truth_is(whole.function, whole.inputs, wrong.quantity, self.zeroed):
            return False
        before = composite(wrong, self.helpers)
        return not writes_into_inputs(whole.function, whole.inputs, self.screen) or writes_into_inputs(
            before.function, before.inputs, self.screen
        )

    def agrees_elsewhere(self, wrong: Equation, edited: Equation, fix: Fix) -> bool:
        """Whether an equation is right with a fix at other sizes too; so it is where there are none."""
        whole = self._with(wrong, edited, fix)
        return holds(whole.function, whole.inputs, wrong.quantity, self.elsewhere)

    def _with(self, wrong: Equation, edited: Equation, fix: Fix) -> Composite:
        new = mended(edited, fix)
        if edited.name == wrong.name:
            return composite(new, self.helpers)
        return composite(wrong, {**self.helpers, edited.quantity: new})

    def derived(self, equation: Equation) -> Formula | None:
        """The true formula of an equation's quantity, in names that it may read, seen to be right in every trial."""
        if self.oracle is None:
            return None
        context, quantity = self.context, equation.quantity
        pool = readable(quantity, self.known, context.inputs, context.ancestors)
        legible = self.true.intersection((*pool, *equation.inputs))
        legible -= descendants(context.inputs, quantity) | {quantity}
        formula = self.oracle.formula(quantity, legible, equation.inputs)
        every = (*self.groups[0], *self.groups[1], *self.elsewhere)
        is_right = formula is not None and all(_gives(formula, quantity, group) for group in every)
        return formula if is_right else None

    @cached_property
    def one_size(self) -> frozenset[int]:
        """The sizes of all axes, where the trials have one set of sizes only; else none."""
        if self.elsewhere or len(self.evidence) > 1:
            return frozenset()
        shapes = [np.shape(value)[1:] for value in self.evidence[0].values.values()]
        return frozenset(size for shape in shapes for size in (*shape, int(np.prod(shape))) if size > 1)

    def trusted(self, fixes: Sequence[Fix]) -> tuple[Fix, ...]:
        """The first fix, and those of the others that are no coincidence of the sizes."""
        sizes = self.one_size
        return (*fixes[:1], *(o for o in fixes[1:] if not sizes or not adds_a_size(o.source, o.body, sizes)))

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

    def reads_right(self, equation: Equation, definition: Definition) -> bool:
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
        return value.shape[LEAD:] == given.shape[1:] and REPEATED.holds(np.broadcast_to(value[0], given.shape), given)


def _gives(formula: Formula, quantity: str, group: Evidence) -> bool:
    """Whether a formula gives the truth of a quantity in every trial, and is finite there."""
    try:
        with np.errstate(all="ignore"):
            value = evaluate(formula, group.lifted, Functions({"np": np}))
    except (*FAILURES, KeyError):
        return False
    return bool(agreeing(value, group.lifted[quantity][0], group.allowed(quantity)).all())
