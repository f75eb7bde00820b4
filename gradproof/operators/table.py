"""The table of mutation operators: what each does to a derivation, how likely it is, and the sentence that says it.

The classes are those of mutation testing (DeMillo, Lipton and Sayward, "Hints on test data selection", Computer 1978)
as far as they occur in derivations, and mistakes that only derivations have. Prices are bits: the less, the likelier. A
sentence is that of the mistake, not of its mending: `{0}` is what stands there, `{1}` what should, `{2}` where.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Operator:
    """One way in which a derivation goes wrong.

    Attributes:
        name: The class of the mistake, as diagnoses call it.
        edit: What was done, and with it what undoes it.
        bits: How unlikely it is.
        sentence: What is said of it.
        value: What a value is that has it, after "a gradient that"; empty where that depends on the place.
    """

    name: str
    edit: str
    bits: float
    sentence: str
    value: str = ""

    def says(self, *parts: str) -> str:
        """The sentence with its parts."""
        return self.sentence.format(*parts)


SIGN = Operator("sign", "-x for x, a - b for a + b", 1.0, "the sign of {0} is wrong", "has the wrong sign")
OPERATOR = Operator("operator", "a / b for a * b", 2.5, "{0} should be {1} in {2}")
SWAPPED = Operator("swapped", "b - a for a - b, f(b, a) for f(a, b)", 2.0, "the operands of {0} are exchanged in {2}")
PARENTHESES = Operator("parentheses", "a * b + c for a * (b + c)", 3.0, "{0} should be {1}")
EXTRA_FACTOR = Operator("extra factor", "a * b for a", 2.5, "the factor {0} is too much")
EXTRA_TERM = Operator("extra term", "a + b for a", 2.5, "the term {0} is too much")
MISSING_FACTOR = Operator("missing factor", "a for a * b", 3.5, "the factor {1} is missing")
MISSING_TERM = Operator("missing term", "a for a + b", 4.0, "the term {1} is missing")
CONSTANT_FACTOR = Operator(
    "constant factor", "a for 2 * a, a for a / 2", 2.5, "the factor {1} is missing", "is twice the right one"
)
CONSTANT = Operator("constant", "another number", 3.0, "{0} should be {1}")
EPSILON = Operator("epsilon", "sqrt(v) for sqrt(v + 1e-5)", 2.5, "the {1} that keeps it from 0 is missing at {0}")
EXPONENT = Operator("power", "x**3 for x**2", 3.0, "the power of {0} should be {1}")
SQUARE = Operator("power", "x for x**2", 4.5, "the square of {0} is missing")
FUNCTION = Operator("function", "log for exp, dot for outer", 2.5, "{1} belongs where {0} stands")
MISSING_FUNCTION = Operator("missing function", "x for f(x)", 4.0, "{1} of {0} is missing")
EXTRA_FUNCTION = Operator("function", "f(x) for x", 3.0, "{0} is too much in {2}")
REDUCTION = Operator(
    "mean/sum",
    "mean for sum",
    1.5,
    "{1} belongs where {0} stands",
    "is divided by the number of rows, a mean for a sum",
)
AXIS = Operator("axis", "axis=1 for axis=0", 2.0, "the axis should be {1}", "is summed over one of its own axes")
KEEPDIMS = Operator("keepdims", "keepdims forgotten", 2.5, "keepdims {1}")
TRANSPOSED = Operator("transposed", "W for W.T", 1.5, "{0} {1}", "is transposed")
BROADCAST = Operator("broadcast", "g for g[:, None]", 2.5, "{0} should be {1}: it goes with the rows")
COMPARISON = Operator("mask", "x >= 0 for x > 0, x < 0 for x > 0", 1.5, "{0} should be {1} in {2}")
MASK = Operator("mask", "a for a * (x > 0)", 3.0, "the mask {1} is missing")
CONDITION = Operator("condition", "if p for if not p", 2.5, "the condition {0} is the wrong way round")
FLAG = Operator("flag", "f(z) for f(z, deriv=True)", 2.0, "{0} should be {1}")
NAME = Operator("name", "another variable of the same shape", 2.5, "{0} should be {1}")
INDEX = Operator("index", "x[t] for x[t - 1], range(n) for range(1, n)", 1.5, "{0} should be {1} in {2}")
ACCUMULATION = Operator("accumulation", "= for +=", 1.5, "= should be +=: what was there is lost")
OVERWRITTEN = Operator("accumulation", "+= for =", 2.0, "+= should be =")
REPEATED = Operator("accumulation", "a[i] += g for np.add.at(a, i, g)", 3.0, "what is named twice in {0} must add up")
MISSING_STATEMENT = Operator("missing statement", "a line of accumulation left out", 3.5, "{1} is missing")
EXTRA_STATEMENT = Operator("extra statement", "a line too much", 3.0, "{0} does not belong there")
ORDER = Operator("order", "a statement too early, too late, in the loop or behind it", 3.0, "{0} belongs {1}")
LOOP_ORDER = Operator("order", "range(n) for reversed(range(n))", 2.5, "the loop should go {1}")
NOT_STORED = Operator("not stored", "a value computed, and nothing made of it", 2.5, "{1} is computed and never stored")
COPY = Operator("copy", "flatten for reshape(-1), x for x.copy()", 3.0, "{0} {1}")

OPERATORS: tuple[Operator, ...] = (
    SIGN, OPERATOR, SWAPPED, PARENTHESES, EXTRA_FACTOR, EXTRA_TERM, MISSING_FACTOR, MISSING_TERM, CONSTANT_FACTOR,
    CONSTANT, EPSILON, EXPONENT, SQUARE, FUNCTION, MISSING_FUNCTION, EXTRA_FUNCTION, REDUCTION, AXIS, KEEPDIMS,
    TRANSPOSED, BROADCAST, COMPARISON, MASK, CONDITION, FLAG, NAME, INDEX, ACCUMULATION, OVERWRITTEN, REPEATED,
    MISSING_STATEMENT, EXTRA_STATEMENT, ORDER, LOOP_ORDER, NOT_STORED, COPY,
)  # fmt: skip


@dataclass(frozen=True)
class Swap:
    """Another symbol in the place of one.

    Attributes:
        other: What was meant.
        bits: How unlikely it is.
        operator: The class of the mistake.
    """

    other: str
    bits: float
    operator: Operator


_ARITHMETIC: dict[str, str] = {"+": "- *", "-": "+ *", "*": "/ @ +", "/": "*", "@": "*", "**": "*", "//": "/"}
_COMPARISONS: dict[str, str] = {
    ">": "< >= <=", "<": "> <= >=", ">=": "<= > <", "<=": ">= < >", "==": "!=", "!=": "==",
}  # fmt: skip
_FUNCTIONS: dict[str, str] = {
    "sum": "mean max", "mean": "sum max min", "max": "min sum", "min": "max", "std": "var", "var": "std",
    "cumsum": "cumprod", "maximum": "minimum", "minimum": "maximum", "exp": "log expm1", "log": "exp log1p",
    "log1p": "log", "expm1": "exp", "sqrt": "square", "square": "sqrt", "tanh": "cosh exp", "cosh": "tanh sinh",
    "sin": "cos", "cos": "sin", "tan": "arctan", "arctan": "tan", "sinh": "cosh", "dot": "outer multiply",
    "outer": "dot inner multiply", "inner": "outer", "multiply": "dot divide", "divide": "multiply", "add": "subtract",
    "subtract": "add", "argmax": "argmin", "argmin": "argmax", "zeros_like": "ones_like", "ones_like": "zeros_like",
    "zeros": "ones", "ones": "zeros", "hstack": "vstack", "vstack": "hstack", "greater": "less", "less": "greater",
    "triu": "tril", "tril": "triu", "flatten": "ravel",
}  # fmt: skip
_REDUCTIONS = frozenset({"sum", "mean"})
_SIGNS = frozenset({"+", "-"})


def arithmetic(symbol: str) -> tuple[Swap, ...]:
    """What may have been meant by an operator, the likeliest first."""
    swaps = []
    for rank, other in enumerate(_ARITHMETIC.get(symbol, "").split()):
        kind = SIGN if {symbol, other} == _SIGNS else OPERATOR
        far = (symbol in _SIGNS) != (other in _SIGNS)
        swaps.append(Swap(other, kind.bits + 0.25 * rank + 1.0 * far, kind))
    return tuple(swaps)


def comparisons(symbol: str) -> tuple[Swap, ...]:
    """What may have been meant by a comparison, the likeliest first."""
    others = _COMPARISONS.get(symbol, "").split()
    return tuple(Swap(other, COMPARISON.bits + 0.5 * rank, COMPARISON) for rank, other in enumerate(others))


def functions(name: str) -> tuple[Swap, ...]:
    """What may have been meant by a function of NumPy's or by a method, the likeliest first."""
    swaps = []
    for rank, other in enumerate(_FUNCTIONS.get(name, "").split()):
        kind = REDUCTION if {name, other} == _REDUCTIONS else SIGN if {name, other} == {"add", "subtract"} else FUNCTION
        swaps.append(Swap(other, kind.bits + 0.5 * rank, kind))
    return tuple(swaps)
