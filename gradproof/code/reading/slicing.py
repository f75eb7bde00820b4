"""Bodies of equations without what they do not need: copies of what is fresh, and statements for other results."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from gradproof.code.reading.blocks import BLOCK_PREFIX, COPY
from gradproof.code.reading.nodes import roots_of
from gradproof.code.reading.steps import Block, Step, idents_in

_FRESH = frozenset(
    """zeros zeros_like empty empty_like ones ones_like full full_like copy exp log sqrt tanh maximum minimum where
    outer matmul dot einsum sum mean""".split()  # noqa: SIM905 - a list of words
)


def sliced(block: Block, wanted: Iterable[str]) -> Block:
    """The statements of a block that some of its variables need; loops keep only the statements for those.

    Args:
        block: The block.
        wanted: Its variables that are read after it.
    """
    *prelude, statement = block.statements
    needed = set(wanted)
    if isinstance(statement, ast.For) and not statement.orelse:
        needed |= _forgotten(statement, prelude)
        while True:
            kept = tuple(place for place, part in enumerate(statement.body) if _needs(part, needed))
            body = [statement.body[place] for place in kept]
            found = needed.union(*(_own_names(part) for part in body), _own_names(statement.iter))
            if found == needed:
                break
            needed = found
        loop = ast.copy_location(ast.For(statement.target, statement.iter, body or [ast.Pass()], []), statement)
        needed |= _own_names(statement.target)
        prelude = [part for part in prelude if _written(part) & needed]
        return Block(block.number, [*prelude, loop], block.origin, kept or None)
    return block


def _forgotten(loop: ast.For, prelude: Iterable[ast.stmt]) -> set[str]:
    """What a turn of a loop hands to the next one and no turn reads: kept, as it shows what has been left out."""
    given = set().union(*map(_written, prelude))
    assigned = {
        part.targets[0].id
        for part in loop.body
        if isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Name)
    }
    read = {n.id for n in ast.walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return (assigned & given) - read


def _needs(statement: ast.stmt, needed: set[str]) -> bool:
    """Whether a statement of a loop writes what is needed, or may do anything."""
    written = _written(statement)
    return not written or bool(written & needed)


def _written(statement: ast.stmt) -> set[str]:
    """The block's variables that an assignment writes; empty for any other statement."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    targets = [statement.target] if isinstance(statement, ast.AugAssign) else targets
    parts = [part for one in targets for part in (one.elts if isinstance(one, (ast.Tuple, ast.List)) else [one])]
    found = [set(roots_of(part)) for part in parts]
    return set().union(*found) if all(found) else set()


def _own_names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id.startswith(BLOCK_PREFIX)}


def fresh_copies(parts: Iterable[Step | Block]) -> dict[str, Step]:
    """A block's variable -> the step that it may write into instead of into a copy.

    That is a step of the same body whose array is its own, and which only this block reads.
    """
    parts = list(parts)
    readers: dict[int, int] = {}
    for part in parts:
        texts = part.statements if isinstance(part, Block) else [part.expression] if part.expression else []
        for text in texts:
            for node in ast.walk(text):
                for number in idents_in(node) if isinstance(node, ast.Name) else ():
                    readers[number] = readers.get(number, 0) + 1
    steps = {part.number: part for part in parts if isinstance(part, Step)}
    found = {}
    for part in parts:
        for statement in part.statements[:-1] if isinstance(part, Block) else ():
            match statement:
                case ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.Call(func=ast.Attribute(value=ast.Name() as old, attr=attr))
                ) if attr == COPY:
                    for number in idents_in(old):
                        step = steps.get(number)
                        if step is not None and readers[number] == 1 and _is_fresh(step):
                            found[name] = step
    return found


def _is_fresh(step: Step) -> bool:
    """Whether a step makes a new array, and is no quantity."""
    if step.quantity is not None:
        return False
    match step.expression:
        case ast.BinOp() | ast.UnaryOp():
            return True
        case ast.Call(func=ast.Attribute(attr=attr)):
            return attr in _FRESH
        case ast.Name(id=name):
            return name.startswith(BLOCK_PREFIX)
    return False
