"""Contractions of two arrays by matrix products: what `np.einsum` gives, and where they are left to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof.arrays import contraction as module
from gradproof.arrays.contraction import contraction

SIZES = dict(zip("abcdefg", (2, 3, 4, 5, 6, 7, 2), strict=True))


def drawn(letters: str, seed: int, *, stretched: str = "") -> np.ndarray:
    sizes = [1 if letter in stretched else SIZES[letter] for letter in letters]
    return np.random.default_rng(seed).normal(size=sizes)


@pytest.fixture(autouse=True)
def small_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGE", 1)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_contraction_of_any_two_arrays_is_what_einsum_gives(data: st.DataObject) -> None:
    first, second = ("".join(data.draw(st.permutations("abcdefg"))[: data.draw(st.integers(1, 5))]) for _ in range(2))
    letters = data.draw(st.permutations(sorted(set(first + second))))
    output = "".join(letters[: data.draw(st.integers(0, len(letters)))])
    stretched = data.draw(st.sampled_from(["", first[0]]))
    left, right = drawn(first, 0, stretched=stretched), drawn(second, 1)
    subscripts = f"{first},{second}->{output}"
    assert np.allclose(contraction(subscripts, left, right), np.einsum(subscripts, left, right), rtol=1e-12, atol=1e-12)


def test_contraction_of_windows_takes_matrix_products(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = np.lib.stride_tricks.sliding_window_view(drawn("abcde", 0), (2, 3), axis=(3, 4))
    weight = np.random.default_rng(1).normal(size=(2, 8, 4, 2, 3))
    expected = np.einsum("zncijuv,zocuv->znoij", windows, weight)
    monkeypatch.setattr(np, "einsum", None)
    assert np.allclose(contraction("zncijuv,zocuv->znoij", windows, weight), expected, rtol=1e-12)


@pytest.mark.parametrize("subscripts", ["ab,ab->ab", "ab,b->b", "abc->ca"])
def test_contraction_that_is_no_matrix_product_is_left_to_einsum(subscripts: str) -> None:
    arrays = [drawn(term, k) for k, term in enumerate(subscripts.partition("->")[0].split(","))]
    assert np.array_equal(contraction(subscripts, *arrays), np.einsum(subscripts, *arrays))


def test_contraction_of_whole_numbers_is_exact() -> None:
    left, right = (np.arange(12).reshape(3, 4) + 2**60 for _ in range(2))
    assert np.array_equal(contraction("ab,cb->ac", left, right), np.einsum("ab,cb->ac", left, right))
