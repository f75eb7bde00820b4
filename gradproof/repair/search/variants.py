"""The values of all formulas that are one edit away, from the leaves up.

The variants of a node are its own edits and, carried through its operation, the variants of its operands: every node
costs a handful of array operations whatever the number of candidates, and nothing is evaluated twice. What a candidate
looks like is only worked out when its value turns out to be right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from gradproof.repair.budget import CALL, Budget
from gradproof.repair.formulas.evaluate import FAILURES, apply, evaluate, is_raw
from gradproof.repair.formulas.formula import (
    Binary,
    Formula,
    Local,
    Name,
    Path,
    children,
    names_in,
    nodes,
    rebuild,
    size,
    substitute,
    transform,
)
from gradproof.repair.formulas.functions import Array
from gradproof.repair.formulas.names import family
from gradproof.repair.search.batches import Shape, Stack, by_shape, single
from gradproof.repair.search.edits import REPLACE, Template, Vocabulary, fill, structural, templates
from gradproof.repair.search.term_bank import CONSTANT_FAMILY, Bank, Shelf

DEPTH = 0.05
"""Bits for each step down: of two edits alike the outer one is preferred."""

_HOLE = Name("#")
_EVERYWHERE = Name("#everywhere")


@dataclass(frozen=True)
class Variants:
    """A formula and all that are one edit away.

    Attributes:
        formula: The formula.
        bank: What an edit may put in.
        vocabulary: What other edits may use.
        budget: How much work may be done; nodes not reached by then have no variants.
    """

    formula: Formula
    bank: Bank
    vocabulary: Vocabulary
    budget: Budget

    @cached_property
    def values(self) -> dict[int, Array]:
        """Value of each node that has one, by its identity."""
        found: dict[int, Array] = {}
        self._evaluate(self.formula, found)
        return found

    def _evaluate(self, node: Formula, found: dict[int, Array]) -> None:
        for child in children(node):
            self._evaluate(child, found)
        try:
            with np.errstate(all="ignore"):
                found[id(node)] = evaluate(node, self.bank.screen.lifted, self.bank.functions, found)
        except FAILURES:
            return

    @cached_property
    def shared(self) -> frozenset[Local]:
        """Local names that are used more than once: an edit of what they stand for changes every use."""
        uses = Counter(node for node in nodes(self.formula) if isinstance(node, Local))
        return frozenset(local for local, count in uses.items() if count > 1)

    @cached_property
    def stacks(self) -> dict[Path, dict[Shape, Stack]]:
        """The variants of each node that is not inside a shared local name, by its path."""
        found: dict[Path, dict[Shape, Stack]] = {}
        with np.errstate(all="ignore"):
            self._visit(self.formula, (), found)
        return found

    @cached_property
    def root(self) -> dict[Shape, Stack]:
        """The variants of the whole formula, edits inside shared local names among them."""
        whole = [self.stacks[()]]
        with np.errstate(all="ignore"):
            whole += [self._throughout(local) for local in sorted(self.shared, key=lambda local: local.step)]
        return by_shape([stack for group in whole for stack in group.values()], self.bank.screen.trials)

    def _visit(self, node: Formula, path: Path, found: dict[Path, dict[Shape, Stack]]) -> None:
        if not (isinstance(node, Local) and node in self.shared):
            for place, child in enumerate(children(node)):
                self._visit(child, (*path, place), found)
        own: list[Stack] = []
        for stack in chain.from_iterable(self._own(node, path, found)):
            own.append(stack)
            self.budget.spend(CALL + 2 * stack.values.size)
            if self.budget.is_spent:
                break
        found[path] = by_shape(own, self.bank.screen.trials)

    def _own(self, node: Formula, path: Path, found: dict[Path, dict[Shape, Stack]]) -> Iterator[Iterator[Stack]]:
        """The variants of a node, a kind at a time, the likeliest kind first."""
        yield self._structural(node)
        for place in range(len(children(node))):
            yield self.carried(node, place, found.get((*path, place), {}))
        yield self._filled(node)
        yield self._renamed(node)

    def carried(self, node: Formula, place: int, stacks: dict[Shape, Stack]) -> Iterator[Stack]:
        """Variants of an operand, through the operation of its node."""
        operands = children(node)
        others = [None if is_raw(node, child) else self.values.get(id(child)) for child in operands]
        known = [value is not None or is_raw(node, child) for value, child in zip(others, operands, strict=True)]
        if not all(known[:place] + known[place + 1 :]):
            return
        for stack in stacks.values():
            others[place] = stack.values
            try:
                values = apply(node, others, self.bank.functions)
            except FAILURES:
                continue
            if len(values) == len(stack):
                yield stack.mapped(values, _wrapper(node, place), slip=DEPTH)

    def _structural(self, node: Formula) -> Iterator[Stack]:
        for edit in structural(node, self.vocabulary):
            try:
                value = evaluate(edit.formula, self.bank.screen.lifted, self.bank.functions, self.values)
            except FAILURES:
                continue
            yield single(value, edit.formula, edit.slip)

    def _filled(self, node: Formula) -> Iterator[Stack]:
        value = self.values.get(id(node))
        for template in templates(node, self.vocabulary):
            for shelf in self.bank.atoms.values():
                if template is REPLACE:
                    yield _replacing(node, shelf)
                    continue
                filled = None if value is None else self.filled(template, node, value, shelf.stack)
                if filled is not None:
                    yield filled

    def filled(self, template: Template, node: Formula, value: Array, stack: Stack) -> Stack | None:
        """A template at a node, with each candidate of a stack in the hole; None where the shapes do not fit."""
        operands = (stack.values, value) if template.mirrored else (value, stack.values)
        try:
            values = apply(Binary(template.op, _HOLE, _HOLE), operands, self.bank.functions)
        except FAILURES:
            return None
        return stack.mapped(values, lambda new: fill(template, node, new), slip=template.slip)

    def _renamed(self, node: Formula) -> Iterator[Stack]:
        """One name replaced everywhere below a node, where it stands below several of its operands."""
        below = [names_in(child) for child in children(node)]
        counts = Counter(name for names in below for name in names)
        for name in sorted(name for name, count in counts.items() if count > 1):
            for shelf in self.bank.atoms.values():
                values = dict(self.bank.screen.lifted) | {name: shelf.stack.values}
                try:
                    renamed = evaluate(node, values, self.bank.functions)
                except FAILURES:
                    continue
                if len(renamed) == len(shelf.stack):
                    stack = Stack(renamed, _slips(name, shelf) + 0.5, shelf.stack.weight, shelf.stack.write)
                    yield stack.mapped(renamed, lambda new, name=name: substitute(node, {name: new}))  # type: ignore[misc]

    def _throughout(self, local: Local) -> dict[Shape, Stack]:
        """Edits of what a shared local name stands for, at all its uses."""
        inner = Variants(local.definition, self.bank, self.vocabulary, self.budget)
        made = []
        for stack in inner.root.values():
            open_formula = transform(self.formula, lambda node: _EVERYWHERE if node == local else None)
            values = dict(self.bank.screen.lifted) | {_EVERYWHERE.id: stack.values}
            try:
                result = evaluate(open_formula, values, self.bank.functions)
            except FAILURES:
                continue
            if len(result) == len(stack):
                made.append(stack.mapped(result, lambda new: redefine(self.formula, local, new), slip=DEPTH))
        return by_shape(made, self.bank.screen.trials)


def redefine(formula: Formula, local: Local, definition: Formula) -> Formula:
    """The formula with another definition of a local name, at all its uses."""
    new = local._replace(definition=definition)
    return transform(formula, lambda node: new if node == local else None)


def _wrapper(node: Formula, place: int) -> Callable[[Formula], Formula]:
    operands = children(node)

    def wrap(new: Formula) -> Formula:
        return rebuild(node, (*operands[:place], new, *operands[place + 1 :]))

    return wrap


def _replacing(node: Formula, shelf: Shelf) -> Stack:
    """The node replaced by each candidate of a shelf."""
    if isinstance(node, Name):
        slips = _slips(node.id, shelf)
    else:
        constants = shelf.families == CONSTANT_FAMILY
        slips = REPLACE.slip + shelf.stack.slip + np.where(constants, 2.0, 2.5 + 1.5 * (size(node) - 1))
    return Stack(shelf.stack.values, slips, shelf.stack.weight, shelf.stack.write)


def _slips(name: str, shelf: Shelf) -> Array:
    """Bits for taking each candidate of a shelf for a name: a wrong index is likelier than a wrong quantity."""
    slips = np.where(shelf.families == family(name), 1.0, 2.5)
    slips = np.where(shelf.families == CONSTANT_FAMILY, 3.0, slips)
    return np.asarray(np.where(shelf.families == "", 3.5 + shelf.stack.slip, slips))
