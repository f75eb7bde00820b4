"""Derivatives: fractions of differentials, `\\nabla_W L`, `\\partial L / \\partial W` on the line."""

from __future__ import annotations

from gradproof.audit.reading.lexing.functions import skip_symbol
from gradproof.audit.reading.lexing.reader import Reader
from gradproof.audit.reading.lexing.scripts import text_of
from gradproof.audit.reading.limits import Unreadable
from gradproof.audit.reading.tokens import Token
from gradproof.audit.reading.tree import Symbol
from gradproof.audit.reading.vocabulary import STYLES, UPRIGHT

_OBJECTIVES = frozenset({"J", "L", "E", "C", r"\ell"})


def fraction(reader: Reader, at: int) -> int:
    """`\\frac{dA}{dB}` and `\\frac{d}{dB} A` are derivatives, any other fraction is a quotient."""
    top = at + 1
    bottom = reader.end(top) + 1
    above, below = _differential(reader, top + 1), _differential(reader, bottom + 1)
    if above is None or below is None or above[0] != below[0] or below[1] >= reader.end(bottom):
        reader.emit("FRACTION", at, at + 1)
        return reader.emit_group(reader.emit_group(top))
    if "^" in (reader.text(above[1]), reader.text(below[1])):
        return _second(reader, at, top, bottom, above[1], below[1])
    operator = above[1] >= reader.end(top)
    reader.emit("DERIVATIVE_OF" if operator else "DERIVATIVE", at, at + 1, above[0])
    if not operator:
        reader.emit_group(top, _cut(reader, above[1], top + 1))
    return reader.emit_group(bottom, _cut(reader, below[1], bottom + 1))


def _second(reader: Reader, at: int, top: int, bottom: int, of: int, by: int) -> int:
    """`\\frac{\\partial^2 E}{\\partial w^2}`, by one quantity twice, or by two: `\\partial v \\partial w` below."""
    end = reader.end(bottom)
    inner = next((k for k in range(by + 1, end) if (found := _differential(reader, k)) and found[1] < end), None)
    if inner is not None:
        return _mixed(reader, at, top, (by, inner, end), of)
    order = reader.end(of + 1) if reader.text(of) == "^" else of
    behind = next((k for k in range(end - 1, by, -1) if reader.text(k) == "^" and k + 1 in reader.ends), None)
    squared = behind is not None and reader.ends[behind + 1] == end - 1
    printed = [text_of(reader.tokens[k + 2 : reader.ends[k + 1]]) for k in (of, behind or of) if k + 1 in reader.ends]
    if not squared or behind is None or printed != ["2", "2"]:
        raise Unreadable("a mixed or higher derivative", reader.tokens[at].start)
    for kind in ("DERIVATIVE_OF", "DERIVATIVE" if order + 1 < reader.end(top) else "DERIVATIVE_OF"):
        reader.emit(kind, at, at + 1, "partial")
        if kind == "DERIVATIVE":
            reader.emit("LBRACE", top, top + 1)
            reader.lex(order + 1, reader.end(top))
            reader.emit("RBRACE", reader.end(top), reader.end(top) + 1)
        reader.emit("LBRACE", bottom, bottom + 1)
        reader.lex(by, behind)
        reader.emit("RBRACE", end, end + 1)
    return end + 1


def _mixed(reader: Reader, at: int, top: int, below: tuple[int, int, int], of: int) -> int:
    """A derivative by one quantity and then by another; `below`: where the first, the second `d` and the end are."""
    by, inner, end = below
    order = reader.end(of + 1) if reader.text(of) == "^" else of
    if text_of(reader.tokens[of + 2 : order]) != "2" or "^" in [reader.text(k) for k in (inner + 1,)]:
        raise Unreadable("a derivative of a higher order than two", reader.tokens[at].start)
    whole = order + 1 < reader.end(top)
    second = _differential(reader, inner)
    assert second is not None
    parts = ((by, inner), (_cut(reader, second[1], inner), end))
    for kind, (start, stop) in zip(("DERIVATIVE_OF", "DERIVATIVE" if whole else "DERIVATIVE_OF"), parts, strict=True):
        reader.emit(kind, at, at + 1, "partial")
        if kind == "DERIVATIVE":
            _braced(reader, order + 1, reader.end(top))
        _braced(reader, start, stop)
    return end + 1


def _braced(reader: Reader, start: int, stop: int) -> None:
    """Emit some tokens as a group."""
    reader.emit("LBRACE", start, start + 1)
    reader.lex(start, stop)
    reader.emit("RBRACE", stop - 1, stop)


def _by_argument(reader: Reader, at: int, stop: int) -> int | None:
    """`\\nabla f(w)`, `\\nabla^2 f(w)`: by what stands in the brackets; the index of `f`, or None for anything else."""
    start, order = at + 1, 1
    if reader.text(start, stop) == "^":
        end = reader.end(start + 1)
        if text_of(reader.tokens[start + 2 : end]) != "2":
            return None
        start, order = end + 1, 2
    bracket = skip_symbol(reader, start, stop)
    if bracket is None:
        return None
    if reader.text(bracket, stop) != "(":
        return _by_the_note(reader, at, start, order)
    close = reader.end(bracket)
    if skip_symbol(reader, bracket + 1, close) != close:
        return _by_the_note(reader, at, start, order)
    for _ in range(order):
        reader.emit("DERIVATIVE_OF", at, at + 1, "nabla")
        _braced(reader, bracket + 1, close)
    return start


def _by_the_note(reader: Reader, at: int, start: int, order: int) -> int | None:
    """`\\nabla E` behind `E(w) = ...`: by what E is a function of, as the note says elsewhere."""
    name = next((t.text for t in reader.tokens[start : start + 3] if t.text not in STYLES and t.text != "{"), "")
    argument = reader.names.arguments.get(name)
    if argument is None:
        return None
    for _ in range(order):
        reader.emit("DERIVATIVE_OF", at, at + 1, "nabla")
        reader.emit("LBRACE", at, at + 1)
        reader.emit("SYMBOL", at, at + 1, Symbol(argument))
        reader.emit("RBRACE", at, at + 1)
    return start


def _only_argument(reader: Reader) -> str:
    """The one quantity by which a note takes all its gradients: `\\nabla \\log p` beside `J(\\theta)`."""
    found = {by for of, by in reader.names.arguments.items() if of in _OBJECTIVES}
    return found.pop() if len(found) == 1 else ""


def operator(reader: Reader, at: int, stop: int) -> int:
    """`\\nabla_W L`, `\\nabla f(w)`, `\\partial_W L`, and `\\partial L / \\partial W` on the line."""
    token = reader.tokens[at]
    if reader.text(at + 1, stop) == "_":
        behind = reader.end(at + 2) + 1
        twice = reader.text(behind, stop) == "^" and text_of(reader.tokens[behind + 2 : reader.end(behind + 1)]) == "2"
        for _ in range(2 if twice else 1):
            reader.emit("DERIVATIVE_OF", at, at + 1, token.text[1:])
            reader.emit_group(at + 2)
        return reader.end(behind + 1) + 1 if twice else behind
    if reader.text(at + 1, stop) == "^" and reader.text(reader.end(at + 2) + 1, stop) == "_":
        below = reader.end(at + 2) + 2
        for _ in range(2):
            reader.emit("DERIVATIVE_OF", at, at + 1, token.text[1:])
            reader.emit_group(below)
        return reader.end(below) + 1
    if token.text == r"\nabla" and (behind_operator := _by_argument(reader, at, stop)):
        return behind_operator
    if token.text == r"\nabla" and (only := _only_argument(reader)) and not reader.ends_term(at + 1, stop):
        for kind, value in (("DERIVATIVE_OF", "nabla"), ("LBRACE", None), ("SYMBOL", Symbol(only)), ("RBRACE", None)):
            reader.emit(kind, at, at + 1, value)
        return at + 1
    if token.text == r"\partial" and (ended := on_the_line(reader, at, stop)):
        return ended
    raise Unreadable(f"'{token.text}' without what it is taken by", token.start)


def starts_differential(reader: Reader, at: int) -> bool:
    """Whether a run of letters starts with a `d` that belongs to no declared word."""
    run = reader.text(at)
    return run[0] == "d" and len(reader.names.leading_word(run)) == 1


def on_the_line(reader: Reader, at: int, stop: int) -> int | None:
    """Emit `dL/dW_{35}` as a fraction of differentials; the index behind, or None for anything else."""
    above = _differential(reader, at)
    slash = skip_symbol(reader, above[1], stop) if above else None
    if above is None or slash is None or reader.text(slash, stop) != "/":
        return None
    below = _differential(reader, slash + 1)
    behind = skip_symbol(reader, below[1], stop) if below and below[0] == above[0] else None
    if below is None or behind is None:
        return None
    reader.emit("DERIVATIVE", at, behind, above[0])
    for start, first, end in ((above[1], at, slash), (below[1], slash + 1, behind)):
        _cut(reader, start, first)
        reader.emit("LBRACE", start, start + 1)
        reader.lex(start, end)
        reader.emit("RBRACE", end - 1, end)
    return behind


def _differential(reader: Reader, at: int) -> tuple[str, int] | None:
    """Style of a `d` or `\\partial` at `at`, and the index of the quantity (`at` itself for a run `dLoss`)."""
    if at >= len(reader.tokens):
        return None
    token = reader.tokens[at]
    if token.text == r"\partial":
        return "partial", at + 1
    if token.kind == "letters" and starts_differential(reader, at):
        return "d", at if len(token.text) > 1 else at + 1
    if token.text in UPRIGHT and at + 1 in reader.ends:
        end = reader.ends[at + 1]
        return ("d", end + 1) if text_of(reader.tokens[at + 2 : end]) == "d" else None
    return None


def _cut(reader: Reader, at: int, first: int) -> int:
    """Cut the `d` off a run such as `dLoss`, where the differential at `first` is part of the run."""
    token = reader.tokens[at]
    if at == first and token.kind == "letters":
        reader.tokens[at] = Token("letters", token.text[1:], token.start + 1, token.end)
    return at
