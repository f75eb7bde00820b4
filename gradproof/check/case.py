"""A case: a derivation with its reference, every name of the one bound to the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import FunctionType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof import defaults
from gradproof.case.derivation import Derivation, Equation, equations_of
from gradproof.case.names import derivative_splits
from gradproof.case.project import Project, find_project, suggestions
from gradproof.case.reference import Reference, as_references, load_references
from gradproof.check.bounds import TruthBounds
from gradproof.check.loading import load_derivation
from gradproof.errors import GradproofError
from gradproof.trials.draws import Block, draw
from gradproof.trials.portions import Portions, portions
from gradproof.truth.binding import Binding
from gradproof.truth.passes import DTYPES
from gradproof.truth.sources import Leaf, Source, kind_of, looks_like
from gradproof.truth.truth import Truth

Array = NDArray[Any]


@dataclass(frozen=True)
class Case:
    """A derivation and the references it is checked against, in one dtype.

    Attributes:
        derivation: The equations.
        references: One reference, or several of different sizes among which the trials are dealt.
        dtype: `float64` or `float32`.
        place: The reference's file, for messages.
        unread: Quantities of the reference that no equation reads, whose truth is wanted none the less.
        memory: Bytes that the numbers of trials may take together.
    """

    derivation: Derivation
    references: tuple[Reference, ...]
    dtype: str = "float64"
    place: str = field(default="reference", repr=False)
    unread: tuple[str, ...] = field(default=(), repr=False)
    memory: int = field(default=defaults.MEMORY, repr=False)

    def __post_init__(self) -> None:
        """Bind all names now, so that a misspelt one is known before anything runs."""
        if self.dtype not in DTYPES:
            raise GradproofError(f"dtype {self.dtype!r} is not one of {', '.join(DTYPES)}")
        problems = [problem for equation in self.derivation.equations for problem in self._problems(equation)]
        if problems:
            raise GradproofError("\n".join(problems))
        _ = self.derivation.order

    def _problems(self, equation: Equation) -> list[str]:
        by_name, roots = self.derivation.by_name, self.bindings[0].roots
        return [
            f"{equation.place}: {equation.name} takes {name!r}, which is neither an equation nor a quantity of "
            f"{self.place}{suggestions(name, [*by_name, *roots])}; {self.bindings[0].why_unknown(name)}"
            for name in equation.inputs
            if name not in by_name and self.sources.get(name) is None
        ] + self._unknown_result(equation)

    def _unknown_result(self, equation: Equation) -> list[str]:
        """What is named as a gradient, an update or the loss is a result: it has to be compared.

        One that another equation reads is a step on the way to such a result, which shows whether it is right.
        """
        name, binding = equation.quantity, self.bindings[0]
        what = looks_like(name) if self.sources[name] is None and equation.code is None else ""
        if not what or any(name in (*e.inputs,) for e in self.derivation.equations):
            return []
        loss = binding.reference.loss
        if what == "loss" and loss in self.derivation.by_name:
            return []
        known = ", ".join(root for root in binding.roots)
        ways = {
            "update": f"an update is named after a parameter: NAME_new; {binding.why_unknown(name)}",
            "derivative": f"a gradient is named d{loss}_dX, dX or grad_X after a quantity X of the reference, which "
            f"has: {known}; {binding.why_unknown(name)}; name it there with symbols={{...}}",
            "loss": f'the reference calls its loss {loss}: name the equation so, or say Reference(loss="{name}")',
        }
        tops = [top for top, _ in derivative_splits(name) if looks_like(top) == "loss" and top not in binding.roots]
        way_out = f'the reference calls its loss {loss}: say Reference(loss="{tops[0]}")' if tops else ways[what]
        kind = {"update": "an update", "derivative": "a gradient", "loss": "the loss"}[what]
        return [f"{equation.place}: {name} looks like {kind}, but {self.place} has no such quantity: {way_out}"]

    @property
    def name(self) -> str:
        """The case's name."""
        return self.derivation.name

    @cached_property
    def bindings(self) -> tuple[Binding, ...]:
        """The names of each reference."""
        dtype = DTYPES[self.dtype]
        return tuple(Binding(reference, self.place, dtype) for reference in self.references)

    @cached_property
    def sources(self) -> Mapping[str, Source | None]:
        """What each quantity of the derivation is on the torch side; None where there is no such thing."""
        names = dict.fromkeys(name for e in self.derivation.equations for name in (e.quantity, *e.inputs))
        return {name: self.bindings[0].find(name) for name in (*names, *self.unread)}

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The quantities whose truth the reference gives."""
        return tuple(name for name, source in self.sources.items() if source is not None)

    @cached_property
    def truths(self) -> tuple[Truth, ...]:
        """The torch side of each reference."""
        return tuple(Truth(binding, self.known, self.dtype) for binding in self.bindings)

    @cached_property
    def trial_bytes(self) -> tuple[int, ...]:
        """What a trial of each reference takes."""
        return tuple(bounds.trial_bytes(draws) for bounds, draws in zip(self.truth_bounds, self._first, strict=True))

    @cached_property
    def portions(self) -> tuple[Portions, ...]:
        """How many trials of each reference are computed at once."""
        return tuple(portions(trial, self.memory) for trial in self.trial_bytes)

    def kind(self, equation: Equation) -> str:
        """`forward`, `derivative` or `update`."""
        return kind_of(equation.quantity, self.sources[equation.quantity])

    def block(self, reference: int, count: int) -> Block:
        """The first trials of a reference: so many, or as many as a usual block has, whatever memory is given now."""
        usual = portions(self.trial_bytes[reference], defaults.MEMORY).block
        return Block(reference, 0, min(count, usual), len(self.references))

    def draw(self, block: Block, seed: int, scale: float = 1.0) -> dict[str, Array]:
        """The random numbers of a block in the case's dtype, `(n, *shape)` by leaf."""
        return self._drawn(block.reference, block.rows, seed, scale)

    def _drawn(self, reference: int, rows: NDArray[np.int64], seed: int, scale: float) -> dict[str, Array]:
        binding = self.bindings[reference]
        unscaled = frozenset(argument.path for argument in binding.reference.arguments)
        values = draw(binding.leaves, reference, rows, case=self.name, seed=seed, scale=scale, unscaled=unscaled)
        if self.dtype == "float64":
            return values
        return {name: value.astype(self.dtype) if value.dtype.kind == "f" else value for name, value in values.items()}

    def draw_trials(self, trials: Sequence[int], seed: int, scale: float = 1.0) -> dict[str, Array]:
        """The random numbers of some trials of one reference, in the order given."""
        numbers, order = np.unique(np.asarray(trials, dtype=np.int64), return_inverse=True)
        count = len(self.references)
        values = self._drawn(int(numbers[0]) % count, numbers // count, seed, scale)
        return {name: value[order] for name, value in values.items()}

    @cached_property
    def truth_bounds(self) -> tuple[TruthBounds, ...]:
        """The rounding bounds of each reference's truth; the first use records torch's operations."""
        return tuple(TruthBounds(truth, draws) for truth, draws in zip(self.truths, self._first, strict=True))

    @cached_property
    def _first(self) -> tuple[dict[str, Array], ...]:
        """One trial's draws of each reference, to see by how a trial is computed."""
        return tuple(self.draw_trials([k], seed=0) for k in range(len(self.references)))

    @cached_property
    def leaf_names(self) -> frozenset[str]:
        """The quantities that are drawn, not computed."""
        return frozenset(name for name, source in self.sources.items() if isinstance(source, Leaf))

    @cached_property
    def starts(self) -> frozenset[str]:
        """What the free run starts from: the quantities that the derivation reads and has no equation for.

        These are the leaves, and whatever else it takes as given, such as an upstream gradient.
        """
        read = {name for equation in self.derivation.equations for name in equation.inputs}
        return frozenset(name for name in read if name not in self.derivation.by_name)

    @property
    def forgotten(self) -> tuple[str, ...]:
        """What is drawn and no equation reads: an upstream gradient, a mask. A wrong equation may have left it out."""
        read = {source.path for source in self.sources.values() if isinstance(source, Leaf)}
        names = {s.path: name for name, s in self.bindings[0].roots.items() if isinstance(s, Leaf) and not s.index}
        return tuple(name for path, name in names.items() if path not in read)


def load_case(
    name: str, *, dtype: str = "float64", memory: int = defaults.MEMORY, project: Project | None = None
) -> Case:
    """The case of `manual/NAME.py` and `reference/NAME.py` in a project, by default the one around the working folder.

    Raises:
        GradproofError: A file is missing or does not run, or a name means nothing.
    """
    project = project or find_project()
    derivation = load_derivation(project, name)
    return Case(derivation, load_references(project, name), dtype, f"reference/{name}.py", memory=memory)


def make_case(
    derivation: Derivation | Sequence[Callable[..., Any]] | Mapping[str, Callable[..., Any]],
    reference: Reference | Sequence[Reference],
    *,
    name: str = "derivation",
    dtype: str = "float64",
) -> Case:
    """A case from objects: plain functions, or a derivation, and a reference.

    Raises:
        GradproofError: A name means nothing.
    """
    if not isinstance(derivation, Derivation):
        given = derivation if isinstance(derivation, Mapping) else {getattr(f, "__name__", ""): f for f in derivation}
        table = {own: function for own, function in given.items() if isinstance(function, FunctionType)}
        for own, function in given.items():
            if own not in table:
                raise GradproofError(f"an equation is a plain function, such as def dLoss_dx(...), not {function!r}")
        if len(table) < len(derivation):
            raise GradproofError(
                'two of the functions have one name; give them by their names: {"dLoss_dx": f, "dLoss_dx__chain": g}'
            )
        derivation = Derivation(name, equations_of(table))
    return Case(derivation, as_references(reference, "reference"), dtype)
