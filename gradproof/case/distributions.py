"""What a trial draws: distributions of inputs, parameters and hyperparameters, given by shape, or values of one's own.

The sizes of a shape follow the numbers that a distribution takes, one by one or as a tuple: `normal(2, 3)`,
`normal((2, 3))`, `uniform(0, 1, 2, 3)`, `uniform(0, 1, (2, 3))`, `uniform(0, 1, shape=(2, 3))`. The random numbers
beneath are counter-based (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): `trials/draws.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradproof.case.kinds import (
    Bernoulli,
    Constant,
    Distribution,
    Integers,
    LogUniform,
    Normal,
    OneHot,
    Permutation,
    PositiveDefinite,
    Rows,
    Simplex,
    SortedNormal,
    Uniform,
)
from gradproof.case.values import as_array, finite_number, fixed, numbers_of
from gradproof.errors import GradproofError

Sizes = int | Sequence[int]


def _shape(name: str, sizes: Sequence[Sizes], shape: Sizes | None = None) -> tuple[int, ...]:
    """The shape that is meant: sizes one by one, or one tuple of them, or by the keyword.

    Raises:
        GradproofError: A size is no positive whole number, or the shape is given twice.
    """
    if shape is not None:
        if sizes:
            raise GradproofError(f"{name}(..., shape={shape!r}) also has the sizes {sizes!r}; give one of the two")
        sizes = (shape,)
    flat: tuple[Any, ...] = tuple(sizes)
    if len(flat) == 1 and isinstance(flat[0], Sequence) and not isinstance(flat[0], str):
        flat = tuple(flat[0])
    for size in flat:
        if not isinstance(size, int | np.integer) or isinstance(size, bool) or size < 1:
            raise GradproofError(f"a shape is made of positive whole numbers, but {flat!r} has {size!r}")
    return tuple(int(size) for size in flat)


def _interval(name: str, low: object, high: object) -> tuple[float, float]:
    ends = finite_number(name, low), finite_number(name, high)
    if not ends[0] < ends[1]:
        raise GradproofError(f"{name}({low!r}, {high!r}): the lower end must be below the upper one")
    return ends


def normal(
    *sizes: Sizes, mean: float = 0.0, std: float = 1.0, shape: Sizes | None = None, symbol: str | None = None
) -> Distribution:
    """Normal draws, N(mean, std**2), of the given shape; with no shape, of a scalar or of what it is used for.

    Args:
        sizes, shape: The shape of one trial's values, one by one, as a tuple, or by the keyword.
        mean, std: The mean and the standard deviation, not the variance.
        symbol: What the derivation calls it, where that is not the name under which it is given.

    Raises:
        GradproofError: `std` is not positive, or a size is no positive whole number.

    Example:
        >>> import numpy as np
        >>> from gradproof import normal
        >>> drawn = normal(5, 3, std=0.1).sample(np.random.default_rng(0), 2)  # of two trials
        >>> drawn.shape
        (2, 5, 3)
    """
    mean, std = finite_number("normal(mean=...)", mean), finite_number("normal(std=...)", std)
    if not std > 0:
        raise GradproofError(f"normal(std={std!r}): a standard deviation is positive")
    return Normal(_shape("normal", sizes, shape), mean, std, symbol=symbol)


def uniform(
    low: float, high: float, *sizes: Sizes, shape: Sizes | None = None, symbol: str | None = None
) -> Distribution:
    """Uniform draws from [low, high).

    Args:
        low, high: Both ends.
        sizes, shape: The shape of one trial's values, one by one, as a tuple, or by the keyword.
        symbol: What the derivation calls it, where that is not the name under which it is given.

    Raises:
        GradproofError: `low` is not below `high`, or a size is no positive whole number.

    Example:
        >>> import numpy as np
        >>> from gradproof import uniform
        >>> drawn = uniform(-1, 1, 5, 3).sample(np.random.default_rng(0), 2)  # of two trials
        >>> drawn.shape, bool((abs(drawn) <= 1).all())
        ((2, 5, 3), True)
    """
    ends = _interval("uniform", low, high)
    return Uniform(_shape("uniform", sizes, shape), *ends, symbol=symbol)


def log_uniform(
    low: float, high: float, *sizes: Sizes, shape: Sizes | None = None, symbol: str | None = None
) -> Distribution:
    """Draws exp(u) with u uniform in [log low, log high): a learning rate, a weight decay.

    Args:
        low, high: Both ends, positive.
        sizes, shape: The shape of one trial's values, one by one, as a tuple, or by the keyword.
        symbol: What the derivation calls it, where that is not the name under which it is given.

    Raises:
        GradproofError: `low` is not positive, or not below `high`, or a size is no positive whole number.

    Example:
        >>> import numpy as np
        >>> from gradproof import log_uniform
        >>> drawn = log_uniform(1e-4, 1e-1).sample(np.random.default_rng(0), 2)  # of two trials
        >>> drawn.shape, bool(((drawn > 1e-4) & (drawn < 1e-1)).all())
        ((2,), True)
    """
    ends = _interval("log_uniform", low, high)
    if not ends[0] > 0:
        raise GradproofError(f"log_uniform({low!r}, {high!r}): both ends must be positive")
    return LogUniform(_shape("log_uniform", sizes, shape), *ends, symbol=symbol)


def integers(
    low: int,
    high: int,
    *sizes: Sizes,
    shape: Sizes | None = None,
    ignore_index: int | None = None,
    symbol: str | None = None,
) -> Distribution:
    """Whole numbers from `low` up to, not including, `high`: class indices.

    With an `ignore_index`, such as -100, a fourth of them is that number.

    Args:
        low, high: Both ends, whole numbers.
        sizes, shape: The shape of one trial's values, one by one, as a tuple, or by the keyword.
        ignore_index: The number that marks a target as left out, as torch's losses take it.
        symbol: What the derivation calls it, where that is not the name under which it is given.

    Raises:
        GradproofError: An end is no whole number, `low` is not below `high`, or a size is no positive whole number.

    Example:
        >>> import numpy as np
        >>> from gradproof import integers
        >>> drawn = integers(0, 4, 5).sample(np.random.default_rng(0), 2)  # of two trials
        >>> drawn.shape, sorted(set(drawn.flat) - {0, 1, 2, 3})
        ((2, 5), [])
    """
    ends = _interval("integers", low, high)
    if ends[0] % 1 or ends[1] % 1:
        raise GradproofError(f"integers({low!r}, {high!r}): both ends are whole numbers")
    return Integers(_shape("integers", sizes, shape), int(low), int(high), ignore_index, symbol=symbol)


def one_hot(*sizes: Sizes, classes: int, shape: Sizes | None = None, symbol: str | None = None) -> Distribution:
    """One-hot rows `(*sizes, classes)`, the class uniform: targets.

    Args:
        sizes, shape: The shape without the axis of the classes.
        classes: How many classes; each is as likely.
        symbol: What the derivation calls it, where that is not the name under which it is given.

    Raises:
        GradproofError: There are fewer than two classes, or a size is no positive whole number.

    Example:
        >>> import numpy as np
        >>> from gradproof import one_hot
        >>> drawn = one_hot(5, classes=3).sample(np.random.default_rng(0), 2)  # of two trials
        >>> drawn.shape, bool((drawn.sum(axis=-1) == 1).all())
        ((2, 5, 3), True)
    """
    if not isinstance(classes, int) or classes < 2:
        raise GradproofError(f"one_hot(classes={classes!r}): a choice needs at least two classes")
    return OneHot((*_shape("one_hot", sizes, shape), classes), symbol=symbol)


def bernoulli(p: float = 0.5, *sizes: Sizes, shape: Sizes | None = None, symbol: str | None = None) -> Distribution:
    """Zeros and ones as real numbers, a one with probability `p`: a mask.

    Args:
        p: The probability of a one.
        sizes, shape: The shape of one trial's values, one by one, as a tuple, or by the keyword.
        symbol: What the derivation calls it, where that is not the name under which it is given.

    Raises:
        GradproofError: `p` is not between 0 and 1, or a size is no positive whole number.

    Example:
        >>> import numpy as np
        >>> from gradproof import bernoulli
        >>> drawn = bernoulli(0.5, 5, 3).sample(np.random.default_rng(0), 2)  # of two trials
        >>> drawn.shape, sorted(set(drawn.flat) - {0.0, 1.0})
        ((2, 5, 3), [])
    """
    chance = finite_number("bernoulli", p)
    if not 0 < chance < 1:
        raise GradproofError(f"bernoulli({p!r}): the chance of a one lies between 0 and 1; the sizes come after it")
    return Bernoulli(_shape("bernoulli", sizes, shape), chance, symbol=symbol)


def simplex(*sizes: Sizes, shape: Sizes | None = None, symbol: str | None = None) -> Distribution:
    """Rows of positive numbers that sum to one along the last axis, uniform over all such: probabilities.

    Independent exponentials over their sum (Devroye, "Non-Uniform Random Variate Generation", 1986, theorem V.2.2).

    Args:
        sizes, shape: The shape; its last axis is that of a row.
        symbol: What the derivation calls it, where that is not the name under which it is given.

    Raises:
        GradproofError: A row has fewer than two entries, or a size is no positive whole number.

    Example:
        >>> import numpy as np
        >>> from gradproof import simplex
        >>> drawn = simplex(5, 3).sample(np.random.default_rng(0), 2)  # of two trials
        >>> drawn.shape, bool(np.allclose(drawn.sum(axis=-1), 1))
        ((2, 5, 3), True)
    """
    return Simplex(_along_last("simplex", sizes, shape), symbol=symbol)


def positive_definite(*sizes: Sizes, shape: Sizes | None = None, symbol: str | None = None) -> Distribution:
    """Symmetric positive definite matrices, `(..., n, n)`; one size n is `(n, n)`: covariances.

    A A.T / n + I / 4 with standard normal A: no eigenvalue is below 1/4, so an inverse or a root keeps its digits.

    Args:
        sizes, shape: The shape, whose last two axes are alike; one size stands for both.
        symbol: What the derivation calls it, where that is not the name under which it is given.

    Raises:
        GradproofError: The matrices are not square, or a size is no positive whole number.

    Example:
        >>> import numpy as np
        >>> from gradproof import positive_definite
        >>> drawn = positive_definite(3).sample(np.random.default_rng(0), 2)  # of two trials
        >>> drawn.shape, bool((np.linalg.eigvalsh(drawn) > 0).all())
        ((2, 3, 3), True)
    """
    sized = _shape("positive_definite", sizes, shape)
    sized = sized * 2 if len(sized) == 1 else sized
    if len(sized) < 2 or sized[-1] != sized[-2]:
        raise GradproofError(f"positive_definite{sized!r}: its matrices are square: positive_definite(3)")
    return PositiveDefinite(sized, symbol=symbol)


def sorted_normal(*sizes: Sizes, shape: Sizes | None = None, symbol: str | None = None) -> Distribution:
    """Normal draws in rising order along the last axis: knots, time stamps.

    Args:
        sizes, shape: The shape; its last axis is that of a row.
        symbol: What the derivation calls it, where that is not the name under which it is given.

    Raises:
        GradproofError: A row has fewer than two entries, or a size is no positive whole number.

    Example:
        >>> import numpy as np
        >>> from gradproof import sorted_normal
        >>> drawn = sorted_normal(4).sample(np.random.default_rng(0), 2)  # of two trials
        >>> drawn.shape, bool((np.diff(drawn) > 0).all())
        ((2, 4), True)
    """
    return SortedNormal(_along_last("sorted_normal", sizes, shape), symbol=symbol)


def permutation(*sizes: Sizes, shape: Sizes | None = None, symbol: str | None = None) -> Distribution:
    """The whole numbers 0 ... n - 1 in random order along the last axis, of size n: indices.

    Args:
        sizes, shape: The shape; its last axis is that of a row.
        symbol: What the derivation calls it, where that is not the name under which it is given.

    Raises:
        GradproofError: A row has fewer than two entries, or a size is no positive whole number.

    Example:
        >>> import numpy as np
        >>> from gradproof import permutation
        >>> drawn = permutation(4).sample(np.random.default_rng(0), 2)  # of two trials
        >>> drawn.shape, sorted(drawn[0].tolist())
        ((2, 4), [0, 1, 2, 3])
    """
    return Permutation(_along_last("permutation", sizes, shape), symbol=symbol)


def _along_last(name: str, sizes: Sequence[Sizes], shape: Sizes | None) -> tuple[int, ...]:
    sized = _shape(name, sizes, shape)
    if not sized or sized[-1] < 2:
        raise GradproofError(f"{name}{sized!r}: its last axis needs at least two entries")
    return sized


def rows_of(data: Any, *sizes: Sizes, shape: Sizes | None = None, symbol: str | None = None) -> Distribution:
    """Rows of your own data, drawn anew in every trial: `rows_of(X, 5)` is `(5, *X.shape[1:])`, `rows_of(X)` one row.

    Two arrays are drawn from apart: for gradients any row may go with any target. Where they must stay together, give
    one batch of each as it is.

    Args:
        data: An array, a tensor or a nested list; its first axis counts the rows, each of which is as likely.
        sizes, shape: How many rows a trial has; none for one row without an axis.
        symbol: What the derivation calls it, where that is not the name under which it is given.

    Raises:
        GradproofError: `data` is no array of finite numbers with rows, or a size is no positive whole number.

    Example:
        >>> import numpy as np
        >>> from gradproof import rows_of
        >>> drawn = rows_of([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], 5).sample(np.random.default_rng(0), 2)
        >>> drawn.shape, sorted(set(drawn[..., 0].flat) - {1, 3, 5})
        ((2, 5, 2), [])
    """
    array = as_array(data)
    if array is None or array.ndim < 1:
        raise GradproofError(f"rows_of(...) takes an array or a tensor with rows, not {type(data).__name__}")
    rows = numbers_of(array, "rows_of(...)")
    return Rows((*_shape("rows_of", sizes, shape), *rows.shape[1:]), data=rows, symbol=symbol)


def constant(value: Any, *, symbol: str | None = None) -> Distribution:
    """The same number or array in every trial, under a name that the derivation may use.

    Args:
        value: A number, an array or a tensor.
        symbol: What the derivation calls it, where that is not the name under which it is given.

    Raises:
        GradproofError: `value` is none of these, or not finite.

    Example:
        >>> import numpy as np
        >>> from gradproof import constant
        >>> drawn = constant([0.5, 2.0]).sample(np.random.default_rng(0), 2)  # of two trials
        >>> drawn.tolist()
        [[0.5, 2.0], [0.5, 2.0]]
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Constant((), finite_number("constant", value), symbol=symbol)
    array = as_array(value)
    if array is None:
        raise GradproofError(f"constant(...) takes a number, an array or a tensor, not {value!r}")
    return replace(fixed(array), symbol=symbol)
