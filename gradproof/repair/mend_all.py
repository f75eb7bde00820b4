"""Several wrong equations of one derivation, mended in an order in which each reads what is right by then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gradproof.repair.equation import Context, Equation
from gradproof.repair.mend import BUDGET_SECONDS, Workbench
from gradproof.repair.results import Fix, Repair


@dataclass(frozen=True)
class MendedEquation:
    """An equation after its repair; the attributes are those of `Equation`."""

    name: str
    quantity: str
    inputs: tuple[str, ...]
    line: int
    source: str = field(repr=False)
    function: Callable[..., Any] = field(repr=False)


def mended(equation: Equation, fix: Fix) -> MendedEquation:
    """The equation as its fix makes it."""
    return MendedEquation(equation.name, equation.quantity, fix.parameters, equation.line, fix.body, fix.function)


def mend_all(
    wrong: Sequence[Equation], workbench: Workbench, *, budget_seconds: float = BUDGET_SECONDS
) -> dict[str, Repair]:
    """Mend wrong equations of one derivation, and keep its graph free of circles.

    Every repair is searched for from true inputs, so the equations do not depend on each other's numbers; but each
    mended one is part of the derivation that the next may read and learn from.

    Args:
        wrong: The wrong equations, all of the workbench's derivation.
        workbench: Trials and derivation.
        budget_seconds: How long the search for each may take.

    Returns:
        The outcomes by the equations' names, in the order in which they were mended.

    Raises:
        GradproofError: The trials lack the truth of some equation's quantity.
    """
    outcomes: dict[str, Repair] = {}
    waiting = _in_order(wrong, workbench.context)
    progress = True
    # What a wrong equation reads may forbid the repair of another; so those left are tried again after each round.
    while waiting and progress:
        progress = False
        for equation in list(waiting):
            outcome = workbench.mend(equation, budget_seconds=budget_seconds)
            outcomes[equation.name] = outcome
            if outcome.fix is not None:
                workbench = _with(workbench, equation.name, mended(equation, outcome.fix))
                waiting.remove(equation)
                progress = True
    return outcomes


def _with(workbench: Workbench, name: str, equation: Equation) -> Workbench:
    context = workbench.context
    equations = tuple(equation if other.name == name else other for other in context.equations)
    new = Context(equations, context.passing | {name}, context.ancestors)
    return replace(workbench, context=new)


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
