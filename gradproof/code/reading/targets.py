"""Assignments: what a target is, and what giving it a value changes."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from gradproof.code.reading.nodes import NOTHING, name_of, short
from gradproof.code.reading.reader import Reader, Scope
from gradproof.code.reading.steps import Compound, Instance, Origin, Ref, Step, is_numeric
from gradproof.errors import GradproofError


def assigned(reader: Reader, node: ast.Assign, scope: Scope, origin: Origin) -> bool:
    """An assignment to variables; False where a part of an array is written."""
    if not all(is_variable(reader, target, scope, origin) for target in node.targets):
        return False
    value = reader.ref(node.value, scope, origin)
    for target in node.targets:
        if isinstance(value, Step) and renames(reader, target, value, scope):
            value = reader.step(value.sample, name_of(value.ident), origin)
        bind(reader, target, value, scope, origin)
    return True


def renames(reader: Reader, target: ast.expr, value: Step, scope: Scope) -> bool:
    """Whether a plain `dz = dout` says that one quantity is another: a statement that can be wrong."""
    if not isinstance(target, ast.Name) or not value.is_real:
        return False
    meant = reader.meaning(target.id, scope.text.name)
    known = value.quantity if value.given else reader.meaning(value.variable, scope.text.name)
    return meant is not None and known is not None and meant != known


def is_variable(reader: Reader, target: ast.expr, scope: Scope, origin: Origin) -> bool:
    """Whether a target is a variable, an attribute of an object, an item of a compound, or a tuple of those."""
    match target:
        case ast.Name():
            return True
        case ast.Tuple() | ast.List():
            return all(is_variable(reader, item, scope, origin) for item in target.elts)
        case ast.Starred():
            return is_variable(reader, target.value, scope, origin)
        case ast.Attribute():
            return isinstance(reader.resolved(target.value, scope, origin), Instance)
        case ast.Subscript():
            owner = reader.resolved(target.value, scope, origin)
            return (
                isinstance(owner, Compound)
                and owner.kind != "tuple"
                and reader.key(target.slice, scope, origin) is not NOTHING
            )
    return False


def bind(reader: Reader, target: ast.expr, value: Ref, scope: Scope, origin: Origin) -> None:
    """Give a value to a target."""
    if isinstance(value, Step) and not value.variable:
        value.variable = ast.unparse(target)
    scope.bound[ast.unparse(target)] = origin
    match target:
        case ast.Name():
            scope.variables[target.id] = value
        case ast.Attribute():
            owner = reader.resolved(target.value, scope, origin)
            assert isinstance(owner, Instance)
            owner.attributes[target.attr] = value
        case ast.Subscript():
            holder = reader.resolved(target.value, scope, origin)
            assert isinstance(holder, Compound)
            key = reader.key(target.slice, scope, origin)
            if holder.kind == "list" and isinstance(key, int) and key < 0:
                key += len(holder.items)
            holder.items[key] = value
            holder.whole = None
        case ast.Tuple() | ast.List():
            for item, part in taken_apart(reader, target.elts, value, scope, origin):
                bind(reader, item, part, scope, origin)


def taken_apart(
    reader: Reader, targets: list[ast.expr], value: Ref, scope: Scope, origin: Origin
) -> list[tuple[ast.expr, Ref]]:
    """Each target with its part of a value; a starred one with a list of those that the others leave.

    Raises:
        GradproofError: The value has another number of parts.
    """
    if isinstance(value, Step) and (isinstance(value.sample, (tuple, list)) or np.ndim(value.sample)):
        value = reader.opened(value, scope, origin)
    parts = list(value.items.values()) if isinstance(value, Compound) else []
    star = next((k for k, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
    if isinstance(value, Compound) and star is not None and len(parts) >= len(targets) - 1:
        behind = len(targets) - star - 1
        after = len(parts) - behind
        middle: Ref = Compound("list", dict(enumerate(parts[star:after])))
        if value.whole is not None:  # its length may differ at other sizes
            items = ast.Call(ast.Name("list", ast.Load()), [name_of(value.whole.ident)], [])
            bounds = ast.Slice(ast.Constant(star), ast.Constant(-behind) if behind else None)
            middle = reader.computed(ast.Subscript(items, bounds, ast.Load()), scope, origin)
            ends = [ast.Subscript(name_of(value.whole.ident), ast.Constant(k), ast.Load()) for k in range(-behind, 0)]
            parts[after:] = [reader.computed(end, scope, origin) for end in ends]
        parts[star:after] = [middle]
    if not isinstance(value, Compound) or len(parts) != len(targets):
        raise GradproofError(
            f"{scope.text.place(origin.line)}: {short(origin.text)}: the right side cannot be taken "
            f"apart into {len(targets)} variables"
        )
    names = [target.value if isinstance(target, ast.Starred) else target for target in targets]
    return list(zip(names, parts, strict=True))


def augmented(reader: Reader, node: ast.AugAssign, scope: Scope, origin: Origin) -> bool:
    """`a += b` on a variable; False where a part of an array is written, or something else than a number."""
    if not is_variable(reader, node.target, scope, origin):
        return False
    old = reader.resolved(node.target, scope, origin)
    if not isinstance(old, Step) or not is_numeric(old.sample):
        return False
    right = reader.rewritten(node.value, scope, origin)
    made = reader.computed(ast.BinOp(name_of(old.ident), node.op, right), scope, origin)
    if isinstance(old.sample, np.ndarray):
        replace(reader, old, made)  # an array is changed in place, under whatever names it has
    bind(reader, node.target, made, scope, origin)
    return True


def appended(reader: Reader, call: ast.Call, scope: Scope, origin: Origin) -> bool:
    """`caches.append(cache)`, `layers.reverse()` on a list whose items are known; False for any other call."""
    match call:
        case ast.Call(func=ast.Attribute(value=inner, attr="append"), args=[item], keywords=[]):
            owner = None if isinstance(inner, ast.Call) else reader.resolved(inner, scope, origin)
            if isinstance(owner, Compound) and owner.kind == "list":
                owner.items[len(owner.items)] = reader.ref(item, scope, origin)
                owner.whole = None
                return True
        case ast.Call(func=ast.Attribute(value=ast.Name() as inner, attr="reverse"), args=[], keywords=[]):
            owner = reader.resolved(inner, scope, origin)
            if isinstance(owner, Compound) and owner.kind == "list" and owner.whole is None:
                owner.items = dict(enumerate(reversed(owner.items.values())))
                return True
    return False


def replace(reader: Reader, old: Ref, new: Ref) -> None:
    """Another value in the place of one that was written into, wherever a name stands for it."""
    seen: set[int] = set()

    def follow(table: dict[Any, Ref]) -> None:
        for key, ref in list(table.items()):
            if ref is old:
                table[key] = new
            elif isinstance(ref, (Compound, Instance)) and id(ref) not in seen:
                seen.add(id(ref))
                follow(ref.items if isinstance(ref, Compound) else ref.attributes)
                if isinstance(ref, Compound) and any(item is new for item in ref.items.values()):
                    ref.whole = None

    for scope in reader.scopes:
        follow(scope.variables)
        follow(scope.held)
