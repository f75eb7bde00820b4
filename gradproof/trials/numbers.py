"""Tensors that stand where an optimizer of torch expects a number, one for each trial.

`param.addcdiv_(exp_avg, denom, value=-step_size)` takes a Python number. Here the parameter is a `TrialArray` with the
trials on its last axis, and the number a `TrialNumber` of one axis, which in arithmetic is aligned with it; a method
that takes a number by keyword is then made of the operations that take a tensor. A comparison of a `TrialNumber` with a
Python number is one bool, as an `if` needs it, and is refused where trials differ.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch


class TrialsDiffer(RuntimeError):
    """A branch that is taken in some trials and not in others."""


class _OfTrials(torch.Tensor):
    """Arithmetic of the two kinds: an array and a number give an array of the array's dtype."""

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        with torch._C.DisableTorchFunctionSubclass():
            dtypes = [part.dtype for part in args if isinstance(part, TrialArray)]
            if dtypes:
                args = [part.to(dtypes[0]) if isinstance(part, TrialNumber) else part for part in args]
            result = func(*args, **(kwargs or {}))
            return result.as_subclass(TrialArray if dtypes else TrialNumber) if type(result) is torch.Tensor else result


class TrialArray(_OfTrials):
    """A parameter, its gradient or an entry of the optimizer's state: `(*shape, n)`, or `(*shape)` of one trial."""

    def add(self, other: Any, *, alpha: Any = 1, out: Any = None) -> Any:
        return super().add(other, alpha=alpha) if _is_plain(alpha) else self + alpha * other

    def add_(self, other: Any, *, alpha: Any = 1) -> Any:
        return super().add_(other, alpha=alpha) if _is_plain(alpha) else super().add_(alpha * other)

    def sub(self, other: Any, *, alpha: Any = 1, out: Any = None) -> Any:
        return self.add(other, alpha=-alpha)

    def sub_(self, other: Any, *, alpha: Any = 1) -> Any:
        return self.add_(other, alpha=-alpha)

    def addcmul(self, a: Any, b: Any, *, value: Any = 1) -> Any:
        return super().addcmul(a, b, value=value) if _is_plain(value) else self + value * (a * b)

    def addcmul_(self, a: Any, b: Any, *, value: Any = 1) -> Any:
        return super().addcmul_(a, b, value=value) if _is_plain(value) else super().add_(value * (a * b))

    def addcdiv(self, a: Any, b: Any, *, value: Any = 1) -> Any:
        return super().addcdiv(a, b, value=value) if _is_plain(value) else self + value * (a / b)

    def addcdiv_(self, a: Any, b: Any, *, value: Any = 1) -> Any:
        return super().addcdiv_(a, b, value=value) if _is_plain(value) else super().add_(value * (a / b))

    def lerp(self, end: Any, weight: Any) -> Any:
        return super().lerp(end, weight) if _is_plain(weight) else self + weight * (end - self)

    def lerp_(self, end: Any, weight: Any) -> Any:
        return super().lerp_(end, weight) if _is_plain(weight) else super().add_(weight * (end - self))


class TrialNumber(_OfTrials):
    """A hyperparameter or a count of steps: `(n,)`, or `()` of one trial.

    Attributes:
        example: A value that it can have; by it a number of one trial is compared, so that nothing is read from it.
    """

    example: float | None = None

    def item(self) -> Any:
        return self

    def _compared(self, compare: Callable[[Any, Any], Any], other: Any) -> Any:
        if not isinstance(other, int | float):
            return compare(self.as_subclass(torch.Tensor), other)
        if self.ndim == 0 and self.example is not None:
            return compare(self.example, other)
        outcomes = compare(self.detach().as_subclass(torch.Tensor), other)
        if self.ndim == 0:
            return outcomes
        if bool(outcomes.any()) != bool(outcomes.all()):
            raise TrialsDiffer(f"a comparison of a hyperparameter with {other} differs between trials")
        return bool(outcomes.all())

    def __ne__(self, other: Any) -> Any:
        return self._compared(operator.ne, other)

    def __eq__(self, other: Any) -> Any:
        return self._compared(operator.eq, other)

    def __lt__(self, other: Any) -> Any:
        return self._compared(operator.lt, other)

    def __le__(self, other: Any) -> Any:
        return self._compared(operator.le, other)

    def __gt__(self, other: Any) -> Any:
        return self._compared(operator.gt, other)

    def __ge__(self, other: Any) -> Any:
        return self._compared(operator.ge, other)

    __hash__ = torch.Tensor.__hash__


def trial_number(values: torch.Tensor, example: float | None = None) -> TrialNumber:
    """A number for each trial, `(n,)`, or of one trial, `()`."""
    number = values.detach().clone().as_subclass(TrialNumber)
    number.example = example
    return number


def trial_array(values: torch.Tensor) -> TrialArray:
    """A copy of an array whose trials are on its last axis, or of one trial's array."""
    return values.detach().clone().as_subclass(TrialArray)


def plain(values: Any) -> torch.Tensor:
    """The same as an ordinary tensor."""
    return torch.as_tensor(values).detach().as_subclass(torch.Tensor)


def _is_plain(number: Any) -> bool:
    return not isinstance(number, torch.Tensor)
