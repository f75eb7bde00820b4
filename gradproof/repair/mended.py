"""An equation as its fix makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gradproof.repair.equation import Equation
from gradproof.repair.results import Fix


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
