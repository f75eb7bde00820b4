"""The whole check: accepts what is right, catches what is wrong, and blames no one else."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import gradproof.truth.truth
from gradproof import Disagreement, GradproofError, Reference, crosscheck, normal
from gradproof.aten import NoRule
from gradproof.check.case import load_case
from gradproof.check.replay import replay


def verdicts(result):
    return {one.equation: one.verdict for one in result.results}


def check(project, **settings):
    return crosscheck("layer", project=project, **{"trials": 200, **settings})


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_crosscheck_right_derivation_agrees_with_rigorous_bounds(write_layer, dtype):
    result = check(write_layer(), dtype=dtype)
    assert set(verdicts(result).values()) == {"agrees"}
    assert {one.bound_kind for one in result.results} == {"rigorous"}
    assert result.ok
    assert result.raise_on_disagreement() is result


WRONG = {
    "sign": ("return W - eta * dLoss_dW", "return W + eta * dLoss_dW", {"W_new": "disagrees"}),
    "factor": (
        "return 2 * (A - T)",
        "return A - T",
        {"dLoss_dA": "disagrees", "dLoss_dZ": "inherits", "W_new": "inherits"},
    ),
    "transposed": ("np.outer(dLoss_dZ, X)", "np.outer(X, dLoss_dZ)", {"dLoss_dW": "disagrees", "W_new": "inherits"}),
    "not finite": ("return dLoss_dZ\n", "return dLoss_dZ * np.nan\n", {"dLoss_db": "disagrees", "b_new": "inherits"}),
    "point": ("(1 - A**2)", "(1 - np.tanh(A)**2)", {"dLoss_dZ": "disagrees", "dLoss_dW": "inherits"}),
    "forward": ("W @ X + b", "W @ X", {"Z": "disagrees", "A": "inherits", "b_new": "inherits"}),
    "epsilon": ("2 * (A - T)", "2 * (A - T) * (1 + 1e-12)", {"dLoss_dA": "disagrees"}),
    "precision": ("return np.tanh(Z)", "return np.tanh(Z).astype(np.float32)", {"A": "disagrees"}),
    "extra axis": ("return dLoss_dZ\n", "return dLoss_dZ[None]\n", {"dLoss_db": "disagrees", "b_new": "inherits"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_crosscheck_wrong_equation_is_blamed_and_what_reads_it_inherits(write_layer, name):
    old, new, expected = WRONG[name]
    result = check(write_layer(manual=(old, new)), trials=1000)
    found = verdicts(result)
    assert {key: found[key] for key in expected} == expected
    assert [one.equation for one in result.wrong] == [key for key in expected if expected[key] == "disagrees"]
    assert not result.ok
    with pytest.raises(Disagreement, match="disagrees in"):
        result.raise_on_disagreement()


def test_crosscheck_two_wrong_equations_on_one_path_are_both_blamed(write_layer):
    project = write_layer(manual=("return 2 * (A - T)", "return A - T"))
    path = project.manual_path("layer")
    path.write_text(path.read_text().replace("W - eta * dLoss_dW", "W + eta * dLoss_dW"))
    result = check(project)
    assert [one.equation for one in result.wrong] == ["dLoss_dA", "W_new"]
    assert next(one for one in result.results if one.equation == "b_new").inherits_from == ("dLoss_dA",)


def test_crosscheck_two_errors_that_cancel_are_both_blamed(write_layer):
    project = write_layer(manual=("return 2 * (A - T)", "return A - T"))
    path = project.manual_path("layer")
    path.write_text(path.read_text().replace("dLoss_dA * (1", "2 * dLoss_dA * (1"))
    assert [one.equation for one in check(project).wrong] == ["dLoss_dA", "dLoss_dZ"]


def test_crosscheck_error_in_few_trials_is_found(write_layer):
    result = check(write_layer(manual=("return np.tanh(Z)", "return np.where(Z > 3.5, 1.0, np.tanh(Z))")), trials=5000)
    wrong = result.wrong[0]
    assert wrong.equation == "A"
    assert 0 < wrong.disagreeing_trials < 1000
    values = replay(load_case("layer", project=write_layer()), "A", wrong.worst_trial, seed=0)
    assert values.inputs["Z"].max() > 3.5


def test_crosscheck_known_erratum_is_expected_both_ways(write_layer):
    wrong = ("return W - eta * dLoss_dW", "return W + eta * dLoss_dW\n\nKNOWN_ERRATA = ('W_new',)")
    assert check(write_layer(manual=wrong)).ok
    mended = ("return W - eta * dLoss_dW", "return W - eta * dLoss_dW\n\nKNOWN_ERRATA = ('W_new',)")
    result = check(write_layer(manual=mended))
    assert not result.ok
    assert result.not_shown == ("W_new",)
    assert "declared as errata but not wrong: W_new" in result.sentence


def test_crosscheck_gradient_that_nothing_compares_is_an_error_with_the_way_out(write_layer):
    with pytest.raises(GradproofError, match=r"dLoss_dbb looks like a gradient, .*the reference has no bb"):
        check(write_layer(manual=("def dLoss_db(", "def dLoss_dbb(Z):\n    return Z\n\ndef dLoss_db(")))


def test_crosscheck_forward_value_without_truth_is_unchecked_and_says_why(write_layer):
    result = check(write_layer(manual=("def dLoss_db(", "def half(Z):\n    return Z / 2\n\ndef dLoss_db(")))
    one = next(one for one in result.results if one.equation == "half")
    assert (one.verdict, one.kind) == ("unchecked", "forward")
    assert "the reference has no half" in one.diagnosis
    assert result.ok


def test_crosscheck_wrong_helper_makes_the_group_suspect(write_layer):
    manual = (
        "def dLoss_dZ(dLoss_dA, A):\n    return dLoss_dA * (1 - A**2)",
        "def slope(A):\n    return 1 - A\n\ndef dLoss_dZ(dLoss_dA, slope):\n    return dLoss_dA * slope",
    )
    result = check(write_layer(manual=manual))
    assert verdicts(result)["slope"] == "unchecked"
    assert result.wrong[0].fix_of == "slope"
    assert result.wrong[0].diagnosis.startswith("the slip is in the helper slope (manual/layer.py:")


def test_crosscheck_quantity_that_is_always_zero_is_inconclusive(write_layer):
    reference = ("self.tanh(self.linear(X)) - T) ** 2).sum()", "self.tanh(self.linear(X)) - T) ** 2).sum() * 0.0")
    result = check(write_layer(reference=reference, manual=("2 * (A - T)", "0 * (A - T)")))
    assert verdicts(result)["dLoss_dA"] == "inconclusive"
    assert "zero in all 200 trials" in next(o for o in result.results if o.equation == "dLoss_dA").diagnosis


def test_crosscheck_truth_that_is_never_finite_is_undefined(write_layer):
    reference = ("- T) ** 2).sum()", "- T) ** 2).sum().mul(-1).log()")
    result = check(
        write_layer(reference=reference, manual="import numpy as np\ndef Loss(A, T): return np.float64(1.0)\n")
    )
    one = result.results[0]
    assert (one.verdict, one.trials, one.undefined_trials, one.finite_there) == ("undefined", 0, 200, 200)
    assert not result.ok


def test_crosscheck_novice_branch_on_one_number_is_run_trial_by_trial(write_layer):
    manual = """
    import numpy as np
    def Z(W, X, b): return W @ X + b
    def A(Z):
        out = []
        for z in Z:
            if z > 0:
                out.append(np.tanh(z))
            else:
                out.append(-np.tanh(-z))
        return np.array(out)
    """
    result = check(write_layer(manual=manual))
    assert set(verdicts(result).values()) == {"agrees"}
    assert next(o for o in result.results if o.equation == "A").bound_kind == "rigorous"


def test_crosscheck_function_that_only_seems_batchable_is_not_accused(write_layer):
    manual = ("return dLoss_dA * (1 - A**2)", "return dLoss_dA * (1 - A**2) if np.abs(A).max() < 2 else A")
    rare = ("return np.tanh(Z)", "return np.tanh(Z) if np.all(Z < 6.0) else np.tanh(Z + 0)")
    assert check(write_layer(manual=manual)).ok
    assert check(write_layer(manual=rare), trials=3000).ok


def test_crosscheck_accused_in_a_batch_but_right_alone_is_run_alone():
    class Model(nn.Module):
        def forward(self, X):
            return X.exp()

    def L(X):
        return np.exp(X) if np.ndim(X) == 0 or np.max(X) < 2.4 else 2 * np.exp(X)

    def dL_dX(X):
        return np.exp(X) if np.max(X) < 2.4 else 2 * np.exp(X)

    result = crosscheck([L, dL_dX], Reference(Model, {"X": normal()}, loss="L"), trials=400, repair=False)
    assert verdicts(result) == {"L": "agrees", "dL_dX": "disagrees"}
    assert 0 < result.wrong[0].disagreeing_trials < 30


def test_crosscheck_without_a_recorded_tape_samples_its_bounds(write_layer, monkeypatch):
    def refuse(*arguments):
        raise NoRule("no rule at all")

    monkeypatch.setattr("gradproof.check.bounds.of_truth.record", refuse)
    result = check(write_layer(), trials=2000)
    assert set(verdicts(result).values()) == {"agrees"}
    assert {one.bound_kind for one in result.results} == {"sampled"}
    wrong = check(write_layer(manual=("2 * (A - T)", "2 * (A - T) * (1 + 1e-10)")), trials=2000)
    assert [one.equation for one in wrong.wrong] == ["dLoss_dA"]


def test_crosscheck_result_does_not_depend_on_how_the_run_is_cut(write_layer):
    project = write_layer(manual=("A - T", "A - 1.0001 * T"))
    whole, cut = check(project, trials=700), check(project, trials=700, memory=100_000)
    assert cut.checked.portions[0].block < 100
    assert whole.wrong
    assert whole.equations.equals(cut.equations)
    assert whole.worst_trials.equals(cut.worst_trials)


def test_crosscheck_one_trial_computes_one_trial(write_layer, monkeypatch):
    computed = []

    def noting(self, draws):
        computed.append(len(next(iter(draws.values()))))
        return evaluate(self, draws)

    evaluate = gradproof.truth.truth.Truth.evaluate
    monkeypatch.setattr("gradproof.truth.truth.Truth.evaluate", noting)
    assert check(write_layer(), trials=1).trials == 1
    assert set(computed) == {1}


def test_crosscheck_same_seed_same_frame_other_seed_other_frame(write_layer):
    frames = [check(write_layer(), seed=seed).equations for seed in (1, 1, 2)]
    assert frames[0].equals(frames[1])
    assert not frames[0].drop(columns="seed").equals(frames[2].drop(columns="seed"))


def test_crosscheck_interrupted_run_reports_what_is_done(write_layer):
    def stop(trials):
        raise KeyboardInterrupt

    result = check(write_layer(), trials=1000, progress=stop, memory=100_000)
    assert result.interrupted
    assert 0 < result.trials < 1000
    assert set(verdicts(result).values()) == {"agrees"}


def test_crosscheck_several_references_of_different_sizes_share_the_trials(write_layer):
    project = write_layer()
    path = project.reference_path("layer")
    text = (
        path.read_text()
        .replace("def __init__(self):", "def __init__(self, n=3, m=2):")
        .replace("nn.Linear(3, 2)", "nn.Linear(n, m)")
    )
    text += "\nfrom dataclasses import replace\n"
    text += "larger = {'X': normal(5), 'T': normal(4)}\n"
    text += "reference = [reference, replace(reference, model=lambda: Layer(5, 4), inputs=larger)]\n"
    path.write_text(text)
    result = check(project)
    assert result.ok
    assert next(o for o in result.results if o.equation == "dLoss_dW").shape == "(2, 3); (4, 5)"
    assert replay(load_case("layer", project=project), "dLoss_dW", 3, seed=0).truth.shape == (4, 5)


def test_crosscheck_steps_part_by_rounding_only(write_layer):
    run = check(write_layer(), steps=20).trajectory
    assert run.steps == tuple(range(1, 21))
    assert run.max_difference[0] < 1e-14
    assert run.median_difference[-1] < 1e-14
    wrong = check(write_layer(manual=("W - eta", "W + eta")), steps=2).trajectory
    assert wrong.max_difference[0] > 1e-3


def test_crosscheck_steps_without_an_update_for_every_parameter_says_which(write_layer):
    with pytest.raises(GradproofError, match=r"no.* for all of linear\.bias"):
        check(write_layer(manual=("def b_new(", "def _b_new(")), steps=3)


def test_crosscheck_objects_in_place_of_files():
    class Line(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.zeros(3))

        def forward(self, X):
            return (self.w * X).sum() ** 2

    def Loss(w, X):
        return np.dot(w, X) ** 2

    def dLoss_dw(w, X):
        return 2 * np.dot(w, X) * X

    assert crosscheck([Loss, dLoss_dw], Reference(Line, {"X": normal(3)}), trials=100).ok


BROKEN = {
    "raises": ("return np.tanh(Z)", "return np.tanh(Z) + {}[1]", ["manual/layer.py:8: A raises KeyError: 1"]),
    "returns nothing": ("return np.tanh(Z)", "np.tanh(Z)", ["A returns nothing (is there a `return`?)"]),
    "returns a list": ("return np.tanh(Z)", "return list(np.tanh(Z))", ["A returns a list", "np.array([...])"]),
    "returns text": ("return np.tanh(Z)", "return 'tanh'", ["A returns a str"]),
    "returns objects": ("return np.tanh(Z)", "return np.tanh(Z).astype(object)", ["array of object"]),
    "returns complex": ("return np.tanh(Z)", "return np.tanh(Z) * 1j", ["array of complex128"]),
    "changes its input": (
        "return np.tanh(Z)",
        "Z += 1\n    return np.tanh(Z - 1)",
        ["A changes its input Z", "Z.copy()"],
    ),
    "random": (
        "return np.tanh(Z)",
        "return np.tanh(Z) + np.random.rand()",
        ["different results when it is called twice"],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_crosscheck_broken_equation_is_named_with_the_way_out(write_layer, name):
    old, new, words = BROKEN[name]
    with pytest.raises(GradproofError) as caught:
        check(write_layer(manual=(old, new)))
    assert str(caught.value).startswith("manual/layer.py:")
    for word in words:
        assert word in str(caught.value)


def test_crosscheck_all_broken_equations_are_listed_at_once(write_layer):
    project = write_layer(manual=("return np.tanh(Z)", "return None"))
    path = project.manual_path("layer")
    path.write_text(path.read_text().replace("return W - eta * dLoss_dW", "return W - eta * undefined_name"))
    with pytest.raises(GradproofError) as caught:
        check(project)
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert "A returns nothing" in lines[0]
    assert "W_new raises NameError" in lines[1]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"trials": 0}, "trials is a whole number from 1 on"),
        ({"trials": 1.5}, "trials is a whole number from 1 on"),
        ({"dtype": "float16"}, "float64, float32"),
        ({"scale": 0.0}, "a scale is positive"),
        ({"seed": -1}, "a seed is a whole number"),
        ({"reference": 3}, "has its own reference"),
    ],
)
def test_crosscheck_settings_that_make_no_sense_are_refused(write_layer, settings, words):
    with pytest.raises(GradproofError, match=words):
        check(write_layer(), **settings)


def test_replay_of_an_unknown_equation_lists_close_matches(write_layer):
    with pytest.raises(GradproofError, match=r"did you mean .*dLoss_dW"):
        replay(load_case("layer", project=write_layer()), "dLoss_dV", 0, seed=0)


def test_replay_shows_the_numbers_of_the_worst_trial(write_layer):
    project = write_layer(manual=("W - eta", "W + eta"))
    result = check(project)
    worst = next(one for one in result.worst if one.equation == "W_new")
    values = replay(load_case("layer", project=project), "W_new", worst.trial, seed=0)
    place = tuple(int(k) for k in worst.entry.strip("[]").split(","))
    assert values.computed[place] == worst.manual
    assert values.truth[place] == worst.truth
    np.testing.assert_allclose(values.computed, values.inputs["W"] + values.inputs["eta"] * values.inputs["dLoss_dW"])
    assert worst.abs_error > worst.bound


def test_crosscheck_steps_that_cannot_be_trained_are_refused_before_the_run(write_layer):
    def count(trials):
        raise AssertionError("a trial was run")

    with pytest.raises(GradproofError, match=r"--steps needs an update"):
        check(write_layer(manual=("def b_new(", "def _b_new(")), steps=3, progress=count)
