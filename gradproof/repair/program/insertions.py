"""Statements that may have been forgotten: a line of accumulation, a division, a mask, a value that is never stored."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from gradproof.operators import table
from gradproof.repair.program.edit import WHOLE, Band, Edit, inserted, parsed, slots
from gradproof.repair.program.pool import Pool
from gradproof.repair.program.statements import Place, targets_of

_PAIRED = 30
_FORGOTTEN = table.MISSING_STATEMENT.bits + WHOLE - 1.0
"""Of a variable that begins as zeros, and to which nothing is added."""
_BITS = table.MISSING_STATEMENT.bits + WHOLE


def insertions(place: Place, targets: Sequence[str], pool: Pool, band: Band) -> Iterator[Edit]:
    """Statements that change a variable, behind the statement at a place; those whose cost is in a band.

    Args:
        place: The place.
        targets: The variables that the statement there gives values to.
        pool: What may be put in.
        band: The band.
    """
    if hasattr(place.statement, "body"):
        return
    if band.has(_BITS):
        yield from _all(place, [ast.unparse(one) for one in pool.statements], _BITS)
        yield from _all(place, _stored(targets, pool), _BITS)
        yield from _all(place, _at_other_entries(place.statement, pool), _BITS)
    for target in targets:
        yield from _changing(place, target, pool, band)


def accumulations(place: Place, totals: Mapping[str, bool], pool: Pool, band: Band) -> Iterator[Edit]:
    """Lines of accumulation at the end of a block, for variables that begin as zeros: to them nothing is added there.

    Args:
        place: The last statement of the block.
        totals: The variables, and whether something is added to them elsewhere.
        pool: What may be put in.
        band: The band.
    """
    if hasattr(place.statement, "body") or isinstance(place.statement, ast.Return):
        return
    is_loop = place.outer is not None and isinstance(place.outer.statement, (ast.For, ast.While))
    here = {name for one in place.block for name in targets_of(one)}
    forgotten = [name for name, is_added in totals.items() if not is_added]
    partial = [name for name, is_added in totals.items() if is_added and is_loop and name not in here]
    if band.has(_FORGOTTEN):
        for total in (*forgotten, *partial):
            yield from _all(place, _siblings(place.block, total, pool), _FORGOTTEN)
    for bits, some in ((_FORGOTTEN, forgotten), (_BITS, partial)):
        if some and band.has(bits):
            products = _products(place, pool)
            for total in some:
                shape = pool.shape(total)
                fitting = [text for text in products if total not in text and pool.shape(text) == shape]
                yield from _all(place, [f"{total} += {text}" for text in fitting], bits)


def _products(place: Place, pool: Pool) -> list[str]:
    """What may be added up in a loop: variables and entries, and products of two of them."""
    names = [text for text, node in pool.atoms if isinstance(node, (ast.Name, ast.Subscript))]
    arrays = [name for name in names if name.isidentifier()]
    entries = [f"{name}[{index}]" for index in _indices_at(place) for name in arrays]
    known = [text for text in dict.fromkeys((*names, *entries)) if pool.shape(text)][:_PAIRED]
    forms = ("np.outer({0}, {1})", "{0} @ {1}", "{0} * {1}")
    return [*known, *(form.format(one, other) for one in known for other in known for form in forms)]


def _siblings(block: Sequence[ast.stmt], total: str, pool: Pool) -> list[str]:
    """What a block adds to other variables, with another factor: the other half of the derivative of a product."""
    shape = pool.shape(total)
    found = []
    for statement in block:
        if not isinstance(statement, ast.AugAssign) or total in targets_of(statement):
            continue
        value, sign = ast.unparse(statement.value), "-=" if isinstance(statement.op, ast.Sub) else "+="
        found.append((value, sign))
        for slot in slots(statement):
            if isinstance(slot.node, ast.Name) and not slot.is_stored_into:
                for _, atom in pool.atoms:
                    undo = slot.put(atom)()
                    found.append((ast.unparse(statement.value), sign))
                    undo()
    return [f"{total} {sign} {value}" for value, sign in dict.fromkeys(found) if pool.shape(value) == shape]


def _indices_at(place: Place) -> list[str]:
    """The names that count the loops around a place."""
    found: list[str] = []
    outer = place.outer
    while outer is not None:
        node = outer.statement
        if isinstance(node, ast.For):
            names = [part.id for part in ast.walk(node.target) if isinstance(part, ast.Name)]
            found += [form.format(name) for form in ("{0}", "{0} - 1", "{0} + 1") for name in names]
        outer = outer.outer
    return found


def _changing(place: Place, target: str, pool: Pool, band: Band) -> Iterator[Edit]:
    for bits, forms, at in (
        (_BITS + 0.5, ("{0} /= {1}", "{0} += {1}"), ("{0}[{1} <= 0] = 0",)),
        (_BITS + 1.0, ("{0} *= {1}", "{0} -= {1}"), ("{0}[np.arange(len({1})), {1}] -= 1", "{0}[{1}] -= 1")),
    ):
        if band.has(bits):
            joined = [name for name, _ in pool.atoms if pool.joins(target, name)]
            lines = [form.format(target, name) for name in joined for form in forms]
            yield from _all(place, [*lines, *(f.format(target, name) for name, _ in pool.atoms for f in at)], bits)
    if band.has(_BITS + 0.5):
        yield from _all(place, [line for one in pool.statements for line in _alike(one, target)], _BITS + 0.5)
    if band.has(_BITS + 1.0):
        yield from _all(place, [f"{target} /= {size}" for size, _ in (*pool.sizes, *pool.counts)], _BITS + 1.0)
        yield from _all(place, [f"{target} += {phrase}" for phrase, _ in pool.phrases], _BITS + 1.0)
    if band.has(_BITS + 2.0):
        yield from _all(place, [f"{target} += {product}" for product, _ in pool.products], _BITS + 2.0)


def _stored(targets: Sequence[str], pool: Pool) -> list[str]:
    """What was just computed put where such values are kept."""
    return [f"{field} = {target}" for target in targets if target.isidentifier() for field in pool.fields]


def _at_other_entries(statement: ast.stmt, pool: Pool) -> list[str]:
    """What is added to one entry, added to another or subtracted from it: `dw[:, y] -= x` beside `dw[:, j] += x`."""
    if not isinstance(statement, ast.AugAssign) or not isinstance(statement.target, ast.Subscript):
        return []
    found = []
    for slot in slots(statement):
        if slot.is_index and ast.unparse(slot.node) in pool.indices and _is_within(slot.node, statement.target):
            for index in pool.indices:
                undo = slot.put(parsed(index))()
                target, value = ast.unparse(statement.target), ast.unparse(statement.value)
                undo()
                if index != ast.unparse(slot.node):
                    found += [f"{target} {sign} {value}" for sign in ("-=", "+=")]
    return found


def _is_within(node: ast.AST, whole: ast.AST) -> bool:
    return any(part is node for part in ast.walk(whole))


def _alike(statement: ast.stmt, target: str) -> list[str]:
    """A statement of the file for another variable, and with the other sign."""
    own = statement.target if isinstance(statement, ast.AugAssign) else statement.targets[0]  # type: ignore[attr-defined]
    root = own
    while isinstance(root, ast.Subscript) or (
        isinstance(root, ast.Attribute) and not ast.unparse(root).startswith("self.")
    ):
        root = root.value
    found = [ast.unparse(statement).replace(ast.unparse(root), target)]
    if isinstance(statement, ast.AugAssign):
        other = "-=" if isinstance(statement.op, ast.Add) else "+="
        head = ast.unparse(statement.target).replace(ast.unparse(root), target)
        found.append(f"{head} {other} {ast.unparse(statement.value)}")
    return found


def _all(place: Place, lines: Sequence[str], bits: float) -> Iterator[Edit]:
    for line in dict.fromkeys(lines):
        try:
            new = ast.parse(line).body[0]
        except SyntaxError:
            continue
        if ast.unparse(new) != ast.unparse(place.statement):
            yield inserted(place.block, place.number, new, bits, table.MISSING_STATEMENT.says("", line))
