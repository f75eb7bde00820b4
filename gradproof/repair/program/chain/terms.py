"""The terms of a derivative by the chain rule, up to a statement of the backward pass, in its own words."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof.repair.program.chain.rule import Reading, summed, value_of
from gradproof.repair.program.chain.slopes import Slopes, Variable
from gradproof.repair.program.chain.words import UPSTREAM, Short, Words, plain, values_of
from gradproof.repair.program.edit import parsed

DEPTH = 3
"""Over so many variables of which the backward pass has no derivative a formula may go."""
LONGEST = 160


@dataclass
class Rules:
    """The chain rule for a function of the backward pass, up to one of its statements.

    Attributes:
        slopes: What measures derivatives.
        own: The variables of all functions.
        there: The variable that is to be given a formula.
    """

    slopes: Slopes
    own: Sequence[Variable]
    there: Variable

    def terms(self, forward: Variable, depth: int = DEPTH) -> list[str]:
        """The terms of the derivative by a variable, one for each time that it is read, those that can be written."""
        found: list[tuple[str, str]] = []
        for result in self.own:
            if result.function is not forward.function or not result.places or result is forward:
                continue
            node = expression_of(result)
            leaves = list(Reading(forward.function).leaves(node, UPSTREAM, result))
            formulas = [leaf.formula for leaf in leaves if leaf.text == forward.text]
            upstream = self.derivative(result, depth) if formulas else None
            if upstream is not None:
                found += [(formula, upstream) for formula in formulas]
        found += self._of_returned(forward)
        texts = (_fitted(formula, forward, self.there, upstream) for formula, upstream in found)
        return [self._in_short(text) for text in texts if text is not None]

    def _in_short(self, text: str) -> str:
        """A term with the variables that the backward pass has by then in the place of what has their values."""
        line, function = self.there.places[0].statement.lineno, self.there.function
        own = [one for one in self.own if one.function is function and one.places and one is not self.there]
        known = [one for one in own if all(place.statement.lineno < line for place in one.places)]
        values = [(one.text, one.value) for one in known if one.value is not None and one.value.size > 1]
        return ast.unparse(Short(function, values).visit(parsed(text)))

    def _of_returned(self, forward: Variable) -> Iterator[tuple[str, str]]:
        """The same of what the function returns without a name, where the derivative by that is given or 1."""
        function, trial = forward.function, self.slopes.judge.trials[0]
        for node in ast.walk(function.node):
            value = node.value if isinstance(node, ast.Return) else None
            for part in value.elts if isinstance(value, ast.Tuple) else [value]:
                formulas = [
                    leaf.formula for leaf in Reading(function).leaves(part, UPSTREAM) if leaf.text == forward.text
                ]
                given = value_of(function, ast.unparse(part)) if part is not None and formulas else None
                upstream = None
                if given is not None and given.ndim == 0 and given == self.slopes.judge.loss(trial):
                    upstream = "1"
                elif given is not None:
                    weights = [w for w in trial.weights.values() if np.shape(w) == given.shape]
                    upstream = next((name for w in weights for name in self._with_value(w)), None)
                if upstream is not None:
                    yield from ((formula, upstream) for formula in formulas)

    def _with_value(self, wanted: Any) -> Iterator[str]:
        for name, value in values_of(self.there.function):
            if np.shape(value) == np.shape(wanted) and np.array_equal(value, wanted):
                yield name

    def derivative(self, result: Variable, depth: int) -> str | None:
        """The derivative by a result, as the backward pass has it by then or as it can be written there."""
        function, line = self.there.function, self.there.places[0].statement.lineno
        for one in self.own:
            if one.function is not function or one is self.there:
                continue
            is_late = any(place.statement.lineno > line for place in one.places)
            value = None if is_late else one.value
            if value is not None and value.any() and self.slopes.is_derivative(value, result):
                return one.text
        if self.slopes.is_derivative(np.ones(()), result):
            return "1"
        terms = self.terms(result, depth - 1) if depth else []
        whole = added_up(terms)
        made = value_of(function, whole) if whole and len(whole) < LONGEST else None
        return f"({whole})" if made is not None and self.slopes.is_derivative(made, result) else None


def added_up(terms: Sequence[str]) -> str:
    """The sum of some terms, as text; empty where there are none."""
    return ast.unparse(parsed(" + ".join(f"({term})" for term in terms))) if terms else ""


def expression_of(result: Variable) -> ast.expr | None:
    """What a variable is computed from; None where several statements give it its value."""
    node = result.places[-1].statement if len(result.places) == 1 else None
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return None
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        pairs = list(zip(target.elts, value.elts, strict=True))
    else:
        pairs = [(target, value)]
    return next((given for one, given in pairs if ast.unparse(one) == result.text), None)


def _fitted(formula: str, forward: Variable, wrong: Variable, upstream: str) -> str | None:
    """A term in the backward pass's own names, summed to the variable's shape; None where it lacks a value."""
    here, there = forward.function, wrong.function
    try:
        node = parsed(formula) if here is there else Words(here, there, values_of(there)).of(parsed(formula))
    except (SyntaxError, LookupError):
        return None
    text = ast.unparse(node).replace(UPSTREAM, upstream)
    value, wanted = value_of(there, text), forward.value
    if value is None or wanted is None:
        return None
    if value.ndim < wanted.ndim:
        return None
    text = summed(text, value.shape, wanted.shape)
    value = value_of(there, text)
    return plain(text) if value is not None and value.shape == wanted.shape else None
