"""Caps on what a document from a stranger may ask for, and the error that says which one was met."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from gradproof.errors import GradproofError


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of each thing is read and evaluated; every cap has its own message."""

    document_characters: int = 1_000_000
    blocks: int = 20_000
    document_tokens: int = 24_000  # of maths; prose costs nothing
    statement_tokens: int = 4_000
    depth: int = 50
    number_characters: int = 40
    word_characters: int = 40
    chain_members: int = 64
    macros: int = 200
    macro_tokens: int = 20_000  # produced by expansion, in the whole document
    statement_steps: int = 20_000
    document_steps: int = 60_000
    sum_terms: int = 2_000
    power: int = 64
    cells: int = 100_000  # entries of one array, without the trials
    cases: int = 64  # values of free index letters in one statement
    mend_steps: int = 30_000  # evaluations spent on one wrong side
    mend_document_steps: int = 25_000


class Unreadable(GradproofError):
    """A place in the document that cannot be read: the reason and the offset of the character."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


class TooLarge(GradproofError):
    """A document beyond a cap of `Limits`; nothing of it is judged."""


class Lines:
    """Where the lines of a text start, to turn offsets into lines and columns."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def place(self, position: int) -> tuple[int, int]:
        """The line and the column (both from 1) of an offset."""
        line = bisect_right(self._starts, position)
        return line, position - self._starts[line - 1] + 1


class Budget:
    """An amount that a whole document may spend; `spend` says whether it was still there."""

    def __init__(self, amount: int) -> None:
        self.left = amount

    def spend(self, amount: int) -> bool:
        """Take `amount`; False, and nothing left, where the budget does not hold it."""
        if amount > self.left:
            self.left = 0
            return False
        self.left -= amount
        return True
