"""The table of NumPy functions (not ufuncs) that every kind of `LeadArray` supports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradproof.arrays.composed import COMPOSED
from gradproof.arrays.filling import FILLING
from gradproof.arrays.joining import JOINING
from gradproof.arrays.products import PRODUCTS
from gradproof.arrays.reductions import REDUCTIONS
from gradproof.arrays.shaping import SHAPING

FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = SHAPING | JOINING | FILLING | REDUCTIONS | PRODUCTS | COMPOSED
