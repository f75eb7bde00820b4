"""Readings of a wrong gradient that need no formula: another cotangent, a factor or a term of each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gradproof.functions.examining import Examiner, Trial
from gradproof.functions.running.configurations import Configuration
from gradproof.functions.truth.truth import gradients_of
from gradproof.tolerances import FUNCTION, TELLING

Array = NDArray[Any]

_COTANGENTS: tuple[tuple[str, Callable[[torch.Tensor], torch.Tensor]], ...] = (
    ("it uses a cotangent of ones", torch.ones_like),
    ("it uses the cotangent of the first row for all", lambda g: g[:1].expand_as(g) if g.ndim else g),
    ("it uses the cotangent of entry 0 for all", lambda g: g.reshape(-1)[:1].expand(g.numel()).reshape(g.shape)),
    ("it uses the mean of the cotangent for all", lambda g: g.mean().expand(g.shape)),
)


def by_cotangent(examiner: Examiner, trials: Sequence[Trial], name: str) -> str:
    """Whether it would be right for another cotangent: that of the first row, of entry 0, ones."""
    for sentence, change in _COTANGENTS:
        for trial in trials[:2]:
            computed = trial.outcome.gradients.get(name)
            if computed is None:
                break
            turned = [change(cotangent).contiguous() for cotangent in trial.truth.cotangents]
            only = Configuration("", frozenset(examiner.wrt))
            found = gradients_of(examiner.reference, trial.truth.values, only, turned)[name]
            if found is None or not _near(computed.double().numpy(), found.numpy()):
                break
            if _near(found.numpy(), trial.truth.gradients[name].value.numpy()):
                break  # it would be as right for the true one
        else:
            return sentence
    return ""


def by_rows(values: Sequence[Array], truth: Sequence[Array], known: Sequence[Mapping[str, Array]]) -> str:
    """Whether each row is off by a factor of its own, or by a multiple of something known, or of ones.

    Args:
        values, truth: The gradients of each set of sizes, trials first.
        known: What they may be made of, likewise.
    """
    if len(ratios := _ratios(values, truth)) and np.ptp(ratios) <= FUNCTION.largest * abs(ratios[0]):
        return f"it is {ratios.mean():.6g} times the true value in every trial"
    if not all(v.ndim >= 3 and v.shape == t.shape for v, t in zip(values, truth, strict=True)):
        return ""
    if _multiples([t[..., None] for t in truth], values):
        factor = _named_factor(values, truth, known)
        return f"each row is off by a factor of its own{factor}: a factor of each row is missing, or one too many"
    missing = [t - v for v, t in zip(values, truth, strict=True)]
    candidates: list[tuple[str, list[Array]]] = [("ones", [np.ones_like(t) for t in truth])]
    candidates += [
        (words.format(name), [of(np.asarray(one[name])) for one in known])
        for words, of in _OF_ENTRIES
        for name in known[0]
        if all(np.shape(one[name]) == t.shape for one, t in zip(known, truth, strict=True))
    ]
    candidates += [
        (f"one_hot({name})", [_one_hot(one[name], t) for one, t in zip(known, truth, strict=True)])
        for name in known[0]
        if all(_are_places(np.asarray(one[name]), t) for one, t in zip(known, truth, strict=True))
    ]
    for name, parts in candidates:
        if _multiples([part[..., None] for part in parts], missing):
            return f"it lacks a term: in each row a multiple of {'one number' if name == 'ones' else name}"
    for name, parts in candidates[1:]:
        pairs = [np.stack([part, np.ones_like(part)], -1) for part in parts]
        if all(part.shape[-2] > 3 for part in pairs) and _multiples(pairs, missing):
            return f"it lacks a term: in each row a multiple of {name} and a constant"
    return ""


def by_products(values: Sequence[Array], truth: Sequence[Array], known: Sequence[Mapping[str, Array]]) -> str:
    """Whether it is a product of two known matrices, and the truth the same with one of them transposed.

    Args:
        values, truth, known: As for `by_rows`.
    """
    names = [name for name, value in known[0].items() if np.ndim(value) == 3]
    if not all(t.ndim == 3 for t in truth):
        return ""
    for first in names:
        for second in names:
            made = _products(first, second, values, known)
            true = _products(first, second, truth, known)
            if made and true and made != true:
                return f"it is {made}, and should be {true}: a transpose is missing, or one too many"
    return ""


def _products(first: str, second: str, wanted: Sequence[Array], known: Sequence[Mapping[str, Array]]) -> str:
    """Which product of two matrices, each as it is or transposed, gives the wanted values; empty where none does."""
    for one, left in ((first, False), (f"{first}.T", True)):
        for other, right in ((second, False), (f"{second}.T", True)):
            for values, of in zip(wanted, known, strict=True):
                a, b = (np.asarray(of[name], dtype=float) for name in (first, second))
                a, b = (a.swapaxes(1, 2) if left else a), (b.swapaxes(1, 2) if right else b)
                if a.shape[2] != b.shape[1] or not _near(values, a @ b):
                    break
            else:
                return f"{one} @ {other}"
    return ""


def _ratios(values: Sequence[Array], truth: Sequence[Array]) -> Array:
    """Computed by true where that tells something; none where the shapes differ."""
    if any(v.shape != t.shape for v, t in zip(values, truth, strict=True)):
        return np.empty(0)
    wide = [np.abs(t) > TELLING * np.abs(t).max(initial=0.0) for t in truth]
    return np.concatenate([v[w] / t[w] for v, t, w in zip(values, truth, wide, strict=True)])


def _multiples(bases: Sequence[Array], wanted: Sequence[Array]) -> bool:
    """Whether each row is a combination of its bases (..., columns, count), with factors of its own."""
    for basis, value in zip(bases, wanted, strict=True):
        if value.shape[-1] <= basis.shape[-1] or not np.isfinite(value).all() or not np.isfinite(basis).all():
            return False
        rows, targets = basis.reshape(-1, *basis.shape[-2:]), value.reshape(-1, value.shape[-1])
        for row, target in zip(rows, targets, strict=True):
            factors, *_ = np.linalg.lstsq(row, target, rcond=None)
            if not _near(row @ factors, target):
                return False
    return True


def _are_places(labels: Array, truth: Array) -> bool:
    """Whether an array may hold a column for each row of another."""
    whole = labels.shape == truth.shape[:-1] and bool((labels == np.floor(labels)).all())
    return whole and bool(((labels >= 0) & (labels < truth.shape[-1])).all())


def _one_hot(labels: Any, truth: Array) -> Array:
    made: Array = (np.asarray(labels)[..., None] == np.arange(truth.shape[-1])).astype(float)
    return made


def _softmax(a: Array) -> Array:
    lifted = np.exp(a - a.max(-1, keepdims=True))
    return np.asarray(lifted / lifted.sum(-1, keepdims=True))


_OF_ENTRIES: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("{}", lambda a: a),
    ("softmax({})", _softmax),
    ("exp({})", np.exp),
    ("tanh({})", np.tanh),
    ("{}**2", np.square),
)

_OF_ROWS: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("", lambda a: a),
    (".sum(-1)", lambda a: a.sum(-1)),
    (".norm(-1)", lambda a: np.sqrt((a * a).sum(-1))),
)


def _named_factor(values: Sequence[Array], truth: Sequence[Array], known: Sequence[Mapping[str, Array]]) -> str:
    """What the factor of each row is, where it is a sum, a number of each row, or one divided by it."""
    with np.errstate(all="ignore"):
        ratios = [np.nanmedian(v / t, axis=-1) for v, t in zip(values, truth, strict=True)]
    for name in known[0]:
        for words, of in _OF_ROWS:
            found = [of(np.asarray(one[name])) for one in known]
            if any(f.shape != r.shape for f, r in zip(found, ratios, strict=True)):
                continue
            for sign, power in (("", 1), ("1/", -1)):
                with np.errstate(all="ignore"):
                    if all(_near(f.astype(float) ** power, r) for f, r in zip(found, ratios, strict=True)):
                        return f", {sign}{name}{words}"
    return ""


def _near(value: Array, reading: Array) -> bool:
    if value.shape != reading.shape or not np.isfinite(value).all() or not np.isfinite(reading).all():
        return False
    return FUNCTION.holds(value, reading)
