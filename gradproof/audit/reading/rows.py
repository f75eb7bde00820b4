"""The statements of a block of maths: alignment dropped, rows split and joined, remarks cut off."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from gradproof.audit.reading.lexing.brackets import change_of_depth
from gradproof.audit.reading.tokens import Token
from gradproof.audit.reading.vocabulary import (
    COMPARISONS,
    DOTS,
    PRODUCTS,
    RELATIONS,
    REMARKS,
    SEPARATORS,
    TRANSPARENT_ENVIRONMENTS,
    UPRIGHT,
)

Row = list[Token]
_ROW_ENDS = frozenset({r"\\", r"\cr", r"\newline", r"\tabularnewline"})
_OF_CONDITIONS = frozenset({"+", "-", *COMPARISONS, *DOTS})
_ORDERS = frozenset({*COMPARISONS, r"\succ", r"\succeq", r"\prec", r"\preceq", r"\ll", r"\gg"}) - {"="}
_LENGTHS = frozenset({"pt", "em", "ex", "mm", "cm", "in", "px"})


class Piece(NamedTuple):
    """One printed statement: its tokens, those of the conditions on its indices behind it, and on its values."""

    row: Row
    conditions: list[Row]
    given: list[Row]


def statements(tokens: list[Token]) -> list[Piece]:
    """The token rows of a block that hold a relation, one for each printed statement, with their conditions."""
    pieces = [piece for row in _split_rows(tokens) for piece in _split_remarks(row)]
    found: list[Piece] = []
    rows = _joined(pieces)
    at = 0
    while at < len(rows):
        row, behind = rows[at], at + 1
        if behind + 1 < len(rows) and all(token.text in DOTS for token in rows[behind]):
            row, behind = [*row, *rows[behind], *rows[behind + 1]], behind + 2  # l = 1, \dots, L
        bare = _without_brackets(row)
        if found and _is_condition(bare, found[-1].row):
            found[-1].conditions.append(bare)
            at = behind
            continue
        if any(token.text in RELATIONS for token in rows[at]):
            found.append(Piece(rows[at], [], []))
        elif found and any(token.text in COMPARISONS for token in bare):
            found[-1].given.append(bare)
        at += 1
    return found


def _without_brackets(row: Row) -> Row:
    """`(j \\neq k)` behind an equation without its brackets."""
    ends = row[0].text == "(" and row[-1].text == ")"
    inside = ends and not any(token.text in ("(", ")") for token in row[1:-1])
    return row[1:-1] if inside and len(row) > 2 else row


def _is_condition(row: Row, statement: Row) -> bool:
    """Whether a row only says which values an index letter of the statement before it has: `i \\neq j`, `l = 1`."""
    letter = row[0].text
    plain = all(token.text in _OF_CONDITIONS or _is_letter(token) or token.kind == "number" for token in row)
    if not plain or not _is_letter(row[0]) or len(row) < 3 or row[1].text not in COMPARISONS:
        return False
    depth, labelled = 0, False
    for before, token in pairwise(statement):
        if token.text == "{" and (depth or before.text in ("_", "^")):
            depth += 1
        elif token.text == "}" and depth:
            depth -= 1
        elif depth and token.kind in ("letters", "command") and letter in (token.text, *token.text):
            labelled = True
    return labelled


def _is_letter(token: Token) -> bool:
    return token.text == r"\ell" or (token.kind == "letters" and len(token.text) == 1)


def group_end(tokens: list[Token], at: int) -> int:
    """The index behind the `}` of the `{` at `at`; the end where there is none."""
    depth = 0
    for index in range(at, len(tokens)):
        depth += {"{": 1, "}": -1}.get(tokens[index].text, 0)
        if depth == 0:
            return index + 1
    return len(tokens)


def _split_rows(tokens: list[Token]) -> list[Row]:
    rows: list[Row] = [[]]
    at = kept = brackets = 0
    while at < len(tokens):
        token = tokens[at]
        if token.text in (r"\begin", r"\end") and at + 1 < len(tokens) and tokens[at + 1].text == "{":
            behind = group_end(tokens, at + 1)
            name = "".join(t.text for t in tokens[at + 2 : behind - 1])
            if name in TRANSPARENT_ENVIRONMENTS and not (name == "array" and (brackets or kept)):
                at = _behind_options(tokens, behind) if token.text == r"\begin" else behind
                continue
            kept = max(0, kept + (1 if token.text == r"\begin" else -1))
            rows[-1] += tokens[at:behind]
            at = behind
            continue
        if token.text == r"\substack":  # its rows are conditions of one sum
            behind = group_end(tokens, at + 1)
            rows[-1] += tokens[at:behind]
            at = behind
            continue
        brackets = max(0, brackets + change_of_depth(token.text))
        if kept == 0 and token.text in _ROW_ENDS:
            rows.append([])
            at = _behind_length(tokens, at + 1)
            continue
        if kept == 0 and token.text == "&":
            following = tokens[at + 1].text if at + 1 < len(tokens) else ""
            told = [t.text in RELATIONS for t in rows[-1]]
            if brackets == 0 and any(told) and not told[-1] and following not in RELATIONS:
                rows[-1].append(token._replace(text=r"\quad"))  # the next equation of the same row
        elif token.text != r"\hline":
            rows[-1].append(token)
        at += 1
    return _without_split_brackets([row for row in rows if row])


def _behind_options(tokens: list[Token], at: int) -> int:
    """Behind the `{rl}` or `[t]` of an environment."""
    if at < len(tokens) and tokens[at].text == "[":
        at = next((k + 1 for k in range(at, min(at + 4, len(tokens))) if tokens[k].text == "]"), at)
    if at < len(tokens) and tokens[at].text == "{":
        inner = tokens[at + 1 : group_end(tokens, at) - 1]
        if all(set(token.text) <= set("lcr|0123456789") for token in inner):
            return group_end(tokens, at)
    return at


def _behind_length(tokens: list[Token], at: int) -> int:
    """Behind the `[4pt]` or the star of a row's end."""
    if at < len(tokens) and tokens[at].text == "*":
        at += 1
    if at < len(tokens) and tokens[at].text == "[":
        for index in range(at, min(at + 8, len(tokens))):
            if tokens[index].text == "]":
                return index + 1 if any(t.text in _LENGTHS for t in tokens[at:index]) else at
    return at


def _without_split_brackets(rows: list[Row]) -> list[Row]:
    """Join rows between which a bracket was only broken: `\\left( a \\right. \\\\ \\left. + b \\right)`."""
    out: list[Row] = []
    for row in rows:
        if out and out[-1][-1].text == r"\right." and any(token.text == r"\left." for token in row[:3]):
            left = next(k for k, token in enumerate(row) if token.text == r"\left.")
            out[-1] = out[-1][:-1] + row[:left] + row[left + 1 :]
        else:
            out.append(row)
    return out


def _joined(pieces: list[Row]) -> list[Row]:
    """Rows that go on from the one before (they start with a relation, a sign or a product) joined to it."""
    out: list[Row] = []
    for piece in pieces:
        starts = _first(piece)
        has_relation = any(token.text in RELATIONS for token in piece)
        goes_on = starts in RELATIONS or (not has_relation and (starts in "+-" or starts in PRODUCTS))
        if out and goes_on:
            out[-1] = out[-1] + piece
        else:
            out.append(piece)
    return out


def _first(piece: Row) -> str:
    """The first token's text, behind the `{}` that gives a sign at a row's start its spacing."""
    at = 0
    while at + 2 < len(piece) and (piece[at].text, piece[at + 1].text) == ("{", "}"):
        at += 2
    return piece[at].text


def _split_remarks(row: Row) -> list[Row]:
    """Parts between commas, arrows and words such as `\\text{where}` outside of brackets."""
    parts: list[Row] = [[]]
    at = depth = 0
    while at < len(row):
        token = row[at]
        depth += change_of_depth(token.text)
        if depth == 0 and token.text in _ORDERS and any(t.text in RELATIONS for t in parts[-1]):
            at = _behind_bound(row, at)  # of `a = b \\le c` only the equality is judged
            continue
        if depth == 0 and token.text in SEPARATORS:
            parts.append([])
        elif depth == 0 and token.text in UPRIGHT and _is_remark(row, at):
            parts.append([])
            at = group_end(row, at + 1)
            continue
        else:
            parts[-1].append(token)
        at += 1
    return [part for part in parts if part]


def _behind_bound(row: Row, at: int) -> int:
    """Behind what stands on the other side of an inequality."""
    depth = 0
    for index in range(at, len(row)):
        depth += change_of_depth(row[index].text)
        if depth == 0 and index > at and (row[index].text in SEPARATORS or row[index].text in UPRIGHT):
            return index
    return len(row)


def _is_remark(row: Row, at: int) -> bool:
    inner = row[at + 2 : group_end(row, at + 1) - 1]
    if any(token.text.lower() in REMARKS for token in inner):
        return True
    words = [token for token in inner if token.kind == "letters"]
    apart = any(left.end < right.start for left, right in pairwise(inner))
    return not words or (apart and len(words) > 1)
