"""Level 2: one edit that puts in a compound; a node completed by two unknown terms or factors."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gradproof.repair.formulas.evaluate import FAILURES, evaluate
from gradproof.repair.formulas.formula import Binary, Formula, Name, Path, at, nodes, replace, size, substitute
from gradproof.repair.search.batches import Shape, Stack
from gradproof.repair.search.edits import REPLACE, Template, fill, templates
from gradproof.repair.search.pairs import Spread, spread
from gradproof.repair.search.problem import Found, Problem
from gradproof.repair.search.required import Need, needs, solved
from gradproof.repair.search.survivors import MOST_CARRIED, Hit, at_node, offer, paired, whole
from gradproof.repair.search.variants import Variants

MOST_PAIRED = 4000
"""Compounds of one shape in a search for pairs, at most, the cheapest first."""

MOST_RENAMED = 20_000
"""Compounds tried in place of a name everywhere, at most."""

_TWO_UNKNOWNS = (
    *(("", op) for op in "+-*/"), ("+", "+"), ("+", "-"), ("-", "+"), ("*", "*"), ("*", "/"), ("/", "*"),
)  # fmt: skip
"""How unknowns u and v complete a node x: `u op v` in its place (no outer operator), or `x outer (u op v)`."""


def compound_edits(problem: Problem, found: Found, variants: Variants) -> None:
    """One edit that puts in a compound, or a compound for a name everywhere."""
    known = needs(variants.formula, problem.truth, variants.values)
    hits: list[Hit] = []
    with np.errstate(all="ignore"):
        for path in variants.stacks:
            for template in templates(at(variants.formula, path), problem.vocabulary):
                if problem.late:
                    break
                hits += _filled(problem, found, variants, path, template, known.get(path))
        hits += _everywhere(problem, found, variants.formula)
    offer(problem, found, hits)


def _filled(
    problem: Problem, found: Found, variants: Variants, path: Path, template: Template, need: Need | None
) -> Iterator[Hit]:
    """A template at a node with each compound in the hole."""
    node = at(variants.formula, path)
    value = variants.values.get(id(node))
    hole = _hole(template, need, variants, node)
    for stack in problem.bank.all.values():
        if hole is not None:
            yield from at_node(problem, found, variants, path, hole, _priced(stack, template, node))
            continue
        some = stack.cheapest(MOST_CARRIED)
        if template is REPLACE:
            yield from at_node(problem, found, variants, path, None, _priced(some, template, node))
        elif value is not None and (made := variants.filled(template, node, value, some)) is not None:
            yield from at_node(problem, found, variants, path, None, made)


def _hole(template: Template, need: Need | None, variants: Variants, node: Formula) -> Need | None:
    """What the hole needs; None where that is not known."""
    if need is None or not template.op:
        return need
    value = variants.values.get(id(node))
    if value is None or template.op == "@" or value.shape[2:] != need.value.shape[2:]:
        return None
    return solved(template, need, value)


def _priced(stack: Stack, template: Template, node: Formula) -> Stack:
    """Compounds in the hole of a template; what they replace costs too."""
    slip = 2.5 + 1.5 * (size(node) - 1) if template is REPLACE else 0.0
    return stack.mapped(stack.values, lambda new: fill(template, node, new), slip=template.slip + slip)


def _everywhere(problem: Problem, found: Found, formula: Formula) -> Iterator[Hit]:
    names = [node.id for node in nodes(formula) if isinstance(node, Name)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        for stack in problem.bank.all.values():
            some = stack.cheapest(MOST_RENAMED)
            try:
                values = evaluate(formula, {**problem.screen.lifted, name: some.values}, problem.functions)
            except FAILURES:
                continue
            if len(values) == len(some) and not problem.late:
                yield from whole(problem, found, some.mapped(values, _renaming(formula, name), slip=4.0))


def _renaming(formula: Formula, name: str) -> Callable[[Formula], Formula]:
    return lambda new: substitute(formula, {name: new})


def two_unknowns(problem: Problem, found: Found, variants: Variants) -> None:
    """A node replaced by `u op v`, or completed by it, with any compounds u and v."""
    some = [stack.cheapest(MOST_PAIRED) for stack in problem.bank.all.values()]
    spreads: dict[Shape, Spread | None] = {}
    hits: list[Hit] = []
    for path, need in needs(variants.formula, problem.truth, variants.values).items():
        shape = need.value.shape
        if shape not in spreads:
            spreads[shape] = spread(some, need, problem.seed)
        bank = spreads[shape]
        node = at(variants.formula, path)
        value = variants.values.get(id(node))
        for outer, op in _TWO_UNKNOWNS:
            if problem.late or bank is None or (outer and (value is None or value.shape != shape)):
                continue
            hole = need if value is None or not outer else solved(Template(0.0, outer), need, value)
            pairs = paired(found, bank, bank, op, hole, _completing(variants.formula, path, outer, op))
            hits += [hit._replace(slip=hit.slip + 4.0) for hit in pairs]
    offer(problem, found, hits)


def _completing(formula: Formula, path: Path, outer: str, op: str) -> Callable[[Formula, Formula], Formula]:
    node = at(formula, path)

    def complete(u: Formula, v: Formula) -> Formula:
        if not outer:
            return replace(formula, path, Binary(op, u, v))
        # x - (u + v) is written x - u - v, and x / (u v) as x / u / v.
        return replace(formula, path, Binary(outer if outer in "-/" else op, Binary(outer, node, u), v))

    return complete
