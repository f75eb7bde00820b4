"""A convention by which all gradients carry one factor: they agree with it, and the updates without."""

import pytest
import torch
from torch import nn

from gradproof import GradproofError, Reference, crosscheck, normal, one_hot

BATCH = 5


class Mean(nn.Module):
    """A linear layer under the mean squared difference over a batch."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 3, bias=False)

    def forward(self, X, T):
        return ((self.layer(X) - T) ** 2).sum(dim=1).mean()


def reference(factor):
    return Reference(
        model=Mean,
        inputs={"X": normal(BATCH, 2), "T": one_hot(BATCH, classes=3)},
        symbols={"W": "layer.weight", "Y": "layer"},
        optimizer=torch.optim.SGD,
        hyperparameters={"lr": 0.1},
        gradient_factor=factor,
    )


def dLoss_dY(Y, T):
    return 2 * (Y - T)


def dLoss_dW(dLoss_dY, X):
    return dLoss_dY.T @ X


def W_new(W, lr, dLoss_dW):
    return W - lr * dLoss_dW / 5


def verdicts(factor):
    result = crosscheck([dLoss_dY, dLoss_dW, W_new], reference(factor), trials=200, proof=True)
    return {one.equation: (one.verdict, one.proof) for one in result.results}


def test_gradients_of_a_multiple_of_the_loss_agree_with_the_factor_and_are_proved():
    assert set(verdicts(BATCH).values()) == {("agrees", "PROVED")}


def test_gradients_of_a_multiple_of_the_loss_disagree_without_the_factor():
    found = verdicts(1)
    assert found["dLoss_dY"] == ("disagrees", "REFUTED")
    assert found["dLoss_dW"][0] == "inherits"


@pytest.mark.parametrize("factor", [0, True, "N"])
def test_a_factor_that_is_no_number_is_refused(factor):
    with pytest.raises(GradproofError, match="gradient_factor"):
        reference(factor)
