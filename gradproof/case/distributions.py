"""What a trial draws: distributions of inputs, parameters and hyperparameters, given by shape.

A distribution is a value; the random numbers come from the generator it is handed, so that the same generator
state always gives the same draws (see `gradproof.trials.draws`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.errors import GradproofError

Array = NDArray[Any]


@dataclass(frozen=True)
class Distribution:
    """One random array of a trial.

    Attributes:
        kind: `normal`, `uniform`, `log_uniform`, `integers`, `counts` (whole numbers as real ones), `one_hot` or
            `constant`.
        shape: The array's shape in one trial.
        low, high: Mean and standard deviation of a normal, ends of the interval otherwise.
        symbol: The name that the derivation gives to the value, where it differs from the reference's.
    """

    kind: str
    shape: tuple[int, ...]
    low: float
    high: float
    symbol: str | None = None

    @property
    def is_integer(self) -> bool:
        """Whether the draws are class indices rather than real numbers."""
        return self.kind == "integers"

    @property
    def size(self) -> int:
        """How many numbers a trial has of it."""
        return math.prod(self.shape)

    def empty(self, trials: int) -> Array:
        """Room for the draws of so many trials, `(trials, *shape)`."""
        return np.empty((trials, *self.shape), dtype=np.int64 if self.is_integer else np.float64)

    def sample(self, generator: np.random.Generator, trials: int, scale: float = 1.0) -> Array:
        """Draw `(trials, *shape)` values; `scale` multiplies real draws that have no set range.

        Returns:
            int64 for `integers`, float64 otherwise.
        """
        size = (trials, *self.shape)
        if self.kind == "normal":
            values = generator.standard_normal(size)
            if self.high * scale != 1.0:
                values *= self.high * scale
            return values + self.low * scale if self.low else values
        if self.kind == "uniform":
            return generator.uniform(self.low, self.high, size)
        if self.kind == "log_uniform":
            return np.exp(generator.uniform(np.log(self.low), np.log(self.high), size))
        if self.kind == "integers":
            return generator.integers(int(self.low), int(self.high), size)
        if self.kind == "counts":
            return generator.integers(int(self.low), int(self.high), size).astype(np.float64)
        if self.kind == "one_hot":
            classes = self.shape[-1]
            return np.eye(classes)[generator.integers(0, classes, size[:-1])]
        return np.full(size, self.low)

    def with_shape(self, shape: tuple[int, ...]) -> Distribution:
        """The same distribution for an array of another shape."""
        return replace(self, shape=shape)


def _shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    for size in shape:
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise GradproofError(f"a shape is made of positive whole numbers, but {shape!r} has {size!r}")
    return shape


def _interval(name: str, low: float, high: float) -> None:
    if not low < high:
        raise GradproofError(f"{name}({low!r}, {high!r}): the lower end must be below the upper one")


def normal(*shape: int, mean: float = 0.0, std: float = 1.0, symbol: str | None = None) -> Distribution:
    """Normal draws of the given shape; with no shape, of a scalar or of the parameter it is used for."""
    if not std > 0:
        raise GradproofError(f"normal(std={std!r}): a standard deviation is positive")
    return Distribution("normal", _shape(shape), float(mean), float(std), symbol)


def uniform(low: float, high: float, shape: tuple[int, ...] = (), *, symbol: str | None = None) -> Distribution:
    """Uniform draws between `low` and `high`."""
    _interval("uniform", low, high)
    return Distribution("uniform", _shape(shape), float(low), float(high), symbol)


def log_uniform(low: float, high: float, shape: tuple[int, ...] = (), *, symbol: str | None = None) -> Distribution:
    """Draws whose logarithm is uniform: a learning rate, a weight decay."""
    _interval("log_uniform", low, high)
    if not low > 0:
        raise GradproofError(f"log_uniform({low!r}, {high!r}): both ends must be positive")
    return Distribution("log_uniform", _shape(shape), float(low), float(high), symbol)


def integers(low: int, high: int, shape: tuple[int, ...] = (), *, symbol: str | None = None) -> Distribution:
    """Whole numbers from `low` up to, not including, `high`: class indices."""
    _interval("integers", low, high)
    return Distribution("integers", _shape(shape), float(low), float(high), symbol)


def one_hot(*shape: int, classes: int, symbol: str | None = None) -> Distribution:
    """One-hot rows `(*shape, classes)`, the class uniform: targets."""
    if classes < 2:
        raise GradproofError(f"one_hot(classes={classes!r}): a choice needs at least two classes")
    return Distribution("one_hot", _shape((*shape, classes)), 0.0, 1.0, symbol)


def constant(value: float, *, symbol: str | None = None) -> Distribution:
    """The same number in every trial, under a name that the derivation may use."""
    return Distribution("constant", (), float(value), float(value), symbol)
