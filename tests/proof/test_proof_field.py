"""Arithmetic of the test: the field, spans of functions, cones, coprime bases."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof.proof.field.coprime import coprime_base, factors, without
from gradproof.proof.field.field import BITS, CHARACTER_ORDER, RATIONAL_BOUND, draw_field, reconstruct
from gradproof.proof.field.span import Span
from gradproof.proof.relations.farkas import nonnegative_combination

FIELD = draw_field(1)
P = FIELD.p
residues = st.integers(1, P - 1)
small = st.fractions(max_denominator=50, min_value=-50, max_value=50)
law = settings(derandomize=True, deadline=None, max_examples=50)


def test_draw_field_prime_has_its_size_and_its_residues():
    for seed in range(5):
        p = draw_field(seed).p
        assert p.bit_length() == BITS
        assert p % 4 == 3
        assert (p - 1) % CHARACTER_ORDER == 0
        assert all(pow(n, (p - 1) // 2, p) == 1 for n in (2, 3, 5, 7))
        assert all(pow(random.Random(seed).randrange(2, p), p - 1, p) == 1 for _ in range(3))
    assert draw_field(1).p != draw_field(2).p
    assert draw_field(1) is draw_field(1)


def test_draw_field_asked_for_squares_has_them():
    field = draw_field(3, (11, 13))
    assert all(field.square_root(n) is not None for n in (11, 13, 143))


@law
@given(residues)
def test_square_root_is_the_root_that_is_a_square(a):
    root = FIELD.square_root(a * a)
    assert root in (a, P - a)
    assert FIELD.square_root(root) is not None
    assert FIELD.square_root(-a * a) is None


@law
@given(residues, residues, st.fractions(max_denominator=16))
def test_power_fractional_is_multiplicative(a, b, n):
    a, b = a * a % P, b * b % P
    if FIELD.has_roots(n.denominator):
        assert FIELD.power(a, n) * FIELD.power(b, n) % P == FIELD.power(a * b % P, n)
        assert FIELD.power(FIELD.power(a, n), Fraction(n.denominator)) == FIELD.power(a, Fraction(n.numerator))


@law
@given(residues, residues)
def test_character_turns_products_into_sums(a, b):
    total = FIELD.character(a) + FIELD.character(b)
    assert total % CHARACTER_ORDER == FIELD.character(a * b % P)


@law
@given(st.lists(residues, min_size=1, max_size=5))
def test_inverses_undo_products(values):
    assert [a * b % P for a, b in zip(values, FIELD.inverses(values), strict=True)] == [1] * len(values)


def test_inverses_of_zero_is_an_error():
    with pytest.raises(ZeroDivisionError):
        FIELD.inverses([1, 0])


@law
@given(st.fractions())
def test_reconstruct_gives_back_small_fractions(q):
    assert reconstruct(FIELD.rational(q), P, RATIONAL_BOUND) == q


def test_reconstruct_random_residue_is_no_small_fraction():
    rng = random.Random(1)
    assert [reconstruct(rng.randrange(P), P, RATIONAL_BOUND) for _ in range(200)] == [None] * 200


@law
@given(st.lists(small, min_size=3, max_size=3))
def test_span_expresses_rational_combinations(coefficients):
    rng, span = random.Random(2), Span(P, RATIONAL_BOUND, 8)
    rows = [[rng.randrange(P) for _ in range(8)] for _ in range(3)]
    for row in rows:
        span.add(row)
    row = [sum(FIELD.rational(c) * r[i] for c, r in zip(coefficients, rows, strict=True)) % P for i in range(8)]
    assert span.express(row) == {i: c for i, c in enumerate(coefficients) if c}


def test_span_independent_row_or_irrational_coefficient_is_not_expressed():
    rng, span = random.Random(3), Span(P, RATIONAL_BOUND, 8)
    row = [rng.randrange(P) for _ in range(8)]
    span.add(row)
    assert span.express([rng.randrange(P) for _ in range(8)]) is None
    assert span.express([rng.randrange(P) * a % P for a in row]) is None
    factor = rng.randrange(P)
    assert span.express([factor * a % P for a in row]) is None


def test_span_with_too_few_points_claims_no_dependence():
    rng, span = random.Random(4), Span(P, RATIONAL_BOUND, 4)
    rows = [[rng.randrange(P) for _ in range(4)] for _ in range(2)]
    for row in rows:
        span.add(row)
    assert span.express(rows[0]) is None


vectors = st.lists(st.integers(-3, 3).map(Fraction), min_size=3, max_size=3)


@law
@given(vectors, st.lists(vectors, min_size=1, max_size=4))
def test_nonnegative_combination_is_one(target, generators):
    weights = nonnegative_combination(target, generators)
    if weights is not None:
        assert all(w >= 0 for w in weights)
        combined = [sum(w * g[i] for w, g in zip(weights, generators, strict=True)) for i in range(3)]
        assert combined == target
    else:
        for tried in itertools.product(range(4), repeat=len(generators)):
            combined = [sum(w * g[i] for w, g in zip(tried, generators, strict=True)) for i in range(3)]
            assert combined != target or not any(target)


@law
@given(st.lists(st.integers(1, 500), min_size=1, max_size=5))
def test_coprime_base_makes_all_numbers(numbers):
    base = coprime_base(numbers)
    assert all(math.gcd(a, b) == 1 for a, b in itertools.combinations(base, 2))
    assert all(math.isqrt(n) ** 2 != n for n in base)
    roots = [n for n in numbers if n > 1]
    assert all(without(n, base) == 1 for n in roots)


@law
@given(st.integers(1, 10**9))
def test_factors_multiply_to_the_number(n):
    assert math.prod(q**e for q, e in factors(n)) == n
