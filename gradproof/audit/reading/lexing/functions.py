"""Functions and big operators: `\\log P_5`, `Relu'(z)`, `\\sum_{k=1}^{n}`, `\\max_j`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gradproof.audit.reading.lexing.reader import Reader
from gradproof.audit.reading.lexing.scripts import emit_acting, labels_of, scripts_at, text_of
from gradproof.audit.reading.limits import Unreadable
from gradproof.audit.reading.tokens import Token
from gradproof.audit.reading.vocabulary import GREEK, PRODUCTS, STYLES


class Function(NamedTuple):
    """The value of a function's terminal: which function, as printed, with how many primes."""

    function: str
    printed: str
    primes: int


@dataclass(frozen=True, slots=True)
class Range:
    """The value of a big operator's terminal: its index and limits as text, empty where not printed."""

    operator: str
    index: str
    low: str
    high: str
    items: tuple[str, ...]


def function(reader: Reader, name: str, printed: str, at: int, behind: int, stop: int) -> int:
    """Emit a function whose name stands from `at` to `behind`; the index behind its scripts."""
    scripts = scripts_at(reader, printed, behind, stop)
    if scripts.sub and name == "log":
        raise Unreadable("a logarithm with a base", reader.tokens[behind].start)
    calls = reader.opens(scripts.behind, stop)
    value = Function(name, printed, scripts.primes)
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
    index = low = high = ""
    items: tuple[str, ...] = ()
    while reader.text(behind, stop) in ("_", "^"):
        end = reader.end(behind + 1)
        inner = reader.tokens[behind + 2 : end]
        if reader.text(behind) == "^":
            high = text_of(inner)
        else:
            index, low, items = _limits(inner, reader.tokens[behind].start)
        behind = end + 1
    if not index:
        raise Unreadable(f"'{reader.text(at)}' without an index", reader.tokens[at].start)
    reader.emit("BIG", at, behind, Range(operator, index, low, high, items))
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


def _limits(inner: Sequence[Token], position: int) -> tuple[str, str, tuple[str, ...]]:
    """Index, lower limit and items of `k=1`, `k \\in \\{5, 6\\}` or `k`."""
    texts = [token.text for token in inner]
    low = ""
    items: tuple[str, ...] = ()
    split = next((at for at, text in enumerate(texts) if text in ("=", r"\in")), len(texts))
    rest = inner[split + 1 :]
    if "=" in texts[split : split + 1]:
        low = text_of(rest)
    elif len(rest) > 2 and rest[0].text == r"\{":
        items = tuple(label.text for label in labels_of(rest[1:-1]))
    index = text_of(inner[:split])
    if index != r"\ell" and not (len(index) == 1 and index.isalpha()):
        raise Unreadable(f"the index '{index[:20]}' of a sum", position)
    return index, low, items
