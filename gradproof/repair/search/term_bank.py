"""The bank: what an edit may put in, one formula for each distinct value.

Atoms are the readable quantities, their transposes and masks, sizes, small constants, and the module's own helpers of
one argument. Compounds, in `compounds`, are built of two or three of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile

import numpy as np

from gradproof.operators import number_bits
from gradproof.repair.budget import CALL, Budget
from gradproof.repair.evidence.groups import Evidence
from gradproof.repair.formulas.evaluate import FAILURES, evaluate
from gradproof.repair.formulas.formula import Binary, Call, Compare, Constant, Formula, Name, Size, Transpose, size
from gradproof.repair.formulas.functions import LEAD, Array, Functions
from gradproof.repair.formulas.names import Phase, family, phase
from gradproof.repair.search.batches import Shape, Stack, by_shape, concatenate, distinct, single
from gradproof.repair.search.compounds import compounds
from gradproof.repair.search.prior import Prior, Target

CONSTANT_FAMILY = "0"
_ATOMS = ((1, 0.0), (2, 0.0), (0.5, -0.75), (-1, 1.0), (3, 0.0), (0, 2.0))
"""Numbers that stand alone, and how much dearer each is there than inside a formula."""


@dataclass(frozen=True)
class Shelf:
    """Candidates of one shape.

    Attributes:
        stack: The candidates.
        families: The family of each that is a name, `CONSTANT_FAMILY` for constants, empty for the rest.
    """

    stack: Stack
    families: Array


@dataclass(frozen=True)
class Bank:
    """What an edit of one equation may put in.

    Attributes:
        target: The equation.
        pool: Quantities that it may read.
        own: Quantities that it reads as it is.
        screen: The trials of the search.
        groups: All trials, for the sizes.
        functions: The functions of the equation's module.
        helpers: Its helpers of one argument.
        fragments: Parts of other, right equations.
        prior: Prices of names.
        budget: How much work may be done; when it is spent, no more compounds are built.
        seed: For the random directions on which values are compared.
        known: Values of atoms on the screen that another bank has found, where the two share them.
    """

    target: Target
    pool: tuple[str, ...]
    own: frozenset[str]
    screen: Evidence
    groups: tuple[Evidence, ...]
    functions: Functions
    helpers: tuple[str, ...]
    fragments: tuple[Formula, ...]
    prior: Prior
    budget: Budget
    seed: int
    known: dict[Formula, Array] = field(default_factory=dict, repr=False)

    @cached_property
    def atoms(self) -> dict[Shape, Shelf]:
        """Names, transposes, masks, helpers of names, constants, sizes."""
        plain = self._plain[()]
        stack = concatenate([plain.stack, *self._sizes], self.screen.trials)
        families = np.concatenate([plain.families, np.full(len(self._sizes), "")])
        return {**self._plain, (): Shelf(stack, families)}

    @cached_property
    def _plain(self) -> dict[Shape, Shelf]:
        """All atoms but sizes."""
        named = [self._entry(Name(name), self.bits(name)) for name in self.pool]
        others = [entry for entry in [*self._transposes(), *self._masks(), *self._helped()] if entry is not None]
        constants = [self._entry(Constant(value), number_bits(value) + more) for value, more in _ATOMS]
        groups: dict[Shape, list[tuple[Stack, str]]] = {}
        for entry in [*named, *constants, *others]:
            if entry is not None:
                groups.setdefault(entry[0].shape, []).append(entry)
        return {shape: self._shelf(entries) for shape, entries in groups.items()}

    @cached_property
    def all(self) -> dict[Shape, Stack]:
        """Atoms and compounds, by shape."""
        rng = np.random.default_rng(self.seed)
        fragments = [entry[0] for fragment in self.fragments if (entry := self._entry(fragment, 0.0)) is not None]
        made = compounds(self._shelved(Name), self._shelved(Transpose), self.functions, self.helpers)
        built = takewhile(self._affords, made)
        atoms = [shelf.stack for shelf in self._plain.values()]
        groups = by_shape([*atoms, *fragments, *built], self.screen.trials)
        found = {shape: stack.at(distinct(stack, rng)) for shape, stack in groups.items()}
        found[()] = concatenate([found[()], *self._sizes], self.screen.trials)
        return found

    def _affords(self, stack: Stack) -> bool:
        self.budget.spend(CALL + 4 * stack.values.size)  # computed, sorted, and told apart
        return not self.budget.is_spent

    @cached_property
    def count(self) -> int:
        """How many candidates there are in all, compounds included."""
        return sum(len(stack) for stack in self.all.values())

    def bits(self, name: str) -> float:
        """Bits to name a quantity in this equation."""
        return self.prior.name_bits(name, self.target)

    def _shelved(self, kind: type[Formula]) -> dict[Shape, Stack]:
        """The atoms of one kind."""
        kept = {}
        for shape, shelf in self.atoms.items():
            chosen = [index for index in range(len(shelf.stack)) if isinstance(shelf.stack.write(index), kind)]
            kept[shape] = shelf.stack.at(np.array(chosen, dtype=np.int64))
        return kept

    def _entry(self, formula: Formula, bits: float) -> tuple[Stack, str] | None:
        """One candidate and its family; None if it cannot be evaluated."""
        value = self.known.get(formula)
        if value is None:
            try:
                with np.errstate(all="ignore"):
                    value = evaluate(formula, self.screen.lifted, self.functions)
            except FAILURES:
                return None
            if isinstance(formula, (Name, Transpose, Compare)):  # it means the same in every module
                self.known[formula] = value
        label = family(formula.id) if isinstance(formula, Name) else ""
        if isinstance(formula, Constant):
            label = CONSTANT_FAMILY
        slip = 1.0 if isinstance(formula, (Compare, Call)) else 1.5 * (size(formula) - 1)
        return single(value, formula, slip, bits), label

    def _shelf(self, entries: Sequence[tuple[Stack, str]]) -> Shelf:
        """Entries of one shape, one for each value; the constant 0 stays though it is no distinct value."""
        stack = concatenate([entry for entry, _ in entries], self.screen.trials)
        labels = np.array([label for _, label in entries])
        zeros = np.nonzero((labels == CONSTANT_FAMILY) & ~stack.values.reshape(len(stack), -1).any(axis=1))[0]
        places = np.concatenate([distinct(stack, np.random.default_rng(self.seed)), zeros])
        return Shelf(stack.at(places), labels[places])

    def _forward(self) -> list[str]:
        return [name for name in self.pool if phase(name) == Phase.FORWARD]

    def _transposes(self) -> list[tuple[Stack, str] | None]:
        matrices = [name for name in self.pool if self.screen.lifted[name].ndim == LEAD + 2]
        return [self._entry(Transpose(Name(name)), self.bits(name) + 1.5) for name in matrices]

    def _masks(self) -> list[tuple[Stack, str] | None]:
        """Masks of forward quantities that switch in the trials."""
        masks = [(Compare(">", Name(name), Constant(0)), name) for name in self._forward()]
        switching = [(mask, name) for mask, name in masks if mask in self.known or self._switches(name)]
        return [self._entry(mask, self.bits(name) + 4.0) for mask, name in switching]

    def _switches(self, name: str) -> bool:
        positive = self.screen.lifted[name] > 0
        return bool(positive.any() and (self.screen.lifted[name] <= 0).any())

    def _helped(self) -> list[tuple[Stack, str] | None]:
        return [
            self._entry(Call(helper, (Name(name),)), self.bits(name) + 2.5)
            for helper in self.helpers
            for name in self._forward()
        ]

    @cached_property
    def _sizes(self) -> list[Stack]:
        """Sizes, their roots and products, the first name of each distinct size; never merged with constants."""
        found: dict[tuple[int, ...], tuple[float, Formula]] = {}
        for name in sorted(self.pool, key=lambda name: (name not in self.own, self.bits(name))):
            for axis in range(self.screen.lifted[name].ndim - LEAD):
                lengths = tuple(group.lifted[name].shape[LEAD + axis] for group in self.groups)
                found.setdefault(lengths, (self.bits(name) - 3.0 * (name in self.own), Size(Name(name), axis)))
        sizes = [entry for lengths, entry in found.items() if set(lengths) != {1}]
        made: list[tuple[float, Formula]] = [(bits + 2.0, formula) for bits, formula in sizes]
        made += [(bits + 4.0, Call("sqrt", (formula,))) for bits, formula in sizes]
        made += [
            (min(first[0], second[0]) + 3.0, Binary("*", first[1], second[1]))
            for place, first in enumerate(sizes)
            for second in sizes[place + 1 :]
        ]
        entries = [self._entry(formula, bits) for bits, formula in made]
        return [entry[0] for entry in entries if entry is not None]
