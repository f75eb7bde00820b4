"""The error of an operation that cannot be recorded."""

from __future__ import annotations

from gradproof.errors import GradproofError


class NoRule(GradproofError):
    """An ATen operation that has neither a rule nor a decomposition, or whose recording would not hold."""
