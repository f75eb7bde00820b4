"""Several wrong equations of one derivation, mended in an order in which each reads what is right by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradproof.check.facts.failures import Failure, contained
from gradproof.defaults import REPAIR_SECONDS
from gradproof.repair.budget import SECOND, Budget
from gradproof.repair.equation import Context, Equation
from gradproof.repair.mend import Workbench
from gradproof.repair.results import Fix, Repair, mended
from gradproof.repair.sharing import edited_by

CASE = 3
"""The searches of one case may do together what so many of them may do alone."""


def mend_all(
    wrong: Sequence[Equation],
    workbench: Workbench,
    *,
    failures: list[Failure] | None = None,
    budget: Budget | None = None,
    most: float = REPAIR_SECONDS * SECOND,
) -> dict[str, Repair]:
    """Mend wrong equations of one derivation, and keep its graph free of circles.

    Every repair is searched for from true inputs, so the equations do not depend on each other's numbers; but each
    mended one is part of the derivation that the next may read and learn from.

    Args:
        wrong: The wrong equations, all of the workbench's derivation.
        workbench: Trials and derivation.
        failures: Where it is noted that a search raised, the others going on; without it the exception is passed on.
        budget: How much work may be done for all of them together; by default that of `CASE` equations.
        most: How much for one.

    Returns:
        The outcomes by the equations' names, in the order in which they were mended.

    Raises:
        GradproofError: The trials lack the truth of some equation's quantity.
    """
    budget = Budget(CASE * most) if budget is None else budget
    outcomes: dict[str, Repair] = {}
    waiting = _in_order(wrong, workbench.context)
    progress = True
    # What a wrong equation reads may forbid the repair of another; so those left are tried again after each round.
    while waiting and progress:
        progress = False
        for equation in list(waiting):
            if equation not in waiting:
                continue
            outcome: Repair | None = None
            with contained(failures, f"the repair of {equation.name}"):
                outcome = workbench.mend(equation, budget.share(len(waiting), most))
            if outcome is None:
                waiting.remove(equation)
                continue
            outcomes[equation.name] = outcome
            if outcome.fix is not None:
                # A fix in a helper, or in a statement that they share, may be that of several equations.
                fixes = _for_all(workbench, outcome.fix)
                outcomes |= {
                    other.name: replace(outcome, fix=fixes.get(other.name, outcome.fix))
                    for other in waiting
                    if other.name in outcome.fix.mends
                }
                waiting = [other for other in waiting if other.name not in outcome.fix.mends]
                for fix in fixes.values():
                    workbench = _with(workbench, fix)
                progress = True
    return outcomes


def _for_all(workbench: Workbench, fix: Fix) -> dict[str, Fix]:
    """A fix with those that it is for the other equations that share its statement, by the equations' names."""
    edited = next(equation for equation in workbench.context.equations if equation.name == fix.equation)
    return {fix.equation: fix} | workbench.shared(edited_by(edited, fix), fix)


def _with(workbench: Workbench, fix: Fix) -> Workbench:
    context = workbench.context
    equations = tuple(mended(one, fix) if one.name == fix.equation else one for one in context.equations)
    passing, settled = context.passing.union(fix.mends), context.settled | {fix.equation}
    context = replace(context, equations=equations, passing=passing, settled=settled)
    return replace(workbench, context=context, before=workbench.prepared)


def _in_order(wrong: Sequence[Equation], context: Context) -> list[Equation]:
    """What others read comes first; in a circle, which wrong inputs may make, the given order decides."""
    done: dict[str, Equation] = {}
    by_quantity: dict[str, list[Equation]] = {}
    for equation in wrong:
        by_quantity.setdefault(equation.quantity, []).append(equation)
    for equation in wrong:
        _visit(equation, by_quantity, context, done, frozenset())
    return list(done.values())


def _visit(
    equation: Equation,
    wrong: dict[str, list[Equation]],
    context: Context,
    done: dict[str, Equation],
    above: frozenset[str],
) -> None:
    if equation.name in done or equation.name in above:
        return
    for name in equation.inputs:
        for other in wrong.get(name, ()):
            _visit(other, wrong, context, done, above | {equation.name})
    done[equation.name] = equation
