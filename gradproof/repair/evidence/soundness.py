"""When a candidate is no fix although it agrees in all trials.

It divides by a gradient that comes from above, which may be 0; it is not finite where something drawn is 0 and the
truth is finite; it writes into what it is given; or it agrees at one set of sizes only.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gradproof.repair.evidence.confirm import alone, outputs
from gradproof.repair.evidence.groups import Evidence

_DERIVATIVE = re.compile(r"d[A-Za-z0-9]\w*_d\w+$")
_DIVIDING = ("divide", "true_divide", "reciprocal", "power")


def divides_by_gradient(before: str, after: str) -> bool:
    """Whether a text divides by a derivative by which another one does not."""
    return bool(set(_divisors(after)) - set(_divisors(before)))


def _divisors(text: str) -> Iterator[str]:
    """The derivatives in the denominators of a text."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.BinOp(op=ast.Div() | ast.FloorDiv() | ast.Mod(), right=below):
                parts = [below]
            case ast.AugAssign(op=ast.Div() | ast.FloorDiv(), value=below):
                parts = [below]
            case ast.BinOp(left=base, op=ast.Pow(), right=ast.UnaryOp(op=ast.USub())):
                parts = [base]
            case ast.Call(func=ast.Attribute(attr=name), args=args) if name in _DIVIDING:
                parts = list(args[-1:])
            case _:
                continue
        for part in parts:
            yield from (n.id for n in ast.walk(part) if isinstance(n, ast.Name) and _DERIVATIVE.match(n.id))


def finite_where_truth_is(
    function: Callable[..., Any], inputs: Sequence[str], quantity: str, groups: Sequence[Evidence]
) -> bool:
    """Whether a function is finite wherever the truth of its quantity is."""
    for group in groups:
        found = outputs(function, inputs, group)
        if isinstance(found, Exception):
            return False
        truth = group.lifted[quantity][0]
        if found.shape != truth.shape or (np.isfinite(truth) & ~np.isfinite(found)).any():
            return False
    return True


def writes_into_inputs(function: Callable[..., Any], inputs: Sequence[str], group: Evidence) -> bool:
    """Whether a function changes the arrays that it is given."""
    values = [alone(group.values[name], 0) for name in inputs]
    copies = [np.array(value) for value in values]
    try:
        with np.errstate(all="ignore"):
            function(*values)
    except Exception:  # the user's code; what it raises is judged elsewhere
        return False
    return not all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(copies, values, strict=True))


def adds_a_size(before: str, after: str, sizes: frozenset[int]) -> bool:
    """Whether a text has more sizes than another one: `.shape`, `.size`, `len`, or numbers that are sizes here."""
    return bool(_sizes(after, sizes) - _sizes(before, sizes))


def _sizes(text: str, sizes: frozenset[int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Attribute(attr="shape" | "size" as name):
                found[name] += 1
            case ast.Call(func=ast.Name(id="len")):
                found["len"] += 1
            case ast.Constant(value=int() as number) if number in sizes:
                found[str(number)] += 1
    return found


def edited_statements(before: str, after: str) -> tuple[str, str, int]:
    """The statements of a function's text that an edit changes, before and after, and the line of the first.

    Empty where only what is returned at the end is changed, or where statements were added or taken away.
    """
    one, other = (ast.parse(text).body[0] for text in (before, after))
    assert isinstance(one, ast.FunctionDef)
    assert isinstance(other, ast.FunctionDef)
    if len(one.body) != len(other.body):
        return "", "", 0
    pairs = [(a, b) for a, b in zip(one.body, other.body, strict=True) if ast.dump(a) != ast.dump(b)]
    if not pairs or (len(pairs) == 1 and isinstance(pairs[0][0], ast.Return)):
        return "", "", 0
    texts = [
        "; ".join(" ".join((ast.get_source_segment(text, pair[side]) or "").split()) for pair in pairs)
        for side, text in enumerate((before, after))
    ]
    return texts[0], texts[1], pairs[0][0].lineno
