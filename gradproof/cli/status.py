"""Exit statuses of the `gradproof` command."""

from __future__ import annotations

AS_EXPECTED = 0
DISAGREEMENT = 1
USER_MISTAKE = 2
"""Wrong usage or a broken case, as click has it."""

OWN_FAULT = 3
"""Something failed in gradproof itself: what is told stands, and something is missing."""

INTERRUPTED = 130
"""Ctrl-C: 128 and the number of the signal, as shells have it."""
