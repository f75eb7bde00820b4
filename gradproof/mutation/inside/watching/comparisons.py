"""What the tests compare: calls of the usual comparisons, with both sides, the tolerance, and what came of it."""

from __future__ import annotations

import functools
import math
import re
import sys
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from gradproof.mutation.inside.ledger import MOST_COMPARISONS, Ledger
from gradproof.mutation.inside.places import user_line

_ENTRIES_LOOKED_AT = 1_000_000
_ADDRESS = re.compile(r"0x[0-9a-f]+")


class Comparisons:
    """Wraps comparisons; one that is called by another is not noted."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.depth = ledger, 0

    def wrap(self, owner: Any, name: str, label: str, *, returns: bool) -> None:
        """Put a wrapper in the place of a comparison.

        Args:
            owner: The module or class.
            name: Its name there.
            label: How reports call it.
            returns: Whether it says by its value what it found; else it raises.
        """
        original = getattr(owner, name, None)
        if original is None:
            return

        @functools.wraps(original)
        def compare(*args: Any, **kwargs: Any) -> Any:
            self.depth += 1
            try:
                outcome = original(*args, **kwargs)
            except BaseException:
                self.note(label, args, kwargs, ok=False, returns=False)
                raise
            finally:
                self.depth -= 1
            self.note(label, args, kwargs, ok=_truth(outcome), returns=returns)
            return outcome

        setattr(owner, name, compare)

    def note(self, label: str, args: Any, kwargs: Any, *, ok: bool, returns: bool) -> None:
        """Enter one comparison into the account of the running test."""
        account = self.ledger.current
        if self.depth or not self.ledger.is_open or len(account.comparisons) >= MOST_COMPARISONS:
            return
        file, line = user_line()
        entry: dict[str, Any] = {"name": label, "file": file, "line": line, "ok": ok, "returns": returns}
        self.depth += 1  # looking at the sides may compare
        try:
            entry |= _tolerances(label, args, kwargs)
            if label not in ("gradcheck", "gradgradcheck"):
                entry |= _sides(*_operands(label, args, kwargs))
        except Exception:  # sides that cannot be read as numbers; that it was called is known all the same
            pass
        finally:
            self.depth -= 1
        account.comparisons.append(entry)

    def note_assert(self, file: str, line: int, text: str, explanation: str) -> None:
        """Enter an assertion that passed."""
        account = self.ledger.current
        if self.ledger.is_open and len(account.comparisons) < MOST_COMPARISONS:
            mark = zlib.crc32(_ADDRESS.sub("", explanation).encode())
            account.comparisons.append(
                {"name": "assert", "file": file, "line": line, "ok": True, "returns": False, "text": text, "a": mark}
            )


def watch(ledger: Ledger) -> Comparisons:
    """Wrap the comparisons of torch, NumPy, pytest and unittest."""
    notes = Comparisons(ledger)
    for owner in (torch, torch.Tensor):
        for name in ("allclose", "equal", "isclose"):
            notes.wrap(owner, name, f"torch.{name}", returns=True)
    notes.wrap(torch.testing, "assert_close", "torch.testing.assert_close", returns=False)
    for name in ("gradcheck", "gradgradcheck"):
        for owner in (torch.autograd, sys.modules["torch.autograd.gradcheck"]):  # the function hides its module
            notes.wrap(owner, name, name, returns=True)
    for name in ("allclose", "isclose", "array_equal"):
        notes.wrap(np, name, f"np.{name}", returns=True)
    for name in (
        "assert_allclose",
        "assert_array_almost_equal",
        "assert_almost_equal",
        "assert_array_equal",
        "assert_equal",
        "assert_array_less",
        "assert_array_max_ulp",
        "assert_array_almost_equal_nulp",
    ):
        notes.wrap(np.testing, name, f"np.testing.{name}", returns=False)
    notes.wrap(math, "isclose", "math.isclose", returns=True)
    _watch_unittest(notes)
    _watch_approx(notes)
    return notes


def _watch_unittest(notes: Comparisons) -> None:
    import unittest

    for name in ("assertAlmostEqual", "assertEqual", "assertLess", "assertLessEqual", "assertGreater"):
        original = getattr(unittest.TestCase, name)
        setattr(unittest.TestCase, name, _method(notes, original, name))


def _method(notes: Comparisons, original: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(original)
    def compare(self: Any, *args: Any, **kwargs: Any) -> Any:
        original(self, *args, **kwargs)
        notes.note(name, args, kwargs, ok=True, returns=False)

    return compare


def _watch_approx(notes: Comparisons) -> None:
    import pytest

    base = next(cls for cls in type(pytest.approx(1.0)).__mro__[::-1] if cls is not object)
    for cls in _below(base):
        if "__eq__" in vars(cls):
            cls.__eq__ = _approx(notes, vars(cls)["__eq__"])  # type: ignore[method-assign]


def _below(cls: type) -> list[type]:
    children: list[type] = cls.__subclasses__()
    return [cls, *(one for child in children for one in _below(child))]


def _approx(notes: Comparisons, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def equals(self: Any, actual: Any) -> Any:
        notes.depth += 1
        try:
            outcome = original(self, actual)
        finally:
            notes.depth -= 1
        options = {"rtol": self.rel, "atol": self.abs}
        notes.note("pytest.approx", (actual, self.expected), options, ok=_truth(outcome), returns=True)
        return outcome

    return equals


def _truth(outcome: Any) -> bool:
    if outcome is None:
        return True
    if isinstance(outcome, (torch.Tensor, np.ndarray)):
        return bool(outcome.all())
    return bool(outcome)


_DEFAULTS = {
    "torch.allclose": (1e-5, 1e-8), "torch.isclose": (1e-5, 1e-8), "np.allclose": (1e-5, 1e-8),
    "np.isclose": (1e-5, 1e-8), "np.testing.assert_allclose": (1e-7, 0.0), "gradcheck": (1e-3, 1e-5),
    "gradgradcheck": (1e-3, 1e-5), "math.isclose": (1e-9, 0.0), "torch.equal": (0.0, 0.0),
    "pytest.approx": (1e-6, 1e-12),
}  # fmt: skip
_POSITIONS = {"gradcheck": (4, 3), "gradgradcheck": (5, 4)}


def _tolerances(label: str, args: Any, kwargs: Any) -> dict[str, float]:
    """The relative and the absolute tolerance, where the call says them or they are the function's own."""
    default = _DEFAULTS.get(label)
    if default is None and not {"rtol", "atol"} & set(kwargs):
        return {}
    found = {}
    for k, name in enumerate(("rtol", "atol")):
        position = _POSITIONS.get(label, (2, 3))[k]
        value = kwargs.get(name)
        if value is None and label in _DEFAULTS and len(args) > position:
            value = args[position]
        if value is None and default is not None:
            value = default[k]
        if value is not None:
            found[name] = float(value)
    return found


def _operands(label: str, args: Any, kwargs: Any) -> tuple[Any, Any]:
    names = ("actual", "expected", "desired", "x", "y", "a", "b", "input", "other", "first", "second")
    values = [*args, *(kwargs[name] for name in names if name in kwargs)]
    return values[0], values[1]


def _sides(one: Any, other: Any) -> dict[str, Any]:
    """Both sides as far as they can be told from a distance: a mark of their bytes, their size and largest entry."""
    a, b = _numbers(one), _numbers(other)
    entry: dict[str, Any] = {"a": _mark(a), "b": _mark(b), "size": max(a.size, b.size)}
    if a.size and b.size and a.dtype.kind in "fiu":
        entry["largest"] = float(np.abs(a.astype(np.float64)).max())
    entry["same"] = one is other or _storage(one) == _storage(other) is not None
    return entry


def _storage(value: Any) -> tuple[int, tuple[int, ...]] | None:
    if isinstance(value, torch.Tensor):
        return value.data_ptr(), tuple(value.shape)
    if isinstance(value, np.ndarray):
        return value.__array_interface__["data"][0], value.shape
    return None


def _numbers(value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, torch.Tensor):
        found = value.detach().cpu()
        return np.asarray((found.float() if found.dtype == torch.bfloat16 else found).resolve_conj().numpy())
    if isinstance(value, (list, tuple)):
        parts = [_numbers(one).reshape(-1) for one in value]
        return np.concatenate(parts) if parts else np.zeros(0)
    if isinstance(value, dict):
        return _numbers(list(value.values()))
    return np.asarray(value)


def _mark(values: np.ndarray[Any, Any]) -> int:
    flat = values.reshape(-1)
    if flat.size > _ENTRIES_LOOKED_AT:
        flat = flat[:: flat.size // _ENTRIES_LOOKED_AT + 1]
    return zlib.crc32(repr(flat.tolist()).encode() if flat.dtype == object else np.ascontiguousarray(flat).tobytes())
