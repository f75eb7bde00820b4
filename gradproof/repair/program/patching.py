"""An edit of a syntax tree as an edit of the text: only the piece that changes is written, the rest stays as it is."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gradproof.code.script import Piece
from gradproof.repair.program.edit import Edit, written

_KEY = re.compile(r"'(\w+)'")


@dataclass(frozen=True)
class TextFile:
    """A file's text with its line ends as they are, and the encoding that it is written back in."""

    path: Path
    text: str
    encoding: str

    @classmethod
    def read(cls, path: Path) -> TextFile:
        """The file as it is now."""
        with path.open("rb") as file:
            encoding, _ = tokenize.detect_encoding(file.readline)
        return cls(path, path.read_bytes().decode(encoding), encoding)

    @property
    def plain(self) -> str:
        """The text with plain line ends, as Python reads it."""
        return self.text.replace("\r\n", "\n").replace("\r", "\n")

    @property
    def end(self) -> str:
        """Its line end."""
        return "\r\n" if "\r\n" in self.text else "\n"


def edited(file: TextFile, edit: Edit, tree: ast.AST, piece: Piece | None = None) -> str | None:
    """A file's text with an edit; None where it cannot be written there.

    Args:
        file: The file.
        edit: The edit, of nodes of this very text.
        tree: The definition that it belongs to, edited: the text must come to mean the same.
        piece: The piece of a script that the definition was made of; None where it stands in the file.
    """
    wanted = ast.dump(ast.parse(ast.unparse(tree)).body[0])  # as it is read back: -1 is an operation on 1
    for text in _ways(file, edit):
        try:
            module: ast.AST = ast.parse(text) if piece is None else piece.function(text)
        except SyntaxError:
            continue
        name = getattr(tree, "name", "")
        if any(ast.dump(node) == wanted for node in ast.walk(module) if getattr(node, "name", None) == name):
            return text
    return None


def _ways(file: TextFile, edit: Edit) -> Sequence[str]:
    lines = file.text.splitlines(keepends=True)
    old, new = edit.old, edit.new
    if isinstance(old, ast.expr) and isinstance(new, ast.expr):
        start, end = _at(lines, old.lineno, old.col_offset), _at(lines, old.end_lineno or 0, old.end_col_offset or 0)
        text = typed(written(new), file.text)
        own = file.text[start:end]
        inner = _kept(own, old, new)
        bare = [text[1:-1]] if isinstance(new, ast.Tuple) else []  # as in a subscript
        ways = [*bare, text, f"({text})"]
        return [file.text[:start] + way + file.text[end:] for way in (*inner, *ways)]
    if isinstance(old, ast.stmt) and new is old:
        return [_moved(file, lines, old, edit)]
    if isinstance(old, ast.stmt) and isinstance(new, ast.stmt):
        start, end = _at(lines, old.lineno, old.col_offset), _at(lines, old.end_lineno or 0, old.end_col_offset or 0)
        return [file.text[:start] + typed(written(new), file.text) + file.text[end:]]
    if isinstance(old, ast.stmt):
        return ["".join([*lines[: old.lineno - 1], *lines[old.end_lineno :]])]
    if isinstance(new, ast.stmt) and edit.after is not None:
        after = edit.after
        indent = lines[after.lineno - 1][: len(lines[after.lineno - 1]) - len(lines[after.lineno - 1].lstrip())]
        last = after.end_lineno or after.lineno
        before = lines[:last]
        if not before[-1].endswith(("\n", "\r")):
            before[-1] += file.end
        return ["".join([*before, f"{indent}{typed(written(new), file.text)}{file.end}", *lines[last:]])]
    return []


def typed(text: str, file: str) -> str:
    """Code as a file has it: the keys in the quotes that the file has around them."""
    return _KEY.sub(lambda key: found if (found := f'"{key[1]}"') in file else key[0], text)


def _kept(own: str, old: ast.expr, new: ast.expr) -> list[str]:
    """The old text as it was typed, with what is put before or behind it."""
    if isinstance(new, ast.BinOp):
        mark = "\0"
        for side in ("left", "right"):
            if getattr(new, side) is old:
                made = ast.BinOp(new.left, new.op, new.right)
                setattr(made, side, ast.Name(mark, ast.Load()))
                frame = written(made)
                return [f.replace(mark, k) for k in (own, f"({own})") for f in (frame, f"({frame})")]
    if isinstance(new, ast.UnaryOp) and new.operand is old:
        return [f"-{own}", f"-({own})", f"(-{own})", f"(-({own}))"]
    if isinstance(new, ast.Attribute) and new.value is old:
        return [f"{own}.{new.attr}", f"({own}).{new.attr}"]
    return []


def _moved(file: TextFile, lines: list[str], old: ast.stmt, edit: Edit) -> str:
    """The text with a statement's lines before or behind those of another one, as far indented as that is."""
    start, end = old.lineno - 1, old.end_lineno or old.lineno
    beside = edit.before if edit.before is not None else edit.after
    assert beside is not None
    to = beside.lineno - 1 if edit.before is not None else beside.end_lineno or beside.lineno
    own, wanted = (_indent(lines[node.lineno - 1]) for node in (old, beside))
    piece = [wanted + line.removeprefix(own) if line.strip() else line for line in lines[start:end]]
    kept = list(lines)
    for part in (piece, kept):
        if part and not part[-1].endswith(("\n", "\r")):
            part[-1] += file.end
    rest = [*kept[:start], *kept[end:]]
    place = to if to <= start else to - (end - start)
    return "".join([*rest[:place], *piece, *rest[place:]])


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _at(lines: list[str], line: int, column: int) -> int:
    """The place in the text of a line and a column of bytes."""
    before = sum(len(one) for one in lines[: line - 1])
    return before + len(lines[line - 1].encode()[:column].decode())
