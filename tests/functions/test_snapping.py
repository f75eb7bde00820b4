"""Float32 values are brought to the exact reading beside them, and to none where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from gradproof.functions.telling.snapping import snapped

GENERATOR = np.random.default_rng(0)
TRUTH = [GENERATOR.standard_normal((3, 4, 5)), GENERATOR.standard_normal((3, 6, 2))]
KNOWN = [{"g": GENERATOR.standard_normal(truth.shape)} for truth in TRUTH]


def in_float32(values):
    return [value.astype(np.float32).astype(np.float64) for value in values]


@pytest.mark.parametrize(
    "slip",
    [
        lambda t, g: -t,
        lambda t, g: t / 2,
        lambda t, g: t * t.shape[1],
        lambda t, g: t / t.shape[2],
        lambda t, g: t * g,
        lambda t, g: t / g,
        lambda t, g: t - g,
        lambda t, g: t + 2 * g,
        lambda t, g: -g,
    ],
)
def test_snapped_rounded_reading_gives_it_in_full(slip):
    exact = [slip(truth, known["g"]) for truth, known in zip(TRUTH, KNOWN, strict=True)]
    found = snapped(in_float32(exact), TRUTH, KNOWN)
    assert found is not None
    for value, wanted in zip(found, exact, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-15)


@pytest.mark.parametrize("slip", [np.sin, np.abs, lambda t: t + 1e-3, lambda t: t * 1.0000001, lambda t: t])
def test_snapped_next_to_no_reading_gives_none(slip):
    assert snapped(in_float32([slip(truth) for truth in TRUTH]), TRUTH, KNOWN) is None


def test_snapped_sum_that_is_missing_is_found_by_its_sums():
    unsummed = [GENERATOR.standard_normal((3, 7, *truth.shape[1:])) for truth in TRUTH]
    found = snapped(in_float32(unsummed), [value.sum(1) for value in unsummed], KNOWN)
    assert found is not None
    for value, wanted in zip(found, unsummed, strict=True):
        np.testing.assert_allclose(value.sum(1), wanted.sum(1), rtol=1e-12, atol=1e-12)


def test_snapped_values_next_to_the_truth_are_not_explained_by_a_tiny_term():
    tiny = [{"g": known["g"] * 1e-7} for known in KNOWN]
    assert snapped(in_float32(TRUTH), TRUTH, tiny) is None
