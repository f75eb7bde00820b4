"""Mutation operators: the mistakes that people make in a derivation, one table for every kind of tree that is edited.

Nothing comes in; out go the operators, each with its edit, its price and its sentence, and the numbers that an edit
may put in. Formulas, statements, whole programs, printed maths and planted mistakes have an adapter each.
"""

from __future__ import annotations

from gradproof.operators.numbers import (
    AXES,
    EPSILONS,
    EXPONENTS,
    GUARDED,
    NUMBERS,
    number_bits,
    numbers_near,
    with_plain_powers,
    written_number,
)
from gradproof.operators.table import OPERATORS, Operator, Swap, arithmetic, comparisons, functions

__all__ = [
    "AXES",
    "EPSILONS",
    "EXPONENTS",
    "GUARDED",
    "NUMBERS",
    "OPERATORS",
    "Operator",
    "Swap",
    "arithmetic",
    "comparisons",
    "functions",
    "number_bits",
    "numbers_near",
    "with_plain_powers",
    "written_number",
]
