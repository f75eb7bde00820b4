"""Checking of `torch.autograd.Function`s and of modules with a backward of their own, against plain torch."""

from __future__ import annotations

import gradproof.functions.showing  # noqa: F401  results print themselves by what it registers
from gradproof.functions.cases import check_function_case
from gradproof.functions.check import assert_function_agrees, check_function
from gradproof.functions.reference import FunctionReference

__all__ = ["FunctionReference", "assert_function_agrees", "check_function", "check_function_case"]
