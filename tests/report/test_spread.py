"""How errors are spread over trials: shares of the bound that a right equation's trials really have."""

from __future__ import annotations

from small_projects import MATRIX, MATRIX_REFERENCE, ROOT, Write

from gradproof.case.project import Project
from gradproof.check.case import load_case
from gradproof.report.collect import collect
from gradproof.run import crosscheck
from gradproof.studies.spread import TRIALS, spreads


def test_spread_of_right_equations_lies_below_the_bound() -> None:
    case = load_case("parameter_update_2", project=Project(ROOT))
    names = [equation.name for equation in case.derivation.equations]
    found = spreads(case, names, seed=0)
    assert [one.equation for one in found] == names
    assert all(0 <= one.low <= one.middle <= one.high < 1 for one in found)
    assert {one.trials for one in found} == {TRIALS}
    assert sum(one.high > 0 for one in found) > 20  # many really differ


def test_spread_shows_digits_that_a_formula_loses(write: Write, project: Project) -> None:
    lossy = {"return w * x + b": "return ((w * x + b) * 1e-8 + 1.0 - 1.0) * 1e8"}
    write("neuron", lossy)
    plain = spreads(load_case("neuron", project=project), ["A"], seed=0)[0]
    assert plain.high < 1  # the bound knows what was lost
    assert plain.middle > 0


def test_spread_leaves_wrong_equations_out_and_runs_what_reads_them_on_the_truth(
    write: Write, project: Project
) -> None:
    changed = {"return dLoss_dY.T @ X": "return X.T @ dLoss_dY"}  # of another shape
    reader = "\n    def dLoss_dW__again(dLoss_dW, W):\n        return dLoss_dW + 0 * W\n"  # which needs the right shape
    write("layer", changed, manual=MATRIX + reader, reference=MATRIX_REFERENCE)
    result = crosscheck("layer", trials=50, project=project)
    agreeing = [one.equation for one in result.results if one.verdict == "agrees"]
    assert [one.equation for one in collect(result).spreads] == agreeing == ["Y", "Loss", "dLoss_dY"]


def test_spread_of_nothing_is_nothing() -> None:
    assert spreads(load_case("softmax_mlp", project=Project(ROOT)), [], seed=0) == ()
