"""Steps as equations: for each quantity a function of other quantities, whose body is the code's own statements."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gradproof.code.blocks import BLOCK_PREFIX, DEEPCOPY
from gradproof.code.steps import PREFIX, Block, Origin, Step, idents_in
from gradproof.code.written import Statement, Written
from gradproof.derivation import Equation

_BLOCK = re.compile(rf"{BLOCK_PREFIX}(\d+)_(\w+)")


def equation(step: Step, name: str, steps: Mapping[int, Step], namespace: Mapping[str, Any], path: Path) -> Equation:
    """The equation that yields a step's quantity.

    Args:
        step: The step.
        name: The equation's name: the quantity, with the label of its form.
        steps: All steps by number.
        namespace: What the code's own global names mean.
        path: The file that the step stands in.
    """
    parts = _closure(step, steps)
    inputs = list(dict.fromkeys(p.quantity for p in parts if isinstance(p, Step) and p is not step and p.quantity))
    names = _Names(parts, step, inputs)
    body: list[ast.stmt] = []
    written: list[Statement] = []

    def add(node: ast.stmt, origin: Origin | None) -> None:
        body.append(node)
        written.append(Statement.of(origin, names.quantities))

    for part in parts:
        if isinstance(part, Block):
            for statement in part.statements[:-1]:
                add(names.applied(statement), None)
            add(names.applied(part.statements[-1]), part.origin)
        elif part is not step and not _is_input(part, step) and part.expression is not None:
            target = ast.Name(names.of(part), ast.Store())
            own = None if part.block is not None else part.origin
            add(ast.Assign([target], names.applied(part.expression)), own)
    assert step.expression is not None
    assert step.origin is not None
    add(ast.Return(names.applied(step.expression)), None if step.block is not None else step.origin)
    source, function = _compiled(name, inputs, body, namespace, path)
    return Equation(name, tuple(inputs), function, path, step.origin.line, source, Written(step.origin, tuple(written)))


def _is_input(part: Step | Block, of: Step) -> bool:
    return isinstance(part, Step) and part is not of and part.quantity is not None


def _closure(step: Step, steps: Mapping[int, Step]) -> list[Step | Block]:
    """The step and all that its text needs, down to other quantities, in order."""
    found: dict[int, Step | Block] = {}
    open_steps: list[Step] = [step]
    while open_steps:
        part = open_steps.pop()
        if part.number in found:
            continue
        found[part.number] = part
        if _is_input(part, step) or part.expression is None:
            continue
        texts: list[ast.AST] = [part.expression]
        if part.block is not None and part.block.number not in found:
            found[part.block.number] = part.block
            texts += part.block.statements
        open_steps += [steps[number] for number in idents_in(*texts)]
    return [found[number] for number in sorted(found)]


class _Names:
    """What each step and each variable of a block is called in the body of an equation."""

    def __init__(self, parts: Iterable[Step | Block], target: Step, inputs: list[str]) -> None:
        self.taken = {*inputs, DEEPCOPY}
        self.table: dict[str, str] = {}
        self.quantities: dict[int, str] = {}
        for part in parts:
            if not isinstance(part, Step) or part is target:
                continue
            if part.quantity is not None:
                self.table[part.ident] = part.quantity
                self.quantities[part.number] = part.quantity
            else:
                self.table[part.ident] = self._fresh(_variable(part))
                self.quantities[part.number] = self.table[part.ident]

    def of(self, step: Step) -> str:
        """The name of a step."""
        return self.table[step.ident]

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
            self.table[ident] = self._fresh(block[2])
        return self.table[ident]


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
