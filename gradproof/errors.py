"""The errors that gradproof raises for its user's mistakes and for a derivation that disagrees."""

from __future__ import annotations


class GradproofError(ValueError):
    """A mistake of the user's: a misspelt name, a missing file, a value of the wrong shape.

    The message says what was asked, what was found, what is allowed, and the way out.
    """


class Disagreement(AssertionError):
    """A derivation does not agree with its reference, or a known erratum no longer shows."""


_PICTURES = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"} | {0x7F: "\u2421"}


def visible(text: str) -> str:
    """A text as a terminal may show it: control characters, which could steer it, as pictures of themselves."""
    return text.translate(_PICTURES)
