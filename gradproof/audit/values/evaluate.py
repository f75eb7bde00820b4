"""A tree to its value, through NumPy functions and operators only: numbers, bounds and proofs share this code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Literal

import numpy as np

from gradproof.audit.reading.limits import Budget, Limits
from gradproof.audit.reading.names import form, plain
from gradproof.audit.reading.tree import (
    Big,
    Call,
    Cases,
    Comparison,
    Derivative,
    Entry,
    Inverse,
    Matrix,
    Norm,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Transpose,
)
from gradproof.audit.reading.tree import Fraction as Quotient
from gradproof.audit.values import lookup
from gradproof.audit.values.evaluation import Evaluation, Remarks, Rules, Unjudged
from gradproof.audit.values.functions import COMPARISONS, ONE_ARGUMENT, TWO_ARGUMENTS, inner, joined, softmax
from gradproof.audit.values.grouping import fold
from gradproof.audit.values.indices import Assignment
from gradproof.audit.values.powers import power
from gradproof.audit.values.provider import Array, NotAvailable, Provider
from gradproof.audit.values.ranges import range_of
from gradproof.audit.values.readings import Reading
from gradproof.audit.values.shapes import Misfit, entrywise, matched, transposed

_TERM_STEPS = 3  # what it costs to put the value of an index into a term


def evaluation(
    provider: Provider,
    budget: Budget,
    limits: Limits,
    indices: Assignment | None = None,
    reading: Reading | None = None,
    bound: Mapping[object, Array] | None = None,
) -> Evaluation:
    """A fresh evaluation under values of index letters, a reading, and values of a function's dummies by their form."""
    return Evaluation(provider, _RULES, budget, limits, indices or {}, reading or Reading(), Remarks(), bound or {})


def _number(e: Evaluation, node: Number) -> Array:
    return e.provider.constant(Fraction(node.text))


def _symbol(e: Evaluation, node: Symbol) -> Array:
    if e.bound and (dummy := e.bound.get(form(node))) is not None:
        return dummy
    if not (node.sub or node.sup or node.mark) and node.name in e.indices:
        return e.provider.constant(Fraction(e.indices[node.name]))
    constant = e.provider.names.constant(node)
    if constant is not None:
        return e.provider.constant(constant)
    equal = lookup.kronecker(e.provider, node, e.indices)
    if equal is not None:
        e.remarks.note(node.span[0], f"{plain(node)} is read as Kronecker's delta: 1 for equal labels, else 0")
        return e.provider.constant(Fraction(equal))
    try:
        if e.find(node) is None and (new := lookup.parameter_of(e.provider, node, e.indices)) is not None:
            return lookup.updated_at(e.provider, new[0])
        return lookup.value_at(e.provider, e.place(node))
    except NotAvailable as error:
        raise Unjudged(str(error), node.span[0]) from error


def _sum(e: Evaluation, node: Sum) -> Array:
    total: Array | None = None
    places = node.places or (-1,) * len(node.terms)
    for sign, term, position in zip(node.signs, node.terms, places, strict=True):
        value = e.value(term)
        if total is None:
            total = -value if sign == "-" else value
            continue
        place = position if position >= 0 else term.span[0]
        try:
            combined = entrywise(sign, total, value)
        except Misfit as error:
            raise Misfit(error.reason, place) from None
        e.remarks.note(place, combined.note)
        total = combined.value
    return total


def _product(e: Evaluation, node: Product) -> Array:
    return fold(e, node, [e.value(factor) for factor in node.factors])


def _quotient(e: Evaluation, node: Quotient) -> Array:
    combined = entrywise("slash", e.value(node.top), e.value(node.bottom))
    e.remarks.note(node.span[0], combined.note)
    return combined.value


def _call(e: Evaluation, node: Call) -> Array:
    arguments = [e.value(argument) for argument in node.arguments]
    if node.function in TWO_ARGUMENTS and len(arguments) == 2 and not node.primes:
        first, second = arguments
        matched(first, second, f"the arguments of {node.function}")
        return TWO_ARGUMENTS[node.function](first, second)
    if node.function == "concat":
        if len({len(argument.shape) for argument in arguments if argument.shape}) > 1:
            raise Misfit("the parts of a concatenation have different numbers of axes", node.span[0])
        return joined(*arguments)
    if node.function == "inner" and len(arguments) == 2:
        first, second = arguments
        matched(first, second, "an inner product")
        return inner(first, second)
    if node.function in ("rows", "columns") and len(arguments) == 1 and arguments[0].shape:
        return e.provider.constant(Fraction(arguments[0].shape[0 if node.function == "rows" else -1]))
    if node.function == "det" and len(arguments) == 1 and not node.primes:
        return _of_a_matrix(e, node, "det", arguments[0]) if len(arguments[0].shape) == 2 else arguments[0]
    if node.name is not None and hasattr(e.provider, "applied"):
        try:
            return e.provider.applied(e, node, arguments)
        except NotAvailable as error:
            raise Unjudged(str(error), node.span[0]) from error
    known = ONE_ARGUMENT.get((node.function, node.primes))
    if known is None or len(arguments) != 1:
        name = node.printed + "'" * node.primes
        declared = any(function == node.function for function, _ in ONE_ARGUMENT) or node.function in TWO_ARGUMENTS
        reason = f"{name} of {len(arguments)} arguments has no meaning" if declared else f"{name} is not declared"
        raise Unjudged(f"the function {reason}", node.span[0])
    if node.function == "softmax" and len(arguments[0].shape) == 2:
        e.remarks.choices.add("softmax")
        e.remarks.note(node.span[0], f"softmax is taken along {e.reading.softmax}")
        return softmax(arguments[0], -1 if e.reading.softmax == "rows" else 0)
    return known(arguments[0])


def _derivative(e: Evaluation, node: Derivative) -> Array:
    if hasattr(e.provider, "derived"):
        return laid_out(e, node, e.provider.derived(e, node))
    if not isinstance(node.of, Symbol) or not isinstance(node.by, Symbol):
        raise Unjudged("a derivative of or by an expression", node.span[0])
    try:
        value = lookup.derivative_at(e.provider, e.place(node.of), e.place(node.by))
    except NotAvailable as error:
        raise Unjudged(str(error), node.span[0]) from error
    if len(value.shape) > 2:
        raise Unjudged(f"a derivative with {len(value.shape)} axes", node.span[0])
    if len(value.shape) == 2 and len(e.provider.value(e.place(node.of).key).shape) == 1:
        e.remarks.choices.add("layout")
        e.remarks.note(node.span[0], f"a derivative by a column in {e.reading.layout} layout")
        return value.T if e.reading.layout == "denominator" else value
    return value


def laid_out(e: Evaluation, node: Derivative, value: Array) -> Array:
    """A derivative of a column by a column in the layout of the reading; `diagonal` where it acts entry by entry."""
    if len(value.shape) > 2:
        raise Unjudged(f"a derivative with {len(value.shape)} axes", node.span[0])
    if len(value.shape) != 2 or len(e.value(node.of).shape) != 1:
        return value
    e.remarks.choices.add("layout")
    e.remarks.note(node.span[0], f"a derivative by a column in {e.reading.layout} layout")
    if e.reading.layout == "diagonal":
        numbers = e.provider.numbers(value)
        if value.shape[0] != value.shape[1] or (numbers * (1.0 - np.eye(value.shape[0]))).any():
            raise Misfit("a derivative that does not act entry by entry", node.span[0])
        return value[np.arange(value.shape[0]), np.arange(value.shape[0])]
    return value.T if e.reading.layout == "denominator" else value


def _transpose(e: Evaluation, node: Transpose) -> Array:
    value = e.value(node.argument)
    if len(value.shape) == 1:
        e.remarks.choices.add("vectors")
        if e.reading.vectors == "rows":
            e.remarks.note(node.span[0], "a quantity with one index is read as a row")
            return value[:, None]
    return transposed(value) if value.shape else value


def _inverse(e: Evaluation, node: Inverse) -> Array:
    value = e.value(node.argument)
    return _of_a_matrix(e, node, "inverse", value) if len(value.shape) == 2 else 1.0 / value


def _of_a_matrix(e: Evaluation, node: Inverse | Call, name: Literal["inverse", "det"], value: Array) -> Array:
    """The inverse or the determinant, where the side that knows the truth has it."""
    words = {"inverse": "the inverse of a matrix", "det": "the determinant of a matrix"}[name]
    if value.shape[0] != value.shape[1]:
        raise Misfit(f"{words} that is not square", node.span[0])
    if not hasattr(e.provider, "of_matrix"):
        raise Unjudged(words, node.span[0])
    return e.provider.of_matrix(name, value)


def _entry(e: Evaluation, node: Entry) -> Array:
    value = e.value(node.argument)
    index = lookup.entries(node.labels, e.indices, value.shape)
    if index is None:
        shown = ",".join(label.text for label in node.labels)
        raise Unjudged(f"no entry '{shown}' of a value of shape {value.shape}", node.span[0])
    return value[index]


def _big(e: Evaluation, node: Big) -> Array:
    chosen = range_of(e, node)
    if chosen is None:
        raise Unjudged(f"the range of the index '{node.index}' is not declared", node.span[0])
    if len(chosen) > e.limits.sum_terms:
        raise Unjudged(f"a sum of {len(chosen):,} terms, the limit is {e.limits.sum_terms:,}", node.span[0])
    total: Array | None = None
    for number in chosen:
        if not e.budget.spend(_TERM_STEPS):
            raise Unjudged("the budget of evaluation steps is spent", node.span[0])
        value = e.with_indices({node.index: number}).value(node.body)
        if total is not None:
            matched(total, value, "the terms")
        total = value if total is None else _BIG[node.operator](total, value)
    if total is None:
        return e.provider.constant(Fraction(0 if node.operator in ("sum", "mean") else 1))
    return total / e.provider.constant(Fraction(len(chosen))) if node.operator == "mean" else total


_BIG: dict[str, Callable[[Array, Array], Array]] = {
    "sum": np.add,
    "mean": np.add,
    "prod": np.multiply,
    "max": np.maximum,
    "min": np.minimum,
}


def _norm(e: Evaluation, node: Norm) -> Array:
    value = e.value(node.argument)
    if node.kind == "abs":
        return np.abs(value)
    return np.sqrt(np.sum(value * value)) if value.shape else np.abs(value)


def _comparison(e: Evaluation, node: Comparison) -> Array:
    return np.where(_truth(e, node), 1.0, 0.0)


def _truth(e: Evaluation, node: Comparison) -> Array:
    left, right = e.value(node.left), e.value(node.right)
    matched(left, right, "a comparison")
    return COMPARISONS[node.operator](left, right)


def _cases(e: Evaluation, node: Cases) -> Array:
    *earlier, last = zip(node.values, node.conditions, strict=True)
    result = e.value(last[0])
    for value, condition in reversed(earlier):
        assert condition is not None  # the parser allows "otherwise" at the end only
        truth, this = _truth(e, condition), e.value(value)
        for first, second in ((truth, this), (truth, result), (this, result)):
            matched(first, second, "the cases")
        result = np.where(truth, this, result)
    return result


def _matrix(e: Evaluation, node: Matrix) -> Array:
    rows = [[e.value(entry) for entry in row] for row in node.rows]
    if any(entry.shape for row in rows for entry in row):
        raise Unjudged("a matrix made of matrices", node.span[0])
    zero = e.provider.constant(Fraction(0))
    full = [np.stack([entry + zero for entry in row]) for row in rows]
    return np.stack(full)[:, 0] if len(full[0].shape) == 1 and full[0].shape[0] == 1 else np.stack(full)


_RULES: Rules = {
    Number: _number,
    Symbol: _symbol,
    Sum: _sum,
    Product: _product,
    Quotient: _quotient,
    Power: power,
    Call: _call,
    Derivative: _derivative,
    Transpose: _transpose,
    Inverse: _inverse,
    Entry: _entry,
    Big: _big,
    Norm: _norm,
    Comparison: _comparison,
    Cases: _cases,
    Matrix: _matrix,
}
