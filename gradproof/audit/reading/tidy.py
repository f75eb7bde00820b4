"""Tokens made regular before anything is read: every argument braced, decoration dropped."""

from __future__ import annotations

from dataclasses import dataclass, field

from gradproof.audit.reading.tokens import Token
from gradproof.audit.reading.vocabulary import ARGUMENTS, BIG_OPERATORS, UPRIGHT, words

_WITH_ARGUMENT_DROPPED = words(
    r"\intertext \shortintertext \label \tag \vspace \phantom \hphantom \vphantom \color \hskip"
)
_FIRST_DROPPED = frozenset({r"\textcolor", r"\colorbox"})
_STACKED = frozenset({r"\overset", r"\underset", r"\stackrel"})
_BRACED = frozenset({r"\underbrace", r"\overbrace"})
_TRANSPARENT = words(r"\boxed \ensuremath \mathrel \mathbin \mathop \mathord \mathopen \mathclose \hbox \smash")
_CASES_LIKE = frozenset({"array", "aligned", "matrix", "gathered", "split", "cases"})


@dataclass
class _Tidy:
    """One linear pass over the tokens of a block."""

    tokens: list[Token]
    out: list[Token] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
    closing: dict[int, int] = field(default_factory=dict)  # index -> braces to close before it
    needed: dict[int, int] = field(default_factory=dict)  # index -> arguments that start there
    dropped: set[int] = field(default_factory=set)
    renamed: dict[int, int] = field(default_factory=dict)  # start of an environment's name -> its end
    ends: dict[int, int] = field(default_factory=dict)  # '{' -> index behind its '}'
    environment_ends: dict[int, int] = field(default_factory=dict)  # '\\begin' -> '\\end'

    def run(self) -> None:
        self._pair()
        at = 0
        while at < len(self.tokens):
            self._close(at)
            at = self._step(at)
        self._close(at)

    def _close(self, at: int) -> None:
        for _ in range(self.closing.pop(at, 0)):
            self.out.append(self._brace("}", max(at - 1, 0)))

    def _brace(self, text: str, at: int) -> Token:
        token = self.tokens[at]
        return Token("sign", text, token.start, token.start if text == "{" else token.end)

    def _pair(self) -> None:
        opened: list[int] = []
        begun: list[int] = []
        for at, token in enumerate(self.tokens):
            if token.text == "{":
                opened.append(at)
            elif token.text == "}" and opened:
                self.ends[opened.pop()] = at + 1
            elif token.text == r"\begin":
                begun.append(at)
            elif token.text == r"\end" and begun:
                self.environment_ends[begun.pop()] = at

    def _behind(self, at: int) -> int:
        """The index behind the argument at `at`: a group, a command with its groups, or one token."""
        if at in self.ends:
            return self.ends[at]
        behind = at + 1
        if at < len(self.tokens):
            for _ in range(ARGUMENTS.get(self.tokens[at].text, 0)):
                behind = self.ends.get(behind, behind)
        return min(behind, len(self.tokens))

    def _step(self, at: int) -> int:
        token = self.tokens[at]
        text = token.text
        arguments = self.needed.pop(at, 0)
        if arguments:
            return self._argument(at, arguments)
        if at in self.dropped or text in _TRANSPARENT:
            return at + 1
        if text in _WITH_ARGUMENT_DROPPED:
            return self._behind(at + 1) if at + 1 in self.ends else at + 1
        if text == r"\hspace":
            self.out.append(token._replace(text=r"\quad"))
            behind = at + 2 if self._text(at + 1) == "*" else at + 1
            return self._behind(behind) if behind in self.ends else behind
        if text in _FIRST_DROPPED:
            return self._behind(at + 1)
        if text in _STACKED:
            return self._stacked(at)
        if text in _BRACED:
            behind = self._behind(at + 1)
            if behind < len(self.tokens) and self.tokens[behind].text in ("_", "^"):
                self.dropped.update(range(behind, self._behind(behind + 1)))
            return at + 1
        if text == r"\{" and self._is_left_brace_of_cases(at):
            return at + 1
        self.out.append(token)
        if text in UPRIGHT and at + 1 < len(self.tokens) and self.tokens[at + 1].text == "*":
            self.dropped.add(at + 1)  # \operatorname*{...}
            self.needed[at + 2] = 1
        elif text in ("_", "^"):
            self.needed[at + 1] = 1
        elif ARGUMENTS.get(text) and not (text == r"\sqrt" and self._text(at + 1) == "["):
            self.needed[at + 1] = ARGUMENTS[text]
        return at + 1

    def _text(self, at: int) -> str:
        return self.tokens[at].text if at < len(self.tokens) else ""

    def _argument(self, at: int, arguments: int) -> int:
        """Brace the argument that starts at `at`, of which TeX takes one token where there are no braces."""
        token, behind = self.tokens[at], self._behind(at)
        if token.text == "{" and at in self.ends:
            if arguments > 1:
                self.needed[behind] = arguments - 1
            self.out.append(token)
            return at + 1
        if token.kind in ("letters", "number") and len(token.text) > 1:
            return self._cut(at, arguments)
        if token.text in ("}", "&", r"\\", "=", "bad"):  # the argument is missing: the parser says so
            return at
        self.out.append(self._brace("{", at))
        self.closing[behind] = self.closing.get(behind, 0) + 1
        if arguments > 1:
            self.needed[behind] = arguments - 1
        self.out.append(token)
        if ARGUMENTS.get(token.text):
            self.needed[at + 1] = ARGUMENTS[token.text]
        return at + 1

    def _cut(self, at: int, arguments: int) -> int:
        token = self.tokens[at]
        if token.kind == "number" and token.text[1].isdecimal() and self.out and self.out[-1].text in ("_", "^"):
            shown = f"{self.out[-1].text}{token.text}"
            self.notes.append((token.start, f"'{shown}' without braces: only the {token.text[0]} is a script"))
        first = Token(token.kind, token.text[0], token.start, token.start + 1)
        self.out += [self._brace("{", at), first, Token("sign", "}", first.end, first.end)]
        rest, start = token.text[1:], token.start + 1
        if rest[0] == ".":
            self.out.append(Token("sign", ".", start, start + 1))
            rest, start = rest[1:], start + 1
        self.tokens[at] = Token(token.kind, rest, start, token.end)
        if arguments > 1:
            self.needed[at] = arguments - 1
        return at

    def _stacked(self, at: int) -> int:
        """`\\underset{j}{\\max}` is `\\max_{j}`; any other `\\overset{a}{b}` is its lower part."""
        over = self._behind(at + 1)
        under = self._behind(over)
        inner = self.tokens[over + 1 : under - 1] if over in self.ends else self.tokens[over:under]
        if len(inner) == 1 and inner[0].text in BIG_OPERATORS and at + 1 in self.ends:
            script = Token("sign", "_", inner[0].start, inner[0].start)
            self.out += [inner[0], script, *self.tokens[at + 1 : over]]
            return under
        if over in self.ends and len(inner) == 1:
            self.out += inner
            return under
        return over

    def _is_left_brace_of_cases(self, at: int) -> bool:
        """`\\left\\{ \\begin{array}..\\end{array} \\right.` is printed like `cases`, and is made one."""
        end = self.environment_ends.get(at + 1)
        if end is None or self._text(end + 4) != r"\right." or self._text(at + 3) not in _CASES_LIKE:
            return False
        for name in (at + 3, end + 2):
            self.tokens[name] = self.tokens[name]._replace(text="cases")
        behind = at + 5
        if self._text(behind) == "{" and behind in self.ends:  # the column specification of an array
            self.dropped.update(range(behind, self.ends[behind]))
        self.dropped.add(end + 4)
        return True


def tidy(tokens: list[Token]) -> tuple[list[Token], list[tuple[int, str]]]:
    """Regular tokens, and notes (offset, remark) on scripts that TeX prints otherwise than they look.

    Behind `_`, `^`, fractions, roots and style commands stands always a group.
    """
    work = _Tidy(list(tokens))
    work.run()
    return work.out, work.notes
