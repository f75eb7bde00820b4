"""Steps as equations: for each quantity a function of other quantities, whose body is the code's own statements."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial, wraps
from pathlib import Path
from typing import Any

import numpy as np

from gradproof.case.derivation import Equation
from gradproof.code.reading.blocks import BLOCK_PREFIX, DEEPCOPY
from gradproof.code.reading.slicing import fresh_copies, sliced
from gradproof.code.reading.steps import PREFIX, Block, Origin, Step, idents_in
from gradproof.code.writing.written import Statement, Written, part_of_tuple

_BLOCK = re.compile(rf"{BLOCK_PREFIX}(\d+)_(\w+)")


def equation(
    step: Step,
    name: str,
    steps: Mapping[int, Step],
    namespace: Mapping[str, Any],
    path: Path,
    *,
    beside: Iterable[Step] = (),
    names: Mapping[Step, str] | None = None,
    form: tuple[int, ...] | None = None,
) -> Equation:
    """The equation that yields a step's quantity.

    Args:
        step: The step.
        name: The equation's name: the quantity, with the label of its form.
        steps: All steps by number.
        namespace: What the code's own global names mean.
        path: The file that the step stands in.
        beside: Steps that the body computes, too, though the quantity does not need them.
        names: The equations of other steps.
        form: The shape of the quantity, where the step's differs from it in axes of size 1.
    """
    parts = _closure(step, steps, beside)
    inputs = list(dict.fromkeys(p.quantity for p in parts if isinstance(p, Step) and p is not step and p.quantity))
    fresh = fresh_copies(parts)
    called = _Names(parts, step, inputs, fresh)
    body: list[ast.stmt] = []
    written: list[Statement] = []

    def add(node: ast.stmt, origin: Origin | None, kept: tuple[int, ...] | None = None) -> None:
        body.append(called.applied(node))
        written.append(Statement.of(origin, called.quantities, called.own, called.given, kept))

    for part in parts:
        if isinstance(part, Block):
            for statement in part.statements[:-1]:
                if not _starts_fresh(statement, fresh):
                    add(statement, None)
            add(part.statements[-1], part.origin, part.kept)
        elif part is not step and part.quantity is None and part.expression is not None and not _of_block(part):
            add(ast.Assign([ast.Name(part.ident, ast.Store())], part.expression), part.origin)
    assert step.expression is not None
    assert step.origin is not None
    add(ast.Return(step.expression), None if _of_block(step) else step.origin)
    own = "" if _of_block(step) else part_of_tuple(step.origin, called.applied(step.expression), written[-1].variables)
    source, function = _compiled(name, inputs, body, namespace, path)
    forms = {p.quantity: names[p] for p in parts if names and isinstance(p, Step) and p is not step and p in names}
    return Equation(
        name,
        tuple(inputs),
        function if form is None else _reshaped(function, form),
        path,
        step.origin.line,
        source,
        Written(
            step.origin,
            tuple(written),
            variable_after(step),
            own,
            partial(equation, step, name, steps, namespace, path, beside=_beside(step), names=names, form=form),
        ),
        {quantity: other for quantity, other in forms.items() if quantity and other != quantity},
    )


def _reshaped(function: Callable[..., Any], form: tuple[int, ...]) -> Callable[..., Any]:
    """A function whose result has other axes of size 1."""

    @wraps(function)
    def reshaped(*values: Any) -> Any:
        return np.reshape(function(*values), form)

    return reshaped


def _beside(step: Step) -> tuple[Step, ...]:
    """What the code has computed by a step's statement, but for quantities."""
    scope = step.origin.scope.values() if step.origin is not None else ()
    return tuple(one for one in scope if one.number < step.number and one.quantity is None and not one.given)


def variable_after(step: Step) -> str:
    """The code's variable that a block leaves a step in; empty for any other step."""
    block = _BLOCK.fullmatch(step.expression.id) if isinstance(step.expression, ast.Name) else None
    return block[2].replace("__", ".") if block is not None else ""


def _of_block(step: Step) -> bool:
    """Whether a step is a variable of a block as that ends."""
    return step.block is not None and isinstance(step.expression, ast.Name)


def _starts_fresh(statement: ast.stmt, fresh: Mapping[str, Step]) -> bool:
    """Whether a statement copies what may be written into as it is."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name in fresh
    return False


def _closure(step: Step, steps: Mapping[int, Step], beside: Iterable[Step]) -> list[Step | Block]:
    """The step and all that its text needs, down to other quantities, in order; what runs later is looked at first."""
    found: dict[int, Step | Block] = {}
    waiting: dict[int, Step | Block] = {one.number: one for one in (step, *beside)}
    wanted: dict[int, set[str]] = {}
    while waiting:
        part = waiting.pop(max(waiting))
        if isinstance(part, Block):
            part = sliced(part, wanted[part.number])
            texts: list[ast.AST] = [*part.statements]
        elif part.expression is None or (part is not step and part.quantity is not None):
            texts = []
        else:
            texts = [part.expression]
            if part.block is not None:
                waiting[part.block.number] = part.block
                names = {node.id for node in ast.walk(part.expression) if isinstance(node, ast.Name)}
                wanted.setdefault(part.block.number, set()).update(names)
        found[part.number] = part
        waiting.update((number, steps[number]) for number in idents_in(*texts))
    return [found[number] for number in sorted(found)]


class _Names:
    """What each step and each variable of a block is called in the body of an equation."""

    def __init__(
        self, parts: Iterable[Step | Block], target: Step, inputs: list[str], fresh: Mapping[str, Step]
    ) -> None:
        self.taken = {*inputs, DEEPCOPY}
        self.table: dict[str, str] = {}
        self.quantities: dict[int, str] = {}
        self.own: dict[str, str] = {}
        self.given: dict[str, str] = {}
        in_place = {step.number: name for name, step in fresh.items()}
        for part in parts:
            if not isinstance(part, Step) or part is target:
                continue
            if part.quantity is not None:
                name = part.quantity
                if part.given and part.variable.startswith("self."):  # first read, so in no scope yet
                    self.given[name] = part.variable
            elif _of_block(part) and isinstance(part.expression, ast.Name):
                name = self.renamed(part.expression.id)
            else:
                name = self._fresh(_variable(part))
            self.table[part.ident] = name
            self.quantities[part.number] = name
            if part.number in in_place:
                self._note(in_place[part.number], name)

    def _fresh(self, wanted: str) -> str:
        name, count = wanted, 1
        while name in self.taken:
            count += 1
            name = f"{wanted}_{count}"
        self.taken.add(name)
        return name

    def applied(self, node: Any) -> Any:
        """A text with these names."""
        return _Renamer(self).visit(copy.deepcopy(node))

    def renamed(self, ident: str) -> str:
        """The name for an ident."""
        if ident not in self.table:
            block = _BLOCK.fullmatch(ident)
            if block is None:
                return ident
            self._note(ident, self._fresh(block[2]))
        return self.table[ident]

    def _note(self, ident: str, name: str) -> None:
        """The name of a block's variable, and the variable that it is in the code."""
        self.table[ident] = name
        block = _BLOCK.fullmatch(ident)
        self.own[name] = block[2].replace("__", ".") if block is not None else name


class _Renamer(ast.NodeTransformer):
    def __init__(self, names: _Names) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.names.renamed(node.id)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self.names.renamed(node.name)
        return self.generic_visit(node)


def _variable(step: Step) -> str:
    """A name for a local step: that of the variable, as far as it is one."""
    if isinstance(step.expression, ast.Name) and (block := _BLOCK.fullmatch(step.expression.id)):
        return block[2]
    text = step.variable.rpartition(".")[2]
    text = re.sub(r"\W+", "_", text).strip("_")
    return text if text.isidentifier() and not text.startswith(PREFIX) else "value"


def _compiled(
    name: str, inputs: list[str], body: list[ast.stmt], namespace: Mapping[str, Any], path: Path
) -> tuple[str, Any]:
    """The text of a function, and the function, whose lines are those of the code's file."""
    arguments = ast.arguments([], [ast.arg(parameter) for parameter in inputs], None, [], [], None, [])
    function = ast.FunctionDef(name, arguments, body, [], None, None)
    module = ast.fix_missing_locations(ast.Module([function], []))
    space = dict(namespace)
    space[DEEPCOPY] = copy.deepcopy
    exec(compile(module, str(path), "exec"), space)  # the user's own statements
    return ast.unparse(module) + "\n", space[name]
