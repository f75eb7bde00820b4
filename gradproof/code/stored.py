"""Updates that reach nobody: a parameter's name bound to a new array while the caller's array stays as it was."""

from __future__ import annotations

import numpy as np

from gradproof.code.quantities import Quantities
from gradproof.code.reading.reader import Scope
from gradproof.code.reading.steps import Step, named_steps
from gradproof.errors import GradproofError


def require_stored(scope: Scope, quantities: Quantities) -> None:
    """Every updated parameter of a function is written into the caller's array, or returned.

    Raises:
        GradproofError: `W = W - eta * dW` and no more: it changes what the name means, not the array.
    """
    returned = [step for _, step in named_steps("", scope.returned)] if scope.returned is not None else []
    for name in scope.text.parameters:
        before, after = scope.arguments[name], scope.variables.get(name)
        if not isinstance(before, Step) or not isinstance(after, Step) or after is before:
            continue
        is_update = quantities.binding.find(f"{before.quantity}_new") is not None and _is_like(after, before)
        if not is_update or after is scope.held[name] or after in returned:
            continue
        if quantities.listed(name, scope.text.name) is None and (origin := scope.bound.get(name)) is not None:
            raise GradproofError(
                f"{scope.text.place(origin.line)}: `{origin.text.strip()}` gives the name {name} to a new array, which "
                f"is neither returned nor written into the {name} that was handed over, so the caller's stays as it "
                f"was; write `{name} -= ...` or `{name}[...] = ...`, or return {name}"
            )


def _is_like(after: Step, before: Step) -> bool:
    """Whether both are arrays of one shape; numbers cannot be written into."""
    return isinstance(before.sample, np.ndarray) and np.shape(after.sample) == before.sample.shape
