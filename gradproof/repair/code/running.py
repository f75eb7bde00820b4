"""Running an edited function: compiled from its text, with loops that end, on copies of its inputs."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof.repair.evidence.groups import Evidence
from gradproof.repair.formulas.functions import Array

MOST_TURNS = 100_000
"""So often may the loops of one call turn: an edit can make a loop endless."""

_TICK = "__turn_of_a_loop__"


class EndlessLoop(Exception):
    """The loops of a function turn too often."""


class Counter:
    """Counts the turns of loops, from the last reset on."""

    def __init__(self) -> None:
        self.turns = 0

    def __call__(self) -> None:
        """One turn.

        Raises:
            EndlessLoop: It is one too many.
        """
        self.turns += 1
        if self.turns > MOST_TURNS:
            raise EndlessLoop


class _Counted(ast.NodeTransformer):
    def visit_For(self, node: ast.For) -> ast.AST:
        return self._counted(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        return self._counted(node)

    def _counted(self, node: ast.For | ast.While) -> ast.AST:
        self.generic_visit(node)
        node.body.insert(0, ast.Expr(ast.Call(ast.Name(_TICK, ast.Load()), [], [])))
        return node


def counted(node: ast.stmt) -> ast.stmt:
    """A statement, which is changed, with counted loops."""
    made: ast.stmt = _Counted().visit(node)
    return made


def namespace_of(function: Callable[..., Any]) -> dict[str, Any]:
    """What the names in a function's text mean, those of functions around it among them."""
    inner = inspect.unwrap(function)
    space = dict(getattr(inner, "__globals__", {}))
    code, cells = getattr(inner, "__code__", None), getattr(inner, "__closure__", None)
    if code is not None and cells:
        for name, cell in zip(code.co_freevars, cells, strict=True):
            try:
                space[name] = cell.cell_contents
            except ValueError:
                continue  # not assigned yet
    return space


def with_counter(space: Mapping[str, Any], counter: Counter) -> dict[str, Any]:
    """A namespace for functions with counted loops."""
    return {**space, _TICK: counter}


def guarded(tree: ast.FunctionDef, space: dict[str, Any]) -> Callable[..., Any]:
    """The function of a syntax tree, which is changed, with counted loops.

    Args:
        tree: The function.
        space: A namespace with a counter; the function's name is bound in it.

    Raises:
        ValueError: It cannot be compiled.
    """
    tree.decorator_list = []
    module = ast.fix_missing_locations(ast.Module([_Counted().visit(tree)], []))
    try:
        exec(compile(module, f"<{tree.name}, edited>", "exec"), space)  # the user's own code but for one edit
    except SyntaxError as error:
        raise ValueError(str(error)) from error
    found: Callable[..., Any] = space[tree.name]
    return found


@dataclass(frozen=True)
class Trial:
    """One trial: true values, and what an equation should give.

    Attributes:
        values: Quantity -> its value.
        truth: What the equation should give.
        allowed: Differences from it that count as agreement.
    """

    values: Mapping[str, Any]
    truth: Array
    allowed: Array

    def agrees(self, function: Callable[..., Any], inputs: Sequence[str], counter: Counter) -> bool:
        """Whether a function gives the truth, shape and value."""
        counter.turns = 0
        try:
            with np.errstate(all="ignore"):
                result = np.asarray(function(*(np.array(self.values[name])[()] for name in inputs)), dtype=np.float64)
        except (Exception, EndlessLoop):  # whatever the edited code raises, it does not give the truth
            return False
        return self.allows(result)

    def allows(self, value: Any) -> bool:
        """Whether a value is the truth, in shape and within what is allowed."""
        try:
            result = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            return False
        return result.shape == self.truth.shape and bool(np.all(np.abs(result - self.truth) <= self.allowed))


def trials_of(groups: Sequence[Evidence], quantity: str) -> list[Trial]:
    """The trials of some groups, one by one."""
    found = []
    for group in groups:
        truth, allowed = group.lifted[quantity][0], group.allowed(quantity)
        for k in range(group.trials):
            values = {name: np.asarray(value)[k] for name, value in group.values.items()}
            found.append(Trial(values, truth[k], allowed[k]))
    return found
