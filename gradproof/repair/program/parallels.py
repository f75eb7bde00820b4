"""Lines that have a counterpart: what a function does for one gate, layer or moment, it does for the others too.

Names that differ in one piece (`da_r` and `da_z`, `"Wr"` and `"Wz"`, `mhat` and `vhat`) say what is exchanged from
one line to its counterpart. A line whose counterpart is missing, or is written otherwise, may be where the slip is.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from gradproof.operators import table
from gradproof.repair.formulas.names import difference
from gradproof.repair.program.edit import Edit, inserted, replaced, written
from gradproof.repair.program.statements import Place, places, targets_of

LONGEST = 4
"""Of so many characters the piece is at most in which two names differ."""

PIECES = 16
"""So many pieces are exchanged, those that most names differ in."""

BITS = table.MISSING_STATEMENT.bits
"""Little: of all lines that could be missing it is the one that the code itself asks for."""

Piece = tuple[str, str]


@dataclass(frozen=True)
class _Words:
    """What a function calls things: its variables, and the attributes and text keys of the file."""

    variables: frozenset[str]
    keys: frozenset[str]

    @classmethod
    def of(cls, function: ast.FunctionDef, module: ast.AST) -> _Words:
        variables = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        variables |= {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
        return cls(frozenset(variables), frozenset(_keys(module)))

    def pieces(self, function: ast.FunctionDef) -> list[Piece]:
        """What names of the function differ in, both ways; what most of them differ in comes first."""
        own = sorted(self.variables | set(_keys(function)))
        found: Counter[Piece] = Counter()
        for one, other in combinations(own, 2):
            old, new = difference(one, other)
            shared = len(one) - len(old)
            if old and new and max(len(old), len(new)) <= min(LONGEST, shared):
                found[min(old, new), max(old, new)] += 1
        for piece in found:
            found[piece] += all(part in own for part in piece)  # `m` and `v`, beside `mhat` and `vhat`
        kept = [piece for piece, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))[:PIECES]]
        return [way for old, new in kept for way in ((old, new), (new, old))]


def _keys(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute):
            yield part.attr
        elif isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Constant):
            if isinstance(part.slice.value, str):
                yield part.slice.value
        elif isinstance(part, ast.Dict):
            yield from (key.value for key in part.keys if isinstance(key, ast.Constant) and isinstance(key.value, str))


def parallels(function: ast.FunctionDef, module: ast.AST, asked: Collection[ast.stmt]) -> Iterator[Edit]:
    """Lines of a function written for their counterparts, where those are missing, or in question and another text.

    Args:
        function: The function.
        module: The file that it is part of.
        asked: The statements that are in question.
    """
    words = _Words.of(function, module)
    pieces = words.pieces(function)
    if not pieces:
        return
    here = [place for place in places(function.body) if not place.is_of_while]
    plain = [one for one in here if isinstance(one.statement, (ast.Assign, ast.AugAssign))]
    known = {ast.unparse(one.statement) for one in plain}
    made: set[str] = set()
    both = [pair for pair in combinations(pieces, 2) if pair[0] != pair[1][::-1]]
    for exchanged in (*((piece,) for piece in pieces), *both):
        for place in plain:
            new = _exchanged(place.statement, exchanged, words)
            text = ast.unparse(new) if new is not None else ""
            if new is None or text in known or text in made:
                continue
            if isinstance(new, ast.Assign) and _stored(new) == _stored(place.statement):
                continue  # another variable in it: no counterpart
            made.add(text)
            for edit in _put(place, new, plain, asked, is_missing_too=len(exchanged) == 1):
                yield edit if len(exchanged) == 1 else replace(edit, bits=edit.bits + 0.5)


def _exchanged(statement: ast.stmt, pieces: Sequence[Piece], words: _Words) -> ast.stmt | None:
    """A statement with each piece of its names exchanged; None where one of the pieces is in none of them."""
    variables, keys = _names(statement), set(_keys(statement))
    for piece in pieces:
        found = [
            {name: _with(name, piece, known) for name in own}
            for own, known in ((variables, words.variables), (keys, words.keys))
        ]
        if all(old == new for one in found for old, new in one.items()):
            return None
        variables, keys = (set(one.values()) for one in found)
    made = copy.deepcopy(statement)
    for piece in pieces:
        for node in ast.walk(made):
            match node:
                case ast.Name(id=name):
                    node.id = _with(name, piece, words.variables)
                case ast.Attribute(attr=name):
                    node.attr = _with(name, piece, words.keys)
                case ast.Subscript(slice=ast.Constant(value=str() as name) as key):
                    key.value = _with(name, piece, words.keys)
    return made


def _with(name: str, piece: Piece, known: Collection[str]) -> str:
    """A name with a piece of it exchanged, where that is a name too."""
    old, new = piece
    place = name.rfind(old)
    while place >= 0:
        made = name[:place] + new + name[place + len(old) :]
        if made in known:
            return made
        place = name.rfind(old, 0, place + len(old) - 1)
    return name


def _put(
    place: Place, new: ast.stmt, plain: Sequence[Place], asked: Collection[ast.stmt], *, is_missing_too: bool
) -> Iterator[Edit]:
    """A counterpart in the place of the statement that gives the same value, or behind what it needs."""
    line = place.statement.lineno
    stored = _stored(new)
    same = [one for one in plain if type(one.statement) is type(new) and _stored(one.statement) == stored]
    for one in same:
        if one.statement in asked and isinstance(new, ast.Assign):
            said = f"{written(one.statement)} should be {written(new)}, as line {line} has it"
            yield replaced(one.block, one.number, new, BITS, said)
    if is_missing_too and (isinstance(new, ast.AugAssign) or not same):
        behind = _behind(place, new, plain)
        if behind is not None:
            said = f"{table.MISSING_STATEMENT.says('', written(new))}, the counterpart of line {line}"
            yield inserted(behind.block, behind.number, new, BITS + 0.25, said)


def _stored(statement: ast.stmt) -> str:
    """What a statement gives a value to, as text."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]  # type: ignore[attr-defined]
    return ", ".join(ast.unparse(target) for target in targets)


def _behind(place: Place, new: ast.stmt, plain: Sequence[Place]) -> Place | None:
    """The place behind which all that a statement reads has a value; not before its counterpart where that can be."""
    first: dict[str, Place] = {}
    for one in plain:
        for name in targets_of(one.statement):
            first.setdefault(name, one)
    needed = _names(new) & first.keys()
    last = max((first[name] for name in needed), key=lambda one: one.statement.lineno, default=place)
    if last.statement.lineno < place.statement.lineno and _names(place.statement) & first.keys() <= needed:
        last = place
    return last if last.block is place.block else place


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
