"""What a variable of a backward pass should be by the chain rule, in the code's own words: a term for each path.

Each statement of the forward pass that reads a variable is a path from the loss to it: `h = o * np.tanh(c)` gives the
derivative by `c` the term `dh * o * (1 - np.tanh(c) ** 2)`. The terms are written with what the backward pass has: its
own names for the values of the forward pass, and for the derivatives that it has by then, both found by their values.
What is written is held to the measured derivative before it is offered.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from gradproof.code.naming import stems_of
from gradproof.code.paths import steps_of
from gradproof.operators import table
from gradproof.repair.program.chain.rule import Reading, summed, value_of
from gradproof.repair.program.chain.slopes import Array, Slopes, Variable, array_of, variables
from gradproof.repair.program.edit import Edit, inserted, parsed, replaced, slots, written
from gradproof.repair.program.running import Editable
from gradproof.repair.program.statements import Place, places

UPSTREAM = "_upstream_"
TERM = table.MISSING_TERM.bits
"""Little: of all terms that could be missing it is one that the forward pass asks for."""
TANGENT = table.MISSING_TERM.bits + 0.75
WHOLE_RULE = table.MISSING_TERM.bits + 1.0
PATHS = 6
"""So many terms of a derivative are written."""
DEPTH = 3
"""Over so many variables of which the backward pass has no derivative a formula may go."""
LONGEST = 160


def path_edits(
    slopes: Slopes, functions: Sequence[Editable], roots: Sequence[tuple[Variable, Sequence[Variable]]]
) -> Iterator[tuple[Editable, Edit]]:
    """Edits that give wrong variables what the chain rule says: a forgotten path, or the whole formula.

    Args:
        slopes: What measures derivatives.
        functions: The functions of the program, with the values of their variables in the first trial.
        roots: The wrong variables, each with those that it may be the derivative by.
    """
    own = [one for function in functions for one in variables(function)]
    for wrong, forward in ((wrong, forward) for wrong, named in roots for forward in named):
        value, last = wrong.value, wrong.places[-1]
        if value is None:
            continue
        terms = _Rules(slopes, own, wrong).terms(forward)[:PATHS]
        for term in (*terms, *(_sum(pair) for pair in combinations(terms, 2))):
            added = value_of(wrong.function, term)
            if added is not None and np.shape(added) == value.shape and slopes.is_derivative(value + added, forward):
                yield wrong.function, _with_term(last, wrong.text, term)
        whole = _sum(terms)
        made = value_of(wrong.function, whole) if whole and len(wrong.places) == 1 else None
        if made is not None and slopes.is_derivative(made, forward):
            said = f"{wrong.text} is not the derivative by {forward.text}, which is {written(parsed(whole))}"
            yield from ((wrong.function, edit) for edit in _instead(last, wrong.text, parsed(whole), WHOLE_RULE, said))


def _with_term(last: Place, text: str, term: str) -> Edit:
    """A term added where a variable is computed, or on a line behind the last of several statements."""
    part, node = parsed(term), last.statement
    is_less = isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub)
    part = part.operand if isinstance(part, ast.UnaryOp) and is_less else part
    said = table.MISSING_TERM.says("", f"{'-' if is_less else '+'} {written(part)}")
    op = ast.Sub() if is_less else ast.Add()
    value = node.value if isinstance(node, ast.Assign) else parsed(text) if isinstance(node, ast.Return) else None
    for edit in _instead(last, text, ast.BinOp(value, op, part), TERM, said) if value is not None else ():
        return edit
    target = ast.parse(text, mode="eval").body
    target.ctx = ast.Store()  # type: ignore[attr-defined]
    line = ast.AugAssign(target, op, part)  # type: ignore[arg-type]
    return inserted(last.block, last.number, line, TERM, said)


def _instead(last: Place, text: str, new: ast.expr, bits: float, said: str) -> Iterator[Edit]:
    """Another expression where a variable is computed, or in the place of what is returned; nothing of a tuple."""
    node = last.statement
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], (ast.Name, ast.Attribute)):
        yield replaced(last.block, last.number, ast.Assign(list(node.targets), new), bits, said)
    elif isinstance(node, ast.Return):
        slot = next(one for one in slots(node) if ast.unparse(one.node) == text)
        yield Edit(bits, lambda: said, slot.put(new), node.lineno, slot.node, new)


def returned_roots(
    functions: Sequence[Editable], wrong: Mapping[str, tuple[str, Array]]
) -> list[tuple[Variable, tuple[Variable, ...]]]:
    """Wrong results that are computed where they are returned, each with what it should be the derivative by.

    Args:
        functions: The functions of the program.
        wrong: The results, by what they are the derivative by: their places in what is returned, and their values.
    """
    own = [one for function in functions for one in variables(function)]
    found = []
    for by, (path, value) in wrong.items():
        named = tuple(one for one in own if one.text.rpartition(".")[2] == by and not one.is_handed_on)
        for function in functions:
            for place in places(function.node.body):
                part = _returned(place.statement, path)
                computed = value_of(function, ast.unparse(part)) if part is not None else None
                if part is None or computed is None or isinstance(part, (ast.Name, ast.Attribute)):
                    continue
                if named and computed.shape == value.shape and np.array_equal(computed, value):
                    found.append((Variable(function, ast.unparse(part), [place]), named))
    return found


def _returned(node: ast.stmt, path: str) -> ast.expr | None:
    """What stands at a place of what a statement returns: the whole, one of a tuple, or one by its key."""
    value = node.value if isinstance(node, ast.Return) else None
    match value, steps_of(path):
        case ast.expr(), []:
            return value
        case ast.Tuple(elts=parts), [("item", int() as number)] if number < len(parts):
            return parts[number]
        case ast.Dict(keys=keys, values=parts), [("item", key)]:
            return next((v for k, v in zip(keys, parts, strict=True) if getattr(k, "value", None) == key), None)
    return None


def tangent_edits(functions: Sequence[Editable]) -> Iterator[tuple[Editable, ast.stmt, Edit]]:
    """Terms for variables that are differentials of others in their function: `dS = dP + dr` behind `S = P + r`.

    So derivatives are taken forward, beside the values, as sensitivities are; each term is one that the statement of
    the value asks for. They are few, and none is measured before it is tried.

    Returns:
        The function, the statement, and the edit.
    """
    for function in functions:
        own = {one.text: one for one in variables(function)}
        named = {stem: text for text, one in own.items() if one.places for stem in stems_of(text) if stem in own}
        for stem, text in named.items():
            node, last = _expression_of(own[stem]), own[text].places[-1]
            for leaf in Reading(function).leaves(node, UPSTREAM):
                if leaf.text in named:
                    term = _plain(leaf.formula.replace(UPSTREAM, named[leaf.text]))
                    if value_of(function, term) is not None:
                        yield function, last.statement, replace(_with_term(last, text, term), bits=TANGENT)


@dataclass
class _Rules:
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
            node = _expression_of(result)
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
        return ast.unparse(_Short(function, values).visit(parsed(text)))

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
        for name, value in _values(self.there.function):
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
        whole = _sum(terms)
        made = value_of(function, whole) if whole and len(whole) < LONGEST else None
        return f"({whole})" if made is not None and self.slopes.is_derivative(made, result) else None


def _sum(terms: Sequence[str]) -> str:
    return ast.unparse(parsed(" + ".join(f"({term})" for term in terms))) if terms else ""


def _expression_of(result: Variable) -> ast.expr | None:
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
        node = parsed(formula) if here is there else _Words(here, there, _values(there)).of(parsed(formula))
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
    return _plain(text) if value is not None and value.shape == wanted.shape else None


def _values(function: Editable) -> list[tuple[str, Any]]:
    """What the names of a function and the attributes in it stand for, the plainest first."""
    texts = {node.id for node in ast.walk(function.node) if isinstance(node, ast.Name)}
    texts |= {argument.arg for argument in ast.walk(function.node.args) if isinstance(argument, ast.arg)}
    texts |= {ast.unparse(n) for n in ast.walk(function.node) if isinstance(n, (ast.Attribute, ast.Subscript))}
    found = ((text, function.value(text)) for text in sorted(texts, key=lambda text: (len(text), text)))
    return [(text, value) for text, value in found if array_of(value) is not None or type(value) in (int, float)]


@dataclass(frozen=True)
class _Words:
    """What a function of the backward pass calls the values of one of the forward pass."""

    here: Editable
    there: Editable
    values: Sequence[tuple[str, Any]]

    def of(self, node: ast.expr) -> ast.expr:
        """An expression of the forward pass in these words.

        Raises:
            LookupError: The backward pass has nothing with the value of a part.
        """
        if isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id in (UPSTREAM, "np")):
            return node
        text = ast.unparse(node)
        value = self.here.value(text) if UPSTREAM not in text else None
        if array_of(value) is not None or type(value) in (int, float):
            for name, other in (*self.values, (text, self.there.value(text))):
                if other is not None and value is not None and np.array_equal(np.asarray(other), np.asarray(value)):
                    return parsed(name)
        if isinstance(node, ast.Attribute) and node.attr in ("T", "shape", "size"):
            return ast.Attribute(self.of(node.value), node.attr, ast.Load())
        if isinstance(node, (ast.Name, ast.Attribute)) and not text.startswith("np."):
            raise LookupError(text)
        for field, part in ast.iter_fields(node):
            if isinstance(node, ast.Call) and field == "func":
                if isinstance(part, ast.Attribute) and not ast.unparse(part).startswith("np."):
                    part.value = self.of(part.value)
            elif isinstance(part, ast.expr):
                setattr(node, field, self.of(part))
            elif isinstance(part, list):
                setattr(node, field, [self.of(one) if isinstance(one, ast.expr) else one for one in part])
        return node


@dataclass
class _Short(ast.NodeTransformer):
    """Puts variables in the place of products and calls that have their values."""

    function: Editable
    values: Sequence[tuple[str, Any]]

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, (ast.BinOp, ast.Call)):
            value = value_of(self.function, ast.unparse(node))
            for name, other in self.values:
                if (
                    value is not None
                    and np.shape(other) == value.shape
                    and np.allclose(other, value, rtol=1e-12, atol=0.0)
                ):
                    return parsed(name)
        return self.generic_visit(node)


class _Plain(ast.NodeTransformer):
    """Leaves factors of 1 out, and writes -1 times something as a sign."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.BinOp(left=ast.Constant(value=1), op=ast.Mult(), right=other):
                return other
            case ast.BinOp(left=other, op=ast.Mult() | ast.Div(), right=ast.Constant(value=1)):
                return other
            case ast.BinOp(left=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1)), op=ast.Mult(), right=other):
                return ast.UnaryOp(ast.USub(), other)
            case ast.BinOp(left=ast.UnaryOp(op=ast.USub(), operand=one), op=ast.Mult() | ast.Div() as op, right=other):
                return ast.UnaryOp(ast.USub(), ast.BinOp(one, op, other))
        return node


def _plain(text: str) -> str:
    return ast.unparse(_Plain().visit(parsed(text)))
