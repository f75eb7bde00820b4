"""The search: ever larger edits of a wrong formula, until some agree with the truth in every trial.

Level 0 reads the formulas of right siblings with the indices exchanged; level 1 makes one edit; level 2 puts in
compounds of two or three names, or two unknown terms or factors; level 3 makes two edits. The search stops after the
first level with a candidate that holds in all trials, in the fresh ones, and in the user's own function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations

import numpy as np

from gradproof.repair.formulas.evaluate import FAILURES, evaluate
from gradproof.repair.formulas.formula import (
    Formula,
    Local,
    Name,
    Path,
    at,
    head,
    nodes,
    replace,
    size,
    substitute,
    walk,
    with_locals,
)
from gradproof.repair.formulas.functions import Array
from gradproof.repair.search.batches import Shape, Stack
from gradproof.repair.search.compound_edits import compound_edits, two_unknowns
from gradproof.repair.search.edits import structural
from gradproof.repair.search.problem import Candidate, Counts, Found, Problem
from gradproof.repair.search.survivors import MOST_CONFIRMED
from gradproof.repair.search.two_edits import two_edits
from gradproof.repair.search.variants import Variants

Check = Callable[[Candidate], bool]


def search(problem: Problem, check: Check) -> tuple[list[Candidate], Counts]:
    """Candidates that hold, the simplest first, and how much was tried.

    Args:
        problem: The wrong equation.
        check: Whether the user's function, with the formula written into it, holds in all trials.
    """
    found = Found(problem)
    variants = Variants(problem.formula, problem.bank, problem.vocabulary, problem.budget)
    levels: tuple[tuple[int, Callable[[], None]], ...] = (
        (0, lambda: analogous(problem, found)),
        (1, lambda: one_edit(problem, found, variants)),
        (1, lambda: alike_edits(problem, found, variants)),
        (2, lambda: compound_edits(problem, found, variants)),
        (3, lambda: larger_edits(problem, found, variants)),
    )
    checked: list[Candidate] = []
    for level, run in levels:
        found.level = level
        with np.errstate(all="ignore"):
            run()
            # One edit is always tried: a sibling's formula may be longer than what is needed.
            if level == 0:
                continue
            shorten(problem, found)
        if found.ranked:
            checked = [candidate for candidate in found.ranked[:8] if check(candidate)]
        if checked or problem.late:
            found.exhausted = bool(checked)
            break
    confirmed = sum(candidate is not None for candidate in found.seen.values())
    return checked, Counts(found.tried, confirmed, found.coincidental, found.level, found.exhausted)


def offer_hits(problem: Problem, found: Found, stacks: Iterable[Stack], slip: float = 0.0) -> None:
    """Compare stacks of whole formulas with the truth and confirm what agrees."""
    for stack in stacks:
        found.tried += len(stack)
        hits = problem.hits(stack.values)
        order = hits[np.argsort((stack.slip + stack.weight)[hits], kind="stable")]
        for place in order[:MOST_CONFIRMED]:
            found.offer(stack.write(int(place)), slip + float(stack.slip[place]))
            if problem.late:
                return


def analogous(problem: Problem, found: Found) -> None:
    """Level 0: the formulas of right siblings."""
    for formula in problem.siblings:
        found.tried += 1
        found.offer(with_locals(formula, problem.formula), 2.0)


def one_edit(problem: Problem, found: Found, variants: Variants) -> None:
    """Level 1: one edit, or two names exchanged."""
    offer_hits(problem, found, variants.root.values())
    offer_hits(problem, found, exchanged(problem, variants.formula))


def larger_edits(problem: Problem, found: Found, variants: Variants) -> None:
    """Level 3: two edits, or two unknown terms or factors."""
    two_edits(problem, found, variants)
    two_unknowns(problem, found, variants)


def exchanged(problem: Problem, formula: Formula) -> Iterator[Stack]:
    """Two names of one shape exchanged, all pairs at once."""
    groups: dict[Shape, list[str]] = {}
    names_here = dict.fromkeys(node.id for node in nodes(formula) if isinstance(node, Name))
    for name in (name for name in names_here if name in problem.screen.values):
        groups.setdefault(problem.screen.lifted[name].shape[2:], []).append(name)
    for names in groups.values():
        couples = list(combinations(names, 2))
        if not couples:
            continue
        values = dict(problem.screen.lifted)
        for name in names:
            partner = [b if name == a else a if name == b else name for a, b in couples]
            values[name] = np.concatenate([problem.screen.lifted[other] for other in partner])
        try:
            with np.errstate(all="ignore"):
                result = evaluate(formula, values, problem.functions)
        except FAILURES:
            continue
        if len(result) == len(couples):
            yield _exchanges(formula, couples, result)


def _exchanges(formula: Formula, couples: list[tuple[str, str]], values: Array) -> Stack:
    def write(index: int) -> Formula:
        a, b = couples[index]
        return substitute(formula, {a: Name(b), b: Name(a)})

    return Stack(values, np.full(len(couples), 3.0), np.zeros(len(couples)), write)


def alike_edits(problem: Problem, found: Found, variants: Variants) -> None:
    """The same edit at all places that look alike: a transpose forgotten in every product, a sign in every term."""
    for formula, slip in alike(variants.formula, problem):
        if problem.late:
            return
        found.tried += 1
        try:
            with np.errstate(all="ignore"):
                value = evaluate(formula, problem.screen.lifted, problem.functions)
        except FAILURES:
            continue
        if len(problem.hits(value)):
            found.offer(formula, slip)


def alike(formula: Formula, problem: Problem) -> Iterator[tuple[Formula, float]]:
    """Formulas with one structural edit made at all alike places, and the bits of the slip."""
    places: dict[tuple[object, ...], list[Path]] = {}
    for path, node in walk(formula):
        parent = head(at(formula, path[:-1])) if path else ()
        kind = (node.kind,) if isinstance(node, (Name, Local)) else head(node)
        places.setdefault((kind, parent, path[-1:]), []).append(path)
    for paths in places.values():
        if len(paths) < 2:
            continue
        edits = [list(structural(at(formula, path), problem.vocabulary)) for path in paths]
        for number in range(min(len(some) for some in edits)):
            edited = formula
            # The deepest first: an edit keeps the operands of its node, which are edited by then.
            for path in sorted(paths, key=len, reverse=True):
                again = list(structural(at(edited, path), problem.vocabulary))
                if number < len(again):
                    edited = replace(edited, path, again[number].formula)
            yield edited, edits[0][number].slip + 2.0


def shorten(problem: Problem, found: Found) -> None:
    """Look for a shorter formula one edit away from those found, where these are longer than what was written."""
    usual = problem.prior.formula_bits(problem.formula, problem.target) + 1.0
    for candidate in found.ranked[:3]:
        current = candidate
        while (current.level > 1 or _length(problem, current) > usual) and not problem.late:
            shorter = _shorter(problem, found, current)
            if shorter is None:
                break
            current = shorter


def _length(problem: Problem, candidate: Candidate) -> float:
    return problem.prior.formula_bits(candidate.formula, problem.target)


def _shorter(problem: Problem, found: Found, candidate: Candidate) -> Candidate | None:
    variants = Variants(candidate.formula, problem.bank, problem.vocabulary, problem.budget)
    most = size(candidate.formula)
    formulas = []
    for stack in variants.root.values():
        hits = problem.hits(stack.values)
        formulas += [f for place in hits[:MOST_CONFIRMED] if size(f := stack.write(int(place))) < most]
    before = {c.formula for c in found.ranked}
    for formula in formulas:
        found.offer(formula, candidate.slip)
    new = [c for c in found.ranked if c.formula not in before and c.bits < candidate.bits - 0.5]
    return new[0] if new else None
