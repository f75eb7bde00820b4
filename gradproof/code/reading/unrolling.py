"""Loops over objects: read turn by turn, as their turns call methods that are statements of their own.

A loop is unrolled where its turns are the same at all sizes: over a list of layers, or a range that no array's size
goes into. Any other loop is one step with several results.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Sequence
from types import MethodType
from typing import Any

from gradproof.code.paths import part_or_none
from gradproof.code.reading import targets
from gradproof.code.reading.nodes import NOTHING
from gradproof.code.reading.reader import Reader, Scope
from gradproof.code.reading.steps import Compound, Instance, Origin, Ref

TURNS = 64
"""So many turns are read at most."""

_LEAVES = (ast.Break, ast.Continue, ast.Return, ast.Yield, ast.YieldFrom)


def unrolled(reader: Reader, node: ast.For, scope: Scope, origin: Origin) -> bool:
    """Read a loop turn by turn; False where it is one step."""
    if node.orelse or any(isinstance(part, _LEAVES) for part in ast.walk(node)):
        return False
    turns = items_of(reader, node.iter, scope, origin)
    if turns is None or len(turns) > TURNS:
        return False
    if not any(map(holds_object, turns)) and not _calls_method(reader, node, scope, origin):
        return False
    for turn in turns:
        targets.bind(reader, node.target, turn, scope, origin)
        reader.statements(node.body, scope)
    return True


def items_of(reader: Reader, node: ast.expr, scope: Scope, origin: Origin) -> list[Ref] | None:
    """What an iteration gives, one by one; None where that is not known without values of arrays."""
    match node:
        case ast.Call(func=ast.Name(id="reversed"), args=[inner], keywords=[]):
            found = items_of(reader, inner, scope, origin)
            return None if found is None else found[::-1]
        case ast.Call(func=ast.Name(id="list" | "tuple"), args=[inner], keywords=[]):
            return items_of(reader, inner, scope, origin)
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner], keywords=[]):
            found = items_of(reader, inner, scope, origin)
            return None if found is None else _rows(_numbers(reader, range(len(found))), found)
        case ast.Call(func=ast.Name(id="zip"), args=[*inner], keywords=[]) if inner:
            each = [items_of(reader, one, scope, origin) for one in inner]
            known = [one for one in each if one is not None]
            return _rows(*known) if len(known) == len(each) else None
        case ast.Call(func=ast.Name(id="range"), args=[*inner], keywords=[]) if inner:
            bounds = [reader.key(one, scope, origin) for one in inner]
            if not all(isinstance(bound, int) for bound in bounds):
                return None
            return _numbers(reader, range(*bounds))
        case ast.Call(func=ast.Attribute(value=inner, attr="values" | "items" | "keys" as what), args=[], keywords=[]):
            owner = reader.resolved(inner, scope, origin)
            if not isinstance(owner, Compound) or owner.kind != "dict":
                return None
            keys, values = _numbers(reader, owner.items), list(owner.items.values())
            return values if what == "values" else keys if what == "keys" else _rows(keys, values)
        case ast.Subscript(value=inner, slice=ast.Slice() as part):
            found = items_of(reader, inner, scope, origin)
            ends = [
                None if end is None else reader.key(end, scope, origin) for end in (part.lower, part.upper, part.step)
            ]
            return None if found is None or NOTHING in ends else found[slice(*ends)]
    owner = Reader.resolved(reader, node, scope, origin) if _is_plain(node) else None
    if not isinstance(owner, Compound):
        return None
    return _numbers(reader, owner.items) if owner.kind == "dict" else list(owner.items.values())


def _numbers(reader: Reader, values: Iterable[Any]) -> list[Ref]:
    return [reader.step(value, ast.Constant(value), static=True) for value in values]


def _rows(*columns: Sequence[Ref]) -> list[Ref]:
    return [Compound("tuple", dict(enumerate(row))) for row in itertools.zip_longest(*columns) if None not in row]


def holds_object(ref: Ref) -> bool:
    """Whether a value is an object whose methods are read, or a structure with one in it."""
    return isinstance(ref, Instance) or (isinstance(ref, Compound) and any(map(holds_object, ref.items.values())))


def _calls_method(reader: Reader, node: ast.For, scope: Scope, origin: Origin) -> bool:
    """Whether a loop calls a method of an object that is read, or of one in a list."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            holder: ast.expr = part.func.value
            owner = reader.resolved(holder, scope, origin) if _is_plain(holder) else None
            if isinstance(owner, Instance) and isinstance(part_or_none(owner.value, part.func.attr), MethodType):
                return True
            while isinstance(holder, ast.Subscript):
                holder = holder.value
                owner = reader.resolved(holder, scope, origin) if _is_plain(holder) else None
                if isinstance(owner, Compound) and any(map(holds_object, owner.items.values())):
                    return True
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Subscript) and _is_plain(part.func.value):
            owner = reader.resolved(part.func.value, scope, origin)
            if isinstance(owner, Compound) and any(map(holds_object, owner.items.values())):
                return True
    return False


def _is_plain(node: ast.expr) -> bool:
    """Whether an expression only names something, so that looking it up reads no call."""
    return not any(isinstance(part, ast.Call) for part in ast.walk(node))
