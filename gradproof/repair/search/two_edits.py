"""Level 3: two edits anywhere in the formula, by meeting in the middle.

The variants of every node are known from the search for one edit. Two edits are then one in each operand of some
operation, or one inside a node and another of the node itself: each is a lookup, not a search within a search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from gradproof.repair.formulas.evaluate import FAILURES, evaluate
from gradproof.repair.formulas.formula import Binary, Formula, Path, at, children, nodes, replace, transform
from gradproof.repair.search.edits import Edit, structural
from gradproof.repair.search.pairs import spread
from gradproof.repair.search.problem import Found, Problem
from gradproof.repair.search.required import Need, needs
from gradproof.repair.search.survivors import Hit, at_node, offer, paired
from gradproof.repair.search.variants import Variants

MOST_EDITED = 20_000
"""Variants of a node, of one shape, that are combined with a second edit, at most, the cheapest first."""


def two_edits(problem: Problem, found: Found, variants: Variants) -> None:
    """Two edits anywhere in the formula."""
    known = needs(variants.formula, problem.truth, variants.values)
    hits: list[Hit] = []
    with np.errstate(all="ignore"):
        for path in variants.stacks:
            if problem.late:
                break
            need = known.get(path)
            hits += _restructured(problem, found, variants, path, need)
            if need is not None:
                hits += _one_on_each_side(problem, found, variants, path, need)
                hits += _completed(problem, found, variants, path, need)
    offer(problem, found, hits)


def _one_on_each_side(problem: Problem, found: Found, variants: Variants, path: Path, need: Need) -> Iterator[Hit]:
    node = at(variants.formula, path)
    if not isinstance(node, Binary) or node.op not in "+-*/":
        return
    left, right = (
        spread([s.cheapest(MOST_EDITED) for s in variants.stacks.get((*path, place), {}).values()], need, problem.seed)
        for place in (0, 1)
    )
    if left is not None and right is not None:
        yield from paired(found, left, right, node.op, need, _joining(variants.formula, path, node.op))


def _completed(problem: Problem, found: Found, variants: Variants, path: Path, need: Need) -> Iterator[Hit]:
    """One edit inside a node, and the node completed by a term or a factor."""
    inner = spread([s.cheapest(MOST_EDITED) for s in variants.stacks[path].values()], need, problem.seed)
    atoms = spread([shelf.stack for shelf in problem.bank.atoms.values()], need, problem.seed)
    if inner is None or atoms is None:
        return
    for op in "+-*/":
        for hit in paired(found, inner, atoms, op, need, _joining(variants.formula, path, op)):
            yield hit._replace(slip=hit.slip + 4.0)
    for op in "-/":
        for hit in paired(found, atoms, inner, op, need, _joining(variants.formula, path, op)):
            yield hit._replace(slip=hit.slip + 4.5)


def _joining(formula: Formula, path: Path, op: str) -> Callable[[Formula, Formula], Formula]:
    return lambda left, right: replace(formula, path, Binary(op, left, right))


def _restructured(problem: Problem, found: Found, variants: Variants, path: Path, need: Need | None) -> Iterator[Hit]:
    """A structural edit of a node, and one edit inside one of the operands that it keeps."""
    node = at(variants.formula, path)
    near = [(place,) for place in range(len(children(node)))]
    far = [(i, j) for (i,) in near for j in range(len(children(children(node)[i])))]
    for edit, inner in product(structural(node, problem.vocabulary), [*near, *far]):
        if problem.late:
            return
        part = at(node, inner)
        if any(part is other for other in nodes(edit.formula)):
            yield from _edited_inside(problem, found, variants, path, need, edit, (*path, *inner))


def _edited_inside(
    problem: Problem, found: Found, variants: Variants, path: Path, need: Need | None, edit: Edit, inner: Path
) -> Iterator[Hit]:
    part = at(variants.formula, inner)
    for stack in variants.stacks.get(inner, {}).values():
        some = stack.cheapest(MOST_EDITED)
        known = {**variants.values, id(part): some.values}
        try:
            values = evaluate(edit.formula, problem.screen.lifted, problem.functions, known)
        except FAILURES:
            continue
        if len(values) == len(some):
            edited = some.mapped(values, _putting(edit.formula, part), slip=edit.slip)
            yield from at_node(problem, found, variants, path, need, edited)


def _putting(formula: Formula, part: Formula) -> Callable[[Formula], Formula]:
    return lambda new: transform(formula, lambda node: new if node is part else None)
