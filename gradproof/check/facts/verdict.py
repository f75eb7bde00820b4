"""The six words that a check may say of a quantity."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What a check says of one quantity: a string, which equals its word and prints as it everywhere.

    Example:
        >>> from gradproof.check.facts.verdict import Verdict
        >>> Verdict.DISAGREES, f"{Verdict.AGREES}", Verdict.AGREES == "agrees"
        ('disagrees', 'agrees', True)
    """

    AGREES = "agrees"
    """In every trial the difference is within the bound."""

    DISAGREES = "disagrees"
    """It is wrong by itself."""

    INHERITS = "inherits"
    """It is wrong only because one of its inputs is."""

    INCONCLUSIVE = "inconclusive"
    """The check could not have told."""

    UNDEFINED = "undefined"
    """The truth is not finite in any trial."""

    UNCHECKED = "unchecked"
    """The reference has no such quantity."""

    def __repr__(self) -> str:
        return repr(self.value)
