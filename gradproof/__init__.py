"""gradproof proofreads hand-derived gradients: NumPy by hand beside torch.nn, autograd and a real optimizer.

Importing the package loads neither torch nor pandas; the names below are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what a type checker and an editor see; at run time `__getattr__` gives the same
    from gradproof.case.distributions import bernoulli as bernoulli
    from gradproof.case.distributions import constant as constant
    from gradproof.case.distributions import integers as integers
    from gradproof.case.distributions import log_uniform as log_uniform
    from gradproof.case.distributions import normal as normal
    from gradproof.case.distributions import one_hot as one_hot
    from gradproof.case.distributions import permutation as permutation
    from gradproof.case.distributions import positive_definite as positive_definite
    from gradproof.case.distributions import rows_of as rows_of
    from gradproof.case.distributions import simplex as simplex
    from gradproof.case.distributions import sorted_normal as sorted_normal
    from gradproof.case.distributions import uniform as uniform
    from gradproof.case.reference import Reference as Reference
    from gradproof.check.facts.result import CheckResult as CheckResult
    from gradproof.code import Code as Code
    from gradproof.errors import Disagreement as Disagreement
    from gradproof.errors import GradproofError as GradproofError
    from gradproof.functions import FunctionReference as FunctionReference
    from gradproof.functions import assert_function_agrees as assert_function_agrees
    from gradproof.functions import check_function as check_function
    from gradproof.proof.same import same as same
    from gradproof.run import crosscheck as crosscheck
    from gradproof.testing.asserting import assert_agrees as assert_agrees

__version__ = "0.1.0"

_HOMES = {
    name: home
    for home, names in {
        "gradproof.case.distributions": (
            "bernoulli constant integers log_uniform normal one_hot permutation positive_definite rows_of simplex "
            "sorted_normal uniform"
        ),
        "gradproof.case.reference": "Reference",
        "gradproof.check.facts.result": "CheckResult",
        "gradproof.code": "Code",
        "gradproof.errors": "Disagreement GradproofError",
        "gradproof.functions": "FunctionReference assert_function_agrees check_function",
        "gradproof.proof.same": "same",
        "gradproof.run": "crosscheck",
        "gradproof.testing.asserting": "assert_agrees",
    }.items()
    for name in names.split()
}

__all__ = sorted(_HOMES)

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module 'gradproof' has no attribute {name!r}")
        return getattr(importlib.import_module(_HOMES[name]), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *_HOMES})
