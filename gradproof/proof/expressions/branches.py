"""Following plain Python code on exact expressions, both sides of every branch on them included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradproof.arrays.creation import making_arrays
from gradproof.errors import GradproofError
from gradproof.proof.expressions.array import ExactArray
from gradproof.proof.expressions.errors import WAY_OUT, TraceError
from gradproof.proof.expressions.expression import Expression, Graph

MOST_BRANCHES = 8


@dataclass
class _Path:
    """One way through the code: the conditions it met, each with the side that was taken."""

    planned: list[bool]
    most: int
    conditions: list[Expression] = field(default_factory=list)
    taken: list[bool] = field(default_factory=list)
    result: Any = None

    def decide(self, condition: Expression) -> bool:
        """The side to take: as planned, as before for a condition met before, else the true one."""
        opposite = _negated(condition)
        for known, side in zip(self.conditions, self.taken, strict=True):
            if known is condition:
                return side
            if known is opposite:
                return not side
        place = len(self.conditions)
        if place == self.most:
            raise TraceError(
                f"more than {self.most} Python branches on values that depend on the inputs; use np.where, or "
                "trace a loop that does not depend on them"
            )
        self.conditions.append(condition)
        self.taken.append(self.planned[place] if place < len(self.planned) else True)
        return self.taken[-1]


def trace(
    graph: Graph, function: Callable[..., Any], *args: Any, most_branches: int = MOST_BRANCHES, **kwargs: Any
) -> Any:
    """`function(*args, **kwargs)` on ExactArrays, where a Python `if` on them is followed on both sides.

    The function is run once a path, each time on copies of the arrays, at most 2**most_branches times; the results,
    arrays or nested tuples, lists and dictionaries of arrays, are joined by np.where. Where that fails, it is run once
    more with `np.zeros` and its like making arrays of expressions. Raises TraceError, which names the function's line,
    for what cannot be followed.
    """
    try:
        return _on_all_paths(graph, function, args, kwargs, most_branches)
    except TraceError:
        other = making_arrays(function, (*args, *kwargs.values()))
        if other is None:
            raise
        return _on_all_paths(graph, other, args, kwargs, most_branches)


def _on_all_paths(
    graph: Graph, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], most_branches: int
) -> Any:
    paths: list[_Path] = []
    planned: list[bool] = []
    while True:
        path = _Path(planned, most_branches)
        path.result = _followed(graph, path, function, args, kwargs)
        paths.append(path)
        planned = list(path.taken)
        while planned and not planned[-1]:
            planned.pop()
        if not planned:
            return _joined(paths, 0)
        planned[-1] = False


def _followed(
    graph: Graph, path: _Path, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    outer, graph.decide = graph.decide, path.decide
    try:
        return function(*map(_copied, args), **{name: _copied(value) for name, value in kwargs.items()})
    except TraceError:
        raise
    except GradproofError as problem:
        raise TraceError(str(problem), problem.__traceback__) from problem
    except Exception as problem:  # the function is the user's, and these are not the arrays that it knows
        cause = problem.__cause__ or problem.__context__
        if isinstance(cause, TraceError):
            raise TraceError(cause.problem, problem.__traceback__) from problem
        raise TraceError(f"{type(problem).__name__}: {problem}; {WAY_OUT}", problem.__traceback__) from problem
    finally:
        graph.decide = outer


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, ExactArray) else value


def _joined(paths: Sequence[_Path], depth: int) -> Any:
    """The results of paths that agree in their first `depth` branches, as one value."""
    if len(paths) == 1:
        return paths[0].result
    condition = paths[0].conditions[depth]
    sides = [_joined([path for path in paths if path.taken[depth] is side], depth + 1) for side in (True, False)]
    return _chosen(condition, *sides)


def _chosen(condition: Expression, a: Any, b: Any) -> Any:
    if isinstance(a, tuple | list) and type(a) is type(b) and len(a) == len(b):
        return type(a)(_chosen(condition, x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return {name: _chosen(condition, a[name], b[name]) for name in a}
    if a is None and b is None:
        return None
    if not all(isinstance(x, ExactArray | np.ndarray | np.generic | int | float) for x in (a, b)):
        raise TraceError(
            f"the two sides of a Python branch give a {type(a).__name__} and a {type(b).__name__}; let both give "
            "arrays, or tuples, lists or dictionaries of as many arrays"
        )
    if np.shape(a) != np.shape(b):
        raise TraceError(
            f"the two sides of a Python branch give the shapes {np.shape(a)} and {np.shape(b)}; let both give one shape"
        )
    return np.where(ExactArray.of(condition.graph, condition), a, b)


def _negated(condition: Expression) -> Expression:
    """1 - c; of such a difference, c itself."""
    if condition.op == "add" and condition.args[0].value == 1:
        _, rest = condition.args
        if rest.op == "mul" and rest.args[0].value == -1:
            return rest.args[1]
    return 1 - condition
