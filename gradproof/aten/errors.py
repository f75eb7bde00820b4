"""The errors of recording and replaying ATen operations."""

from __future__ import annotations

from gradproof.errors import GradproofError


class NoRule(GradproofError):
    """An ATen operation that has neither a rule nor a decomposition, or whose recording would not hold."""


class UnsupportedOperation(GradproofError):
    """A function that an array type does not have."""
