"""Mutation testing of gradient tests: a pytest suite comes in, what wrong gradients it would let through goes out.

The tests run in their own process, unchanged; `inside` is the part that runs there.
"""

from __future__ import annotations

from gradproof.mutation.kinds import KINDS
from gradproof.mutation.result import SuiteResult
from gradproof.mutation.run import mutate_tests

__all__ = ["KINDS", "SuiteResult", "mutate_tests"]
