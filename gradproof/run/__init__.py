"""One check: a case, or what comes with a reference, goes in; a `CheckResult` with fixes and proofs comes out."""

from __future__ import annotations

from gradproof.run.call import Checkable, crosscheck, result_of_tallies

__all__ = ["Checkable", "crosscheck", "result_of_tallies"]
