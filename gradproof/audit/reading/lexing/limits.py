"""What stands below a sum: its index or indices, where they start and end, and what they must not be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gradproof.audit.reading.lexing.scripts import labels_of, text_of
from gradproof.audit.reading.limits import Unreadable
from gradproof.audit.reading.tokens import Token
from gradproof.audit.reading.vocabulary import COMPARISONS


class Range(NamedTuple):
    """The value of a big operator's terminal: its index and limits as text, empty where not printed.

    `conditions`: what the index must meet, as (left, operator, right): `k \\neq i`.
    """

    operator: str
    index: str  # type: ignore[assignment]  # it hides a tuple's own method, which nobody calls here
    low: str
    high: str
    items: tuple[str, ...]
    conditions: tuple[tuple[str, str, str], ...] = ()


_ORDERED = {"<": 1, "<=": 0}
_APART = frozenset({",", ":", ";", "|", r"\mid", r"\\"})


def limits(operator: str, inner: Sequence[Token], position: int) -> list[Range]:
    """The ranges of `k=1`, `k \\in \\{5, 6\\}`, `k`, `i, j`, `k \\neq i`, `1 \\le k \\le K`.

    Raises `Unreadable` for anything else.
    """
    found: list[Range] = []
    for part in _parts(inner):
        one = _one(operator, part, position, {r.index for r in found})
        if isinstance(one, Range):
            found.append(one)
        else:
            found[-1] = found[-1]._replace(conditions=(*found[-1].conditions, one))
    return found


def _parts(inner: Sequence[Token]) -> list[list[Token]]:
    """The parts between commas and row ends outside of braces; the braces of `\\substack` are dropped."""
    tokens = [t for t in inner if t.text != r"\substack"]
    if len(tokens) != len(inner) and tokens and tokens[0].text == "{":
        tokens = tokens[1:-1]
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.text in ("{", r"\{")) - (token.text in ("}", r"\}"))
        if depth == 0 and token.text in _APART:
            parts.append([])
        else:
            parts[-1].append(token)
    kept = [part for part in parts if part]
    return [letter for part in kept for letter in _letters(part)]


def _letters(part: list[Token]) -> list[list[Token]]:
    """The letters of `\\sum_{jk}`, each an index of its own."""
    if len(part) != 1 or part[0].kind != "letters" or not 2 <= len(part[0].text) <= 3:
        return [part]
    token = part[0]
    return [[token._replace(text=letter)] for letter in token.text]


def _one(operator: str, part: Sequence[Token], position: int, known: set[str]) -> Range | tuple[str, str, str]:
    texts = [token.text for token in part]
    signs = [at for at, text in enumerate(texts) if text in COMPARISONS or text == r"\in"]
    pieces = [text_of(part[a + 1 : b]) for a, b in zip([-1, *signs], [*signs, len(part)], strict=True)]
    if not signs:
        return Range(operator, _index(pieces[0], position), "", "", ())
    if len(signs) == 2 and all(COMPARISONS.get(texts[at], "") in _ORDERED for at in signs):
        low, high = (_ORDERED[COMPARISONS[texts[at]]] for at in signs)
        first = str(int(pieces[0]) + low) if pieces[0].isdecimal() else pieces[0] + ("+1" if low else "")
        return Range(operator, _index(pieces[1], position), first, pieces[2] + ("-1" if high else ""), ())
    if len(signs) != 1:
        raise Unreadable("the limits of a sum", position)
    sign = texts[signs[0]]
    if sign == "=":
        return Range(operator, _index(pieces[0], position), pieces[1], "", ())
    if sign == r"\in":
        rest = part[signs[0] + 1 :]
        items = labels_of(rest[1:-1]) if len(rest) > 2 and rest[0].text == r"\{" else ()
        return Range(operator, _index(pieces[0], position), "", "", tuple(label.text for label in items))
    condition = (pieces[0], COMPARISONS[sign], pieces[1])
    if known & {pieces[0], pieces[1]}:
        return condition
    if pieces[0].isdecimal():
        return Range(
            operator, _index(pieces[1], position), "", "", (), ((pieces[1], _MIRRORED[COMPARISONS[sign]], pieces[0]),)
        )
    return Range(operator, _index(pieces[0], position), "", "", (), (condition,))


_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "!=": "!=", "==": "=="}


def _index(text: str, position: int) -> str:
    plain = text.rstrip("'")
    if plain != r"\ell" and plain != r"\tau" and not (len(plain) == 1 and plain.isalpha()):
        raise Unreadable(f"the index '{text[:20]}' of a sum", position)
    return text
