"""Tokens of one side of an equation made into the terminals of the grammar.

Everything that needs context is resolved here, in one pass from left to right: declared names in runs of
letters, labels against powers, differentials, functions against factors, bars, full stops.
"""

from __future__ import annotations

from collections.abc import Sequence

from lark import Token as Terminal

from gradproof.audit.reading.lexing.derivatives import fraction, operator
from gradproof.audit.reading.lexing.environments import bar, environment
from gradproof.audit.reading.lexing.functions import big, function, root
from gradproof.audit.reading.lexing.reader import Reader
from gradproof.audit.reading.lexing.scripts import script_of_value
from gradproof.audit.reading.lexing.symbols import letters, name, styled
from gradproof.audit.reading.limits import Unreadable
from gradproof.audit.reading.names import Names
from gradproof.audit.reading.tokens import Token
from gradproof.audit.reading.vocabulary import (
    BIG_OPERATORS,
    CLOSERS,
    COMPARISONS,
    DOTS,
    FRACTIONS,
    FUNCTIONS,
    GREEK,
    OPENERS,
    PRODUCTS,
    SEPARATORS,
    STYLES,
)

_BARS = frozenset({"|", r"\|", r"\lvert", r"\lVert", r"\rvert", r"\rVert"})


def lex(tokens: Sequence[Token], names: Names, depth: int) -> tuple[list[Terminal], list[tuple[int, str]]]:
    """The terminals of one side, and notes (offset, remark) on how an ambiguous sign was taken.

    Raises `Unreadable` at the first token that cannot be understood, and for nesting beyond `depth`.
    """
    reader = Reader(list(tokens), names, depth, _step)
    reader.lex(0, len(reader.tokens))
    return reader.terminals, reader.notes


def _step(reader: Reader, at: int, stop: int, bars: list[str]) -> int:
    """Read what starts at one token; the index behind it."""
    token = reader.tokens[at]
    text = token.text
    if token.kind == "bad":
        raise Unreadable(text, token.start)
    if token.kind == "number":
        reader.emit("NUMBER", at, at + 1)
        return at + 1
    if token.kind == "letters":
        return letters(reader, at, stop)
    if text in GREEK:
        return name(reader, text, "", at, at + 1, stop)
    if text in STYLES:
        return styled(reader, at, stop)
    if text in ("_", "^", "'"):
        return script_of_value(reader, at)
    if text in _BARS:
        return bar(reader, at, bars)
    if text in FRACTIONS:
        return fraction(reader, at)
    if text in (r"\partial", r"\nabla"):
        return operator(reader, at, stop)
    if text == r"\begin":
        return environment(reader, at)
    if text == r"\sqrt":
        return root(reader, at)
    if text in BIG_OPERATORS and (text in (r"\sum", r"\prod") or reader.text(at + 1, stop) == "_"):
        return big(reader, BIG_OPERATORS[text], at, at + 1, stop)
    if text[0] == "\\" and text[1:] in FUNCTIONS:
        return function(reader, FUNCTIONS[text[1:]], text, at, at + 1, stop)
    return _sign(reader, at, stop)


def _sign(reader: Reader, at: int, stop: int) -> int:
    """One sign: operators, brackets, commas, cells."""
    token = reader.tokens[at]
    text = token.text
    if text == "." and reader.ends_term(at + 1, stop):
        return at + 1  # a full stop
    if text == "{" and reader.ends.get(at) == at + 1:
        return at + 2  # an empty group prints nothing
    if text in (r"\quad", r"\qquad") or (text in (",", ";") and reader.ends_term(at + 1, stop)):
        return at + 1
    for kind, signs in _KINDS.items():
        if text in signs:
            reader.emit(kind, at, at + 1, signs[text])
            return at + 1
    if text[1:].isalpha() and text[0] == "\\" and reader.text(at + 1, stop) != "{" and _may_be_name(text):
        return name(reader, text[1:], "", at, at + 1, stop)  # a macro that is defined elsewhere: \\KL
    raise Unreadable(_why_not(text), token.start)


def _may_be_name(text: str) -> bool:
    return text[1].isupper() and text not in DOTS and text not in SEPARATORS


_KINDS = {
    "SIGN": {"+": "+", "-": "-"},
    "MUL": PRODUCTS,
    "LPAR": OPENERS,
    "RPAR": CLOSERS,
    "LBRACE": {"{": "{"},
    "RBRACE": {"}": "}"},
    "COMPARE": COMPARISONS,
    "COMMA": {",": ",", ";": ";"},
    "CELL": {"&": "&"},
}


def _why_not(text: str) -> str:
    if text in DOTS:
        return f"'{text}' stands for terms that are not printed"
    if text in (r"\pm", r"\mp"):
        return f"'{text}' has two values"
    if text == "!":
        return "a factorial"
    if text in SEPARATORS:
        return f"'{text}' inside of a formula"
    return f"'{text}' is not understood here"
