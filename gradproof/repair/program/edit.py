"""One way to change a syntax tree, and the places of a statement where an expression can be changed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gradproof.operators import with_plain_powers

WHOLE = 2.0
"""Bits by which an edit is dearer than in an equation: it may stand anywhere in the program."""

_COUNTING = frozenset({
    "zeros", "ones", "empty", "full", "eye", "arange", "range", "reshape", "transpose", "swapaxes", "len", "enumerate",
    "zip", "zeros_like", "ones_like", "empty_like", "expand_dims", "squeeze", "int", "reversed", "isinstance", "astype",
})  # fmt: skip

Undo = Callable[[], None]


Variant = tuple[float, ast.expr, str]
"""The bits of an edit, the expression that it puts in, and what it says; where that is empty, both are said."""


@dataclass(frozen=True)
class Edit:
    """One way to change a tree.

    Attributes:
        bits: How unlikely it is; the least comes first.
        said: What is wrong, should this be the fix.
        put: Makes the change, and gives what undoes it.
        line: The line of the statement.
        old, new: The node that is replaced, and what stands there instead; None where a statement is left out or put
            in; the same statement twice where it is moved.
        after, before: The statement behind which, or before which, `new` is put in or moved; one of them.
    """

    bits: float
    said: Callable[[], str]
    put: Callable[[], Undo]
    line: int
    old: ast.AST | None
    new: ast.AST | None
    after: ast.stmt | None = None
    before: ast.stmt | None = None

    @property
    def sentence(self) -> str:
        """What is wrong, should this be the fix."""
        return self.said()


@dataclass(frozen=True)
class Band:
    """The costs that are looked at in one pass: above the lower, up to the upper one."""

    low: float
    high: float

    def has(self, bits: float) -> bool:
        """Whether a cost is in it."""
        return self.low < bits <= self.high


@dataclass(frozen=True)
class Slot:
    """An expression and the field that holds it.

    Attributes:
        holder: The node that holds it.
        name: The field.
        index: Its place in the field, where that is a list.
        node: The expression.
        is_stored_into: Whether the statement stores into it: only another variable may stand there.
        is_index: Whether it says which entries of an array are meant, or how many turns a loop has.
    """

    holder: ast.AST
    name: str
    index: int | None
    node: ast.expr
    is_index: bool = False
    is_stored_into: bool = False

    @property
    def is_called(self) -> bool:
        """Whether it is the function of a call."""
        return isinstance(self.holder, ast.Call) and self.name == "func"

    def put(self, new: ast.expr) -> Callable[[], Undo]:
        """What replaces the expression."""

        if not hasattr(new, "lineno"):  # what is part of the text already has a place there
            ast.copy_location(new, self.node)
        ast.fix_missing_locations(new)

        def change() -> Undo:
            self._set(new)
            return lambda: self._set(self.node)

        return change

    def _set(self, node: ast.expr) -> None:
        if self.index is None:
            setattr(self.holder, self.name, node)
        else:
            getattr(self.holder, self.name)[self.index] = node


def slots(statement: ast.stmt) -> Iterator[Slot]:
    """Every expression in a statement that is read, its own head alone where it holds others."""
    for name, value in ast.iter_fields(statement):
        if name not in ("body", "orelse", "finalbody", "handlers"):
            yield from _slots(statement, name, value, is_stored=name in ("targets", "target"), is_index=False)


def default_slots(function: ast.FunctionDef) -> Iterator[Slot]:
    """The values of a function's parameters that are numbers."""
    for index, node in enumerate(function.args.defaults):
        if all(isinstance(part, (ast.Constant, ast.UnaryOp, ast.USub)) for part in ast.walk(node)):
            yield Slot(function.args, "defaults", index, node)


def _slots(holder: ast.AST, name: str, value: Any, *, is_stored: bool, is_index: bool) -> Iterator[Slot]:
    children = enumerate(value) if isinstance(value, list) else [(None, value)]
    for index, child in children:
        if not isinstance(child, ast.AST):
            continue
        here = is_index or _counts(holder, name)
        if isinstance(child, ast.expr):
            is_read = isinstance(getattr(child, "ctx", ast.Load()), ast.Load)
            if is_read and not (is_stored and isinstance(child, (ast.Tuple, ast.List))):
                yield Slot(holder, name, index, child, here, is_stored)
        below = here and isinstance(child, (ast.Tuple, ast.Slice))
        for field, inner in ast.iter_fields(child):
            if field not in ("ctx", "op", "ops") and not (isinstance(child, ast.comprehension) and field == "target"):
                kept = is_stored and field == "value" and isinstance(child, (ast.Subscript, ast.Attribute))
                yield from _slots(child, field, inner, is_stored=kept, is_index=below)


def _counts(holder: ast.AST, field: str) -> bool:
    """Whether what stands in a field counts, or says which or how many: it has no factors and no terms."""
    if isinstance(holder, ast.Call) and field == "args":
        return ast.unparse(holder.func).rpartition(".")[2] in _COUNTING
    return isinstance(holder, (ast.Subscript, ast.For)) and field in ("slice", "iter")


def parsed(text: str) -> ast.expr:
    """The expression that a text is.

    Raises:
        SyntaxError: It is none.
    """
    return ast.parse(text, mode="eval").body


def written(node: ast.AST) -> str:
    """A node as text, its small numbers as a person writes them."""
    return with_plain_powers(ast.unparse(node))


def loaded(node: ast.expr) -> ast.expr:
    """An expression as it is read, also where it stands as a target."""
    return parsed(ast.unparse(node))


def attribute(node: ast.expr, name: str) -> ast.Attribute:
    """An attribute that is read."""
    return ast.Attribute(node, name, ast.Load())


def called(function: ast.expr, *arguments: ast.expr) -> ast.Call:
    """A call of a function."""
    return ast.Call(function, list(arguments), [])


def replaced(block: list[ast.stmt], place: int, new: ast.stmt, bits: float, sentence: str) -> Edit:
    """Another statement in the place of one."""
    old = block[place]
    made = ast.fix_missing_locations(ast.copy_location(new, old))

    def change() -> Undo:
        block[place] = made

        def undo() -> None:
            block[place] = old

        return undo

    return Edit(bits, lambda: sentence, change, old.lineno, old, made)


def left_out(block: list[ast.stmt], place: int, bits: float, sentence: str) -> Edit:
    """A statement that is left out."""
    old = block[place]

    def change() -> Undo:
        del block[place]
        return lambda: block.insert(place, old)

    return Edit(bits, lambda: sentence, change, old.lineno, old, None)


def inserted(block: list[ast.stmt], place: int, new: ast.stmt, bits: float, sentence: str) -> Edit:
    """A statement that is put in behind one."""
    after = block[place]
    made = ast.fix_missing_locations(ast.copy_location(new, after))

    def change() -> Undo:
        block.insert(place + 1, made)

        def undo() -> None:
            del block[place + 1]

        return undo

    return Edit(bits, lambda: sentence, change, after.lineno, None, made, after=after)


def moved(block: list[ast.stmt], place: int, into: list[ast.stmt], to: int, bits: float, where: str) -> Edit:
    """A statement that is moved: before that which stands at a place of a block, or to the block's end."""
    old = block[place]
    orders = [(one, list(one)) for one in (block, into)]

    def change() -> Undo:
        into.insert(to, old)
        del block[place + 1 if into is block and to <= place else place]

        def undo() -> None:
            for one, order in orders:
                one[:] = order

        return undo

    said = f"{ast.unparse(old).splitlines()[0]} stands in the wrong place: it belongs {where}"
    before = into[to] if to < len(into) else None
    after = into[-1] if before is None else None
    return Edit(bits, lambda: said, change, old.lineno, old, old, after=after, before=before)
