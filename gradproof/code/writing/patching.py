"""Putting mended statements into the file that the code stands in."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from itertools import pairwise

from gradproof.code.writing.written import Change
from gradproof.errors import GradproofError


def patched(text: str, changes: Iterable[Change], file: str) -> str:
    """A file's text with mended statements; the rest of it, comments included, stays as it is.

    Args:
        text: The file's text, as it was when the code was read.
        changes: Of different statements; one that needs what the code has no variable for there is left to its author,
            and so is one that stands in a wrong place, unless nothing else changes as it is moved.
        file: The file's name, for messages.

    Raises:
        GradproofError: A statement does not stand in the text as it was read.
    """
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    spans = []
    for change in {(one.line, one.old, one.new): one for one in changes if not one.foreign}.values():
        node, block = _statement(text, change, file)
        alone = len(block) == 1
        if change.moved:
            before = _before(block, node, change.moved)
            if before is not None:
                start, end = starts[node.lineno - 1], starts[node.end_lineno or node.lineno]
                to = starts[before.lineno - 1]
                spans += [(start, end, ""), (to, to, text[start:end])]
            continue
        start = starts[node.lineno - 1] + len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
        last = (node.end_lineno or node.lineno) - 1
        end = starts[last] + len(lines[last].encode()[: node.end_col_offset].decode())
        if not change.new and not alone:
            start, end = starts[node.lineno - 1], starts[last + 1]
        spans.append((start, end, change.new or ("pass" if alone else "")))
    for start, end, new in sorted(spans, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _before(block: list[ast.stmt], node: ast.stmt, line: int) -> ast.stmt | None:
    """The statement of the same block before which another can be put so that all else stays what it was; or None.

    What is passed on the way may not write what the moved statement reads, but for the update that it comes too late
    for; nor may it read or write what that statement writes.
    """
    target = next((one for one in block if one.lineno == line), None)
    if target is None or not isinstance(node, (ast.Assign, ast.AnnAssign)) or target.lineno >= node.lineno:
        return None
    passed = block[block.index(target) : block.index(node)]
    if any(one.end_lineno == other.lineno for one, other in pairwise(block)) or hasattr(target, "body"):
        return None
    reads, writes = _names(node), _written(node)
    undone = set().union(*(_written(one) for one in passed[1:]))
    touched = set().union(*(_names(one) for one in passed))
    return None if undone & reads or touched & writes else target


def _names(node: ast.stmt) -> set[str]:
    """The variables and attributes in a statement."""
    return {ast.unparse(part) for part in ast.walk(node) if isinstance(part, (ast.Name, ast.Attribute))}


def _written(node: ast.stmt) -> set[str]:
    """What a statement may write: the targets of assignments; of any other statement all that it names."""
    if not isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
        return _names(node)
    found = set()
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        for part in ast.walk(target):
            root: ast.AST = part
            while isinstance(root, ast.Subscript):
                root = root.value
            if isinstance(root, (ast.Name, ast.Attribute)) and not isinstance(part, ast.Subscript):
                is_store = isinstance(getattr(part, "ctx", None), ast.Store)
                found |= {ast.unparse(root)} if is_store else set()
            elif isinstance(root, (ast.Name, ast.Attribute)):
                found.add(ast.unparse(root))
    return found


def _statement(text: str, change: Change, file: str) -> tuple[ast.stmt, list[ast.stmt]]:
    """The statement, and the block that it is in."""
    for holder in ast.walk(ast.parse(text)):
        for part in ("body", "orelse", "finalbody"):
            body = getattr(holder, part, None)
            for node in (statements := body if isinstance(body, list) else []):
                if node.lineno == change.line and ast.unparse(node) == change.old:
                    return node, statements
    raise GradproofError(
        f"{file}:{change.line}: the statement as it was read does not stand there; the file has been changed since: "
        "check it again and mend what that finds"
    )
