"""`BoundArray`: values, and rigorous bounds of their distance from the exact real results, through plain NumPy code.

The value layer is bit for bit what NumPy computes in the same dtype (float32 or float64; integers and booleans too).
The error layer (float64) is at least |value - exact|, where `exact` is what the same formulas give without any
rounding, for any inputs within their own bounds; inf says that there is no bound. A comparison whose sides are closer
than their errors is *undecided*: a boolean with error 1. Masks may be multiplied, negated, summed, and chosen by
(`np.where` widens to both branches); a branch or an index needs them certain. The model is in `bound_model`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from gradproof.arrays.bounds import sums as bound_sums
from gradproof.arrays.bounds.functions import FUNCTION_RULES, error_function
from gradproof.arrays.bounds.masks import CHOICE_RULES, MASK_RULES, near_neighbours, step, truth, where
from gradproof.arrays.bounds.model import F32, F64, Term, entered, exact_zeros, known_exact, no_error, settled
from gradproof.arrays.bounds.rules import ARITHMETIC_RULES
from gradproof.arrays.protocols import NumpyArray
from gradproof.arrays.structure import Array, unsupported
from gradproof.errors import GradproofError

_RULES: dict[np.ufunc, Callable[..., tuple[Array, Array]]] = ARITHMETIC_RULES | CHOICE_RULES | FUNCTION_RULES


class BoundArray(NumpyArray):
    """Values (trials..., *shape) with errors of the same shape, seen by the user's code as `shape`.

    Raises GradproofError for a negative error, UnsupportedOperation for a dtype that has no rounding model.
    """

    __slots__ = ()
    kind: ClassVar[str] = "array of values with error bounds"

    def __init__(self, value: npt.ArrayLike, error: npt.ArrayLike = 0.0, lead: int = 1) -> None:
        values, errors = np.asarray(value), np.asarray(error, dtype=np.float64)
        if not 1 <= lead <= values.ndim:
            raise GradproofError(f"lead={lead} hidden axes asked of an array of shape {values.shape}; give 1 or more")
        if (errors < 0).any():
            raise GradproofError(f"an error bound of {errors.min()}; bounds are zero or positive")
        exact, zeros = self._constant_layers(values)[:2]
        if errors.any():
            zeros = settled(_laid_out_as(values, errors + zeros))
        self.layers = (exact, zeros)
        self.lead = lead

    @classmethod
    def exact(cls, values: npt.ArrayLike, lead: int = 1) -> Self:
        """Values that are exact as they are: inputs and parameters. They are read-only to the user's code."""
        return cls(values, 0.0, lead)

    @property
    def value(self) -> Array:
        """The computed values of all trials (trials..., *shape)."""
        return self.layers[0]

    @property
    def error(self) -> Array:
        """The bound of |value - exact|, float64 (trials..., *shape); inf where there is none, never NaN."""
        return self.layers[1]

    @property
    def certain(self) -> Array:
        """Where the value is exact; for a mask: where the comparison is decided."""
        return np.equal(self.layers[1], 0)

    def copy(self, *args: Any, **kwargs: Any) -> Self:
        """A writable copy."""
        return self._paired((self.layers[0].copy(order="K"), np.array(self.layers[1])))

    def __erf__(self) -> Self:
        """The error function, for code that asks for it by this name."""
        with np.errstate(all="ignore"):
            return self._paired(error_function(self._term()))

    # ---- hooks of LeadArray

    @classmethod
    def _constant_layers(cls, array: Array) -> tuple[Array, ...]:
        if array.dtype.kind not in "biu" and array.dtype not in (F32, F64):
            raise unsupported(
                f"a value of dtype {array.dtype}", "error bounds know float32, float64, integers, booleans"
            )
        if array.dtype.kind == "f" and np.isnan(array).any():
            return array, no_error(array)
        return array, exact_zeros(array.shape)

    def _paired(self, result: tuple[Array, Array]) -> Self:
        return self._make((result[0], _laid_out_as(*result)), self.lead)

    def _term(self) -> Term:
        value, error = self.layers[:2]
        return value, None if known_exact(error) else error

    def _elementwise(self, ufunc: np.ufunc, operands: Sequence[Any]) -> Any:
        rule = _RULES.get(ufunc)
        terms = [term_of(x) for x in operands]
        if rule is None:
            kinds = {np.result_type(value).kind for value, _ in terms}
            rule = MASK_RULES.get(ufunc) if kinds == {"b"} else None
            if rule is None:
                return self._exact_integers(ufunc, terms) if kinds <= set("biu") else None
        with np.errstate(all="ignore"):
            return self._paired(rule(*terms))

    def _exact_integers(self, ufunc: np.ufunc, terms: Sequence[Term]) -> Self | None:
        """Any ufunc of integers that are exact, if its result is one too."""
        if any(error is not None and error.any() for _, error in terms):
            return None
        value = ufunc(*(value for value, _ in terms))
        if isinstance(value, tuple) or value.dtype.kind not in "biu":
            return None
        return self._paired((value, np.zeros(value.shape)))

    def _reduced(self, ufunc: np.ufunc, axes: tuple[int, ...], keepdims: bool) -> Self:
        term = self._term()
        with np.errstate(all="ignore"):
            if ufunc is np.add:
                return self._paired(bound_sums.reduce_sum(term, axes, keepdims))
            if ufunc is np.multiply:
                return self._paired(bound_sums.reduce_product(term, axes, keepdims))
            if ufunc in (np.maximum, np.minimum):
                return self._paired(bound_sums.reduce_extreme(ufunc, term, axes, keepdims))
            return self._paired(bound_sums.reduce_connective(ufunc, truth(term), axes, keepdims))

    def _accumulated(self, ufunc: np.ufunc, axis: int) -> Self:
        running = bound_sums.running_sum if ufunc is np.add else bound_sums.running_product
        with np.errstate(all="ignore"):
            return self._paired(running(self._term(), axis))

    def _matmul(self, other: Self) -> Self:
        with np.errstate(all="ignore"):
            return self._paired(bound_sums.matmul(self._term(), other._term()))

    def _contracted(self, subscripts: str, arrays: Sequence[Self]) -> Self:
        with np.errstate(all="ignore"):
            return self._paired(bound_sums.einsum(subscripts, [x._term() for x in arrays]))

    def _selected(self, condition: Any, a: Any, b: Any) -> Self:
        with np.errstate(all="ignore"):
            return self._paired(where(truth(condition._term()), term_of(a), term_of(b)))

    def _cast(self, dtype: np.dtype[Any]) -> Self:
        value, error = self._term()
        if dtype.kind == "f":
            if dtype not in (F32, F64):
                raise unsupported(f"astype({dtype})", "error bounds know float32 and float64")
            with np.errstate(all="ignore"):
                converted, error = entered((value, error), dtype)
        elif dtype.kind == "b":
            converted, error = truth((value, error))
        elif dtype.kind in "iu":
            with np.errstate(all="ignore"):
                if error is not None and value.dtype.kind == "f":
                    error = step(np.trunc)((value, error))[1]
                converted = value.astype(dtype)
                out_of_range = np.abs(value, dtype=F64) > np.iinfo(dtype).max * (1 - 2.0**-50)
                if (~np.isfinite(value)).any() or out_of_range.any():
                    error = np.where(np.isfinite(value) & ~out_of_range, 0.0 if error is None else error, np.inf)
        else:
            raise unsupported(f"astype({dtype})")
        converted = np.array(converted, dtype=dtype)
        filled = no_error(converted) if error is None else np.array(np.broadcast_to(error, converted.shape))
        return self._paired((converted, filled))

    def _settled(self, purpose: str) -> Array:
        value, error = self._term()
        if error is not None and error.any():
            raise unsupported(
                f"{purpose} a value that rounding leaves undecided",
                f"in {int(np.count_nonzero(error))} of {error.size} places its error bound allows another outcome",
                "use np.where, which keeps both outcomes",
            )
        return np.asarray(value)

    def _scattered(self, place: Any, values: Self) -> None:
        with np.errstate(all="ignore"):
            error = bound_sums.scattered(self.layers[:2], place.key, values._term())
            np.add.at(self.layers[0], place.key, values.layers[0])
        self.layers[1][...] = error
        self.layers[1][~np.isfinite(self.layers[0])] = np.inf

    def _native(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """argmax, argmin, argsort where the order is certain; elsewhere a place has an error as large as the axis."""
        if function is np.argsort:
            return self._paired(self._ranked(kwargs))
        if function not in (np.argmax, np.argmin):
            raise unsupported(f"np.{function.__name__}", f"it has no rule for an {self.kind}")
        value, error = self._term()
        axis = kwargs["axis"]
        found = function(value, axis=axis, keepdims=True)
        doubt = np.zeros(found.shape)
        if error is not None:
            best, best_error = (np.take_along_axis(part, found, axis) for part in (value, error))
            rival = (np.abs(np.subtract(best, value, dtype=F64)) <= (best_error + error) * (1 + 2.0**-49)) & (
                error + best_error > 0
            )
            np.put_along_axis(rival, found, False, axis)
            doubt[rival.any(axis=axis, keepdims=True)] = value.shape[axis]
            doubt[~np.isfinite(best_error) | ~np.isfinite(best)] = value.shape[axis]
        if not kwargs.get("keepdims"):
            found, doubt = found.squeeze(axis), doubt.squeeze(axis)
        return self._paired((found, doubt))

    def _ranked(self, kwargs: dict[str, Any]) -> tuple[Array, Array]:
        value, axis = self.layers[0], kwargs["axis"]
        order = np.asarray(np.argsort(value, **kwargs))
        ranked, errors = (np.take_along_axis(layer, order, axis) for layer in self.layers[:2])
        doubt = near_neighbours(ranked, errors, axis)
        return order, np.where(doubt, float(value.shape[axis]), 0.0)


def _laid_out_as(value: Array, error: Array) -> Array:
    """The error in the value's shape and memory layout, so that a reshape is a view of both or a copy of both."""
    if error.shape == value.shape and error.flags.c_contiguous and value.flags.c_contiguous:
        return error
    same = np.empty_like(value, dtype=F64)
    same[...] = error
    return same


def term_of(operand: Any) -> Term:
    """Value and error of an operand; a plain scalar is exact."""
    return operand._term() if isinstance(operand, BoundArray) else (operand, None)
