"""What a trial draws: distributions of inputs, parameters and hyperparameters, given by shape.

A distribution is a value; the random numbers come from the generator it is handed, so that the same generator
state always gives the same draws (see `gradproof.trials.draws`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gradproof.errors import GradproofError

Array = NDArray[Any]


@dataclass(frozen=True)
class Distribution:
    """One random array of a trial; each kind of draw is a class of its own.

    Attributes:
        shape: The array's shape in one trial.
        symbol: The name that the derivation gives to the value, where it differs from the reference's.
    """

    shape: tuple[int, ...]
    symbol: str | None = field(default=None, kw_only=True)

    @property
    def is_integer(self) -> bool:
        """Whether the draws are class indices rather than real numbers."""
        return False

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
            int64 where the draws are integers, float64 otherwise.
        """
        raise NotImplementedError

    def with_shape(self, shape: tuple[int, ...]) -> Self:
        """The same distribution for an array of another shape."""
        return replace(self, shape=shape)


@dataclass(frozen=True)
class Normal(Distribution):
    """Normal draws."""

    mean: float = 0.0
    std: float = 1.0

    def sample(self, generator: np.random.Generator, trials: int, scale: float = 1.0) -> Array:
        values = generator.standard_normal((trials, *self.shape))
        if self.std * scale != 1.0:
            values *= self.std * scale
        return values + self.mean * scale if self.mean else values


@dataclass(frozen=True)
class Uniform(Distribution):
    """Uniform draws from [low, high)."""

    low: float
    high: float

    def sample(self, generator: np.random.Generator, trials: int, scale: float = 1.0) -> Array:
        return generator.uniform(self.low, self.high, (trials, *self.shape))


@dataclass(frozen=True)
class LogUniform(Distribution):
    """Draws from [low, high) whose logarithm is uniform; both ends are positive."""

    low: float
    high: float

    def sample(self, generator: np.random.Generator, trials: int, scale: float = 1.0) -> Array:
        return np.exp(generator.uniform(np.log(self.low), np.log(self.high), (trials, *self.shape)))


@dataclass(frozen=True)
class Integers(Distribution):
    """Whole numbers low, ..., high - 1, each as likely: class indices."""

    low: int
    high: int

    @property
    def is_integer(self) -> bool:
        return True

    def sample(self, generator: np.random.Generator, trials: int, scale: float = 1.0) -> Array:
        return generator.integers(self.low, self.high, (trials, *self.shape))

    def as_counts(self) -> Counts:
        """The same whole numbers as real ones."""
        return Counts(self.shape, self.low, self.high, symbol=self.symbol)


@dataclass(frozen=True)
class Counts(Distribution):
    """Whole numbers low, ..., high - 1 as real numbers: how many steps were taken."""

    low: int
    high: int

    def sample(self, generator: np.random.Generator, trials: int, scale: float = 1.0) -> Array:
        return generator.integers(self.low, self.high, (trials, *self.shape)).astype(np.float64)


@dataclass(frozen=True)
class OneHot(Distribution):
    """Rows that are 1 at one class, each class as likely, and 0 elsewhere; the last axis is that of the classes."""

    def sample(self, generator: np.random.Generator, trials: int, scale: float = 1.0) -> Array:
        classes = self.shape[-1]
        return np.eye(classes)[generator.integers(0, classes, (trials, *self.shape[:-1]))]


@dataclass(frozen=True)
class Constant(Distribution):
    """The same number in every trial."""

    value: float

    def sample(self, generator: np.random.Generator, trials: int, scale: float = 1.0) -> Array:
        return np.full((trials, *self.shape), self.value)


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
    return Normal(_shape(shape), float(mean), float(std), symbol=symbol)


def uniform(low: float, high: float, shape: tuple[int, ...] = (), *, symbol: str | None = None) -> Distribution:
    """Uniform draws between `low` and `high`."""
    _interval("uniform", low, high)
    return Uniform(_shape(shape), float(low), float(high), symbol=symbol)


def log_uniform(low: float, high: float, shape: tuple[int, ...] = (), *, symbol: str | None = None) -> Distribution:
    """Draws whose logarithm is uniform: a learning rate, a weight decay."""
    _interval("log_uniform", low, high)
    if not low > 0:
        raise GradproofError(f"log_uniform({low!r}, {high!r}): both ends must be positive")
    return LogUniform(_shape(shape), float(low), float(high), symbol=symbol)


def integers(low: int, high: int, shape: tuple[int, ...] = (), *, symbol: str | None = None) -> Distribution:
    """Whole numbers from `low` up to, not including, `high`: class indices."""
    _interval("integers", low, high)
    return Integers(_shape(shape), int(low), int(high), symbol=symbol)


def one_hot(*shape: int, classes: int, symbol: str | None = None) -> Distribution:
    """One-hot rows `(*shape, classes)`, the class uniform: targets."""
    if classes < 2:
        raise GradproofError(f"one_hot(classes={classes!r}): a choice needs at least two classes")
    return OneHot(_shape((*shape, classes)), symbol=symbol)


def constant(value: float, *, symbol: str | None = None) -> Distribution:
    """The same number in every trial, under a name that the derivation may use."""
    return Constant((), float(value), symbol=symbol)
