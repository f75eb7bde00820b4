"""The document's own derivation, traced: every hand-derived quantity beside the derivative of the traced loss."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np

from gradproof.proof.expressions.array import ExactArray, symbols
from gradproof.proof.expressions.calculus import exchanged, gradient
from gradproof.proof.expressions.expression import Graph

DOCUMENT = Path(__file__).resolve().parents[2] / "manual" / "parameter_update_2.py"
LEAVES = [
    "X1",
    "X2",
    "W13",
    "W23",
    "b3",
    "W14",
    "W24",
    "b4",
    "W35",
    "W45",
    "b5",
    "W36",
    "W46",
    "b6",
    "W37",
    "W47",
    "b7",
    "eta",
]
FORWARD = ["Y3", "Y4", "Y5", "Y6", "Y7", "P5", "P6", "P7", "Loss"]


def document_pairs(graph: Graph) -> dict[str, tuple[ExactArray, ExactArray]]:
    """(derivative by reverse mode, hand-derived value) of every equation dA_dB."""
    equations = _equations()
    leaves = {name: symbols(graph, name) for name in LEAVES}
    known = _forward(equations, leaves)
    pairs = {}
    for name, equation in equations.items():
        derivative = re.fullmatch(r"d(\w+?)_d([A-Z]\w*?|b\d)(__\w+)?", name)
        if derivative:
            value = ExactArray.of(graph, _as_element(_called(equation, known)))
            known[name] = value
            pairs[name] = (_derivative(equations, leaves, known, derivative[1], derivative[2]), value)
    return pairs


def _forward(equations: dict[str, Any], leaves: dict[str, ExactArray], given: str = "") -> dict[str, ExactArray]:
    """The leaves and all forward values; one may be given, as a variable."""
    known = dict(leaves)
    graph = _as_element(leaves[LEAVES[0]]).graph
    for name in FORWARD:
        known[name] = (
            symbols(graph, name)
            if name == given
            else ExactArray.of(graph, _as_element(_called(equations[name], known)))
        )
    return known


def _equations() -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(compile(DOCUMENT.read_text(encoding="utf-8"), "parameter_update_2.py", "exec"), namespace)
    return {name: f for name, f in namespace.items() if inspect.isfunction(f) and not name.startswith("_")}


def _called(equation: Any, known: dict[str, ExactArray]) -> Any:
    return equation(**{name: known[name] for name in inspect.signature(equation).parameters})


def _as_element(value: Any) -> Any:
    return value.expressions[()] if isinstance(value, ExactArray) else value


def _derivative(
    equations: dict[str, Any], leaves: dict[str, ExactArray], known: dict[str, ExactArray], top: str, bottom: str
) -> ExactArray:
    """By the bottom as a variable, which what does not depend on it holds fixed; then its value is put in."""
    variables = _forward(equations, leaves, bottom)
    output, (wrt, value) = _as_element(variables[top]), (_as_element(one[bottom]) for one in (variables, known))
    result = gradient(output, [wrt])
    (result,) = exchanged(result, {wrt.id: value}) if wrt is not value else result
    return ExactArray.of(result.graph, np.array(result, dtype=object))
