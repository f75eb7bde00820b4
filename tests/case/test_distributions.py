"""Own values and every distribution: shapes as people write them, what is drawn, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gradproof import (
    GradproofError,
    Reference,
    bernoulli,
    constant,
    crosscheck,
    integers,
    log_uniform,
    normal,
    one_hot,
    permutation,
    positive_definite,
    rows_of,
    simplex,
    sorted_normal,
    uniform,
)
from gradproof.case.kinds import Distribution

DATA = np.linspace(-1.5, 2.0, 12).reshape(4, 3)

MAKERS: dict[str, Callable[..., Distribution]] = {
    "normal": normal,
    "uniform": lambda *sizes, **k: uniform(0, 1, *sizes, **k),
    "log_uniform": lambda *sizes, **k: log_uniform(0.1, 1, *sizes, **k),
    "integers": lambda *sizes, **k: integers(0, 5, *sizes, **k),
    "bernoulli": lambda *sizes, **k: bernoulli(0.5, *sizes, **k),
    "simplex": simplex,
    "positive_definite": positive_definite,
    "sorted_normal": sorted_normal,
    "permutation": permutation,
}


def drawn(distribution: Distribution, trials: int = 200) -> np.ndarray[Any, Any]:
    return distribution.sample(np.random.default_rng(0), trials)


@pytest.mark.parametrize("name", MAKERS)
def test_sizes_are_taken_one_by_one_as_a_tuple_and_by_keyword(name: str) -> None:
    make = MAKERS[name]
    shapes = [make(3, 3).shape, make((3, 3)).shape, make([3, 3]).shape, make(shape=(3, 3)).shape]
    assert shapes == [(3, 3)] * 4
    assert drawn(make(3, 3), 7).shape == (7, 3, 3)
    assert drawn(make(3, 3), 7).dtype == make(3, 3).empty(1).dtype


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("sizes", [(2, -3), (2.5,), ("3",), (0,), (True,)])
def test_what_is_no_shape_is_refused(name: str, sizes: tuple[Any, ...]) -> None:
    with pytest.raises(GradproofError, match="positive whole numbers"):
        MAKERS[name](*sizes)


def test_shape_given_twice_is_refused() -> None:
    with pytest.raises(GradproofError, match="give one of the two"):
        normal(2, shape=(3,))


def test_draws_keep_the_promise_of_their_kind() -> None:
    masks = drawn(bernoulli(0.25, 50))
    assert set(np.unique(masks)) == {0.0, 1.0}
    assert 0.2 < masks.mean() < 0.3
    probabilities = drawn(simplex(2, 4))
    assert (probabilities > 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-15)
    matrices = drawn(positive_definite(2, 3, 3))
    assert (matrices == np.swapaxes(matrices, -1, -2)).all()
    assert np.linalg.eigvalsh(matrices).min() > 0.24
    assert (np.diff(drawn(sorted_normal(2, 5)), axis=-1) > 0).all()
    assert (np.sort(drawn(permutation(2, 5)), axis=-1) == np.arange(5)).all()
    classes = drawn(integers(0, 5, 10, ignore_index=-100))
    assert set(np.unique(classes)) == {-100, 0, 1, 2, 3, 4}
    assert 0.2 < (classes == -100).mean() < 0.3
    assert {tuple(row) for row in drawn(rows_of(DATA, 2)).reshape(-1, 3)} == {tuple(row) for row in DATA}
    assert (drawn(constant(DATA), 3) == DATA).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: bernoulli(3, 2), "the sizes come after it"),
        (lambda: uniform(1, 0), "lower end"),
        (lambda: uniform((0, 1), 2), "takes numbers before the sizes"),
        (lambda: normal(2, std=0), "positive"),
        (lambda: normal(2, mean=float("nan")), "finite"),
        (lambda: simplex(1), "at least two"),
        (lambda: positive_definite(2, 3), "square"),
        (lambda: one_hot(3, classes=1), "at least two"),
        (lambda: integers(0, 2.5), "whole"),
        (lambda: rows_of(3.0), "with rows"),
        (lambda: rows_of(np.array(["a"])), "real or whole"),
        (lambda: constant(np.array([1.0, np.inf])), "not finite"),
        (lambda: constant("x"), "a number, an array or a tensor"),
    ],
)
def test_what_makes_no_distribution_is_refused(make: Callable[[], Distribution], message: str) -> None:
    with pytest.raises(GradproofError, match=message):
        make()


def Y(x: Any) -> Any:
    return np.tanh(x)


def dLoss_dx(dLoss_dY: Any, Y: Any) -> Any:
    return dLoss_dY * (1 - Y**2)


def wrong(dLoss_dY: Any, Y: Any) -> Any:
    return dLoss_dY * (1 + Y**2)


@pytest.mark.parametrize(
    "value", [DATA, torch.tensor(DATA), torch.tensor(DATA).float(), DATA.tolist(), rows_of(torch.tensor(DATA), 5)]
)
def test_own_values_are_inputs(value: Any) -> None:
    reference = Reference(model=nn.Tanh, inputs={"input": value}, symbols={"x": "input"})
    assert crosscheck([Y, dLoss_dx], reference, trials=20, repair=False).ok
    caught = crosscheck({"Y": Y, "dLoss_dx": wrong}, reference, trials=20, repair=False)
    assert [one.equation for one in caught.wrong] == ["dLoss_dx"]
    x = drawn(reference.inputs["input"], 1)[0]
    assert x.shape == (reference.inputs["input"].shape)


class Net(nn.Module):
    """A layer, a batch norm in evaluation, a buffer of its own, a mask."""

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.norm = nn.Linear(3, 2), nn.BatchNorm1d(2)
        self.register_buffer("gain", torch.tensor([1.5, 0.5]))
        self.eval()

    def forward(self, x: Any, m: Any) -> Any:
        return self.norm(self.linear(x)) * self.get_buffer("gain") * m


def forward(x: Any, W: Any, b: Any, mu: Any, var: Any, gain: Any, m: Any) -> Any:
    return (x @ W.T + b - mu) / np.sqrt(var + 1e-5) * gain * m


SYMBOLS = {"W": "linear.weight", "b": "linear.bias", "mu": "norm.running_mean", "var": "norm.running_var"}


def trained() -> Net:
    torch.manual_seed(0)
    net = Net()
    net.norm.running_mean = torch.randn(2)
    net.norm.running_var = torch.rand(2) + 0.5
    return net


def test_trained_model_is_taken_with_its_parameters_and_buffers() -> None:
    net = trained()
    inputs = {"x": rows_of(torch.randn(9, 3), 4), "m": bernoulli(0.5, 4, 1)}
    state, symbols = net.state_dict(), {**SYMBOLS, "gain": "gain"}
    for model in (net, Net):
        reference = Reference(model=model, inputs=inputs, parameters=state, symbols=symbols)
        assert crosscheck({"Y": forward}, reference, trials=20).ok
    untrained = Reference(model=Net, inputs=inputs, parameters=net.state_dict(), symbols={**symbols, "mu": "gain"})
    assert not crosscheck({"Y": forward}, untrained, trials=20, repair=False).ok
    assert state["norm.running_mean"].equal(net.norm.running_mean)


def test_values_of_another_shape_are_refused() -> None:
    reference = Reference(model=Net, inputs={"x": DATA, "m": 1.0}, parameters={"linear.bias": np.zeros(3)})
    with pytest.raises(GradproofError, match=r"'linear.bias': values of shape \(3,\) are given .* shape \(2,\)"):
        crosscheck({"Y": forward}, reference)


def test_buffer_without_a_symbol_is_named() -> None:
    reference = Reference(model=Net, inputs={"x": DATA, "m": 1.0}, symbols=SYMBOLS)
    with pytest.raises(GradproofError, match=r"gain is a buffer of the model: name it, symbols=\{'gain': 'gain'\}"):
        crosscheck({"Y": forward}, reference)


@pytest.mark.parametrize("value", [None, "normal", True, normal, {"a": 1}, [[1.0], [1.0, 2.0]], np.array(["a"])])
def test_what_is_no_input_is_refused_in_one_line(value: Any) -> None:
    with pytest.raises(GradproofError, match=r"inputs.*'x'") as caught:
        Reference(model=nn.Tanh, inputs={"x": value})
    assert "\n" not in str(caught.value)
