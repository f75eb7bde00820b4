"""Which tokens open and close, and which belong together."""

from __future__ import annotations

from collections.abc import Sequence

from gradproof.audit.reading.limits import Unreadable
from gradproof.audit.reading.tokens import Token
from gradproof.audit.reading.vocabulary import OPENERS

_PAIRS = {**OPENERS, "{": "}", r"\begin": r"\end", r"\lvert": r"\rvert", r"\lVert": r"\rVert"}
OPENING = frozenset(_PAIRS)
CLOSING = frozenset(_PAIRS.values())


def change_of_depth(text: str) -> int:
    """+1 behind an opening token, -1 behind a closing one."""
    return (text in OPENING) - (text in CLOSING)


def matched(tokens: Sequence[Token], depth: int) -> dict[int, int]:
    """For each opening token the index of its closing one.

    Raises `Unreadable` where they do not pair, and where they nest deeper than `depth`.
    """
    ends: dict[int, int] = {}
    opened: list[int] = []
    for at, token in enumerate(tokens):
        if token.text in (r"\left.", r"\right."):
            raise Unreadable("a bracket that is closed by '.': 'evaluated at' is not read", token.start)
        if token.text in OPENING:
            opened.append(at)
            if len(opened) > depth:
                raise Unreadable(f"nested deeper than {depth} levels", token.start)
        elif token.text in CLOSING:
            last = tokens[opened[-1]].text if opened else ""
            if _PAIRS.get(last) != token.text:
                reason = f"'{last}' is closed by '{token.text}'" if last else f"'{token.text}' closes nothing"
                raise Unreadable(reason, token.start)
            ends[opened.pop()] = at
    if opened:
        last_opened = tokens[opened[-1]]
        raise Unreadable(f"'{last_opened.text}' is not closed", last_opened.start)
    return ends
