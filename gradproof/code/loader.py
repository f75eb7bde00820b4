"""One reading of functions that belong together: their statements followed, the quantities among them found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gradproof.case.derivation import Equation, parts_of
from gradproof.code.acquittal import acquitted, is_result, reached
from gradproof.code.arguments import Arguments
from gradproof.code.paths import arrays_in
from gradproof.code.program.claim import Claim, agrees
from gradproof.code.program.equations import form_of
from gradproof.code.program.whole import Whole
from gradproof.code.quantities import Quantities, assign
from gradproof.code.reading.blocks import same
from gradproof.code.reading.functions import text_of
from gradproof.code.reading.steps import Ref, Step, named_steps
from gradproof.code.samples import Samples
from gradproof.code.selfcheck import require_same
from gradproof.code.stored import require_stored
from gradproof.code.writing.emit import equation
from gradproof.errors import GradproofError
from gradproof.truth.sources import Derivative, Updated


def ask_for_unknown(whole: Whole, quantities: Quantities, passed: Mapping[str, bool]) -> None:
    """A returned value that may be a gradient, and that nothing names, is taken for the one that has its shape; where
    several have, it is asked for.

    Args:
        whole: What the code gave; what is found is added to its claims.
        quantities: The reference's names.
        passed: Place in what is returned -> whether right results are computed from it.

    Raises:
        GradproofError: There is one that may be several.
    """
    wanted = [f"d{quantities.loss}_d{root}" for root in quantities.binding.roots]
    nameless = [claim for claim in whole.unknown if _is_nameless(claim) and not passed.get(claim.path, False)]
    shapes = [np.shape(claim.pick(whole.outcome)) for claim in nameless]
    for claim, shape in zip(nameless, shapes, strict=True):
        open_ones = [
            quantity
            for quantity in wanted
            if quantity not in whole.claims
            and quantity not in quantities.code.absent
            and quantities.is_computed(quantity)
            and np.shape(quantities.samples.of(quantity)) == shape
        ]
        if len(open_ones) == 1 == shapes.count(shape):
            whole.claims[open_ones[0]] = replace(claim, quantity=open_ones[0], why="shape")
            whole.notes.append(f"{claim.label} is taken for {open_ones[0]}: of what is returned it alone has its shape")
        elif open_ones:
            raise GradproofError(
                f"{whole.program.calls[-1].name} returns {claim.label} of the shape {shape}, and nothing "
                f"says which quantity that is: it has the shape of {', '.join(open_ones)}; name all that it returns in "
                f'order, with None for what is no gradient: Code(..., results=("{open_ones[0]}", None, ...))'
            )


def _is_nameless(claim: Claim) -> bool:
    """Whether a value is known by its place alone; a name of its own that is no quantity's speaks against one."""
    return claim.label.startswith(("result[", "the result")) and "['" not in claim.label


class Loader:
    """One reading of functions that belong together."""

    def __init__(self, whole: Whole, quantities: Quantities, samples: Samples) -> None:
        self.whole, self.quantities, self.samples = whole, quantities, samples
        self.texts = [text_of(call.plain or call.function) for call in whole.program.calls]
        self.arguments = Arguments(whole.program, quantities, samples, self.texts[0])
        self.reader = self.arguments.reader
        self.results: set[str] = set()
        self.named: Mapping[Step, str] = {}
        for text in self.texts:
            for key, value in text.function.__globals__.items():
                self.reader.globals.setdefault(key, value)

    def read(self) -> list[Ref]:
        """Read the functions one after the other; what each returns.

        Raises:
            GradproofError: A statement cannot be followed.
        """
        returned: list[Ref] = []
        for call, text in zip(self.whole.program.calls, self.texts, strict=True):
            returned.append(self.reader.run(text, self.arguments.of_call(call, text, returned)))
        require_same(self.whole.outcome, returned, self.texts, self.arguments)
        return returned

    def equations(self, returned: list[Ref]) -> tuple[Equation, ...]:
        """The quantities among what was read."""
        for text in self.texts:
            require_stored(next(scope for scope in self.reader.scopes if scope.text is text), self.quantities)
        claimed = {claim.path: quantity for quantity, claim in self.whole.claims.items() if claim.returned}
        named = assign(self.reader, self.quantities, returned[-1], claimed)
        self.results = {parts_of(name)[0] for step, name in named.items() if is_result(step, name, self.whole)}
        names = acquitted(named, self.reader, self.quantities, self.whole)
        self.named = names
        ask_for_unknown(self.whole, self.quantities, self._passed(returned[-1], names))
        reader = self.reader
        return tuple(
            equation(
                step, name, reader.steps, reader.globals, self._path(step), names=names, form=self._form(step, name)
            )
            for step, name in sorted(names.items(), key=lambda item: item[0].number)
        )

    def _passed(self, returned: Ref, names: Mapping[Step, str]) -> dict[str, bool]:
        """Which returned values right gradients are computed from: states and other values on the way, no gradients."""
        binding = self.quantities.binding
        right = {
            step
            for step, name in names.items()
            if isinstance(binding.find(parts_of(name)[0]), (Derivative, Updated))
            and agrees(step.sample, self.samples.of(parts_of(name)[0]))
        }
        used = frozenset().union(*reached(right, self.reader).values())
        values = [array for number in used if number in self.reader.steps for array in self._arrays(number)]
        return {
            path: step.number in used or any(same(step.sample, value) for value in values)
            for path, step in named_steps("", returned)
        }

    def _arrays(self, number: int) -> list[Any]:
        """The arrays that a step is, or holds: the states of all steps of a recurrence."""
        return [value for _, value in arrays_in(self.reader.steps[number].sample, depth=2) if np.ndim(value)]

    def _form(self, step: Step, name: str) -> tuple[int, ...] | None:
        truth = self.samples.of(parts_of(name)[0])
        return None if truth is None else form_of(step.sample, truth)

    def _path(self, step: Step) -> Path:
        wanted = step.origin.function if step.origin is not None else ""
        return next((t.path for t in self.texts if t.name == wanted), self.texts[0].path)
