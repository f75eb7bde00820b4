"""Results of whole functions as equations: each calls the code as it is and takes one value from what that leaves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gradproof.case.derivation import Equation
from gradproof.code.program.claim import Claim, same_but_for_form
from gradproof.code.program.running import Outcome, Program

REMEMBERED = 64 << 20
"""Outcomes are kept up to so many bytes with their inputs, so that each trial is run once for all of its results."""

SMALL = 1 << 16
"""Outcomes are kept where the inputs of a trial have no more bytes than this."""


@dataclass
class Runner:
    """Runs a program on arrays in the order of its inputs, each trial once for all results.

    Attributes:
        program: The program.
        claims: What is taken from its outcome, by the equation's name.
        shapes: The shape that each of them should have, where it only differs in axes of size 1.
    """

    program: Program
    claims: dict[str, Claim]
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _known: dict[bytes, dict[str, Any]] = field(default_factory=dict, repr=False)
    _bytes: int = field(default=0, repr=False)

    def result(self, name: str, values: Sequence[Any]) -> Any:
        """One result of a run."""
        key = self._key(values)
        if key is not None and key in self._known:
            return self._known[key][name]
        outcome = self.program.run(dict(zip(self.program.inputs, values, strict=True)))
        if key is None:
            return self._taken(name, outcome)
        found: dict[str, Any] = {}
        for one in self.claims:
            try:
                found[one] = np.array(self._taken(one, outcome), copy=True)[()]
            except LookupError:
                found[one] = None
        self._remember(key, found)
        return found[name]

    def _remember(self, key: bytes, found: dict[str, Any]) -> None:
        self._bytes += len(key) + sum(sys.getsizeof(value) for value in found.values())
        if self._bytes > REMEMBERED:
            self._known.clear()
            self._bytes = 0
        self._known[key] = found

    def _taken(self, name: str, outcome: Outcome) -> Any:
        value = self.claims[name].pick(outcome)
        shape = self.shapes.get(name)
        return np.reshape(value, shape) if shape is not None else value

    @staticmethod
    def _key(values: Sequence[Any]) -> bytes | None:
        if not all(type(value) is np.ndarray or isinstance(value, np.generic) for value in values):
            return None
        if sum(value.nbytes for value in values) > SMALL:
            return None
        return b"".join(value.dtype.str.encode() + value.tobytes() for value in values)


def equations_of(runner: Runner, path: Path, line: int) -> tuple[Equation, ...]:
    """An equation for each result, in the order of the claims."""
    inputs = runner.program.inputs
    return tuple(Equation(name, inputs, _function(name, runner), path, line, "") for name in runner.claims)


def _function(name: str, runner: Runner) -> Callable[..., Any]:
    def result(*values: Any) -> Any:
        return runner.result(name, values)

    result.__name__ = name
    return result


def form_of(value: Any, truth: Any) -> tuple[int, ...] | None:
    """The shape of the truth, where a value has it but for axes of size 1; else None."""
    shape, wanted = tuple(np.shape(value)), tuple(np.shape(truth))
    return wanted if shape != wanted and same_but_for_form(shape, wanted) else None
