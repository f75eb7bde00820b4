"""What a closer look at a case has measured, as facts: single trials, training runs, many scales of the draws."""

from __future__ import annotations

from dataclasses import dataclass

from gradproof.check.facts.verdict import Verdict


@dataclass(frozen=True)
class WorstEntry:
    """The worst entry of one equation's quantity, in its worst trial."""

    equation: str
    verdict: Verdict
    trial: int
    entry: str
    manual: float
    truth: float
    bound: float
    inputs: str

    @property
    def abs_error(self) -> float:
        """|manual - truth|."""
        return abs(self.manual - self.truth)


@dataclass(frozen=True)
class Trajectory:
    """How two training runs part.

    Attributes:
        steps: The numbers of the steps, from 1.
        max_difference: The largest difference, in any trial after each step, of any parameter and of any entry of
            the optimizer's state that the derivation carries along.
        median_difference: The median over trials of the largest difference in each.
        largest_parameter: The largest absolute value of any parameter by torch.
        trials: How many trials were trained.
    """

    steps: tuple[int, ...]
    max_difference: tuple[float, ...]
    median_difference: tuple[float, ...]
    largest_parameter: tuple[float, ...]
    trials: int


@dataclass(frozen=True)
class SideErrors:
    """How one side does at one scale.

    Attributes:
        largest: The largest relative error of any compared quantity in any trial.
        median: The median over trials of a trial's largest relative error.
        largest_ulp: The largest error in float32's units in the last place.
        undefined: The share of trials in which float32 gives no finite value though float64 does.
    """

    largest: float
    median: float
    largest_ulp: float
    undefined: float


@dataclass(frozen=True)
class ScalePoint:
    """Both sides at one scale, and the share of trials in which torch itself is not finite in float64."""

    scale: float
    manual: SideErrors
    autograd: SideErrors
    beyond: float


@dataclass(frozen=True)
class ScaleSweep:
    """Both sides at every scale.

    Attributes:
        points: One for each scale, in rising order.
        equations: The equations that take part: those that agree.
        trials: Trials at each scale.
    """

    points: tuple[ScalePoint, ...]
    equations: tuple[str, ...]
    trials: int
