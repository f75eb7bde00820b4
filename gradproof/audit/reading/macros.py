"""Macros of the document's author, expanded on tokens and within a budget: a macro bomb runs dry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from gradproof.audit.reading.limits import Budget, Limits
from gradproof.audit.reading.tokens import Token, tokenize
from gradproof.audit.reading.vocabulary import words

# Every quantifier is bounded, so that no stretch of blanks can make the search quadratic.
_DEFINITION = re.compile(
    r"\\(?:(?:re|provide)?(?:new)?command\*?|DeclareMathOperator\*?|def)\s{0,9}\{?\s{0,9}"
    r"(\\(?:[A-Za-z]{1,40}|[^A-Za-z\s]))\s{0,9}\}?\s{0,9}(?:\[([0-9])\])?\s{0,9}((?:#[1-9]){0,9})\s{0,9}\{"
)
# `macros: { KL: "\\operatorname{KL}", norm: ["\\|#1\\|", 1] }` of MathJax and KaTeX, with backslashes doubled or not.
_SETTINGS = re.compile(r"\bmacros[\"']?\s{0,9}[:=]\s{0,9}\{")
_SETTING = re.compile(
    r"[\"']?\\{0,2}([A-Za-z]{1,40})[\"']?\s{0,9}:\s{0,9}\[?\s{0,9}"
    r"(?:\"((?:[^\"\n\\]|\\.){1,400})\"|'((?:[^'\n\\]|\\.){1,400})')(?:\s{0,9},\s{0,9}([0-9])\s{0,9}\])?"
)
_SETTINGS_REACH = 20_000
_DEFINERS = words(r"\newcommand \renewcommand \providecommand \DeclareMathOperator \def")
_BODY_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro without optional arguments: its body's tokens, in which `#k` is two tokens."""

    name: str
    arguments: int
    body: tuple[Token, ...]


def definitions(text: str, limits: Limits) -> dict[str, Macro]:
    """The macros that a document defines, up to the cap; of one defined twice the last."""
    found: dict[str, Macro] = {}
    for match in islice(_DEFINITION.finditer(text), limits.macros):
        end = _closing_brace(text, match.end())
        if end is None:
            continue
        body = tokenize(text, match.end(), end, limits)
        name, arguments = match[1], int(match[2] or 0) or len(match[3]) // 2
        if "DeclareMathOperator" in match.group():
            body = [Token("command", r"\operatorname", 0, 0), Token("sign", "{", 0, 0), *body]
            body.append(Token("sign", "}", 0, 0))
        found[name] = Macro(name, arguments, tuple(body))
    for macro in islice(_of_settings(text, limits), max(0, limits.macros - len(found))):
        found.setdefault(macro.name, macro)
    return found


def _of_settings(text: str, limits: Limits) -> Iterator[Macro]:
    """The macros that a page gives to its renderer."""
    for match in islice(_SETTINGS.finditer(text), limits.macros):
        end = _closing_brace(text, match.end(), _SETTINGS_REACH)
        for setting in _SETTING.finditer(text, match.end(), match.end() if end is None else end):
            body = (setting[2] or setting[3] or "").replace("\\\\", "\\")
            yield Macro(f"\\{setting[1]}", int(setting[4] or 0), tuple(tokenize(body, 0, len(body), limits)))


def expand(tokens: list[Token], macros: Mapping[str, Macro], budget: Budget) -> list[Token]:
    """The tokens with every macro replaced by its body, which takes the place of the call.

    A call beyond the budget becomes one `bad` token.
    """
    if not any(token.kind == "command" and _matters(token, macros) for token in tokens):
        return tokens
    out: list[Token] = []
    waiting = tokens[::-1]
    while waiting:
        token = waiting.pop()
        if token.text in _DEFINERS:
            _skip_definition(waiting)
            continue
        macro = macros.get(token.text)
        if macro is None:
            out.append(token)
            continue
        arguments = [_argument(waiting) for _ in range(macro.arguments)]
        body = _substitute(macro, arguments, token)
        if budget.spend(len(body) + 1):
            waiting.extend(reversed(body))
        else:
            reason = f"the macro {token.text} expands beyond the budget of the document"
            out.append(Token("bad", reason, token.start, token.end))
    return out


def _matters(token: Token, macros: Mapping[str, Macro]) -> bool:
    return token.text in macros or token.text in _DEFINERS


def _closing_brace(text: str, start: int, reach: int = _BODY_CHARACTERS) -> int | None:
    depth = 1
    for at in range(start, min(len(text), start + reach)):
        if text[at] in "{}" and text[at - 1] != "\\":
            depth += 1 if text[at] == "{" else -1
            if depth == 0:
                return at
    return None


def _argument(waiting: list[Token]) -> list[Token]:
    """Take one argument off the waiting tokens: a group without its braces, or one token."""
    if not waiting:
        return []
    first = waiting.pop()
    if first.text != "{":
        return [first]
    taken: list[Token] = []
    depth = 1
    while waiting:
        token = waiting.pop()
        depth += {"{": 1, "}": -1}.get(token.text, 0)
        if depth == 0:
            break
        taken.append(token)
    return taken


def _substitute(macro: Macro, arguments: list[list[Token]], call: Token) -> list[Token]:
    out: list[Token] = []
    body = iter(macro.body)
    for token in body:
        if token.text != "#":
            out.append(token._replace(start=call.start, end=call.end))
            continue
        number = next(body, None)
        if number is not None and number.text.isdecimal() and 1 <= int(number.text[:2]) <= len(arguments):
            out += arguments[int(number.text[:2]) - 1]
    return out


def _skip_definition(waiting: list[Token]) -> None:
    """Drop a definition that stands inside maths: its name, its number of arguments and its body."""
    _argument(waiting)
    while waiting and waiting[-1].text != "{":
        waiting.pop()
    _argument(waiting)
