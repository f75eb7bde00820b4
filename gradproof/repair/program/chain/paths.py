"""What a variable of a backward pass should be by the chain rule, in the code's own words: a term for each path.

Each statement of the forward pass that reads a variable is a path from the loss to it: `h = o * np.tanh(c)` gives the
derivative by `c` the term `dh * o * (1 - np.tanh(c) ** 2)`. The terms are written with what the backward pass has: its
own names for the values of the forward pass, and for the derivatives that it has by then, both found by their values.
What is written is held to the measured derivative before it is offered.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from gradproof.code.naming import stems_of
from gradproof.code.paths import steps_of
from gradproof.operators import table
from gradproof.repair.program.chain.rule import Reading, value_of
from gradproof.repair.program.chain.slopes import Array, Slopes, Variable, variables
from gradproof.repair.program.chain.terms import Rules, added_up, expression_of
from gradproof.repair.program.chain.words import UPSTREAM, plain
from gradproof.repair.program.edit import Edit, inserted, parsed, replaced, slots, written
from gradproof.repair.program.running import Editable
from gradproof.repair.program.statements import Place, places

TERM = table.MISSING_TERM.bits
"""Little: of all terms that could be missing it is one that the forward pass asks for."""
TANGENT = table.MISSING_TERM.bits + 0.75
WHOLE_RULE = table.MISSING_TERM.bits + 1.0
PATHS = 6
"""So many terms of a derivative are written."""


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
        terms = Rules(slopes, own, wrong).terms(forward)[:PATHS]
        for term in (*terms, *(added_up(pair) for pair in combinations(terms, 2))):
            added = value_of(wrong.function, term)
            if added is not None and np.shape(added) == value.shape and slopes.is_derivative(value + added, forward):
                yield wrong.function, _with_term(last, wrong.text, term)
        whole = added_up(terms)
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
            node, last = expression_of(own[stem]), own[text].places[-1]
            for leaf in Reading(function).leaves(node, UPSTREAM):
                if leaf.text in named:
                    term = plain(leaf.formula.replace(UPSTREAM, named[leaf.text]))
                    if value_of(function, term) is not None:
                        yield function, last.statement, replace(_with_term(last, text, term), bits=TANGENT)
