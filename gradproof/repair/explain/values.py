"""Diagnosis from values alone: for code that cannot be read, and where no mended formula is found.

Every reading must explain all trials, and enough of them that it cannot hold by chance. No reading is better than a
false one: a slip inside a sum or an activation leaves no simple ratio or difference, and then nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations_with_replacement

import numpy as np

from gradproof.errors import GradproofError
from gradproof.repair.explain.comparison import Comparison, close, is_rare, varies
from gradproof.repair.explain.diagnosis import Diagnosis
from gradproof.repair.explain.shapes import of_axes, of_shapes
from gradproof.repair.formulas.functions import Array
from gradproof.repair.formulas.names import Phase, family, phase
from gradproof.tolerances import MISPLACED_EPSILON, PRODUCT, REPAIRED, REPEATED

_FACTORS = {2.0: "2", 0.5: "1/2", -0.5: "-1/2", -2.0: "-2", 3.0: "3", 4.0: "4", 0.25: "1/4"}
_SIZE_FACTORS: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("{}", lambda n: n),
    ("1/{}", lambda n: 1 / n),
    ("sqrt({})", np.sqrt),
    ("1/sqrt({})", lambda n: 1 / np.sqrt(n)),
    ("-{}", lambda n: -n),
    ("-1/{}", lambda n: -1 / n),
)
_KNOWN_FACTORS = ((1.0, "{}", "{}"), (-1.0, "-{}", "-{}"), (2.0, "2 {}", "{}/2"), (0.5, "{}/2", "2 {}"))
_TERMS = (
    (1.0, "extra term", "it has the term {} too much"),
    (-1.0, "missing term", "it lacks the term {}"),
    (2.0, "sign", "the term {} has the wrong sign, it should be subtracted"),
    (-2.0, "sign", "the term {} has the wrong sign, it should be added"),
)


def diagnose_values(
    computed: Sequence[Array | Exception],
    truth: Sequence[Array],
    known: Sequence[Mapping[str, Array]],
    *,
    quantity: str = "",
) -> tuple[Diagnosis, ...]:
    """What the wrong values of a quantity say about the slip behind them, the likeliest first; often nothing.

    Args:
        computed: What the equation gives from true inputs, `(trials, *shape)`, one array for each set of sizes; or
            what it raises.
        truth: What is right, in the same groups.
        known: True values of all known quantities, in the same groups.
        quantity: The quantity's name.

    Returns:
        Readings; none where the truth itself is not finite.

    Raises:
        GradproofError: The three do not have equally many groups, or there is none.
    """
    if not len(computed) == len(truth) == len(known) or not truth:
        raise GradproofError(
            f"{len(computed)} groups of computed values, {len(truth)} of true and {len(known)} of known ones: "
            "give equally many, one for each set of sizes"
        )
    if any(not np.isfinite(value).all() for value in truth):
        return ()
    raised = [value for value in computed if isinstance(value, Exception)]
    if raised:
        return (Diagnosis("raises", f"it raises {type(raised[0]).__name__}: {raised[0]}".splitlines()[0]),)
    arrays = tuple(np.asarray(value, dtype=np.float64) for value in computed)
    case = Comparison(arrays, tuple(np.asarray(t, dtype=np.float64) for t in truth), tuple(known), quantity)
    if not case.same_shape:
        return tuple(of_shapes(case))
    if any(not np.isfinite(value).all() for value in arrays):
        return (_not_finite(case),)
    if not any(wrong.any() for wrong in case.wrong):
        return ()
    for readings in (_factor, of_axes, _mask, _other_quantity, _known_factor, _known_term, _product_term, _condition):
        found = tuple(readings(case))
        if found:
            return found
    return tuple(_epsilon(case))


def _not_finite(case: Comparison) -> Diagnosis:
    bad = sum(int((~np.isfinite(c)).reshape(len(c), -1).any(axis=1).sum()) for c in case.computed)
    return Diagnosis("not finite", f"it is not finite in {bad} of {sum(len(c) for c in case.computed)} trials")


def _factor(case: Comparison) -> Iterator[Diagnosis]:
    """One factor in every trial, or one that depends on the sizes only."""
    ratios = case.ratios
    if ratios is None or not case.enough([np.isfinite(r) for r in ratios]):
        return
    factors = []
    for group in ratios:
        found = group[np.isfinite(group)]
        if not found.size or not REPAIRED.steady(found):
            return
        factors.append(float(found[0]))
    factor = np.array(factors)
    if REPAIRED.steady(factor):
        yield _constant_factor(factors[0], case.quantity)
        return
    for name, lengths in case.sizes():
        for text, function in _SIZE_FACTORS:
            if np.allclose(factor, function(np.array(lengths, dtype=np.float64)), rtol=REPAIRED.relative, atol=0):
                yield Diagnosis("size factor", f"it is {text.format(name)} times the true value")
                return


def _constant_factor(factor: float, quantity: str) -> Diagnosis:
    if abs(factor + 1) < REPAIRED.relative:
        return Diagnosis("sign", "it has the wrong sign")
    if factor == 0:
        return Diagnosis("zero", "it is 0 in every trial")
    text = next(
        (text for value, text in _FACTORS.items() if abs(factor - value) < REPEATED.relative * abs(value)),
        f"{factor:.6g}",
    )
    return Diagnosis("constant factor", f"it is {text} times the true value in every trial")


def _mask(case: Comparison) -> Iterator[Diagnosis]:
    """Right wherever the truth is not 0, or wherever the computed value is not."""
    right = [~wrong for wrong in case.wrong]
    for kind, some in (("mask", case.truth), ("extra mask", case.computed)):
        switched_off = [values == 0 for values in some]
        if not all((w <= off).all() for w, off in zip(case.wrong, switched_off, strict=True)):
            continue
        solid = [~off & ok for off, ok in zip(switched_off, right, strict=True)]
        if not case.enough(case.wrong) or not case.enough(solid):
            continue
        if kind == "extra mask":
            yield Diagnosis(kind, "it is 0 in places where the true value is not, and right elsewhere")
        else:
            name = _switch(case, case.wrong, solid)
            which = f"the mask {name} > 0 is missing: " if name else ""
            yield Diagnosis(kind, f"{which}it is right where the true value is not 0, and not 0 where that is")
        return


def _switch(case: Comparison, off: Sequence[Array], on: Sequence[Array]) -> str | None:
    """The quantity whose sign tells two sets of entries apart, if that cannot be by chance."""
    counts = sum(int(m.sum()) for m in on), sum(int(m.sum()) for m in off)
    if not is_rare(counts[0], sum(counts), len(case.names)):
        return None
    candidates = [name for name in case.names if phase(name) == Phase.FORWARD]
    for name in candidates:
        values = case.values(name)
        if values is not None and all(
            (v[m] > 0).all() and not (v[n] > 0).any() for v, m, n in zip(values, on, off, strict=True)
        ):
            return name
    return None


def _other_quantity(case: Comparison) -> Iterator[Diagnosis]:
    """The value of another quantity, or its negative."""
    if not varies(case.computed) or not case.enough([np.ones(c.shape, dtype=np.bool_) for c in case.computed]):
        return
    for name in sorted(case.names, key=lambda name: family(name) != family(case.quantity)):
        for sign, text in ((1.0, name), (-1.0, f"-{name}")):
            others = [sign * np.asarray(known[name], dtype=np.float64) for known in case.known]
            if all(close(value, other) for value, other in zip(case.computed, others, strict=True)):
                yield Diagnosis("other quantity", f"it has the value of {text}")
                return


def _known_factor(case: Comparison) -> Iterator[Diagnosis]:
    """A known quantity as a factor too much or too little."""
    ratios = case.ratios
    if ratios is None or not case.enough([np.isfinite(r) for r in ratios]):
        return
    flat = np.concatenate([r[np.isfinite(r)] for r in ratios])
    for name in case.names:
        values = case.values(name)
        if values is None or not varies(values):
            continue
        value = np.concatenate([v[np.isfinite(r)] for v, r in zip(values, ratios, strict=True)])
        if not varies([value]):
            continue
        with np.errstate(all="ignore"):
            for factor, extra, missing in _KNOWN_FACTORS:
                if _near(flat, factor * value):
                    yield Diagnosis("extra factor", f"it is {extra.format(name)} times the true value")
                    return
                if _near(flat * value, np.full(value.shape, factor)):
                    yield Diagnosis("missing factor", f"it lacks the factor {missing.format(name)}")
                    return


def _near(first: Array, second: Array) -> bool:
    return bool((np.abs(first - second) <= 10 * REPAIRED.relative * np.abs(second)).all())


def _known_term(case: Comparison) -> Iterator[Diagnosis]:
    """A constant or a known quantity as a term too much, too little, or with the wrong sign."""
    if not case.enough(case.wrong):
        return
    offset = float((case.computed[0] - case.truth[0]).reshape(-1)[0])
    if offset != 0 and case.agrees([value - offset for value in case.computed]):
        yield Diagnosis("constant offset", f"it is {offset:+.6g} off in every trial")
        return
    for name in case.names:
        values = case.values(name)
        if values is not None and varies(values):
            yield from _term(case, name, values)


def _term(case: Comparison, text: str, values: Sequence[Array]) -> Iterator[Diagnosis]:
    for factor, kind, sentence in _TERMS:
        if case.agrees([c - factor * value for c, value in zip(case.computed, values, strict=True)]):
            yield Diagnosis(kind, sentence.format(text))


def _product_term(case: Comparison) -> Iterator[Diagnosis]:
    """The product of two known quantities as a term too much, too little, or with the wrong sign."""
    if not case.enough(case.wrong):
        return
    fitting = {name: values for name in case.names if (values := case.values(name)) is not None and varies(values)}
    # The first wrong entries rule out almost all products.
    places = [np.argwhere(wrong)[:4] for wrong in case.wrong]
    some = {n: _picked(values, places) for n, values in fitting.items()}
    difference = _picked([c - t for c, t in zip(case.computed, case.truth, strict=True)], places)
    for first, second in combinations_with_replacement(fitting, 2):
        ratio = some[first] * some[second] / difference
        if (np.abs(ratio - ratio[0]) <= PRODUCT.allowed(ratio[0])).all():
            product = [u * v for u, v in zip(fitting[first], fitting[second], strict=True)]
            yield from _term(case, f"{first} * {second}", product)


def _picked(values: Sequence[Array], places: Sequence[Array]) -> Array:
    return np.concatenate([value[tuple(place.T)] for value, place in zip(values, places, strict=True)])


def _condition(case: Comparison) -> Iterator[Diagnosis]:
    """Wrong exactly in the trials in which some scalar is positive, or in which it is not."""
    if any(truth.ndim != 1 for truth in case.truth):
        return
    wrong = np.concatenate(case.wrong)
    if not is_rare(int(wrong.sum()), len(wrong), 2 * len(case.names)):
        return
    for name in case.names:
        values = case.values(name)
        if values is None:
            continue
        positive = np.concatenate(values) > 0
        for same, sign in ((positive, ">"), (~positive, "<=")):
            if np.array_equal(same, wrong):
                yield Diagnosis(
                    "condition", f"it is wrong exactly in the {wrong.sum()} of {len(wrong)} trials with {name} {sign} 0"
                )
                return


def _epsilon(case: Comparison) -> Iterator[Diagnosis]:
    """Off by little everywhere, and always to one side; a wrong step of an update is small too, and is not this."""
    if phase(case.quantity) == Phase.UPDATE or case.ratios is None:
        return
    off = np.concatenate([r[np.isfinite(r)] for r in case.ratios]) - 1.0
    one_sided = bool((off > 0).all() or (off < 0).all())
    if one_sided and len(off) >= 8 and np.abs(off).max() < MISPLACED_EPSILON:
        yield Diagnosis(
            "epsilon",
            f"it differs by at most {np.abs(off).max():.1e} of its size: an epsilon in another place, "
            "or a rounded constant",
        )
