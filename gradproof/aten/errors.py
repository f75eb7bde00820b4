"""The errors of recording and running a tape."""

from __future__ import annotations

from gradproof.errors import GradproofError


class NoRule(GradproofError):
    """An ATen operation that has neither a rule nor a decomposition, or whose recording would not hold."""


class FlowChanged(GradproofError):
    """A tape is run on values for which Python would have taken another branch than in the recording."""
