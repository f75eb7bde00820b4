"""Functions and big operators: `\\log P_5`, `Relu'(z)`, `\\sum_{k=1}^{n}`, `\\max_j`."""

from __future__ import annotations

from typing import NamedTuple

from gradproof.audit.reading.lexing.limits import Range, limits
from gradproof.audit.reading.lexing.reader import Reader
from gradproof.audit.reading.lexing.scripts import emit_acting, scripts_at, text_of
from gradproof.audit.reading.limits import Unreadable
from gradproof.audit.reading.tree import Symbol
from gradproof.audit.reading.vocabulary import GREEK, PRODUCTS, STYLES

OWN = "own"
"""The function of a name that the document defines itself, or of which it only shows that it is a function."""


class Function(NamedTuple):
    """The value of a function's terminal: which function, as printed, with how many primes; `name` of one's own."""

    function: str
    printed: str
    primes: int
    name: Symbol | None = None


def function(reader: Reader, name: str, printed: str, at: int, behind: int, stop: int, mark: str = "") -> int:
    """Emit a function whose name stands from `at` to `behind`; the index behind its scripts."""
    scripts = scripts_at(reader, printed, behind, stop)
    if scripts.sub and name == "log":
        raise Unreadable("a logarithm with a base", reader.tokens[behind].start)
    calls = reader.opens(scripts.behind, stop)
    own = Symbol(printed, scripts.sub, scripts.sup, mark, span=reader.span(at, scripts.behind))
    value = Function(name, printed, scripts.primes, own if name == OWN else None)
    reader.emit("FUNCTION_OF" if calls else "FUNCTION", at, scripts.behind, value)
    emit_acting(reader, scripts.acting)
    argument_ends = skip_symbol(reader, scripts.behind, stop)
    product_follows = argument_ends and reader.text(argument_ends, stop) in PRODUCTS
    if not calls and argument_ends and product_follows and not reader.ends_term(argument_ends + 1, stop):
        place = reader.tokens[scripts.behind].start
        reader.notes.append((place, f"{printed} without brackets is applied to one factor"))
    return scripts.behind


def big(reader: Reader, operator: str, at: int, behind: int, stop: int) -> int:
    """Emit `\\sum_{k=1}^{n}`, `\\sum_{k \\in \\{5, 6\\}}`, `\\sum_k` or `\\max_j`; the index behind."""
    high = ""
    ranges: list[Range] = []
    while reader.text(behind, stop) in ("_", "^"):
        end = reader.end(behind + 1)
        inner = reader.tokens[behind + 2 : end]
        if reader.text(behind) == "^":
            high = text_of(inner)
        else:
            ranges = limits(operator, inner, reader.tokens[behind].start)
        behind = end + 1
    if not ranges:
        raise Unreadable(f"'{reader.text(at)}' without an index", reader.tokens[at].start)
    for number, one in enumerate(ranges):
        high_here = one.high or (high if number == len(ranges) - 1 or one.low else "")
        reader.emit("BIG", at, behind, one._replace(high=high_here))
    return behind


def root(reader: Reader, at: int) -> int:
    """Emit `\\sqrt{..}`; the index behind."""
    if reader.text(at + 1) == "[":
        raise Unreadable("a root with an index", reader.tokens[at].start)
    reader.emit("ROOT", at, at + 1)
    return reader.emit_group(at + 1)


def skip_symbol(reader: Reader, at: int, stop: int) -> int | None:
    """The index behind a name and its scripts, without reading them; None where no name stands."""
    if at >= stop:
        return None
    token = reader.tokens[at]
    if token.text in STYLES:
        at = reader.end(at + 1) + 1
    elif token.kind == "letters" or token.text in GREEK:
        at += 1
    else:
        return None
    while reader.text(at, stop) in ("_", "^", "'"):
        at = at + 1 if reader.text(at) == "'" else reader.end(at + 1) + 1
    return at
