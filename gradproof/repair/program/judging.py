"""What a program's results are worth: which of them are the truth, in a few trials and at every set of sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof.code.program.results import Claim, agrees
from gradproof.code.program.running import Program


@dataclass(frozen=True)
class Trial:
    """One trial: the inputs of a program, and the truth of each of its results."""

    inputs: Mapping[str, Any]
    truths: Mapping[str, Any]


@dataclass(frozen=True)
class Bench:
    """A program, the claims on its results, and trials.

    Attributes:
        program: The program.
        claims: What is taken from its outcome, by the quantity.
        trials: Those of the search, the first one is tried first.
        fresh: Others, on which a fix is confirmed.
    """

    program: Program
    claims: Mapping[str, Claim]
    trials: Sequence[Trial]
    fresh: Sequence[Trial]

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

    def right_in_all(self, trials: Sequence[Trial], among: frozenset[str]) -> frozenset[str]:
        """Those of some results that are the truth in all of some trials."""
        for trial in trials:
            among &= self.right(trial)
            if not among:
                break
        return among

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
