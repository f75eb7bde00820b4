"""The place of the lexer in its tokens, and what it has emitted so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from lark import Token as Terminal

from gradproof.audit.reading.lexing.brackets import CLOSING, change_of_depth, matched
from gradproof.audit.reading.limits import Unreadable
from gradproof.audit.reading.names import Names
from gradproof.audit.reading.tokens import Token
from gradproof.audit.reading.tree import Span
from gradproof.audit.reading.vocabulary import OPENERS, words

_OPERAND_ENDS = words("NUMBER SYMBOL RPAR RBRACE RBAR RNORM TRANSPOSE INVERSE ENTRY END")


@dataclass
class Reader:
    """The tokens of one side (changed in place where a run is cut) and the terminals made of them.

    `step` reads what starts at one token: (reader, index, stop, open bars) -> the index behind it.
    """

    tokens: list[Token]
    names: Names
    depth: int
    step: Step
    terminals: list[Terminal] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
    ends: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.ends = matched(self.tokens, self.depth)

    def lex(self, at: int, stop: int) -> None:
        """Read the tokens from `at` to `stop`; raises `Unreadable` at the first that cannot be understood."""
        bars: list[str] = []
        while at < stop:
            at = self.step(self, at, stop, bars)
        if bars:
            raise Unreadable(f"'{bars[-1]}' is not closed", self.tokens[stop - 1].start)

    def text(self, at: int, stop: int | None = None) -> str:
        """The text of a token, empty at or behind `stop`."""
        return self.tokens[at].text if at < (len(self.tokens) if stop is None else stop) else ""

    def emit(self, kind: str, at: int, behind: int, value: Any = None) -> None:
        """Append a terminal that covers the tokens from `at` to `behind`, with its value."""
        start, end = self.span(at, behind)
        terminal = Terminal(kind, self.tokens[at].text, start_pos=start, end_pos=end)
        if value is not None:
            terminal.value = value
        self.terminals.append(terminal)

    def emit_group(self, at: int, first: int | None = None) -> int:
        """Emit the group at `at`, its content from `first` on; the index behind it."""
        end = self.end(at)
        self.emit("LBRACE", at, at + 1)
        self.lex(at + 1 if first is None else first, end)
        self.emit("RBRACE", end, end + 1)
        return end + 1

    def end(self, at: int) -> int:
        """The index of the token that closes the group at `at`; raises `Unreadable` where none opens there."""
        end = self.ends.get(at)
        if end is None:
            behind = at >= len(self.tokens)
            place = self.tokens[-1].end if behind else self.tokens[at].start
            raise Unreadable("an argument is missing here", place)
        return end

    def span(self, at: int, behind: int) -> Span:
        """The place in the document of the tokens from `at` to `behind`."""
        return self.tokens[at].start, self.tokens[max(at, behind - 1)].end

    def opens(self, at: int, stop: int) -> bool:
        """Whether a printed bracket opens at `at`."""
        return self.text(at, stop) in OPENERS

    def ends_term(self, at: int, stop: int) -> bool:
        """Whether nothing more of a product can start at `at`."""
        return at >= stop or self.tokens[at].text in CLOSING or self.tokens[at].text in ("&", r"\\")

    def has_comma(self, at: int) -> bool:
        """Whether the bracket at `at` holds a comma of its own."""
        depth = 0
        for index in range(at, self.end(at)):
            depth += change_of_depth(self.tokens[index].text)
            if self.tokens[index].text == "," and depth == 1:
                return True
        return False

    def after_operand(self) -> bool:
        """Whether a value has just ended, so that a script or a closing bar can follow."""
        return bool(self.terminals) and self.terminals[-1].type in _OPERAND_ENDS


Step: TypeAlias = Callable[[Reader, int, int, list[str]], int]
