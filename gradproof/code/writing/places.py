"""Which statement of the code each statement of an equation's body is, those inside loops and conditions too.

Equations that were read from one function share statements: what several compute on their way stands in the body of
each. Two statements of two bodies are one in the code if they stand at one line and compute the same there.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gradproof.code.reading.nodes import roots_of
from gradproof.code.writing.merging import in_variables
from gradproof.code.writing.written import Statement, Written

_INNER = ("body", "orelse")


@dataclass(frozen=True)
class Place:
    """A statement of an equation's body, and the one of the code that it is.

    Attributes:
        node: The statement of the body; of one that holds others only its head counts.
        line: The line in the code.
        key: What makes it the same statement as that of another body.
        variables: Name in the body -> the text that means the same in the code.
    """

    node: ast.stmt = field(repr=False)
    line: int
    key: tuple[int, str]
    variables: Mapping[str, str] = field(repr=False)


def places(written: Written, source: str) -> tuple[Place, ...]:
    """The places of all statements of an equation's text that stand in the code.

    Args:
        written: The statements behind those of the text.
        source: The text as it was read, or with one statement edited.
    """
    function = ast.parse(source).body[0]
    if not isinstance(function, ast.FunctionDef) or len(function.body) != len(written.statements):
        return ()
    return tuple(
        place
        for node, statement in zip(function.body, written.statements, strict=True)
        if statement.line
        for place in _placed(node, statement)
    )


def _placed(node: ast.stmt, statement: Statement) -> Iterator[Place]:
    original = ast.parse(textwrap.dedent(statement.text)).body[0]
    if statement.kept is not None and isinstance(original, ast.For):
        original.body = [original.body[place] for place in statement.kept]
    yield from _within(node, original, statement)


def _within(node: ast.stmt, original: ast.stmt, statement: Statement) -> Iterator[Place]:
    line = statement.line + original.lineno - 1
    yield Place(node, line, (line, _key(node, statement.variables)), statement.variables)
    if type(node) is not type(original):
        return
    for part in _INNER:
        inner, outer = getattr(node, part, None), getattr(original, part, None)
        if isinstance(inner, list) and isinstance(outer, list) and len(inner) == len(outer):
            for one, other in zip(inner, outer, strict=True):
                yield from _within(one, other, statement)


def _key(node: ast.stmt, variables: Mapping[str, str]) -> str:
    """What a statement computes, in the code's own variables; the head alone of one that holds others."""
    if isinstance(node, (ast.Assign, ast.Return)) and node.value is not None:
        return ast.unparse(in_variables(ast.Expr(node.value), variables))
    if hasattr(node, "body"):
        node = _head(node)
    return ast.unparse(in_variables(node, variables))


def _head(node: ast.stmt) -> ast.stmt:
    fields = dict(ast.iter_fields(node))
    made = type(node)(**{**fields, **{part: [] for part in _INNER if part in fields}})
    made.body = [ast.Pass()]  # type: ignore[attr-defined]
    return ast.fix_missing_locations(ast.copy_location(made, node))


def needed(source: str) -> frozenset[int]:
    """The lines of an equation's text with statements that what it returns may depend on."""
    function = ast.parse(source).body[0]
    statements = [node for node in ast.walk(function) if isinstance(node, ast.stmt) and node is not function]
    names: set[str] = set()
    found: dict[int, None] = {}
    while True:
        new = [node for node in statements if node.lineno not in found and _may_matter(node, names)]
        if not new:
            return frozenset(found)
        for node in new:
            found[node.lineno] = None
            names |= _own_reads(node)


def _may_matter(node: ast.stmt, names: set[str]) -> bool:
    """Whether a statement writes one of some names, or does what is no assignment."""
    if not isinstance(node, (ast.Assign, ast.AugAssign)):
        return True
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(root in names for target in targets for root in roots_of(target))


def _own_reads(node: ast.stmt) -> set[str]:
    """The names in a statement, or in the head of one that holds others."""
    held = {id(part) for inner in _INNER for one in getattr(node, inner, []) for part in ast.walk(one)}
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and id(part) not in held}


def carried(edited: ast.stmt, at: Place, to: Place, source: str) -> tuple[str, tuple[str, ...]] | None:
    """The text of another equation that shares a statement, with the same edit of it.

    Args:
        edited: The statement as it should be, in the names of the body that was edited.
        at: Its place there.
        to: The place of the statement in the other body.
        source: The text of the other equation.

    Returns:
        The text, and the names that it reads there; None where the edit reads what the other body does not have.
    """
    here = {part.id for part in ast.walk(to.node) if isinstance(part, ast.Name)}
    # A variable has another name after each loop that changes it: that of the statement itself is meant.
    names = {to.variables[name]: name for name in sorted(to.variables, key=lambda name: name in here)}
    table = {}
    for name in {part.id for part in ast.walk(edited) if isinstance(part, ast.Name)}:
        variable = at.variables.get(name)
        if variable is not None:
            if variable not in names:
                return None
            table[name] = names[variable]
    renamed = in_variables(edited, table)
    function = ast.parse(source).body[0]
    for holder in ast.walk(function):
        for part in (*_INNER, "finalbody"):
            body: list[ast.stmt] = getattr(holder, part, [])
            for index, node in enumerate(body if isinstance(body, list) else []):
                if isinstance(node, ast.stmt) and node.lineno == to.node.lineno and type(node) is type(to.node):
                    new = _put_in(node, renamed)
                    if new is None:
                        return None
                    body[index] = new
                    text = ast.unparse(ast.fix_missing_locations(ast.Module([function], []))) + "\n"
                    return text, tuple(table.values())
    return None


def _put_in(node: ast.stmt, edited: ast.stmt) -> ast.stmt | None:
    """A statement with the edit of the same one in another body."""
    if hasattr(node, "body"):
        for name, value in ast.iter_fields(edited):
            if name not in _INNER:
                setattr(node, name, value)
        return node
    if type(node) is type(edited) and not isinstance(node, ast.Return):
        return edited
    if isinstance(node, (ast.Assign, ast.Return)) and isinstance(edited, (ast.Assign, ast.Return)):
        node.value = edited.value if edited.value is not None else ast.Constant(None)
        return node
    return None
