"""The errors that gradproof raises for its user's mistakes and for a derivation that disagrees."""

from __future__ import annotations

from collections.abc import Iterable


class GradproofError(ValueError):
    """A mistake of the user's: a misspelt name, a missing file, a value of the wrong shape.

    The message says what was asked, what was found, what is allowed, and the way out.

    Attributes:
        name: The name that means nothing here; empty where the mistake is another one.
        known: The names that would have meant something.

    Example:
        >>> from gradproof import uniform
        >>> try:
        ...     uniform(1, 0, shape=(2,))
        ... except ValueError as error:
        ...     print(type(error).__name__, "-", error)
        GradproofError - uniform(1, 0): the lower end must be below the upper one
    """

    def __init__(self, message: object = "", *, name: str = "", known: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.name, self.known = name, tuple(known)

    def _render_traceback_(self) -> list[str]:
        """The message alone, as a notebook shows it: what is wrong stands in the cell above, not in gradproof."""
        return _told(self)


class Disagreement(AssertionError):
    """A derivation does not agree with its reference, or a known erratum no longer shows.

    Attributes:
        result: The outcome that the message is made of, a `CheckResult` or a `FunctionResult`.

    Example:
        >>> import torch
        >>> from gradproof import Disagreement, Reference, assert_agrees, normal
        >>> def y(x):
        ...     return x**2
        >>> def dLoss_dx(x, dLoss_dy):
        ...     return x * dLoss_dy
        >>> class Square(torch.nn.Module):
        ...     def forward(self, x):
        ...         return x**2
        >>> square = Reference(Square, inputs={"x": normal(3)}, output="y")
        >>> try:
        ...     assert_agrees([y, dLoss_dx], square, trials=100)
        ... except Disagreement as error:
        ...     found = error
        >>> print(str(found).splitlines()[0])
        derivation: 1 of 2 equations wrong: dLoss_dx
        >>> found.result.wrong[0].diagnosis
        'the factor 2 is missing'
    """

    def __init__(self, message: str, result: object) -> None:
        super().__init__(message)
        self.result = result

    def _render_traceback_(self) -> list[str]:
        """The message alone, as a notebook shows it."""
        return _told(self)


def _told(error: Exception) -> list[str]:
    return [f"{type(error).__name__}: {visible(str(error))}"]


_PICTURES = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"} | {0x7F: "\u2421"}


def visible(text: str) -> str:
    """A text as a terminal may show it: control characters, which could steer it, as pictures of themselves."""
    return text.translate(_PICTURES)
