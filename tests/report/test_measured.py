"""Errors by scale and values over trials: what is collected for the pictures is true."""

from __future__ import annotations

import numpy as np
import pytest
from small_projects import MATRIX, MATRIX_REFERENCE, ROOT, Write

from gradproof.case.project import Project
from gradproof.check.case import Case, load_case
from gradproof.check.facts.result import CheckResult
from gradproof.report.collect import SCATTERS, Details, collect
from gradproof.run import crosscheck
from gradproof.studies.scales import sweep_scales, with_scales
from gradproof.studies.scatter import POINTS, scatter

pytestmark = pytest.mark.xdist_group("as printed")


@pytest.fixture
def as_printed_case() -> Case:
    return load_case("parameter_update_2_as_printed", project=Project(ROOT))


def test_scatter_of_an_update_is_its_change_and_a_wrong_sign_is_a_line(as_printed_case: Case) -> None:
    (one,) = scatter(as_printed_case, ["W13_new"], seed=0)
    assert one.change_of == "W13"
    assert len(one.truth) == POINTS
    np.testing.assert_allclose(one.manual, -np.array(one.truth), rtol=1e-9, atol=1e-15)
    assert np.any(np.array(one.truth))


def test_scatter_of_arrays_has_no_more_points(write: Write, project: Project) -> None:
    changed = {"return dLoss_dY.T @ X": "return 2 * dLoss_dY.T @ X"}
    write("layer", changed, manual=MATRIX, reference=MATRIX_REFERENCE)
    (one,) = scatter(load_case("layer", project=project), ["dLoss_dW"], seed=1)
    assert 0 < len(one.truth) <= POINTS
    np.testing.assert_allclose(one.manual, 2 * np.array(one.truth), rtol=1e-12)


def test_scatter_of_another_shape_is_left_out(write: Write, project: Project) -> None:
    changed = {"return dLoss_dY.T @ X": "return X.T @ dLoss_dY"}
    write("layer", changed, manual=MATRIX, reference=MATRIX_REFERENCE)
    assert scatter(load_case("layer", project=project), ["dLoss_dW"], seed=1) == ()
    result = crosscheck("layer", trials=50, project=project)
    assert collect(result).scatters == ()


def test_details_show_the_first_wrong_equations_only(as_printed: CheckResult, details: Details) -> None:
    assert [one.equation for one in details.scatters] == [one.equation for one in as_printed.wrong][:SCATTERS]
    assert details.inputs["dLoss_dY5__chain"] == ("dLoss_dP5", "dP5_dY5")
    assert details.sources["dY5_db5"].startswith("def dY5_db5():")


NAIVE = """
    \"\"\"A softmax that overflows, and its loss.\"\"\"

    import numpy as np

    def P(Z):
        return np.exp(Z) / np.exp(Z).sum()
"""
NAIVE_REFERENCE = """
    from torch import nn
    from gradproof import Reference, normal

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear, self.softmax = nn.Linear(3, 4), nn.Softmax(dim=0)

        def forward(self, X):
            return self.softmax(self.linear(X)).square().sum()

    reference = Reference(
        model=Layer, inputs={"X": normal(3)}, symbols={"Z": "linear", "P": "softmax", "W": "linear.weight"}
    )
"""


def test_scales_show_where_a_naive_softmax_overflows_and_torch_does_not(write: Write, project: Project) -> None:
    end = "\n    def Z(X, W, b):\n        return W @ X + b\n"
    reference = NAIVE_REFERENCE.replace('"W": ', '"b": "linear.bias", "W": ')
    write("naive", manual=NAIVE + end, reference=reference)
    low, high = sweep_scales(load_case("naive", project=project), ["P"], 0, [100.0, 1.0]).points
    assert (low.scale, high.scale) == (1.0, 100.0)
    assert low.manual.undefined == high.autograd.undefined == low.beyond == high.beyond == 0
    assert high.manual.undefined > 0.5
    assert 0 < low.manual.largest < 1e-4


def test_scales_measure_both_sides_by_more_digits(write: Write, project: Project) -> None:
    write("neuron")
    sweep = sweep_scales(load_case("neuron", project=project), ["Z", "A", "dLoss_dw"], 0, [1.0])
    (point,) = sweep.points
    for side in (point.manual, point.autograd):
        assert 0 < side.median <= side.largest
        assert side.largest_ulp >= 0.5
        assert side.median < 1e-5


def test_scales_of_a_result_leave_wrong_equations_out(as_printed: CheckResult) -> None:
    result = with_scales(as_printed)
    assert result.scales is not None
    assert len(result.scales.equations) == 86
    assert "W13_new" not in result.scales.equations
    assert max(point.manual.median for point in result.scales.points) < 1e-5
