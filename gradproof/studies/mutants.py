"""Planted mistakes: what a check of this case would have caught, equation by equation.

Each equation gets every single edit of its own text from a list of slips that people make. An edit that agrees with
the truth in all trials was not caught: either it is the same function, or the check has no teeth there. Its value gets
the kinds of mistakes that `gradproof mutate` plants in gradients.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from gradproof import operators as mistakes
from gradproof.case.derivation import Equation
from gradproof.check.case import Case
from gradproof.check.evaluate import Evaluator
from gradproof.mutation.faults import Place, Unplantable, faulted
from gradproof.mutation.kinds import BY_NAME
from gradproof.repair import Evidence
from gradproof.repair.evidence.strata import stratified

Array = np.ndarray[Any, Any]
VALUE_KINDS = (
    "zero",
    "sign",
    "doubled",
    "too large",
    "too small",
    "shifted",
    "one entry",
    "not a number",
    "transposed",
    "wrong axis",
    "one row",
    "last tile",
)
"""Kinds that a value can have whatever it was computed from."""

_SYMBOLS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_NODES = {symbol: kind for kind, symbol in _SYMBOLS.items()}
_COMPARED: dict[type[ast.cmpop], str] = {ast.Gt: ">", ast.Lt: "<", ast.GtE: ">=", ast.LtE: "<="}
_REVERSED = {symbol: kind for kind, symbol in _COMPARED.items()}


@dataclass(frozen=True)
class MutationResult:
    """What became of the mistakes planted into one equation.

    Attributes:
        equation: Its name.
        planted: How many mistakes were planted.
        survivors: The mutated statements that agree with the truth in every trial, and the kinds of mistakes in its
            value that do.
        reason: Why nothing was planted, where nothing was.
    """

    equation: str
    planted: int
    survivors: tuple[str, ...] = ()
    reason: str = ""

    @property
    def caught(self) -> int:
        """How many of them a check catches."""
        return self.planted - len(self.survivors)


def mutate_case(case: Case, seed: int) -> tuple[MutationResult, ...]:
    """Plant mistakes into every equation that has a truth, each run on true inputs in picked trials."""
    evidence = stratified(case, seed)
    return tuple(_mutate(case, equation, evidence) for equation in case.derivation.equations)


def _mutate(case: Case, equation: Equation, evidence: Sequence[Evidence]) -> MutationResult:
    if equation.quantity not in case.known:
        return MutationResult(equation.name, 0, reason="the reference has no such quantity")
    if not set(equation.inputs) <= set(case.known):
        return MutationResult(equation.name, 0, reason="it reads a quantity that the reference does not have")
    planted, survivors = 0, []
    for text, function in mutants(equation):
        planted += 1
        if all(_agrees(case, equation, function, group) for group in evidence):
            survivors.append(text)
    values = Values(case, equation, evidence)
    for kind in VALUE_KINDS:
        seen = values.sees(kind)
        planted += seen is not None
        if seen is False:
            survivors.append(f"a value that {BY_NAME[kind].words}")
    return MutationResult(equation.name, planted, tuple(survivors))


class Values:
    """The values that an equation has beside the truth, and what of their mistakes is caught."""

    def __init__(self, case: Case, equation: Equation, evidence: Sequence[Evidence]) -> None:
        self.groups = []
        self.agrees = True
        for group in evidence:
            value = _value(case, equation, equation.function, group)
            truth, allowed = group.values[equation.quantity], group.allowed(equation.quantity)
            self.agrees = self.agrees and value is not None and _within(value, truth, allowed)
            if self.agrees and value is not None:
                places = [Place(torch.from_numpy(np.array(one, dtype=np.float64)), ()) for one in value]
                self.groups.append((places, value, truth, allowed))

    def sees(self, kind: str) -> bool | None:
        """Whether a mistake in the value is caught; None where it changes nothing or cannot be planted."""
        changed = False
        if not self.agrees:
            return None
        for places, value, truth, allowed in self.groups:
            try:
                wrong = np.stack([faulted(kind, place, 0.0).numpy() for place in places])
            except Unplantable:
                continue
            changed = changed or not np.array_equal(wrong, value)
            if not _within(wrong, truth, allowed):
                return True
        return False if changed else None


def mutants(equation: Equation) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every single edit of an equation: the edited statement as text, and the function with it.

    Edits that give the same text are given once; the equation itself is not among them.
    """
    tree = ast.parse(equation.source) if equation.source else ast.Module([], [])
    definition = tree.body[0] if tree.body else None
    if not isinstance(definition, ast.FunctionDef):
        return
    seen = {ast.unparse(definition)}
    for statement, changed in _changed(definition, equation.inputs):
        text = ast.unparse(changed)
        if text in seen:
            continue
        seen.add(text)
        space = dict(getattr(equation.function, "__globals__", {}))
        module = ast.fix_missing_locations(ast.Module([changed], []))
        exec(compile(module, str(equation.path), "exec"), space)
        yield ast.unparse(statement), space[definition.name]


def _changed(definition: ast.FunctionDef, inputs: Sequence[str]) -> Iterator[tuple[ast.stmt, ast.FunctionDef]]:
    """The function with each single edit of it, and the edited statement."""
    for place, node in enumerate(_expressions(definition)):
        for edited in _edits(node, inputs):
            changed = copy.deepcopy(definition)
            statement = _replace(changed, place, edited)
            if statement is not None:
                yield statement, changed
    sums = [place for place, node in enumerate(ast.walk(definition)) if isinstance(node, ast.AugAssign)]
    for place in sums:
        for is_lost in (True, False):
            changed = copy.deepcopy(definition)
            total = list(ast.walk(changed))[place]
            if isinstance(total, ast.AugAssign) and isinstance(total.op, (ast.Add, ast.Sub)):
                yield _accumulated(changed, total, is_lost=is_lost), changed


def _accumulated(definition: ast.FunctionDef, node: ast.AugAssign, *, is_lost: bool) -> ast.stmt:
    """Put `=`, or the other sign, in the place of `+=` or `-=`; returns the statement then."""
    if not is_lost:
        node.op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        return node
    assigned = ast.copy_location(ast.Assign([node.target], node.value), node)
    for holder in ast.walk(definition):
        for part in ("body", "orelse"):
            body = getattr(holder, part, [])
            if isinstance(body, list) and any(one is node for one in body):
                body[[one is node for one in body].index(True)] = assigned
    return assigned


def _expressions(definition: ast.FunctionDef) -> list[ast.expr]:
    """All expressions of the body that are read, in a fixed order."""
    return [
        node
        for statement in definition.body
        for node in ast.walk(statement)
        if isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store)
    ]


def _replace(definition: ast.FunctionDef, place: int, edited: ast.expr) -> ast.stmt | None:
    """Put an expression into the place of another; returns the statement that it stands in."""
    wanted = _expressions(definition)[place]
    for statement in definition.body:
        for parent in ast.walk(statement):
            for name, value in ast.iter_fields(parent):
                if value is wanted:
                    setattr(parent, name, edited)
                    return statement
                if isinstance(value, list) and any(item is wanted for item in value):
                    value[[item is wanted for item in value].index(True)] = edited
                    return statement
    return None


def _edits(node: ast.expr, inputs: Sequence[str]) -> Iterator[ast.expr]:
    """The slips that a place may have."""
    if isinstance(node, ast.BinOp):
        yield from _of_operation(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from _of_comparison(node)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        near = {other for other, _ in mistakes.numbers_near(node.value)}
        yield from (ast.Constant(other) for other in (node.value + 1, node.value * 2) if other in near)
    elif isinstance(node, ast.Name) and node.id in inputs:
        yield from (ast.Name(other, ast.Load()) for other in inputs if other != node.id)
        yield ast.BinOp(node, ast.Mult(), ast.Constant(2))
        yield ast.UnaryOp(ast.USub(), node)


def _of_operation(node: ast.BinOp) -> Iterator[ast.expr]:
    likeliest = mistakes.arithmetic(_SYMBOLS.get(type(node.op), ""))[:1]
    yield from (ast.BinOp(node.left, _NODES[swap.other](), node.right) for swap in likeliest)
    if isinstance(node.op, (ast.Sub, ast.Div, ast.MatMult)):
        yield ast.BinOp(node.right, node.op, node.left)
    yield node.left
    yield node.right


def _of_comparison(node: ast.Compare) -> Iterator[ast.expr]:
    likeliest = mistakes.comparisons(_COMPARED.get(type(node.ops[0]), ""))[:1]
    yield from (ast.Compare(node.left, [_REVERSED[swap.other]()], node.comparators) for swap in likeliest)
    yield ast.Constant(1.0)


def _of_call(node: ast.Call) -> Iterator[ast.expr]:
    """Another reduction, no axis, another axis; the argument in place of the function's value."""
    if isinstance(node.func, ast.Attribute):
        for swap in mistakes.functions(node.func.attr)[:1]:
            function = ast.Attribute(node.func.value, swap.other, ast.Load())
            yield ast.Call(function, node.args, node.keywords)
    for k, keyword in enumerate(node.keywords):
        rest = [*node.keywords[:k], *node.keywords[k + 1 :]]
        if keyword.arg == "axis":
            yield ast.Call(node.func, node.args, rest)
            if isinstance(keyword.value, ast.Constant) and keyword.value.value in (0, 1):
                other = ast.keyword("axis", ast.Constant(1 - keyword.value.value))
                yield ast.Call(node.func, node.args, [*node.keywords[:k], other, *node.keywords[k + 1 :]])
    if node.args:
        yield node.args[0]


def _agrees(case: Case, equation: Equation, function: Callable[..., Any], group: Evidence) -> bool:
    """Whether a mutant gives the truth in every trial, in the shape that is wanted."""
    value = _value(case, equation, function, group)
    quantity = equation.quantity
    return value is not None and _within(value, group.values[quantity], group.allowed(quantity))


def _within(value: Array, truth: Array, allowed: Array) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.all(np.abs(value - truth) <= allowed))


def _value(case: Case, equation: Equation, function: Callable[..., Any], group: Evidence) -> Array | None:
    """What a function gives in every trial; None where it cannot be run, or has not the shape of the truth."""
    changed = Equation(equation.name, equation.inputs, function, equation.path, equation.line, "")
    evaluator = Evaluator(case.derivation)
    evaluator.modes[equation.name] = "batched" if all(np.ndim(v) == 1 for v in group.values.values()) else "lifted"
    inputs = [np.asarray(group.values[name]) for name in equation.inputs]
    try:
        value = evaluator.run(changed, inputs, group.trials)
    except Exception:  # a mutant that cannot be run is caught: so would its author be
        return None
    return np.asarray(value) if value.shape == group.values[equation.quantity].shape else None
