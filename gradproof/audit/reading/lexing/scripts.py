"""What stands below and above a symbol: labels, transposes, inverses, primes or a power."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from gradproof.audit.reading.lexing.brackets import change_of_depth
from gradproof.audit.reading.lexing.reader import Reader
from gradproof.audit.reading.limits import Unreadable
from gradproof.audit.reading.tokens import Token
from gradproof.audit.reading.tree import Label, Labels, Symbol
from gradproof.audit.reading.vocabulary import GREEK, STYLES, TRANSPOSES

Kind = Literal["label", "transpose", "inverse", "inverse transpose", "primes", "power", "nothing"]
_SIGNS = frozenset({"+", "-", r"\ell"})
_IN_BRACKETS = _SIGNS | TRANSPOSES | STYLES | frozenset("[](){}',") | {r"\prime", r"\tau"}
_PRIMES = frozenset({"'", r"\prime"})
_VERSIONS = frozenset({"new", "old", "*", "+", r"\ast", r"\star", r"\dagger", "init", "prev", "next"})


@dataclass(frozen=True, slots=True)
class Raised:
    """What a superscript means: its labels or number of primes, and what else it does (`W^{[l]\\top}`)."""

    kind: Kind
    labels: Labels = ()
    primes: int = 0
    transposed: bool = False


class Scripts(NamedTuple):
    """What stands behind a name: labels, primes, and what acts on the value.

    `acting` holds the kind of terminal and the token range of its group; `behind` is the index behind it all.
    """

    sub: Labels
    sup: Labels
    primes: int
    acting: tuple[tuple[str, int], ...]
    behind: int


def text_of(tokens: Sequence[Token]) -> str:
    """A script's text without the commands of style: `\\text{in}` is `in`."""
    out: list[str] = []
    styled = 0
    for token in tokens:
        if token.text in STYLES:
            styled += 1
        elif styled and token.text in "{}":
            styled -= token.text == "}"
        elif token.text not in ("{", "}"):
            out.append(token.text)
    return "".join(out)


def labels_of(tokens: Sequence[Token]) -> Labels:
    """The labels of a subscript, split at commas outside of brackets."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += change_of_depth(token.text)
        if token.text == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return tuple(_label(part) for part in parts if part)


def _label(tokens: Sequence[Token]) -> Label:
    first, last = tokens[0].text, tokens[-1].text
    if len(tokens) > 2 and (first, last) in (("[", "]"), ("(", ")")):
        return Label(text_of(tokens[1:-1]), first)
    return Label(text_of(tokens))


def superscript(tokens: Sequence[Token], *, labelled: bool) -> Raised:
    """What a superscript means; `labelled` says that the base is declared with plain labels above (`W^1`)."""
    if not tokens:
        return Raised("nothing")
    raw = "".join(token.text for token in tokens)
    text = text_of(tokens)
    if raw in TRANSPOSES:
        return Raised("transpose")
    if raw == "-1":
        return Raised("inverse")
    if raw in (r"-\top", "-T"):
        return Raised("inverse transpose")
    if all(token.text in _PRIMES for token in tokens):
        return Raised("primes", primes=len(tokens))
    if tokens[0].text in ("[", "(") and _is_index(tokens[1:-1], _IN_BRACKETS):
        return _bracketed(tokens)
    if text in _VERSIONS or (labelled and _is_index(tokens)):
        return Raised("label", labels=labels_of(tokens))
    return Raised("power")


def _bracketed(tokens: Sequence[Token]) -> Raised:
    """`[l]`, `(1)`, and with a transpose, primes or a version behind: `[l]\\top`, `[l]'`, `(1),new`, `(1)(t+1)`."""
    closer = {"[": "]", "(": ")"}[tokens[0].text]
    depth = at = 0
    for at, token in enumerate(tokens):  # noqa: B007  the place where the loop ends is what is asked
        depth += (token.text == tokens[0].text) - (token.text == closer)
        if depth == 0:
            break
    labels = (_label(tokens[: at + 1]),)
    rest = tokens[at + 1 :]
    after = "".join(token.text for token in rest)
    if not rest:
        return Raised("label", labels=labels)
    if after in TRANSPOSES:
        return Raised("label", labels=labels, transposed=True)
    if all(token.text in _PRIMES for token in rest):
        return Raised("label", labels=labels, primes=len(rest))
    more = labels_of(rest)
    if more and all(label.text in _VERSIONS or label.bracket for label in more):
        return Raised("label", labels=labels + more)
    return Raised("power")


def _is_index(tokens: Sequence[Token], signs: frozenset[str] = _SIGNS) -> bool:
    return all(token.kind in ("letters", "number") or token.text in signs for token in tokens)


def scripts_at(reader: Reader, name: str, at: int, stop: int) -> Scripts:
    """What stands below, above and behind a name, in any order; nothing is emitted."""
    sub: Labels = ()
    sup: Labels = ()
    acting: list[tuple[str, int]] = []
    primes = 0
    while reader.text(at, stop) in ("_", "^", "'"):
        if reader.text(at) == "'":
            turns = reader.names.turns and name not in reader.names.functions
            primes += not turns
            acting += [("PRIME", at)] if turns else []
            at += 1
            continue
        end = reader.end(at + 1)
        inner = reader.tokens[at + 2 : end]
        if reader.text(at) == "_":
            if sub:
                raise Unreadable("two subscripts", reader.tokens[at].start)
            sub = labels_of(inner)
        else:
            raw = text_of(inner)
            labels = reader.names.superscripts.get(name, frozenset())
            if raw in labels:
                raised = Raised("label", labels=labels_of(inner))
            else:
                raised = superscript(inner, labelled=name in reader.names.raised)
            if raised.kind == "transpose" and ((name == "e" and raw in ("t", "T")) or (name in GREEK and raw == "t")):
                raised = Raised("power")  # e^t is Euler's number to the power of a time
            sup, primes = sup + raised.labels, primes + raised.primes
            acting += _actions(raised, at + 1)
        at = end + 1
    return Scripts(sub, sup, primes, tuple(acting), at)


def emit_acting(reader: Reader, acting: Sequence[tuple[str, int]]) -> None:
    """Emit the transposes, inverses and powers that stand behind a value."""
    for kind, start in acting:
        if kind == "PRIME":
            reader.emit("TRANSPOSE", start, start + 1)
            continue
        reader.emit(kind, start, reader.end(start) + 1)
        if kind == "POWER":
            reader.emit_group(start)


def script_of_value(reader: Reader, at: int) -> int:
    """A script behind a bracket, a fraction or a number."""
    token = reader.tokens[at]
    if not reader.after_operand():
        raise Unreadable(f"'{token.text}' stands behind nothing", token.start)
    if token.text == "'":
        if reader.names.turns:
            reader.emit("TRANSPOSE", at, at + 1)
            return at + 1
        raise Unreadable("a prime behind a value", token.start)
    end = reader.end(at + 1)
    inner = reader.tokens[at + 2 : end]
    if token.text == "_" and reader.terminals[-1].type == "RNORM":
        if text_of(inner) not in ("2", "F"):
            raise Unreadable("only the Euclidean norm is read", token.start)
    elif token.text == "_":
        reader.emit("ENTRY", at, end + 1, labels_of(inner))
    else:
        raised = superscript(inner, labelled=False)
        if raised.kind == "label" and _onto_symbol(reader, raised.labels):
            return end + 1
        if raised.kind in ("label", "primes"):
            raise Unreadable("a label above a value in brackets", token.start)
        emit_acting(reader, _actions(raised, at + 1))
    return end + 1


def _onto_symbol(reader: Reader, labels: Labels) -> bool:
    """Put labels onto a symbol that stands alone in braces: `{w_{ij}}^{(new)}`."""
    made = reader.terminals
    if len(made) < 3 or [t.type for t in made[-3:]] != ["LBRACE", "SYMBOL", "RBRACE"]:
        return False
    symbol: Symbol = made[-2].value
    made[-2].value = replace(symbol, sup=(*symbol.sup, *labels))
    return True


def _actions(raised: Raised, start: int) -> list[tuple[str, int]]:
    """The terminals that a superscript adds behind its base."""
    kinds = {
        "transpose": ["TRANSPOSE"],
        "inverse": ["INVERSE"],
        "inverse transpose": ["INVERSE", "TRANSPOSE"],
        "power": ["POWER"],
    }.get(raised.kind, [])
    return [(kind, start) for kind in [*kinds, *(["TRANSPOSE"] if raised.transposed else [])]]
