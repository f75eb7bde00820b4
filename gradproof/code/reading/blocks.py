"""Statements that are one step with several results: loops, writes into arrays, calls that change their arguments.

What such a statement changes is found by running it on the values of one trial.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable
from typing import Any

import numpy as np

from gradproof.code.reading.reader import Reader, Scope
from gradproof.code.reading.rewriting import Rewriter
from gradproof.code.reading.steps import Block, Compound, Instance, Origin, Ref, Step
from gradproof.code.reading.targets import replace
from gradproof.errors import GradproofError

BLOCK_PREFIX = "_block_"
DEEPCOPY = "_deepcopy"
COPY = "copy"
_REFUSED = (ast.Return, ast.Yield, ast.YieldFrom, ast.Global, ast.Nonlocal, ast.Await, ast.Delete)


def run(reader: Reader, node: ast.stmt, scope: Scope, origin: Origin) -> None:
    """Read a statement as one step: run it on the sample, and bind what it changed.

    Raises:
        GradproofError: It holds what cannot be followed, or fails.
    """
    _refuse(node, scope)
    flat = _Flat(reader, scope, origin)
    statement = flat.visit(copy.deepcopy(node))
    used = {name: ref for name in _names(statement) if (ref := flat.lookup(name)) is not None}
    before = _samples(reader, used)
    after, originals = _executed(reader, statement, before, scope, origin)
    written = {name for name in originals if not same(originals[name], before[name])}
    written |= _parts_written(statement) & set(used) | _written_elsewhere(reader, statement, before)
    stored = {name for name in _stored(statement) if name in after}
    changed = sorted(written | stored)
    number = reader.number()
    prelude = [_start(reader, number, name, used[name], copied=name in written) for name in changed if name in used]
    body = _Rename(number, set(changed)).visit(statement)
    body = Rewriter(flat.resolved, reader.written).rewrite(body)
    block = Block(number, [*prelude, body], origin)
    for name in changed:
        value = after[name]
        made = _result(reader, block, name, value, scope, origin)
        if name in written:
            replace(reader, used[name], made)
        flat.bind(name, made)


def _parts_written(node: ast.AST) -> set[str]:
    """The variables of which a statement writes a part: `dW` in `dW[i] += ...`."""
    found = set()
    for part in ast.walk(node):
        targets = part.targets if isinstance(part, ast.Assign) else []
        targets = [part.target] if isinstance(part, ast.AugAssign) else targets
        for target in targets:
            root: ast.AST = target
            while isinstance(root, (ast.Subscript, ast.Attribute)):
                root = root.value
            if isinstance(root, ast.Name) and root is not target:
                found.add(root.id)
    return found


def _written_elsewhere(reader: Reader, node: ast.stmt, before: dict[str, Any]) -> set[str]:
    """What a statement changes on other numbers than the sample's, whose zeros can hide a sum that adds to an array."""
    other = _copies(before)
    generator = np.random.default_rng(0)
    for value in other.values():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            value[...] = generator.uniform(0.5, 1.5, value.shape)
    handed = _copies(other)
    module = ast.fix_missing_locations(ast.Module([copy.deepcopy(node)], []))
    try:
        with np.errstate(all="ignore"):
            exec(compile(module, "<sample>", "exec"), {**reader.globals, **handed})  # the user's own statement
    except Exception:  # numbers that the code is not made for say nothing
        return set()
    return {name for name in handed if not same(handed[name], other[name])}


def _copies(values: dict[str, Any]) -> dict[str, Any]:
    """Copies of values; those that cannot be copied, a module or an open file, as they are."""
    found = {}
    for name, value in values.items():
        try:
            found[name] = copy.deepcopy(value)
        except (TypeError, ValueError):
            found[name] = value
    return found


def block_name(number: int, name: str) -> str:
    """The name of a variable within a block."""
    return f"{BLOCK_PREFIX}{number}_{name}"


def _refuse(node: ast.stmt, scope: Scope) -> None:
    nested = {id(n) for d in ast.walk(node) if isinstance(d, (ast.FunctionDef, ast.Lambda)) for n in ast.walk(d)}
    for part in ast.walk(node):
        if isinstance(part, _REFUSED) and id(part) not in nested:
            raise GradproofError(
                f"{scope.text.place(part.lineno)}: `{ast.unparse(part)}` within "
                f"`{ast.unparse(node).splitlines()[0]}` cannot be followed; move it out of there, or give "
                "Code(..., opaque=True) to compare only what the functions return"
            )


def _names(node: ast.AST) -> list[str]:
    return list(dict.fromkeys(name.id for name in ast.walk(node) if isinstance(name, ast.Name)))


def _stored(node: ast.AST) -> set[str]:
    """The variables that a statement binds in its own scope."""
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    found |= {n.name for n in ast.walk(node) if isinstance(n, ast.FunctionDef)}
    return found | {a.asname or a.name for n in ast.walk(node) if isinstance(n, ast.Import) for a in n.names}


def _samples(reader: Reader, used: dict[str, Ref]) -> dict[str, Any]:
    """The values of variables in the sample; the arrays themselves, which may not be written into."""
    return {name: sample_of(ref) for name, ref in used.items()}


def sample_of(ref: Ref) -> Any:
    """A value in the sample."""
    match ref:
        case Step():
            return ref.sample
        case Compound(kind="dict"):
            return {key: sample_of(item) for key, item in ref.items.items()}
        case Compound():
            items = [sample_of(item) for item in ref.items.values()]
            return tuple(items) if ref.kind == "tuple" else items
    return ref.value


def _executed(
    reader: Reader, statement: ast.stmt, before: dict[str, Any], scope: Scope, origin: Origin
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The variables after a statement that runs on copies, and the copies that it was handed."""
    handed = _copies(before)
    names = dict(handed)
    module = ast.fix_missing_locations(ast.Module([copy.deepcopy(statement)], []))
    space = {**reader.globals, **names}
    known = set(space)
    try:
        with np.errstate(all="ignore"):
            exec(compile(module, str(scope.text.path), "exec"), space)  # the user's own statement
    except Exception as error:
        raise GradproofError(
            f"{scope.text.place(origin.line)}: {' '.join(origin.text.split())[:90]}: {type(error).__name__}: {error}"
        ) from error
    stored = _stored(statement)
    return {n: v for n, v in space.items() if n in names or n not in known or n in stored}, handed


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same, bit for bit."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        a, b = np.asarray(one), np.asarray(other)
        return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (one != one and other != other)
    if one is other or type(one) is not type(other):
        return one is other
    try:
        return bool(one == other)
    except Exception:  # a class of the user's may compare arrays, of which no one truth value is to be had
        fields = getattr(one, "__dict__", None)
        return isinstance(fields, dict) and same(fields, other.__dict__)


def _start(reader: Reader, number: int, name: str, ref: Ref, *, copied: bool) -> ast.stmt:
    """A block's own variable as it starts; a copy where the block writes into it."""
    value = reader.written(ref)
    if copied and isinstance(ref, Step) and isinstance(ref.sample, np.ndarray):
        value = ast.Call(ast.Attribute(value, COPY, ast.Load()), [], [])
    elif copied:
        value = ast.Call(ast.Name(DEEPCOPY, ast.Load()), [value], [])
    return ast.Assign([ast.Name(block_name(number, name), ast.Store())], value)


def _result(reader: Reader, block: Block, name: str, value: Any, scope: Scope, origin: Origin) -> Ref:
    made = reader.step(value, ast.Name(block_name(block.number, name), ast.Load()), origin, block)
    return reader.opened(made, scope, origin) if isinstance(value, (tuple, list, dict)) else made


class _Rename(ast.NodeTransformer):
    """A block's own variables under its own names."""

    def __init__(self, number: int, names: Iterable[str]) -> None:
        self.number, self.names = number, set(names)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.names:
            return ast.copy_location(ast.Name(block_name(self.number, node.id), node.ctx), node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        if node.name in self.names:
            node.name = block_name(self.number, node.name)
        return node


class _Flat(ast.NodeTransformer):
    """A statement in which the attributes of objects are plain variables: `self.dW` is `self__dW`."""

    def __init__(self, reader: Reader, scope: Scope, origin: Origin) -> None:
        self.reader, self.scope, self.origin = reader, scope, origin
        self.owners: dict[str, tuple[Instance, str]] = {}

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        owner = self.reader.resolved(node.value, self.scope, self.origin)
        if not isinstance(owner, Instance):
            return self.generic_visit(node)
        if callable(getattr(type(owner.value), node.attr, None)):
            raise GradproofError(
                f"{self.scope.text.place(node.lineno)}: the method {node.attr} is called within a loop or a condition, "
                "so what it does to the object cannot be followed; give Code(..., opaque=True) to compare only what "
                "the functions return"
            )
        name = f"{ast.unparse(node.value).replace('.', '__')}__{node.attr}"
        self.owners[name] = owner, node.attr
        if isinstance(node.ctx, ast.Load):
            self.reader.resolved(node, self.scope, self.origin)
        return ast.copy_location(ast.Name(name, node.ctx), node)

    def lookup(self, name: str) -> Ref | None:
        """What a variable of the flat statement is."""
        if name in self.owners:
            owner, attribute = self.owners[name]
            return owner.attributes.get(attribute)
        return self.scope.variables.get(name)

    def resolved(self, node: ast.expr) -> Ref | None:
        """What an expression of the flat statement names."""
        if isinstance(node, ast.Name):
            return self.lookup(node.id)
        if isinstance(node, ast.Call):
            return None
        return self.reader.resolved(node, self.scope, self.origin)

    def bind(self, name: str, ref: Ref) -> None:
        """Give a variable of the flat statement its new value."""
        if name in self.owners:
            owner, attribute = self.owners[name]
            owner.attributes[attribute] = ref
        else:
            self.scope.variables[name] = ref
