"""What is asked of a check: both sides as targets, the sets of inputs, and the draws of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from gradproof.case.kinds import Distribution
from gradproof.functions.running.inputs import Draw, Inputs, Maker, Named, case_sets, draw, skeleton_of
from gradproof.functions.running.target import Target, checked_callable, with_buffers, with_parameters


@dataclass(frozen=True)
class Asked:
    """Two sides and what they are called with.

    Attributes:
        call, true: The function, and its reference.
        sets: Each set of named arguments, not drawn yet.
        trials: How many draws of each.
        seed: Where the random numbers start.
        inputs: What the sets are made of.
        completed: Named arguments with the parameters of modules and the tensors among the keywords.
        drawn: Draws that are kept.
    """

    call: Target
    true: Target
    sets: list[Named | Maker]
    trials: int
    seed: int
    inputs: Inputs
    completed: Callable[[Named], dict[str, Any]]
    drawn: dict[tuple[int, int], Draw] = field(default_factory=dict, compare=False)

    @classmethod
    def of(
        cls, function: Any, reference: Any, inputs: Inputs, kwargs: Mapping[str, Any], trials: int, seed: int
    ) -> Asked:
        """What `check_function` was called with.

        Raises:
            GradproofError: A side cannot be called, or the inputs are none.
        """
        drawn = {name: value for name, value in kwargs.items() if _is_input(value)}
        plain = {name: value for name, value in kwargs.items() if name not in drawn}
        call = checked_callable(function, "the function", plain)
        true = checked_callable(reference, "the reference", plain)

        def completed(one: Named) -> dict[str, Any]:
            return with_parameters({**one, **drawn}, call, true)

        sets = [_complete(one, completed) for one in case_sets(inputs, seed)]
        first = sets[0](np.random.default_rng(seed)) if callable(sets[0]) else sets[0]
        skeleton, keywords = skeleton_of(first), tuple(drawn)
        both = [replace(one, skeleton=skeleton, keywords=keywords) for one in with_buffers(call, true)]
        return cls(both[0], both[1], sets, trials, seed, inputs, completed)

    def another(self, group: int, number: int) -> Draw:
        """One more of a set, beyond its trials."""
        return self.draw(group, self.trials + number)

    def draw(self, group: int, trial: int) -> Draw:
        """One trial of a set; its numbers are kept unless they are many."""
        if (group, trial) not in self.drawn:
            made = draw(self.sets[group], group, trial, self.seed)

            unused = [made]

            def again() -> Draw:
                return unused.pop() if unused else draw(self.sets[group], group, trial, self.seed)

            self.drawn[group, trial] = made.emptied(again) if made.is_large else made
        return self.drawn[group, trial]


def _is_input(value: Any) -> bool:
    """Whether a keyword argument is drawn or differentiated: a distribution, a tensor, or a list or dict of them."""
    if isinstance(value, list | tuple):
        return any(map(_is_input, value))
    if isinstance(value, Mapping):
        return any(map(_is_input, value.values()))
    return isinstance(value, Distribution | torch.Tensor | np.ndarray)


def _complete(one: Named | Maker, completed: Callable[[Named], dict[str, Any]]) -> Named | Maker:
    if not callable(one):
        return completed(one)
    return lambda generator: completed(one(generator))
