"""Mending what formulas cannot say: loops, stores, branches and calls, by one edit of the function's own text."""

from __future__ import annotations

from gradproof.repair.code.search import CodeRepair

__all__ = ["CodeRepair"]
