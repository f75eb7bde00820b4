"""gradproof proofreads hand-derived gradients: NumPy by hand beside torch.nn, autograd and a real optimizer.

Importing the package loads neither torch nor pandas; the names below are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Code": "gradproof.code",
    "Reference": "gradproof.case.reference",
    "assert_agrees": "gradproof.testing.asserting",
    "assert_function_agrees": "gradproof.functions",
    "check_function": "gradproof.functions",
    "constant": "gradproof.case.distributions",
    "crosscheck": "gradproof.run",
    "Disagreement": "gradproof.errors",
    "GradproofError": "gradproof.errors",
    "integers": "gradproof.case.distributions",
    "log_uniform": "gradproof.case.distributions",
    "normal": "gradproof.case.distributions",
    "one_hot": "gradproof.case.distributions",
    "uniform": "gradproof.case.distributions",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'gradproof' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
