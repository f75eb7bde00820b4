"""Edits of whole statements: `=` for `+=`, one too many, one in the wrong place, a value that is dropped."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gradproof.code.naming import is_gradient
from gradproof.operators import table
from gradproof.repair.program.edit import WHOLE, Band, Edit, called, left_out, loaded, moved, parsed, replaced
from gradproof.repair.program.pool import Pool

BESIDE = 0.25
"""The bits by which the edit of a statement is dearer that gives its value to what is no gradient by its name."""

_SIGNED = (ast.Sub, ast.Add, ast.Div, ast.Mult)


@dataclass(frozen=True)
class Place:
    """A statement's place: its block, and the block and the place of the loop or condition that this is the body of."""

    block: list[ast.stmt]
    number: int
    outer: Place | None = None

    @property
    def is_of_while(self) -> bool:
        """Whether it is a loop that ends by a condition, or in one: an edit there may never end."""
        return isinstance(self.statement, ast.While) or (self.outer is not None and self.outer.is_of_while)

    @property
    def is_last(self) -> bool:
        """Whether it is the last statement of its block."""
        return self.number == len(self.block) - 1

    @property
    def statement(self) -> ast.stmt:
        """The statement."""
        return self.block[self.number]


def places(body: list[ast.stmt], outer: Place | None = None) -> Iterator[Place]:
    """Every statement of a function, those within loops, conditions and functions of its own too."""
    for number, node in enumerate(list(body)):
        place = Place(body, number, outer)
        yield place
        if isinstance(node, ast.ClassDef):
            continue
        for part in ("body", "orelse", "finalbody"):
            inner = getattr(node, part, None)
            if isinstance(inner, list):
                yield from places(inner, place)


def statement_edits(place: Place, pool: Pool, band: Band) -> Iterator[Edit]:
    """Edits of one statement whose cost is in a band."""
    if band.low < table.ORDER.bits + WHOLE + 1.0:
        for edit in (*_assigned(place), *_dropped(place, pool), *_elsewhere(place)):
            if band.has(edit.bits):
                yield edit


def _assigned(place: Place) -> Iterator[Edit]:
    node, block, number = place.statement, place.block, place.number
    text = ast.unparse(node).splitlines()[0]
    lost = f"{table.ACCUMULATION.says()} in {text}"
    match node:
        case ast.Assign(targets=[target], value=value) if not isinstance(target, (ast.Tuple, ast.List)):
            added = ast.AugAssign(target, ast.Add(), value)  # type: ignore[arg-type]
            yield replaced(block, number, added, table.ACCUMULATION.bits + WHOLE - 0.5, lost)
            if isinstance(target, ast.Subscript):
                yield from _added_at(place, target, value, table.REPEATED.bits + WHOLE)
        case ast.AugAssign(target=target, op=op, value=value):
            plain = ast.Assign([target], value, lineno=node.lineno)
            yield replaced(block, number, plain, table.OVERWRITTEN.bits + WHOLE, f"{text} should be =")
            for other in _SIGNED:
                if not isinstance(op, other) and not _does_nothing(other, value):
                    new = ast.AugAssign(target, other(), value)
                    said = table.SIGN.says(text) if {type(op), other} == {ast.Add, ast.Sub} else ""
                    said = said or f"{text} should be {ast.unparse(new)}"
                    yield replaced(block, number, new, table.SIGN.bits + WHOLE, said)
            if isinstance(target, ast.Subscript) and isinstance(op, ast.Add):
                yield from _added_at(place, target, value, table.REPEATED.bits + WHOLE - 0.5)
        case ast.Expr(value=ast.BinOp(left=ast.Name() | ast.Attribute() | ast.Subscript() as left, op=op, right=right)):
            # `total + part` on a line of its own, where `total += part` was meant.
            target = parsed(ast.unparse(left))
            target.ctx = ast.Store()  # type: ignore[attr-defined]
            new = ast.AugAssign(target, op, right)  # type: ignore[arg-type]
            said = f"{text} is computed and dropped: it should be {ast.unparse(new)}"
            yield replaced(block, number, new, table.NOT_STORED.bits + WHOLE - 1.5, said)


def _does_nothing(operator: type[ast.operator], value: ast.expr) -> bool:
    """Whether `x *= 1`, `x += 0` or the like comes of it: the statement would be left out."""
    neutral = 0 if issubclass(operator, (ast.Add, ast.Sub)) else 1
    return isinstance(value, ast.Constant) and value.value == neutral


def _added_at(place: Place, target: ast.Subscript, value: ast.expr, bits: float) -> Iterator[Edit]:
    """The sum over entries that are named twice; a slice names none twice."""
    if not any(isinstance(part, ast.Slice) for part in ast.walk(target.slice)):
        call = called(parsed("np.add.at"), loaded(target.value), target.slice, value)
        said = table.REPEATED.says(ast.unparse(target.slice))
        yield replaced(place.block, place.number, ast.Expr(call), bits, said)


def _dropped(place: Place, pool: Pool) -> Iterator[Edit]:
    """A value that is computed and not kept, or kept under a local name only, where something keeps such values."""
    node = place.statement
    bits = table.NOT_STORED.bits + WHOLE
    if isinstance(node, ast.Expr) and isinstance(node.value, (ast.BinOp, ast.Call)):
        for text in pool.fields:
            new = ast.parse(f"{text} = {ast.unparse(node.value)}").body[0]
            said = table.NOT_STORED.says("", ast.unparse(node.value))
            yield replaced(place.block, place.number, new, bits, said)
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and len(node.targets) == 1:
        name = node.targets[0].id
        for text in pool.fields:
            if _alike(text, name):
                new = ast.parse(f"{text} = {ast.unparse(node.value)}").body[0]
                yield replaced(place.block, place.number, new, bits + 0.5, table.NOT_STORED.says("", name))


def _alike(field: str, name: str) -> bool:
    """Whether a local name is that of a field: `dW` of `self.dW` and of `grads["dW"]`."""
    return field.rpartition(".")[2].rpartition("[")[2].strip("]'\"").strip("_").lower() == name.strip("_").lower()


def _elsewhere(place: Place) -> Iterator[Edit]:
    """A statement left out, moved within its block, out of a block, or into one before or behind it."""
    block, number, node = place.block, place.number, place.statement
    if hasattr(node, "body") or len(block) < 2:
        return
    text = ast.unparse(node).splitlines()[0]
    bits = table.ORDER.bits + WHOLE
    yield left_out(block, number, table.EXTRA_STATEMENT.bits + WHOLE, table.EXTRA_STATEMENT.says(text))
    for to in range(len(block)):
        if to not in (number, number + 1):
            yield moved(block, number, block, to, bits, f"before line {block[to].lineno}")
    if number + 1 < len(block):
        yield moved(block, number, block, len(block), bits, f"behind line {block[-1].lineno}")
    outer = place.outer
    if outer is not None and isinstance(outer.statement, (ast.For, ast.While, ast.If)):
        line = outer.statement.lineno
        yield moved(block, number, outer.block, outer.number + 1, bits, f"behind the block of line {line}")
        yield moved(block, number, outer.block, outer.number, bits, f"before the block of line {line}")
    for other in (number - 1, number + 1):
        inner = _bodies(block[other], last=other < number) if 0 <= other < len(block) else ()
        for body, opened in inner:
            ends = (len(body), 0) if other < number else (0, len(body))
            where = (
                f"into the {'loop' if isinstance(opened, (ast.For, ast.While)) else 'block'} of line {opened.lineno}"
            )
            yield moved(block, number, body, ends[0], bits, where)
            yield moved(block, number, body, ends[1], bits + 0.5, where)


def _bodies(statement: ast.stmt, *, last: bool) -> Iterator[tuple[list[ast.stmt], ast.stmt]]:
    """The blocks that a statement ends with, or begins with, from the outermost inwards; and what opens each."""
    if not isinstance(statement, (ast.For, ast.While, ast.If, ast.With)):
        return
    bodies = [statement.body]
    if isinstance(statement, ast.If) and statement.orelse and last:
        bodies.append(statement.orelse)
    for body in bodies:
        yield body, statement
        yield from _bodies(body[-1 if last else 0], last=last)


def targets_of(node: ast.stmt) -> Sequence[str]:
    """The variables that a statement gives values to."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    found = []
    for target in targets:
        for part in target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]:
            root: ast.expr = part
            while isinstance(root, ast.Subscript):
                root = root.value
            found.append(ast.unparse(root))
    return tuple(dict.fromkeys(found))


def beside_gradients(statements: Iterable[ast.stmt]) -> set[int]:
    """The lines of those that give a value to what is no gradient by its name, where others do to what is one."""
    named = {node.lineno: targets for node in statements if (targets := targets_of(node))}
    plain = {line for line, targets in named.items() if not any(is_gradient(text) for text in targets)}
    return plain if len(plain) < len(named) else set()
