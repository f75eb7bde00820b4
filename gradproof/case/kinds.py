"""The kinds of draws: each a value with its own parameters, and how it is sampled.

The random numbers come from the generator that a kind is handed, so that the same generator state always gives the
same draws (see `gradproof.trials.draws`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gradproof.errors import GradproofError

Array = NDArray[Any]
IGNORED = 0.25
"""The share of class indices that are the ignored one, where there is one."""


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
        """Whether the draws are class indices or truth values rather than real numbers."""
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
    """Whole numbers low, ..., high - 1, each as likely: class indices; a fourth of them the `ignored` one, if given."""

    low: int
    high: int
    ignored: int | None = None

    @property
    def is_integer(self) -> bool:
        return True

    def sample(self, generator: np.random.Generator, trials: int, scale: float = 1.0) -> Array:
        size = (trials, *self.shape)
        classes = generator.integers(self.low, self.high, size)
        return classes if self.ignored is None else np.where(generator.random(size) < IGNORED, self.ignored, classes)

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


@dataclass(frozen=True)
class Fixed(Distribution):
    """The same array in every trial."""

    data: Array = field(repr=False, compare=False)

    @property
    def is_integer(self) -> bool:
        return self.data.dtype.kind != "f"

    def empty(self, trials: int) -> Array:
        return np.empty((trials, *self.shape), dtype=self.data.dtype)

    def sample(self, generator: np.random.Generator, trials: int, scale: float = 1.0) -> Array:
        return np.broadcast_to(self.data, (trials, *self.shape)).copy()

    def with_shape(self, shape: tuple[int, ...]) -> Self:
        """The same array, which has its shape.

        Raises:
            GradproofError: Another one is asked for.
        """
        if shape != self.shape:
            raise GradproofError(f"values of shape {self.shape} are given for what has the shape {shape}")
        return self


@dataclass(frozen=True)
class Rows(Fixed):
    """Rows of given data, each as likely; the last axes are those of a row."""

    def sample(self, generator: np.random.Generator, trials: int, scale: float = 1.0) -> Array:
        lead = self.shape[: len(self.shape) - self.data.ndim + 1]
        return self.data[generator.integers(0, len(self.data), (trials, *lead))]

    def with_shape(self, shape: tuple[int, ...]) -> Self:
        """As many rows as the shape has room for.

        Raises:
            GradproofError: The rows have another shape.
        """
        row = self.data.shape[1:]
        if shape[len(shape) - len(row) :] != row:
            raise GradproofError(f"rows of shape {row} are given for what has the shape {shape}")
        return replace(self, shape=shape)


@dataclass(frozen=True)
class Bernoulli(Distribution):
    """Ones with probability p, else zeros, as real numbers."""

    p: float

    def sample(self, generator: np.random.Generator, trials: int, scale: float = 1.0) -> Array:
        return (generator.random((trials, *self.shape)) < self.p).astype(np.float64)


@dataclass(frozen=True)
class Simplex(Distribution):
    """Positive numbers with the sum 1 along the last axis, uniform over all such."""

    def sample(self, generator: np.random.Generator, trials: int, scale: float = 1.0) -> Array:
        # independent exponentials over their sum: Devroye, Non-Uniform Random Variate Generation (1986), theorem V.2.2
        weights: Array = generator.standard_exponential((trials, *self.shape))
        shares: Array = weights / weights.sum(axis=-1, keepdims=True)
        return shares


@dataclass(frozen=True)
class PositiveDefinite(Distribution):
    """A A' / n + I / 4 with normal A: no eigenvalue is below 1/4, so an inverse or a root of it keeps its digits."""

    def sample(self, generator: np.random.Generator, trials: int, scale: float = 1.0) -> Array:
        factor = generator.standard_normal((trials, *self.shape))
        product = factor @ np.swapaxes(factor, -1, -2) / self.shape[-1]
        symmetric: Array = (product + np.swapaxes(product, -1, -2)) / 2  # to the last bit, whatever the BLAS
        return symmetric + np.eye(self.shape[-1]) / 4


@dataclass(frozen=True)
class SortedNormal(Distribution):
    """Normal draws in rising order along the last axis."""

    def sample(self, generator: np.random.Generator, trials: int, scale: float = 1.0) -> Array:
        return np.sort(generator.standard_normal((trials, *self.shape)), axis=-1)


@dataclass(frozen=True)
class Permutation(Distribution):
    """The numbers 0, ..., n - 1 in random order along the last axis."""

    @property
    def is_integer(self) -> bool:
        return True

    def sample(self, generator: np.random.Generator, trials: int, scale: float = 1.0) -> Array:
        return np.argsort(generator.random((trials, *self.shape)), axis=-1, kind="stable")
