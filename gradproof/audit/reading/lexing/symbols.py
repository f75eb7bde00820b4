"""Names: runs of letters split by what is declared, styled names, symbols with their scripts."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from lark import Token as Terminal

from gradproof.audit.reading.lexing.brackets import change_of_depth
from gradproof.audit.reading.lexing.derivatives import on_the_line, starts_differential
from gradproof.audit.reading.lexing.functions import OWN, big, function
from gradproof.audit.reading.lexing.reader import Reader
from gradproof.audit.reading.lexing.scripts import emit_acting, scripts_at
from gradproof.audit.reading.limits import Unreadable
from gradproof.audit.reading.tokens import Token
from gradproof.audit.reading.tree import Symbol
from gradproof.audit.reading.vocabulary import (
    CALLIGRAPHIC,
    COMPARISONS,
    EXTREMA,
    FUNCTIONS,
    GREEK,
    INDICATORS,
    MARKS,
    MOMENTS,
    OPENERS,
    PREFIX,
    UPRIGHT,
)

_LONGEST_FUNCTION = max(map(len, FUNCTIONS))


def letters(reader: Reader, at: int, stop: int) -> int:
    """A run of letters: the declared words and functions in it, else single letters."""
    if starts_differential(reader, at) and (behind := on_the_line(reader, at, stop)):
        return behind
    token = reader.tokens[at]
    word = _first_word(reader, token.text, at, stop)
    if word == token.text:
        return _word(reader, word, at, at + 1, stop)
    split = token.start + len(word)
    reader.tokens[at] = Token("letters", word, token.start, split)
    _word(reader, word, at, at + 1, at + 1)  # no script can stand between two letters of one run
    reader.tokens[at] = Token("letters", token.text[len(word) :], split, token.end)
    return at


def _first_word(reader: Reader, run: str, at: int, stop: int) -> str:
    """The declared word, function or letter at the start of a run."""
    declared = reader.names.leading_word(run)
    lengths = range(min(len(run), _LONGEST_FUNCTION), 1, -1)
    named = next((run[:length] for length in lengths if run[:length].lower() in FUNCTIONS), "")
    if len(named) <= len(declared):
        return declared
    follows = reader.text(at + 1, stop)
    calls = named == run and (follows in OPENERS or follows in ("'", "^", "_", "|"))
    return named if calls or FUNCTIONS[named.lower()] in PREFIX else declared


def _word(reader: Reader, word: str, at: int, behind: int, stop: int) -> int:
    """A whole word: a function where it is one and not declared as a quantity, else a symbol."""
    known = reader.names.functions.get(word)
    builtin = FUNCTIONS.get(word.lower()) if len(word) > 1 and word.lower() not in reader.names.words else None
    printed_as_operator = builtin is None and reader.text(at) == r"\operatorname" and word in EXTREMA
    if printed_as_operator and reader.text(behind, stop) == "_":  # also where a quantity has this name
        return big(reader, EXTREMA[word], at, behind, stop)
    if word in MOMENTS and not known and not reader.names.knows_base(word):
        return function(reader, f"?{word}", word, at, behind, stop)
    if builtin is None or known:
        return name(reader, word, "", at, behind, stop)
    if builtin in EXTREMA and reader.text(behind, stop) == "_":
        return big(reader, EXTREMA[builtin], at, behind, stop)
    scripts = scripts_at(reader, word, behind, stop)
    if builtin in PREFIX or reader.opens(scripts.behind, stop):
        return function(reader, builtin, word, at, behind, stop)
    return name(reader, word, "", at, behind, stop)


def name(reader: Reader, base: str, mark: str, at: int, behind: int, stop: int) -> int:
    """A symbol with its scripts; or the call of a function, declared or not."""
    scripts = scripts_at(reader, base, behind, stop)
    symbol = Symbol(base + "'" * scripts.primes, scripts.sub, scripts.sup, mark, span=reader.span(at, scripts.behind))
    behind_all = scripts.behind
    if reader.opens(behind_all, stop):
        known_function = reader.names.functions.get(base)
        if scripts.sub and base in reader.names.factors and not _bars(reader, behind_all):
            known_function = None
        if known_function and (not mark or known_function == OWN):
            conditional(reader, behind_all)
            return function(reader, known_function, base, at, behind, stop, mark)
        known = reader.names.resolve(symbol) or reader.names.constant(symbol) is not None
        if not known and (_is_mean(reader, base, behind_all) or _bars(reader, behind_all)):
            conditional(reader, behind_all)  # E[..], p(x | z): of what is not printed
            return function(reader, f"?{base}", base, at, behind, stop)
        several = reader.has_comma(behind_all)
        if known and several:  # Loss(P, T): the quantity, and what it depends on
            place = reader.tokens[behind_all].start
            reader.notes.append((place, f"the arguments of {base} are not read"))
            behind_all = reader.end(behind_all) + 1
        elif not known and (several or (scripts.primes and not reader.names.knows_base(base))):
            return function(reader, f"?{base}", base, at, behind, stop)
    reader.emit("SYMBOL", at, scripts.behind, symbol)
    emit_acting(reader, scripts.acting)
    return behind_all


def conditional(reader: Reader, at: int) -> None:
    """A bar or semicolon between the arguments of `p(y | x; \\theta)` is a comma."""
    depth = 0
    bars = _bars(reader, at)
    for index in range(at, reader.end(at)):
        depth += change_of_depth(reader.text(index))
        token = reader.tokens[index]
        if depth == 1 and (token.text == ";" or (len(bars) == 1 and index == bars[0])):
            reader.tokens[index] = token._replace(kind="sign", text=",")


def _bars(reader: Reader, at: int) -> list[int]:
    """The one bar between the arguments of a bracket, if it has an odd one out; all `\\mid`."""
    inside = range(at + 1, reader.end(at))
    bars = [k for k in inside if reader.text(k) == r"\mid"]
    for kind in ("|", r"\|"):
        single = [k for k in inside if reader.text(k) == kind]
        bars += single if len(single) == 1 else []
    return bars


def _is_mean(reader: Reader, base: str, at: int) -> bool:
    """Whether a name with a bracket behind it is an expectation, a variance or a covariance: `E[x]`, `Var(x)`."""
    return base in MOMENTS or (base == "E" and reader.text(at) in ("[", r"\{"))


def styled(reader: Reader, at: int, stop: int) -> int:
    """`\\mathbf{W}`, `\\hat{y}`, `\\text{Relu}`, `\\mathcal{L}`, `\\mathbb{1}[z > 0]`."""
    command, end = reader.text(at), reader.end(at + 1)
    inner = reader.tokens[at + 2 : end]
    content = "".join(token.text for token in inner)
    if f"{command}{{{content}}}" in INDICATORS and (behind := _indicator(reader, end + 1, stop)):
        return behind
    mark = command[1:] if command in MARKS | CALLIGRAPHIC else ""
    one_word = content.isascii() and content.isalnum() and content[0].isalpha()
    one_word = one_word and all(left.end == right.start for left, right in pairwise(inner))
    if command in UPRIGHT and one_word:
        return _word(reader, content, at, end + 1, stop)
    if len(inner) == 1 and (len(content) == 1 or content in GREEK):
        return name(reader, content, mark, at, end + 1, stop)
    if mark:
        return _marked(reader, mark, at, end, stop)
    if command in UPRIGHT and len(inner) > 1:
        raise Unreadable(f"the text '{content[:30]}' inside of a formula", reader.tokens[at].start)
    reader.lex(at + 2, end)  # bold letters are letters
    return end + 1


def _marked(reader: Reader, mark: str, at: int, end: int, stop: int) -> int:
    """A mark over a name with scripts: `\\hat{y_i}`, `\\hat{\\mathbf{y}}`."""
    before = len(reader.terminals)
    reader.lex(at + 2, end)
    made = _compound(reader.terminals[before:])
    if len(made) != 1 or not isinstance(made[0].value, Symbol):
        raise Unreadable(f"\\{mark} over more than one symbol", reader.tokens[at].start)
    del reader.terminals[before:]
    inner: Symbol = made[0].value
    scripts = scripts_at(reader, inner.name, end + 1, stop)
    span = reader.span(at, scripts.behind)
    marks = f"{mark} {inner.mark}".rstrip()
    symbol = Symbol(inner.name, inner.sub + scripts.sub, inner.sup + scripts.sup, marks, span=span)
    reader.emit("SYMBOL", at, scripts.behind, symbol)
    emit_acting(reader, scripts.acting)
    return scripts.behind


def _compound(made: list[Terminal]) -> list[Terminal]:
    """`\\sigma^2` under a mark as one name, `\\dot{\\sigma^2}` is a dot over both."""
    kinds = [terminal.type for terminal in made]
    if kinds != ["SYMBOL", "POWER", "LBRACE", "NUMBER", "RBRACE"] or not isinstance(made[0].value, Symbol):
        return made
    made[0].value = replace(made[0].value, name=f"{made[0].value.name}^{made[3]}")
    return made[:1]


def _indicator(reader: Reader, at: int, stop: int) -> int | None:
    """The comparison of `\\mathbb{1}[..]` or `\\mathbb{1}_{..}`, emitted in brackets; the index behind."""
    below = reader.text(at, stop) == "_"
    start = at + 1 if below else at
    end = reader.ends.get(start)
    if end is None or end >= stop or not any(t.text in COMPARISONS for t in reader.tokens[start:end]):
        return None
    behind = end + 1
    if below and reader.ends.get(start + 1) == end - 1 and reader.text(start + 1) in OPENERS:
        start, end = start + 1, end - 1  # \mathbb{1}_{\{z > 0\}}
    reader.emit("LPAR", start, start + 1, "[")
    reader.lex(start + 1, end)
    reader.emit("RPAR", end, end + 1, "]")
    return behind
