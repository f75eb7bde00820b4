"""Linear tokenizer of printed maths: TeX's own tokens with their places, spacing dropped."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from gradproof.audit.reading.limits import Limits
from gradproof.audit.reading.vocabulary import words

Kind = Literal["command", "number", "letters", "sign", "bad"]


class Token(NamedTuple):
    """One token of maths: `text` between the offsets `start` and `end`; a `bad` token's text is the reason."""

    kind: Kind
    text: str
    start: int
    end: int


_TOKEN = re.compile(
    r"(?P<space>\s+|%[^\n]*)|(?P<entity>&(?:amp|lt|gt|nbsp);)|(?P<command>\\(?:[A-Za-z]+|[^A-Za-z]|\Z))|(?P<number>(?:[0-9]+(?:\.[0-9]+)?|(?<![0-9A-Za-z}\])])\.[0-9]+))"
    r"|(?P<letters>[A-Za-z]+)|(?P<sign>:=|=:|.)",
    re.S,
)
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
_SPACING = words(r"""\, \; \: \! \  \> \/ ~ \displaystyle \textstyle \scriptstyle \limits \nolimits \nonumber
    \notag \qedhere \qed \mathstrut \strut \space \thinspace \negthinspace \enspace \smallskip \medskip \bigskip
    \big \Big \bigg \Bigg \bf \rm \it \cal \allowbreak \noindent \middle \hfill""") | {
    "\\ ",
    "\\\n",
    "\\\t",
}
_LEFT = words(r"\left \bigl \Bigl \biggl \Biggl")
_RIGHT = words(r"\right \bigr \Bigr \biggr \Biggr")
_LEFT_BARS = {"|": r"\lvert", r"\vert": r"\lvert", r"\|": r"\lVert", r"\Vert": r"\lVert", ".": r"\left."}
_RIGHT_BARS = {"|": r"\rvert", r"\vert": r"\rvert", r"\|": r"\rVert", r"\Vert": r"\rVert", ".": r"\right."}
_SAME = {
    r"\lbrace": r"\{",
    r"\rbrace": r"\}",
    r"\lbrack": "[",
    r"\rbrack": "]",
    r"\vert": "|",
    r"\Vert": r"\|",
    r"\_": "_",
    r"\*": "*",
}
_GREEK_LETTERS = "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ"
_GREEK_NAMES = r"""\alpha \beta \gamma \delta \epsilon \zeta \eta \theta \iota \kappa \lambda \mu \nu \xi \pi
    \rho \sigma \tau \upsilon \phi \chi \psi \omega \Gamma \Delta \Theta \Lambda \Xi \Pi \Sigma \Phi \Psi \Omega"""
_GREEK = dict(zip(_GREEK_LETTERS, _GREEK_NAMES.split(), strict=True))
_UNICODE = _GREEK | {
    "∂": r"\partial",
    "∑": r"\sum",
    "∏": r"\prod",
    "−": "-",  # noqa: RUF001  the minus sign that word processors print
    "⊙": r"\odot",
    "∘": r"\circ",
    "∇": r"\nabla",
    "×": r"\times",  # noqa: RUF001
    "·": r"\cdot",
    "⋅": r"\cdot",
    "÷": r"\div",
    "′": "'",  # noqa: RUF001
    "’": "'",  # noqa: RUF001
    "≤": r"\le",
    "≥": r"\ge",
    "≠": r"\ne",
    "≈": r"\approx",
    "≔": ":=",
    "←": r"\leftarrow",
    "∈": r"\in",
    "⊤": r"\top",  # noqa: RUF001
    "ᵀ": r"^\top",
    "‖": r"\|",
    "…": r"\dots",
    "⋯": r"\cdots",
    "\N{NO-BREAK SPACE}": "~",
}


def tokenize(
    text: str, start: int, end: int, limits: Limits, *, doubled: bool = False, quoted: bool = False
) -> list[Token]:
    """The tokens of `text[start:end]`; offsets count from the start of `text`.

    A number or word beyond the caps becomes a `bad` token, so that only its own statement is lost. Reading ends
    one token behind the cap on a whole document. `doubled`: commands are printed with two backslashes, as kramdown
    wants them; `quoted`: lines start with the `>` of a quotation.
    """
    out: list[Token] = []
    at, side = start, ""
    while at < end and len(out) <= limits.document_tokens:
        match = _TOKEN.match(text, at, end)
        assert match is not None  # the last alternative takes any character
        kind, word, at = match.lastgroup, match.group(), match.end()
        if kind == "space" or word == "&nbsp;":
            continue
        if doubled and word == "\\\\" and text[at : at + 1].isalpha():
            at -= 1  # kramdown: \\\\log for \\log
            continue
        if quoted and word == ">" and text[text.rfind("\n", start, match.start()) + 1 : match.start()].strip() == "":
            continue
        word = _ENTITIES.get(word, word)
        word = _UNICODE.get(word, word)
        if word in _LEFT or word in _RIGHT:
            side = "left" if word in _LEFT else "right"
            continue
        if word in _SPACING:
            continue
        if side:
            word = (_LEFT_BARS if side == "left" else _RIGHT_BARS).get(word, word)
            side = ""
        _append(out, _SAME.get(word, word), match, limits)
    return out


def _append(out: list[Token], word: str, match: re.Match[str], limits: Limits) -> None:
    start, end = match.span()
    if word == r"^\top":
        out += [Token("sign", "^", start, end), Token("command", r"\top", start, end)]
        return
    longest = limits.number_characters if match.lastgroup == "number" else limits.word_characters
    if len(word) > longest:
        what = "a number" if match.lastgroup == "number" else "a word"
        reason = f"{what} of {len(word):,} characters, the limit is {longest}"
        out.append(Token("bad", reason, start, end))
        return
    kind: Kind = "sign"
    if word[0] == "\\" and len(word) > 1:
        kind = "command"
    elif word[0].isdecimal() or (word[0] == "." and len(word) > 1):
        kind = "number"
    elif word.isalpha() and word.isascii():
        kind = "letters"
    out.append(Token(kind, word, start, end))
