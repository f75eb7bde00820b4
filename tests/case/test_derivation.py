"""Derivations are read as their author wrote them, and mistakes are named with their line."""

from __future__ import annotations

import pytest

from gradproof.case.project import find_project
from gradproof.check.loading import load_derivation
from gradproof.errors import GradproofError


def test_load_plain_functions_become_equations_in_file_order(write_layer):
    derivation = load_derivation(write_layer(), "layer")
    assert [e.name for e in derivation.equations][:3] == ["Z", "A", "dLoss_dA"]
    assert derivation.by_name["dLoss_dW"].inputs == ("dLoss_dZ", "X")
    assert derivation.by_name["dLoss_dW"].place == "manual/layer.py:16"
    assert derivation.by_name["dLoss_dW"].written == "np.outer(dLoss_dZ, X)"


def test_load_underscore_names_and_imports_are_no_equations(write_layer):
    text = """
    import numpy as np
    from math import exp
    def _helper(x): return x
    def A(Z): return _helper(np.tanh(Z))
    """
    assert [e.name for e in load_derivation(write_layer(manual=text), "layer").equations] == ["A"]


def test_load_second_form_has_quantity_and_label(write_layer):
    text = "def A(Z): return Z\ndef A__again(Z): return Z\n"
    first, second = load_derivation(write_layer(manual=text), "layer").equations
    assert (second.quantity, second.form) == ("A", "again")
    assert load_derivation(write_layer(manual=text), "layer").by_name["A"].name == first.name


def test_load_star_import_keeps_document_order_and_replaces(write_layer):
    write_layer(manual="def Y(X): return X\ndef Z(Y): return Y\n", name="base")
    project = write_layer(manual="from .base import *\ndef Y(X): return 2 * X\n", name="variant")
    derivation = load_derivation(project, "variant")
    assert [(e.name, e.path.name) for e in derivation.equations] == [("Y", "variant.py"), ("Z", "base.py")]


def test_load_after_an_edit_within_the_same_second_sees_the_new_text(write_layer):
    project = write_layer(manual="def Y(X): return X + 1\n")
    assert load_derivation(project, "layer").equations[0].function(1) == 2
    write_layer(manual="def Y(X): return X - 1\n")
    assert load_derivation(project, "layer").equations[0].function(1) == 0


def test_load_multi_line_body_is_written_on_one_line(write_layer):
    text = 'def P(Z):\n    """Softmax."""\n    E = Z * 2\n    return E / E.sum()\n'
    assert load_derivation(write_layer(manual=text), "layer").equations[0].written == "E = Z * 2; return E / E.sum()"


def test_order_puts_every_equation_after_what_it_reads(write_layer):
    text = "def C(B): return B\ndef B(A): return A\ndef A(X): return X\n"
    assert [e.name for e in load_derivation(write_layer(manual=text), "layer").order] == ["A", "B", "C"]


def test_upstream_lists_all_ancestors(write_layer):
    derivation = load_derivation(write_layer(), "layer")
    assert derivation.upstream(derivation.by_name["W_new"]) == ("Z", "A", "dLoss_dA", "dLoss_dZ", "dLoss_dW")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "def A(Z): return Z\ndef A(Z): return Z\n",
            ["manual/layer.py:2", "A is defined a second time", "line 1", "A__label"],
        ),
        ("def A(Z, k=2): return Z\n", ["manual/layer.py:1", "A", "k=2", "not a plain name"]),
        ("def A(*Z): return Z\n", ["*Z", "not a plain name"]),
        ("x = 1\n", ["manual/layer.py has no equations", "def dLoss_dW"]),
        ("def A(Z)\n    return Z\n", ["manual/layer.py:1", "not Python"]),
        ("import nowhere_at_all\n", ["manual/layer.py:1", "does not run", "nowhere_at_all"]),
        ("KNOWN_ERRATA = ('AA',)\ndef A(Z): return Z\n", ["KNOWN_ERRATA", "'AA'", "did you mean A?"]),
        ("KNOWN_ERRATA = 'A'\ndef A(Z): return Z\n", ["KNOWN_ERRATA is a tuple"]),
    ],
)
def test_load_mistake_is_named_with_its_place(write_layer, text, words):
    with pytest.raises(GradproofError) as caught:
        load_derivation(write_layer(manual=text), "layer")
    for word in words:
        assert word in str(caught.value)


def test_order_of_a_circle_names_its_members(write_layer):
    text = "def A(B): return B\ndef B(C): return C\ndef C(A): return A\n"
    with pytest.raises(GradproofError, match=r"circle: A <- B <- C <- A"):
        _ = load_derivation(write_layer(manual=text), "layer").order


def test_find_project_without_manual_says_how_to_make_one(tmp_path):
    with pytest.raises(GradproofError, match="gradproof new NAME"):
        find_project(tmp_path)


def test_manual_path_of_a_misspelt_case_lists_close_matches(write_layer):
    with pytest.raises(GradproofError, match=r"did you mean layer\?") as caught:
        write_layer().manual_path("layr")
    assert (caught.value.name, caught.value.known) == ("layr", ("layer",))
