"""The derivative of the loss by a variable of the forward pass, measured along a few directions.

It is measured, not derived: the variable is moved a little once it has its value, and the loss that the code itself
computes answers. So it holds for whatever the code does, to about half of the digits.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gradproof.repair.program.judging import Judge
from gradproof.repair.program.running import Editable, Kept
from gradproof.repair.program.statements import Place, places, targets_of

PROBE = "_probed_"
DIRECTIONS = 2
STEP = 1e-5
CLOSE = 1e-5
"""How far what is measured may be off, as a share of what it is at most."""

Array = np.ndarray[Any, Any]
Line = tuple[Path, int]
Slope = tuple[tuple[Array, float], ...]


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable of a function.

    Attributes:
        function: The function.
        text: The variable: a name, an attribute, or an entry by a key that is a text.
        places: The statements that give it its value; none where it is an argument.
    """

    function: Editable
    text: str
    places: Sequence[Place]

    @property
    def lines(self) -> frozenset[Line]:
        """The lines of its statements."""
        return frozenset((self.function.path, place.statement.lineno) for place in self.places)

    @property
    def is_handed_on(self) -> bool:
        """Whether it only has the value of something else: what is taken from a cache, one result of a call."""
        return bool(self.places) and all(_hands_on(place.statement) for place in self.places)

    @property
    def turns(self) -> int:
        """How often it gets its value: more than once in a loop, or in a function that is called several times."""
        last = self.places[-1] if self.places else next(places(self.function.node.body))
        return self.function.lines[last.statement.lineno]

    @property
    def value(self) -> Array | None:
        """What it is when the function is left; None where that is no array of real numbers."""
        return array_of(self.function.value(self.text))


def _hands_on(node: ast.stmt) -> bool:
    value = getattr(node, "value", None)
    if isinstance(value, ast.Call) and isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
        return not ast.unparse(value.func).startswith(("np.", "torch."))
    return value is not None and _is_plain(value)


def _is_plain(value: ast.expr) -> bool:
    """Whether an expression computes nothing: a name, an entry by its key, a number, several of them."""
    if isinstance(value, ast.Tuple):
        return all(map(_is_plain, value.elts))
    is_entry = isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant)
    return is_entry or isinstance(value, (ast.Name, ast.Attribute, ast.Constant))


def _entries(node: ast.stmt) -> Iterator[str]:
    """The entries by a key that is a text which a statement gives values to."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    for target in targets:
        if isinstance(target, ast.Subscript) and isinstance(getattr(target.slice, "value", None), str):
            yield ast.unparse(target)


def variables(function: Editable) -> Iterator[Variable]:
    """The variables of a function: its arguments, and those that statements of it give values to."""
    found: dict[str, list[Place]] = {}
    for place in places(function.node.body):
        if place.statement.lineno in function.lines:
            for text in (*targets_of(place.statement), *_entries(place.statement)):
                found.setdefault(text, []).append(place)
    for argument in (*function.node.args.posonlyargs, *function.node.args.args, *function.node.args.kwonlyargs):
        found.setdefault(argument.arg, [])
    for text, at in found.items():
        yield Variable(function, text, at)


@dataclass
class Slopes:
    """What was measured of the variables of a program in its first trial.

    Attributes:
        judge: The program.
        kept: What the files hold, to be put back after each run.
    """

    judge: Judge
    kept: Kept
    _known: dict[tuple[Path, int, str, int], Slope | None] = field(default_factory=dict)

    def is_derivative(self, value: Array, variable: Variable) -> bool | None:
        """Whether a value is the derivative of the loss by a variable; None where that is not known.

        Of what gets its value several times the first and the last are meant: the backward pass may go either way, and
        its own values are those of its last turn.
        """
        own = variable.value
        if own is None or own.shape != value.shape or variable.is_handed_on or not variable.turns:
            return None
        found = [self._is_slope(value, self._of(variable, turn, own.shape)) for turn in {1, variable.turns}]
        return None if all(one is None for one in found) else any(found)

    @staticmethod
    def _is_slope(value: Array, slope: Slope | None) -> bool | None:
        if slope is None or not any(one for _, one in slope):
            return None  # not of the forward pass: the loss does not depend on it
        size = float(np.abs(value).sum()) + max(abs(one) for _, one in slope)
        return all(abs(float((value * way).sum()) - one) <= CLOSE * size for way, one in slope)

    def _of(self, variable: Variable, turn: int, shape: tuple[int, ...]) -> Slope | None:
        """Directions, and the derivative of the loss along each; None where it cannot be measured."""
        key = variable.function.path, variable.function.node.lineno, variable.text, turn
        if key not in self._known:
            found = tuple(self._measured(variable, turn, shape))
            self._known[key] = found if len(found) == DIRECTIONS else None
            self.kept.put_back()
        return self._known[key]

    def _measured(self, variable: Variable, turn: int, shape: tuple[int, ...]) -> Iterator[tuple[Array, float]]:
        function, trial = variable.function, self.judge.trials[0]
        with _probed(variable):
            version = function.compiled()
        if version is None:
            return
        generator = np.random.default_rng(len(variable.text))
        for _ in range(DIRECTIONS):
            way = generator.standard_normal(shape)
            losses = []
            for step in (STEP * way, -STEP * way):
                with _handed(function, _Probe(step, turn)), function.exchanged(version):
                    losses.append(self.judge.loss(trial))
            if losses[0] is None or losses[1] is None:
                return
            yield way, (losses[0] - losses[1]) / (2.0 * STEP)


@dataclass
class _Probe:
    """Moves a value by a step, in one of the turns in which it is asked."""

    step: Array
    turn: int

    def __call__(self, value: Any) -> Any:
        self.turn -= 1
        if self.turn or np.shape(value) != self.step.shape:
            return value
        if isinstance(value, torch.Tensor):
            return value + torch.from_numpy(self.step).to(value)
        moved = np.asarray(value) + self.step
        return moved if np.ndim(value) else moved[()]


@contextmanager
def _probed(variable: Variable) -> Iterator[None]:
    """A function's tree with a variable moved once it has its value, for the time of a block."""
    target, read = (ast.parse(variable.text, mode="eval").body for _ in range(2))
    target.ctx = ast.Store()  # type: ignore[attr-defined]
    moved = ast.Assign([target], ast.Call(ast.Name(PROBE, ast.Load()), [read], []))
    last = variable.places[-1] if variable.places else None
    block, at = (last.block, last.number + 1) if last is not None else (variable.function.node.body, 0)
    block.insert(at, ast.fix_missing_locations(ast.copy_location(moved, block[max(at - 1, 0)])))
    try:
        yield
    finally:
        del block[at]


@contextmanager
def _handed(function: Editable, probe: _Probe) -> Iterator[None]:
    spaces = [one.__globals__ for one in function.functions]
    for space in spaces:
        space[PROBE] = probe
    try:
        yield
    finally:
        for space in spaces:
            space.pop(PROBE, None)


def array_of(value: Any) -> Array | None:
    """A value as an array of real numbers, all finite; None where it is none."""
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        value = value.detach().double().numpy()
    is_real = isinstance(value, (np.ndarray, np.floating)) and np.asarray(value).dtype.kind == "f"
    return np.asarray(value) if is_real and np.isfinite(value).all() else None
