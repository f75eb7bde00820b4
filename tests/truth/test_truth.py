"""The truth of a block is what plain torch gives for each of its trials."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from gradproof import Reference, crosscheck, integers, log_uniform, normal
from gradproof.check.case import make_case
from gradproof.trials.draws import Block
from gradproof.truth.truth import Truth


class Network(nn.Module):
    """(2,) -> loss."""

    def __init__(self):
        super().__init__()
        self.first, self.tanh, self.second = nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 4)

    def forward(self, X, k):
        return -torch.log_softmax(self.second(self.tanh(self.first(X))), dim=-1).gather(0, k.reshape(1)).sum()


SYMBOLS = {
    "W1": "first.weight",
    "Z1": "first",
    "A1": "tanh",
    "A10": "tanh[0]",
    "Z2": "second",
    "w": "second.weight[1, 2]",
}
OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {"lr": log_uniform(1e-2, 1.0)}),
    "momentum": (torch.optim.SGD, {"lr": log_uniform(1e-2, 1.0), "momentum": 0.9, "weight_decay": 0.1}),
    "adam": (torch.optim.Adam, {"lr": log_uniform(1e-2, 1.0)}),
    "rmsprop": (torch.optim.RMSprop, {"lr": 0.01}),
}


def blocks_of(reference, names, dtype="float64", count=6):
    case = make_case([], reference, dtype=dtype)
    draws = case.draw(Block(0, 0, count), 0)
    truth = Truth(case.bindings[0], names, dtype)
    return truth, draws, truth.evaluate(draws)


def reference(optimizer="sgd", model=Network):
    factory, settings = OPTIMIZERS[optimizer]
    inputs = {"X": normal(2), "k": integers(0, 4)}
    return Reference(model, inputs, SYMBOLS, optimizer=factory, hyperparameters=settings)


def by_hand(reference, draws, trial):
    """One trial as anybody would write it: a fresh model, backward, step."""
    model = reference.model().double()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(draws[name][trial]))
    X = torch.from_numpy(draws["X"][trial]).requires_grad_()
    Z1 = model.first(X)
    A1 = torch.tanh(Z1)
    Z2 = model.second(A1)
    for tensor in (Z1, A1, Z2):
        tensor.retain_grad()
    loss = -torch.log_softmax(Z2, dim=-1)[int(draws["k"][trial])]
    loss.backward(retain_graph=True)
    settings = {k: draws[k][trial].item() if k in draws else v for k, v in reference.hyperparameters.items()}
    values = {
        "Loss": loss,
        "Z1": Z1,
        "A10": A1[0],
        "dLoss_dW1": model.first.weight.grad.clone(),
        "dLoss_dX": X.grad,
        "dLoss_dA1": A1.grad,
        "dLoss_dA10": A1.grad[0],
        "dLoss_dw": model.second.weight.grad[1, 2].clone(),
        "dA10_dZ1": torch.autograd.grad(A1[0], Z1, retain_graph=True)[0],
        "dZ2_dA1": model.second.weight.detach().clone(),
    }
    reference.optimizer(model.parameters(), **settings).step()
    values.update(W1_new=model.first.weight, w_new=model.second.weight[1, 2])
    return {name: value.detach().numpy() for name, value in values.items()}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_evaluate_gives_what_each_trial_gives_alone(optimizer):
    names = ["Loss", "Z1", "A10", "dLoss_dW1", "dLoss_dX", "dLoss_dA1", "dLoss_dA10", "dLoss_dw", "dA10_dZ1", "dZ2_dA1"]
    names += ["W1_new", "w_new"]
    case = reference(optimizer)
    truth, draws, values = blocks_of(case, names)
    assert truth.batched
    for trial in range(6):
        expected = by_hand(case, draws, trial)
        assert set(expected) == set(names)
        for name in names:
            assert values[name][trial].shape == expected[name].shape, name
            np.testing.assert_allclose(values[name][trial], expected[name], rtol=1e-12, atol=1e-14, err_msg=name)


def test_evaluate_in_batches_steps_all_trials_with_one_real_optimizer():
    truth, _, _ = blocks_of(reference("sgd"), ["W1_new"])
    assert truth.steps_batched


class Started(nn.Module):
    """(4,) -> loss; it makes tensors without saying of which dtype."""

    def __init__(self):
        super().__init__()
        self.W, self.scale = nn.Parameter(torch.zeros(3, 4)), torch.tensor(0.1)

    def forward(self, x):
        return self.scale * (torch.zeros(1, 3) @ torch.ones(3, 1) + torch.eye(3) @ self.W @ x).sum()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_a_model_makes_by_default_has_the_dtype_of_the_run(dtype):
    def dLoss_dx(W):
        return (0.1 * W.sum(axis=0)).astype(W.dtype)

    result = crosscheck([dLoss_dx], Reference(Started, {"x": normal(4)}), trials=50, dtype=dtype)
    assert [one.verdict for one in result.results] == ["agrees"]
    assert torch.get_default_dtype() == torch.float32


def test_evaluate_of_a_model_that_cannot_be_batched_runs_trial_by_trial():
    class Branching(Network):
        def forward(self, X, k):
            loss = super().forward(X, k)
            return 2 * loss if X[0] > 0 else loss

    names = ["Loss", "dLoss_dW1", "W1_new"]
    truth, draws, values = blocks_of(reference(model=Branching), names)
    _, _, plain = blocks_of(reference(), names)
    assert not truth.batched
    factor = np.where(draws["X"][:, 0] > 0, 2.0, 1.0)
    assert len(set(factor)) == 2
    np.testing.assert_allclose(values["Loss"], factor * plain["Loss"], rtol=1e-12)
    np.testing.assert_allclose(values["dLoss_dW1"], factor[:, None, None] * plain["dLoss_dW1"], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-11), ("float32", 1e-4)])
@pytest.mark.parametrize("network", [nn.RNN, nn.LSTM, nn.GRU])
def test_evaluate_of_a_whole_recurrent_network_runs_all_trials_at_once(network, dtype, tolerance):
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network(2, 3)

        def forward(self, X):
            return self.network(X)[0][-1]

    symbols = {"W": "network.weight_ih_l0"}
    recurrent = Reference(Last, {"X": normal(4, 2)}, symbols)
    truth, draws, values = blocks_of(recurrent, ["Y", "dLoss_dW", "dLoss_dX"], dtype)
    assert truth.batched
    model = Last().to(truth.dtype)
    for name, parameter in model.named_parameters():
        parameter.data = torch.from_numpy(draws[name][1])
    X = torch.from_numpy(draws["X"][1]).requires_grad_()
    Y = model(X)
    Y.backward(torch.from_numpy(draws["dLoss_dY"][1]))
    np.testing.assert_allclose(values["Y"][1], Y.detach().numpy(), rtol=tolerance)
    np.testing.assert_allclose(values["dLoss_dW"][1], model.network.weight_ih_l0.grad.numpy(), rtol=tolerance)
    np.testing.assert_allclose(values["dLoss_dX"][1], X.grad.numpy(), rtol=tolerance)


def test_evaluate_tensor_result_is_contracted_with_its_cotangent():
    class Map(nn.Module):
        def forward(self, X):
            return X.exp()

    _, draws, values = blocks_of(Reference(Map, {"X": normal(3)}), ["Y", "Loss", "dLoss_dX", "dLoss_dY", "dY_dX"])
    np.testing.assert_array_equal(values["dLoss_dY"], draws["dLoss_dY"])
    np.testing.assert_allclose(values["dLoss_dX"], draws["dLoss_dY"] * np.exp(draws["X"]), rtol=1e-14)
    np.testing.assert_allclose(values["Loss"], (draws["dLoss_dY"] * np.exp(draws["X"])).sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(values["dY_dX"], np.exp(draws["X"])[:, :, None] * np.eye(3), rtol=1e-14)


def test_evaluate_names_the_calls_of_a_submodule_used_twice():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.Tanh()

        def forward(self, X):
            return self.cell(2 * self.cell(X)).sum()

    symbols = {"A": "cell#0", "B": "cell#1"}
    _, draws, values = blocks_of(Reference(Twice, {"X": normal(3)}, symbols), ["A", "B", "dLoss_dA"])
    A = np.tanh(draws["X"])
    np.testing.assert_allclose(values["A"], A, rtol=1e-14)
    np.testing.assert_allclose(values["B"], np.tanh(2 * A), rtol=1e-14)
    np.testing.assert_allclose(values["dLoss_dA"], 2 * (1 - np.tanh(2 * A) ** 2), rtol=1e-12)


def test_evaluate_in_float32_stays_in_float32():
    _, _, values = blocks_of(reference(), ["Loss", "dLoss_dW1", "W1_new"], dtype="float32")
    assert {value.dtype for value in values.values()} == {np.dtype("float32")}
