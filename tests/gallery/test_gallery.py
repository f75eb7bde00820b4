"""The gallery: every case is right in both dtypes, and every known-wrong variant is caught, named and mostly mended."""

from __future__ import annotations

from collections import Counter

import pytest
from harness import KINDS, PROJECT, Variant, gallery, planted, tried, variants

from gradproof import crosscheck

TRIALS = 1000
AT_LEAST = 3
MENDED_SHARE = 0.7


MENDED = {variant.case for variant in variants() if variant.mended}
"""Their variants are checked again once they are mended: each is then the right case, in float64."""


@pytest.mark.parametrize(
    ("case", "dtype"),
    [(case, d) for case in gallery() for d in ("float64", "float32") if d != "float64" or case not in MENDED],
)
def test_gallery_right_case_agrees(case: str, dtype: str) -> None:
    result = crosscheck(case, project=PROJECT, trials=TRIALS, dtype=dtype)
    assert {one.equation: one.verdict for one in result.results if one.verdict != "agrees"} == {}
    assert result.ok


@pytest.mark.parametrize("variant", variants(), ids=lambda variant: variant.label)
def test_gallery_wrong_variant_is_caught(variant: Variant) -> None:
    outcome = tried(variant, mend=variant.mended)  # a search that finds nothing takes all of its budget
    assert outcome.blamed == (variant.blames, *variant.also)
    assert outcome.named
    assert outcome.mended or not variant.mended


def test_gallery_every_case_has_variants() -> None:
    counts = Counter(variant.case for variant in variants())
    assert {case: counts[case] for case in gallery() if counts[case] < AT_LEAST} == {}
    assert set(counts) <= set(gallery())


def test_gallery_most_variants_are_mended() -> None:
    every = variants()
    assert sum(variant.mended for variant in every) >= MENDED_SHARE * len(every)


def test_gallery_every_kind_of_slip_has_variants() -> None:
    counts = Counter(variant.kind for variant in variants())
    assert {kind: counts[kind] for kind in KINDS if counts[kind] < AT_LEAST} == {}
    assert set(counts) <= set(KINDS)


def test_gallery_slips_of_a_case_are_of_different_kinds() -> None:
    kinds = {case: {variant.kind for variant in variants() if variant.case == case} for case in gallery()}
    assert {case: found for case, found in kinds.items() if len(found) < AT_LEAST - 1} == {}


def test_gallery_labels_are_unique() -> None:
    assert [label for label, count in Counter(one.label for one in variants()).items() if count > 1] == []


def test_harness_slip_that_stands_nowhere_is_refused(tmp_path) -> None:
    with pytest.raises(AssertionError, match="stands 0 times"):
        planted(Variant("linear", "none", "no such text", "", "Y"), tmp_path)


def test_harness_slip_that_stands_more_than_once_is_refused(tmp_path) -> None:
    with pytest.raises(AssertionError, match="stands 3 times"):
        planted(Variant("linear", "three", "def dLoss", "def dloss", "Y"), tmp_path)
