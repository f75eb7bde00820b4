"""The last word on a candidate: the user's own function, with the edit made, run one trial at a time."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradproof.repair.evidence.groups import Evidence
from gradproof.repair.formulas.functions import Array


def compiled(text: str, name: str, namespace: Mapping[str, Any]) -> Callable[..., Any]:
    """The function of that text, in a copy of the namespace where the original stands.

    Raises:
        ValueError: The text defines no such function.
    """
    scope = dict(namespace)
    tree = ast.parse(text)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            # A decorator has seen the original; what is compared is the function itself.
            node.decorator_list = []
    exec(compile(tree, f"<{name}, mended>", "exec"), scope)  # the user's own code, as importing it would run it
    function = scope.get(name)
    if not callable(function):
        raise ValueError(f"the text defines no function {name}")
    found: Callable[..., Any] = function
    return found


def alone(value: Array, trial: int) -> Any:
    """One trial of a quantity, as a copy: code that writes into what it is given spoils no other run."""
    return np.array(value[trial])[()]


def holds(function: Callable[..., Any], inputs: Sequence[str], quantity: str, groups: Sequence[Evidence]) -> bool:
    """Whether a function gives the truth in every trial, shape and value."""
    for group in groups:
        values = [group.values[name] for name in inputs]
        truth, allowed = group.lifted[quantity][0], group.allowed(quantity)
        for trial in range(group.trials):
            try:
                with np.errstate(all="ignore"):
                    result = np.asarray(function(*(alone(value, trial) for value in values)), dtype=np.float64)
            except Exception:  # whatever the user's code raises, it does not give the truth
                return False
            if result.shape != truth.shape[1:] or not np.all(np.abs(result - truth[trial]) <= allowed[trial]):
                return False
    return True


def outputs(function: Callable[..., Any], inputs: Sequence[str], group: Evidence) -> Array | Exception:
    """What a function gives in the trials of a group, `(trials, *shape)`, or what it raises."""
    values = [group.values[name] for name in inputs]
    try:
        with np.errstate(all="ignore"):
            return np.array(
                [
                    np.asarray(function(*(alone(value, trial) for value in values)), dtype=np.float64)
                    for trial in range(group.trials)
                ]
            )
    except Exception as error:  # it is the user's code
        return error
