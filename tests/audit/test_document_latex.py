"""Printing and reading are inverse: on random trees, and for the binding of printed names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof.audit.printing.latex import latex
from gradproof.audit.reading.names import Names, plain
from gradproof.audit.reading.read import read_formula
from gradproof.audit.reading.tree import (
    Big,
    Call,
    Cases,
    Comparison,
    Derivative,
    Entry,
    Fraction,
    Inverse,
    Label,
    Matrix,
    Node,
    Norm,
    Number,
    Power,
    Product,
    Sum,
    Transpose,
)
from gradproof.audit.values.declare import declare, printed, read_symbol
from gradproof.errors import GradproofError

NAMES = declare(["W35", "P5", "Loss", "Z", "eta", "b3"], written={"Z": "Z^{(1)}"})
SYMBOLS = [symbol for symbol, _ in NAMES.quantities]


def _sums(below: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    def build(parts: list[tuple[str, Node]]) -> Node:
        return Sum(tuple(sign for sign, _ in parts), tuple(term for _, term in parts))

    several = st.lists(st.tuples(st.sampled_from("+-"), below), min_size=2, max_size=4).map(build)
    return several | below.map(lambda node: Sum(("-",), (node,)))


def _products(below: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    operators = st.sampled_from(["juxt", "dot", "times", "slash", "odot"])

    def build(parts: list[tuple[Any, Node]]) -> Node:
        return Product(tuple(node for _, node in parts), tuple(operator for operator, _ in parts[1:]))

    return st.lists(st.tuples(operators, below), min_size=2, max_size=4).map(build)


def _extend(below: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    symbols = st.sampled_from(SYMBOLS)
    comparison = st.builds(Comparison, st.sampled_from(["<", ">", "<=", ">=", "==", "!="]), below, below)
    cases = st.tuples(below, comparison, below).map(lambda t: Cases((t[0], t[2]), (t[1], None)))
    return (
        _sums(below)
        | _products(below)
        | st.builds(Fraction, below, below)
        | st.builds(Power, below, st.sampled_from([Number("2"), SYMBOLS[0]]))
        | st.builds(Transpose, below)
        | st.builds(Inverse, below)
        | st.builds(Derivative, symbols, symbols, st.sampled_from(["d", "partial", "nabla"]))
        | st.builds(lambda f, p, a: Call(f, p, (a,)), st.sampled_from(["log", "relu", "exp"]), st.integers(0, 1), below)
        | st.tuples(below, below).map(lambda pair: Call("max", 0, pair))
        | st.builds(Call, st.just("sqrt"), st.just(0), st.tuples(below))
        | st.builds(Entry, below, st.just((Label("1"), Label("2"))))
        | st.builds(Big, st.sampled_from(["sum", "max", "mean"]), st.just("k"), below, st.just("1"), st.just("3"))
        | st.builds(Norm, below, st.sampled_from(["abs", "norm"]))
        | comparison
        | cases
        | st.lists(below, min_size=2, max_size=2).map(lambda row: Matrix((tuple(row), tuple(row))))
    )


NODES = st.recursive(st.sampled_from([*SYMBOLS, Number("1"), Number("0.5")]), _extend, max_leaves=12)


@given(NODES)
@settings(max_examples=300)
def test_latex_of_any_tree_is_read_back_as_that_tree(tree: Node) -> None:
    again = read_formula(latex(tree), NAMES).sides[0]
    assert again.problem is None
    assert again.node == tree


@pytest.mark.parametrize(
    ("symbol", "text"),
    [("W35", "W_{35}"), ("b5", "b_{5}"), ("Loss", "Loss"), ("eta", r"\eta"), ("W35_new", "W_{35}^{new}"), ("X", "X")],
)
def test_printed_writes_a_symbol_of_the_reference_as_latex(symbol: str, text: str) -> None:
    assert latex(printed(symbol)) == text


def resolved(names: Names, text: str) -> str | None:
    bound = names.resolve(read_symbol(text))
    return f"{bound.key}{'*' if bound.note else ''}" if bound else None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("W_{35}", "W35"),
        ("W_{3,5}", "W35"),
        ("w_{35}", "W35*"),
        ("loss", "Loss*"),
        ("LOSS", "Loss*"),
        ("W^{(1)}", "W1"),
        ("W^{[1]}", "W1"),
        ("W_1", "W1*"),
        ("W_{99}", None),
        ("l", None),  # an index letter is never the loss
        ("L", None),  # one of two quantities
    ],
)
def test_names_bind_exactly_or_with_a_note_or_not_at_all(text: str, key: str | None) -> None:
    written = {"W1": "W^{(1)}", "Lower": "l_{1}", "Upper": "L_{1}"}
    names = declare(["W35", "Loss", "W1", "Lower", "Upper"], written=written, indices={"l": [1, 2]})
    assert resolved(names, text) == key


def test_names_case_of_labels_is_never_folded() -> None:
    names = declare(["x"], written={"x": "x_{i}"})
    assert resolved(names, "X_{i}") == "x*"
    assert resolved(names, "x_{I}") is None


def test_names_note_says_what_was_read_as_what() -> None:
    names = declare(["W35"])
    bound = names.resolve(read_symbol("w_{35}"))
    assert bound is not None
    assert bound.note == "w_{35} is read as W_{35}"
    assert plain(names.symbol("W35")) == "W_{35}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"written": {"Q": "q"}}, "'Q' is given a printed name, but is no symbol; the symbols are W35"),
        ({"written": {"W35": "a + b"}}, "'a \\+ b' cannot be the printed name of a quantity: it is a formula"),
        ({"written": {"W35": "(a"}}, "'\\(a' cannot be the printed name of a quantity: '\\(' is not closed"),
        ({"functions": {"f": "swish"}}, "'f' is declared as the function 'swish', which is not known; known are abs"),
    ],
)
def test_declare_mistakes_are_named_with_what_is_allowed(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(GradproofError, match=message):
        declare(["W35"], **arguments)
