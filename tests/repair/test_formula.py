"""Formulas: trees that are matched, walked and rebuilt."""

from __future__ import annotations

import pytest
from repair_setup import formula

from gradproof.repair.formulas.formula import (
    Binary,
    Constant,
    Local,
    Name,
    Negate,
    Transpose,
    at,
    children,
    head,
    inline,
    names_in,
    rebuild,
    replace,
    size,
    substitute,
    walk,
)

EVERY_KIND = formula("np.where(a > 0, -b[0, :], np.exp(c)) + A.T @ B - d.sum(axis=0) / a.shape[0] * 2")


def test_nodes_of_different_kinds_with_equal_fields_differ() -> None:
    assert Negate(Name("a")) != Transpose(Name("a"))
    assert len({Negate(Name("a")), Transpose(Name("a"))}) == 2


def test_walk_paths_lead_to_their_nodes() -> None:
    for path, node in walk(EVERY_KIND):
        assert at(EVERY_KIND, path) == node


def test_rebuild_over_the_same_operands_changes_nothing() -> None:
    for _, node in walk(EVERY_KIND):
        assert rebuild(node, children(node)) == node


def test_replace_changes_one_place_only() -> None:
    original = formula("a * b + a")
    assert replace(original, (0, 0), Name("c")) == formula("c * b + a")


def test_substitute_changes_every_place() -> None:
    assert substitute(formula("a * b + a"), {"a": Constant(2)}) == formula("2 * b + 2")


def test_inline_replaces_locals_by_what_they_stand_for() -> None:
    local = Local("m", 0, formula("a + b"))
    assert inline(Binary("*", local, local)) == formula("(a + b) * (a + b)")


def test_names_and_size_see_through_locals() -> None:
    local = Local("m", 0, formula("a + b"))
    assert names_in(local) == {"a", "b"}
    assert size(local) == 4


@pytest.mark.parametrize(("one", "other"), [("a + b", "a - b"), ("a.sum(axis=0)", "a.sum(axis=1)"), ("a[0]", "a[1]")])
def test_head_differs_where_the_operation_differs(one: str, other: str) -> None:
    assert head(formula(one)) != head(formula(other))


@pytest.mark.parametrize(("one", "other"), [("a + b", "c + d"), ("A.sum(axis=0)", "B.sum(axis=0)"), ("A[0]", "B[0]")])
def test_head_is_one_where_the_operands_differ(one: str, other: str) -> None:
    assert head(formula(one)) == head(formula(other))
