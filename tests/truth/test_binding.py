"""Names are bound to tensors by what they mean, and every mistake says what exists."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gradproof import Reference, integers, normal
from gradproof.case.names import derivative_splits
from gradproof.case.reference import Symbol, parse_symbol
from gradproof.check.case import load_case
from gradproof.errors import GradproofError
from gradproof.truth.binding import Binding
from gradproof.truth.sources import Derivative, Leaf, Output, Updated


class Layer(nn.Module):
    """(3,) -> loss."""

    def __init__(self):
        super().__init__()
        self.linear, self.tanh = nn.Linear(3, 2), nn.Tanh()

    def forward(self, X):
        return self.tanh(self.tanh(self.linear(X))).sum()


def bind(**changes):
    settings = {"model": Layer, "inputs": {"X": normal(3)}, "symbols": {"W": "linear.weight", "Z": "linear"}, **changes}
    return Binding(Reference(**settings), "reference/layer.py", torch.float64)


def test_find_knows_leaves_outputs_derivatives_and_updates():
    binding = bind(optimizer=torch.optim.SGD, hyperparameters={"lr": 0.1})
    assert binding.find("W") == Leaf("linear.weight")
    assert binding.find("X") == Leaf("X")
    assert binding.find("lr") == Leaf("lr")
    assert binding.find("Z") == Output(("linear", 0))
    assert binding.find("dLoss_dW") == Derivative("Loss", "W")
    assert binding.find("dZ_dX") == Derivative("Z", "X")
    assert binding.find("W_new") == Updated("linear.weight")
    assert binding.find("nothing") is None
    assert binding.find("X_new") is None


def test_find_derivative_with_underscore_d_inside_a_symbol():
    binding = bind(symbols={"Z": "linear", "W_d": "linear.weight"})
    assert binding.find("dZ_dW_d") == Derivative("Z", "W_d")
    assert derivative_splits("dZ_dW_d") == [("Z", "W_d")]
    assert derivative_splits("da_db_dc") == [("a", "b_dc"), ("a_db", "c")]


def test_find_derivative_that_splits_in_two_ways_is_refused():
    symbols = {"a": "linear", "a_db": "tanh#0", "b_dc": "linear.bias", "c": "linear.weight"}
    with pytest.raises(GradproofError, match=r"can be read as d\(a\)/d\(b_dc\) or d\(a_db\)/d\(c\)"):
        bind(symbols=symbols).find("da_db_dc")


def test_find_derivative_by_class_indices_is_unknown():
    class Picker(nn.Module):
        def forward(self, X, k):
            return X[k].exp()

    binding = Binding(Reference(Picker, {"X": normal(3), "k": integers(0, 3)}), "reference/p.py", torch.float64)
    assert binding.find("dLoss_dX") == Derivative("Loss", "X")
    assert binding.find("dLoss_dk") is None


def test_tensor_result_brings_a_cotangent_leaf():
    class Map(nn.Module):
        def forward(self, X):
            return X.exp()

    binding = Binding(Reference(Map, {"X": normal(3)}), "reference/m.py", torch.float64)
    assert binding.find("dLoss_dY") == Leaf("dLoss_dY")
    assert binding.leaves["dLoss_dY"].shape == (3,)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("hidden.weight[0, 1]", Symbol("hidden.weight", None, (0, 1))),
        ("relu", Symbol("relu")),
        ("cell#1[:, 0]", Symbol("cell", 1, (slice(None), 0))),
        ("a[..., -1]", Symbol("a", None, (Ellipsis, -1))),
        ("a[1:3]", Symbol("a", None, (slice(1, 3),))),
    ],
)
def test_parse_symbol_reads_paths_calls_and_indices(text, symbol):
    assert parse_symbol(text) == symbol


@pytest.mark.parametrize("text", ["", "a b", "a[", "a[x]", "a[1.5]", "a#b", "1a", "a[True]", "a[__import__('os')]"])
def test_parse_symbol_refuses_what_is_no_tensor(text):
    with pytest.raises(GradproofError, match="symbols"):
        parse_symbol(text)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"symbols": {"W": "linear.wieght"}}, ["'W'", "'linear.wieght' names nothing", "did you mean linear.weight"]),
        ({"symbols": {"A": "tanh"}}, ["called 2 times", "tanh#0, tanh#1"]),
        ({"symbols": {"A": "tanh#2"}}, ["'tanh#2' names nothing"]),
        ({"symbols": {"W": "linear.weight[2, 0]"}}, ["shape (2, 3)", "no entry [2, 0]"]),
        ({"symbols": {"Loss": "linear"}}, ["ambiguous", "a result"]),
        ({"symbols": {"not a name": "linear"}}, ["'not a name' is no name"]),
        ({"inputs": {"X": 3.0}}, ["forward(X) fails", "'X': ()"]),
        ({"inputs": {"X": normal(4)}}, ["forward(X) fails", "'X': (4,)"]),
        ({"inputs": {"U": normal(3)}}, ["forward(U) fails"]),
        ({"model": lambda: 3}, ["model() gives a int"]),
        ({"model": 3}, ["not 3"]),
        ({"parameters": {"linear.b": normal()}}, ["'linear.b'", "did you mean linear.bias"]),
        ({"hyperparameters": {"lr": 0.1}}, ["optimizer=torch.optim.SGD"]),
    ],
)
def test_binding_mistake_says_what_was_found_and_what_is_allowed(changes, words):
    with pytest.raises(GradproofError) as caught:
        _ = bind(**changes).roots
    for word in words:
        assert word in str(caught.value)


def test_tuple_result_is_refused_with_the_way_out():
    class Pair(nn.Module):
        def forward(self, X):
            return X, X

    with pytest.raises(GradproofError, match=r"returns a tuple.*nn\.Identity"):
        Binding(Reference(Pair, {"X": normal(3)}), "reference/p.py", torch.float64)


def test_case_misspelt_parameter_lists_close_matches(write_layer):
    project = write_layer(manual=("def dLoss_db(dLoss_dZ)", "def dLoss_db(dLos_dZ)"))
    with pytest.raises(GradproofError) as caught:
        load_case("layer", project=project)
    message = str(caught.value)
    assert "manual/layer.py:19: dLoss_db takes 'dLos_dZ'" in message
    assert "did you mean dLoss_dZ" in message


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("x = 1\n", "the value `reference` must be a Reference"),
        ("reference = 3\n", "found int"),
        ("reference = 1 / 0\n", "reference/layer.py:1: the file does not run: ZeroDivisionError"),
    ],
)
def test_reference_file_without_a_reference_is_refused(write_layer, reference, words):
    with pytest.raises(GradproofError, match=words):
        load_case("layer", project=write_layer(reference=reference))


def test_references_of_different_symbols_are_refused(write_layer):
    text = "reference = Reference(", "one = Reference("
    project = write_layer(reference=text)
    path = project.reference_path("layer")
    path.write_text(
        path.read_text() + "\nfrom dataclasses import replace\nreference = [one, replace(one, symbols={})]\n"
    )
    with pytest.raises(GradproofError, match="these differ: A, W, Z, b"):
        load_case("layer", project=project)


def test_case_without_its_reference_says_what_to_write(write_layer):
    project = write_layer()
    project.reference_path("layer").unlink()
    with pytest.raises(GradproofError, match=r"manual/layer\.py has no reference: write reference/layer\.py"):
        load_case("layer", project=project)
