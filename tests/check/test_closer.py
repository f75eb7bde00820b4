"""What rounding hides in a run from the leaves is told on true inputs; that acquits, and never accuses."""

import numpy as np
import pytest
import torch
from torch import nn

from gradproof import Reference, crosscheck, normal
from gradproof.aten import Slot, record


class Logarithm(nn.Module):
    """In float32 `1 + x**2` leaves little of a small x."""

    def __init__(self) -> None:
        super().__init__()
        self.A, self.B = nn.Identity(), nn.Identity()

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The result for `x (4, 3)` and `t (4,)`."""
        largest = self.B(self.A(torch.log(x**2 + 1))).max(dim=1).values
        return (t * largest).sum()


def A(x):
    return np.log(x**2 + 1)


def dLoss_dB(t, B):
    return t[:, None] * (B.max(axis=1, keepdims=True) == B)


def dLoss_dA(dLoss_dB):
    return 1.0 * dLoss_dB


def dLoss_dx(dLoss_dA, x):
    return 2 * dLoss_dA * x / (x**2 + 1)


def results(factor: float = 1.0, scale: float = 1e-3):
    def B(A):
        return factor * A

    def dLoss_dx__doubled(dLoss_dA, x):
        return 2 * factor * dLoss_dA * x / (x**2 + 1)

    reference = Reference(Logarithm, {"x": normal(4, 3), "t": normal(4)}, symbols={"A": "A", "B": "B"})
    equations = [A, B, dLoss_dB, dLoss_dA, dLoss_dx, dLoss_dx__doubled]
    found = crosscheck(equations, reference, trials=100, dtype="float32", scale=scale, repair=False)
    return {one.equation: one for one in found.results}


def test_copy_of_what_rounding_hides_is_told_on_true_inputs():
    found = results()
    assert found["A"].verdict == "inconclusive"
    assert found["B"].verdict == "agrees"
    assert found["B"].resolution < 1e-6
    assert found["B"].diagnosis.startswith("told on true inputs; in the run from the leaves rounding hides too much")


def test_what_reads_a_choice_among_equal_numbers_is_told_on_true_inputs():
    found = results()
    assert "nearly equal values" in found["dLoss_dB"].diagnosis
    assert found["dLoss_dB"].verdict == "inconclusive"  # the choice is its own
    for name in ("dLoss_dA", "dLoss_dx", "dLoss_dx__doubled"):
        assert found[name].verdict == "agrees"
        assert "nearly equal values" in found[name].diagnosis
        assert found[name].edge_trials > 2


@pytest.mark.parametrize("factor", [1 + 1e-4, 1 - 1e-5])
def test_small_factor_that_rounding_hides_is_not_acquitted(factor):
    found = results(factor)
    assert {found["B"].verdict, found["dLoss_dx__doubled"].verdict} <= {"inconclusive", "disagrees"}
    assert found["dLoss_dx"].verdict == "agrees"


def test_where_nothing_is_hidden_no_closer_look_is_taken():
    assert "told on true inputs" not in "".join(one.diagnosis for one in results(scale=1.0).values())


def test_tape_that_starts_on_the_way_needs_nothing_before_it():
    tape = record(lambda x: {"h": (h := x.exp()), "y": torch.log(h) * x}, torch.ones(3))
    outputs = tape.outputs
    later = tape.starting_at({outputs["h"]: (3,)}, outputs["y"])
    assert later.operations == ("aten.log", "aten.mul")
    assert later.leaves == ((3,), (3,))
    np.testing.assert_allclose(later.run([np.full(3, 2.0), np.full(3, 5.0)]), np.log(5.0) * 2)
    assert tape.starting_at({outputs["h"]: (3,)}, outputs["h"]).outputs == Slot(1)
