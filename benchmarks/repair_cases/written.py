"""Derivation modules as equations, and equations with another right side."""

from __future__ import annotations

import importlib
from dataclasses import replace
from types import FunctionType, ModuleType

from gradproof.case.derivation import Equation, equations_of


def module(case: str) -> ModuleType:
    """The derivation of a case."""
    return importlib.import_module(f"benchmarks.repair_cases.{case}")


def equations(case: str) -> dict[str, Equation]:
    """Its equations by name."""
    own = module(case)
    functions = {
        name: value
        for name, value in vars(own).items()
        if isinstance(value, FunctionType) and value.__module__ == own.__name__ and not name.startswith("_")
    }
    return {equation.name: equation for equation in equations_of(functions)}


def rewritten(equation: Equation, expression: str, inputs: tuple[str, ...]) -> Equation:
    """The equation with another right side, as if it had been written so."""
    source = f"def {equation.name}({', '.join(inputs)}):\n    return {expression}\n"
    scope = dict(equation.function.__globals__)
    exec(source, scope)
    return replace(equation, inputs=inputs, function=scope[equation.name], source=source)
