"""What `forward` may return: a loss, a tensor, or several tensors with a cotangent each."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from gradproof import Reference, crosscheck, normal
from gradproof.check.case import make_case
from gradproof.errors import GradproofError
from gradproof.trials.draws import Block
from gradproof.truth.binding import Binding
from gradproof.truth.sources import Derivative, Leaf, Result
from gradproof.truth.truth import Truth


class Cell(nn.Module):
    """X (2,), H (3,) -> Y (4,), H_new (3,); `spare` is a parameter that nothing uses."""

    def __init__(self):
        super().__init__()
        self.W, self.U, self.V = (nn.Parameter(torch.zeros(*shape)) for shape in ((3, 2), (3, 3), (4, 3)))
        self.spare = nn.Parameter(torch.zeros(2))

    def forward(self, X, H):
        H_new = torch.tanh(self.W @ X + self.U @ H)
        return self.V @ H_new, H_new


def cell(model=Cell, output=("Y", "H_new"), **changes):
    return Reference(model, {"X": normal(2), "H": normal(3)}, output=output, **changes)


def bind(reference):
    return Binding(reference, "reference/cell.py", torch.float64)


def values_of(reference, names, count=5):
    case = make_case([], reference)
    draws = case.draw(Block(0, 0, count), 0)
    truth = Truth(case.bindings[0], names, "float64")
    return draws, truth.evaluate(draws)


def test_binding_of_two_results_has_a_cotangent_for_each():
    binding = bind(cell())
    assert binding.results == {"Y": (4,), "H_new": (3,)}
    assert binding.cotangents == {"Y": "dLoss_dY", "H_new": "dLoss_dH_new"}
    assert binding.cotangent is None
    assert binding.find("dLoss_dH_new") == Leaf("dLoss_dH_new")
    assert binding.leaves["dLoss_dH_new"].shape == (3,)
    assert binding.find("H_new") == Result("H_new", is_loss=False)
    assert binding.find("dY_dH") == Derivative("Y", "H")


def test_truth_of_two_results_is_that_of_the_sum_of_their_contractions():
    draws, values = values_of(cell(), ["Y", "H_new", "Loss", "dLoss_dU", "dLoss_dH", "dY_dH", "dH_new_dX"])
    for k in range(5):
        W, U, V, X, H, dY, dH = (
            torch.from_numpy(draws[name][k]).requires_grad_()
            for name in ("W", "U", "V", "X", "H", "dLoss_dY", "dLoss_dH_new")
        )
        H_new = torch.tanh(W @ X + U @ H)
        loss = dY @ (V @ H_new) + dH @ H_new
        loss.backward()
        slope = (1 - H_new**2).detach()
        for name, expected in {
            "Y": V @ H_new,
            "H_new": H_new,
            "Loss": loss,
            "dLoss_dU": U.grad,
            "dLoss_dH": H.grad,
            "dY_dH": V @ (slope[:, None] * U),
            "dH_new_dX": slope[:, None] * W,
        }.items():
            np.testing.assert_allclose(values[name][k], expected.detach().numpy(), rtol=1e-12, atol=1e-14)


def H_new(W, X, U, H):
    return np.tanh(W @ X + U @ H)


def Y(V, H_new):
    return V @ H_new


def Loss(dLoss_dY, Y, dLoss_dH_new, H_new):
    return dLoss_dY @ Y + dLoss_dH_new @ H_new


def dLoss_dH(dLoss_dY, V, dLoss_dH_new, H_new, U):
    return ((dLoss_dY @ V + dLoss_dH_new) * (1 - H_new**2)) @ U


def dLoss_dspare():
    return np.zeros(2)


def test_check_of_two_results_accepts_the_derivation():
    result = crosscheck([H_new, Y, Loss, dLoss_dH, dLoss_dspare], cell(), trials=300)
    verdicts = {one.equation: one.verdict for one in result.results}
    assert {verdicts[name] for name in ("H_new", "Y", "Loss", "dLoss_dH")} == {"agrees"}


def test_check_of_two_results_catches_a_cotangent_that_is_forgotten():
    def dLoss_dH(dLoss_dY, V, H_new, U):
        return ((dLoss_dY @ V) * (1 - H_new**2)) @ U

    result = crosscheck([H_new, Y, Loss, dLoss_dH], cell(), trials=100, repair=False)
    assert {one.equation for one in result.results if one.verdict == "disagrees"} == {"dLoss_dH"}


def test_truth_of_a_parameter_that_the_model_does_not_use_is_zero():
    reference = cell(optimizer=torch.optim.SGD, hyperparameters={"lr": 0.5})
    draws, values = values_of(reference, ["dLoss_dspare", "spare_new", "dY_dspare"])
    np.testing.assert_array_equal(values["dLoss_dspare"], np.zeros((5, 2)))
    np.testing.assert_array_equal(values["dY_dspare"], np.zeros((5, 4, 2)))
    np.testing.assert_array_equal(values["spare_new"], draws["spare"])


def test_truth_of_a_result_that_nothing_reaches_is_zero():
    class Deaf(Cell):
        def forward(self, X, H):
            Y, H_new = super().forward(X, H)
            return Y.detach(), H_new

    _, values = values_of(cell(Deaf), ["dY_dX", "dLoss_dV"])
    np.testing.assert_array_equal(values["dY_dX"], np.zeros((5, 4, 2)))
    np.testing.assert_array_equal(values["dLoss_dV"], np.zeros((5, 4, 3)))


def test_scalar_members_of_a_tuple_have_cotangents_too():
    class Two(nn.Module):
        def forward(self, X, H):
            return X.sum(), H.exp()

    draws, values = values_of(cell(Two, output=("S", "E")), ["S", "dLoss_dX", "Loss"])
    np.testing.assert_allclose(values["dLoss_dX"], np.repeat(draws["dLoss_dS"][:, None], 2, axis=1), rtol=1e-15)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ((), ["neither the name of one result"]),
        (("Y", 3), ["('Y', 3) is neither"]),
        (("Y", "not a name"), ["neither the name"]),
        (("Y", "Y"), ["Y, Y and the loss Loss need different names"]),
        (("Y", "Loss"), ["need different names"]),
        (("Y",), ["forward returns a tuple of 2", "names Y", 'output=("Y", "H_new")']),
        (("Y", "H_new", "C"), ["a tuple of 2", "names Y, H_new, C"]),
    ],
)
def test_output_names_that_do_not_fit_are_refused(output, words):
    with pytest.raises(GradproofError) as caught:
        bind(cell(output=output))
    for word in words:
        assert word in str(caught.value)


def test_tuple_that_holds_a_tuple_is_refused():
    class Nested(nn.Module):
        def forward(self, X, H):
            return X, (H, H)

    with pytest.raises(GradproofError, match=r"returns a tuple holding a tuple.*flat tuple of tensors"):
        bind(cell(Nested))
