"""Bars, and the cells of `cases` and matrices."""

from __future__ import annotations

from gradproof.audit.reading.lexing.reader import Reader
from gradproof.audit.reading.lexing.scripts import text_of
from gradproof.audit.reading.limits import Unreadable
from gradproof.audit.reading.vocabulary import MATRICES, UPRIGHT


def bar(reader: Reader, at: int, bars: list[str]) -> int:
    """`|` and `\\|` open where a value can start and close behind one; `bars` are those still open."""
    text = reader.text(at)
    kind = "NORM" if text in (r"\|", r"\lVert", r"\rVert") else "BAR"
    directed = text in (r"\lvert", r"\lVert")
    closes = text in (r"\rvert", r"\rVert") or (not directed and bool(bars) and reader.after_operand())
    if closes:
        bars.pop()
    else:
        bars.append(text)
    reader.emit(("R" if closes else "L") + kind, at, at + 1)
    return at + 1


def environment(reader: Reader, at: int) -> int:
    """Emit `cases` or a matrix, cell by cell; the index behind."""
    end, name_end = reader.end(at), reader.end(at + 1)
    name = "".join(token.text for token in reader.tokens[at + 2 : name_end])
    inner = name_end + 1
    if name == "array" and reader.text(inner) == "{":
        inner = reader.end(inner) + 1
    if name != "cases" and name not in MATRICES:
        raise Unreadable(f"the environment '{name[:30]}' is not read", reader.tokens[at].start)
    reader.emit("CASES" if name == "cases" else "MATRIX", at, name_end + 1, name)
    while inner < end:
        inner = _cell(reader, _behind_words(reader, inner, end) if name == "cases" else inner, end)
    behind = reader.end(end + 1) + 1
    reader.emit("END", end, behind)
    return behind


def _cell(reader: Reader, at: int, stop: int) -> int:
    """Read one cell and emit the separator behind it."""
    behind = at
    while behind < stop and reader.text(behind) not in ("&", r"\\"):
        behind = reader.ends.get(behind, behind) + 1
    punctuated = behind > at and reader.text(behind - 1) in (",", ";", ".")
    reader.lex(at, behind - 1 if punctuated else behind)
    if behind < stop and not (reader.text(behind) == r"\\" and behind + 1 == stop):
        reader.emit("CELL" if reader.text(behind) == "&" else "ROW", behind, behind + 1)
    return behind + 1


def _behind_words(reader: Reader, at: int, stop: int) -> int:
    """Behind "if" and "for", which say nothing; "otherwise" is emitted."""
    while at < stop and (reader.text(at) in UPRIGHT or reader.tokens[at].kind == "letters"):
        behind = reader.end(at + 1) + 1 if reader.text(at) in UPRIGHT else at + 1
        word = text_of(reader.tokens[at:behind]).lower()
        word = word.strip(",.;:")
        if word in ("otherwise", "else", "else."):
            reader.emit("OTHERWISE", at, behind)
        elif word and word not in ("if", "for", "when", "where"):
            break
        at = behind
    return at
