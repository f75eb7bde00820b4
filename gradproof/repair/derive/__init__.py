"""The true formula of a quantity: torch's recorded operations in, a formula in the derivation's own names out."""

from __future__ import annotations

from gradproof.repair.derive.oracle import Oracle

__all__ = ["Oracle"]
