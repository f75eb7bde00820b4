"""What a program's results are worth: which of them are the truth, in a few trials and at every set of sizes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from gradproof.case.names import ends
from gradproof.code.program.claim import Claim, agrees
from gradproof.code.program.running import Program


@dataclass(frozen=True)
class Trial:
    """One trial: the inputs of a program, the truth of each of its results, and the weights of its forward results."""

    inputs: Mapping[str, Any]
    truths: Mapping[str, Any]
    weights: Mapping[str, Any]


class Judge(Protocol):
    """What a search asks: it runs something in trials, and knows which of its results are right."""

    @property
    def claims(self) -> Mapping[str, Any]:
        """The results that are judged."""

    @property
    def trials(self) -> Sequence[Trial]:
        """Those of the search, the first one is tried first."""

    @property
    def fresh(self) -> Sequence[Trial]:
        """Others, on which a fix is confirmed."""

    def run(self, trial: Trial) -> object:
        """Run it once, whatever comes of it."""

    def right(self, trial: Trial) -> frozenset[str]:
        """The results that are the truth in a trial; none where it raises."""

    def values(self, trial: Trial) -> dict[str, Any]:
        """The results of a trial as bytes, to see what a change moves."""

    def loss(self, trial: Trial) -> float | None:
        """What the results of the forward pass make of the loss; None where that is not known."""

    def returned(self, names: Collection[str]) -> Mapping[str, tuple[str, Any]]:
        """Derivatives among some results, by what they are by: their places in what is returned, and their values."""


def right_in_all(judge: Judge, trials: Sequence[Trial], among: frozenset[str]) -> frozenset[str]:
    """Those of some results that are the truth in all of some trials."""
    for trial in trials:
        among &= judge.right(trial)
        if not among:
            break
    return among


@dataclass(frozen=True)
class Bench:
    """A program, the claims on its results, and trials.

    Attributes:
        program: The program.
        claims: What is taken from its outcome, by the quantity.
        trials: Those of the search, the first one is tried first.
        fresh: Others, on which a fix is confirmed.
        weights: Result of the forward pass -> the derivative of the loss by it; of the loss itself nothing.
    """

    program: Program
    claims: Mapping[str, Claim]
    trials: Sequence[Trial]
    fresh: Sequence[Trial]
    weights: Mapping[str, str] = field(default_factory=dict)

    def run(self, trial: Trial) -> object:
        """The outcome of the program."""
        return self.program.run(trial.inputs)

    def right(self, trial: Trial) -> frozenset[str]:
        """The results that are the truth in a trial; none where the program raises."""
        try:
            with np.errstate(all="ignore"):
                outcome = self.program.run(trial.inputs)
        except Exception:  # the user's own code, edited
            return frozenset()
        found = set()
        for quantity, claim in self.claims.items():
            try:
                value = claim.pick(outcome)
            except LookupError:
                continue
            if agrees(value, trial.truths[quantity]):
                found.add(quantity)
        return frozenset(found)

    def values(self, trial: Trial) -> dict[str, Any]:
        """The results of a trial as bytes, to see what a change moves."""
        try:
            with np.errstate(all="ignore"):
                outcome = self.program.run(trial.inputs)
        except Exception:  # the user's own code, edited
            return {}
        found = {}
        for quantity, claim in self.claims.items():
            try:
                found[quantity] = np.asarray(claim.pick(outcome)).tobytes()
            except LookupError:
                continue
        return found

    def loss(self, trial: Trial) -> float | None:
        """What the results of the forward pass make of the loss, each weighed by the derivative by it."""
        try:
            with np.errstate(all="ignore"):
                outcome = self.program.run(trial.inputs)
                parts = [
                    np.sum(self.claims[name].pick(outcome) * (trial.weights[weight] if weight else 1.0))
                    for name, weight in self.weights.items()
                ]
        except Exception:  # the user's own code, edited
            return None
        total = float(sum(parts))
        return total if parts and np.isfinite(total) else None

    def returned(self, names: Collection[str]) -> Mapping[str, tuple[str, Any]]:
        """Derivatives among some results, by what they are by: their places in what is returned, and their values."""
        try:
            outcome = self.program.run(self.trials[0].inputs)
            both = ((ends(name), self.claims[name]) for name in names)
            return {
                end.bottom: (claim.path, np.asarray(claim.pick(outcome)))
                for end, claim in both
                if end is not None and claim.returned
            }
        except Exception:  # the user's own code, wrong as it is
            return {}
