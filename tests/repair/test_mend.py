"""Mending one wrong equation, from its text to a function that is confirmed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from repair_setup import SCALAR, Written, derivation, scalar_bench, scalar_evidence, tensor_bench, written

from gradproof.errors import GradproofError
from gradproof.repair import Context, Evidence, Repair, Workbench, mend
from gradproof.repair.budget import Budget
from gradproof.repair.evidence.confirm import holds


def mended(source: str, **namespace: Any) -> tuple[Repair, Written]:
    """The repair of one equation of the scalar derivation."""
    equation = written(source, namespace)
    return scalar_bench(equation).mend(equation), equation


SLIPS = [
    ("dLoss_dH(H, T)", "T - H", "H - T", "sign"),
    ("dLoss_dS(dLoss_dH, H)", "dLoss_dH * (1 + H**2)", "dLoss_dH * (1 - H**2)", "sign"),
    ("dLoss_dS(dLoss_dH, H)", "dLoss_dH * (1 - H)**2", "dLoss_dH * (1 - H**2)", "parentheses"),
    ("dLoss_dS(dLoss_dH, S)", "dLoss_dH * (1 - S**2)", "dLoss_dH * (1 - H**2)", "activation"),
    ("dLoss_dS(dLoss_dH)", "dLoss_dH", "dLoss_dH * (1 - H**2)", "missing factor"),
    ("dLoss_dS(dLoss_dH, H)", "1 - H**2", "(1 - H**2) * dLoss_dH", "missing factor"),
    ("dLoss_dV1(dLoss_dS, Y2)", "dLoss_dS * Y2", "dLoss_dS * Y1", "index"),
    ("dLoss_dV1(dLoss_dS, Z1)", "dLoss_dS * Z1", "dLoss_dS * Y1", "name"),
    ("dLoss_dV1(dLoss_dS, Y1)", "2 * dLoss_dS * Y1", "dLoss_dS * Y1", "constant factor"),
    ("dLoss_dY1(dLoss_dS, V1_new)", "dLoss_dS * V1_new", "dLoss_dS * V1", "ordering"),
    ("dLoss_dZ1(dLoss_dY1)", "dLoss_dY1", "dLoss_dY1 * (Z1 > 0)", "mask"),
    ("dLoss_dZ1(dLoss_dY1, Y1)", "dLoss_dY1 * Y1", "dLoss_dY1 * (Z1 > 0)", "activation"),
    ("dLoss_dZ1(dLoss_dY1, Z1)", "dLoss_dY1 * (Z1 < 0)", "dLoss_dY1 * (Z1 > 0)", "mask"),
    ("dLoss_dX(dLoss_dZ1, W1)", "dLoss_dZ1 * W1", "dLoss_dZ1 * W1 + dLoss_dZ2 * W2", "missing term"),
    (
        "dLoss_dX(dLoss_dZ1, W1, dLoss_dZ2, W2)",
        "dLoss_dZ1 * W1 - dLoss_dZ2 * W2",
        "dLoss_dZ1 * W1 + dLoss_dZ2 * W2",
        "sign",
    ),
    ("W1_new(W1, eta, dLoss_dW1)", "W1 + eta * dLoss_dW1", "W1 - eta * dLoss_dW1", "sign"),
    ("W1_new(W1, dLoss_dW1)", "W1 - dLoss_dW1", "W1 - eta * dLoss_dW1", "missing factor"),
    ("W1_new(W1, eta, dLoss_dZ1)", "W1 - eta * dLoss_dZ1", "W1 - eta * dLoss_dW1", "name"),
    ("Loss(H, T)", "(H - T)**2", "(H - T)**2 / 2", "constant factor"),
    ("Loss(H, T)", "(H - T**2) / 2", "(H - T)**2 / 2", "parentheses"),
    ("H(S)", "np.exp(S)", "np.tanh(S)", "function"),
    ("Y1(Z1)", "np.minimum(Z1, 0)", "np.maximum(Z1, 0)", "function"),
    ("Z1(X, W1, b1)", "W1 * (X + b1)", "W1 * X + b1", "parentheses"),
]


@pytest.mark.parametrize(("signature", "wrong", "right", "kind"), SLIPS)
def test_mend_slip_is_mended_and_named(signature: str, wrong: str, right: str, kind: str) -> None:
    repair, _ = mended(f"def {signature}:\n    return {wrong}")
    assert repair.fix is not None
    assert repair.fix.expression == right
    assert repair.fix.kind == kind
    assert repair.diagnosis == repair.fix.diagnosis


def test_mend_says_that_a_step_climbs() -> None:
    repair, _ = mended("def W1_new(W1, eta, dLoss_dW1):\n    return W1 + eta * dLoss_dW1")
    assert repair.diagnosis is not None
    assert repair.diagnosis.sentence == "the step has the wrong sign: it climbs the loss"


@pytest.mark.parametrize(
    ("signature", "wrong"),
    [
        ("dLoss_dX(dLoss_dZ1, W1_new, dLoss_dZ2, W2)", "dLoss_dZ1 * W1_new - dLoss_dZ2 * W2"),
        ("dLoss_dX(dLoss_dZ1, W1)", "-dLoss_dZ1 * W1"),
        ("dLoss_dS(dLoss_dY1, H)", "-dLoss_dY1 * (1 + H**2)"),
        ("W1_new(W1, dLoss_dZ1)", "W1 + dLoss_dZ1"),
        ("Loss(H)", "H**2"),
    ],
)
def test_mend_two_slips_in_one_equation(signature: str, wrong: str) -> None:
    repair, equation = mended(f"def {signature}:\n    return {wrong}")
    assert repair.fix is not None
    assert holds(repair.fix.function, repair.fix.parameters, equation.quantity, scalar_evidence(9, 50))


@pytest.mark.parametrize(
    ("signature", "wrong", "right"),
    [
        ("dLoss_dV(A, dLoss_dY)", "A @ dLoss_dY", "A.T @ dLoss_dY"),
        ("dLoss_dA(dLoss_dY, V)", "V @ dLoss_dY.T", "dLoss_dY @ V.T"),
        ("dLoss_db(dLoss_dZ)", "dLoss_dZ.mean(axis=0)", "dLoss_dZ.sum(axis=0)"),
        ("dLoss_db(dLoss_dZ)", "dLoss_dZ", "dLoss_dZ.sum(axis=0)"),
        ("dLoss_db(dLoss_dZ)", "np.sum(dLoss_dZ, axis=1)", "dLoss_dZ.sum(axis=0)"),
        ("dLoss_dY(Y)", "2 * Y / Y.shape[0]", "2 * (Y - T) / Y.shape[0]"),
        ("dLoss_dY(Y, T)", "2 * (Y - T) / Y.shape[1]", "2 * (Y - T) / Y.shape[0]"),
        ("dLoss_dZ(dLoss_dA)", "dLoss_dA", "dLoss_dA * (Z > 0)"),
        ("W_new(W, eta, dLoss_dW)", "W - eta * dLoss_dW.T", "W - eta * dLoss_dW"),
        ("Z(X, W)", "X @ W", "X @ W + b"),
    ],
)
def test_mend_tensor_slip(signature: str, wrong: str, right: str) -> None:
    equation = written(f"def {signature}:\n    return {wrong}")
    repair = tensor_bench(equation).mend(equation)
    assert repair.fix is not None
    assert repair.fix.expression == right


def evidence_of(text: str, seed: int, trials: int = 8) -> Evidence:
    """Random a, b, c, d and the q that an expression makes of them."""
    rng = np.random.default_rng(seed)
    values = {name: rng.uniform(0.4, 1.6, trials) for name in "abcd"}
    return Evidence({**values, "q": eval(text, {"np": np}, values)})


@pytest.mark.parametrize(
    ("wrong", "right", "level"),
    [
        ("b**3 / np.sinh(a) - a", "a**3 / np.sinh(b) - b", 1),
        ("np.exp(a) + np.exp(b) + np.exp(c)", "np.exp(-a) + np.exp(-b) + np.exp(-c)", 1),
        ("c * np.sinh(c)", "(a - b) * np.sinh(a - b)", 2),
        ("np.sinh(c)", "np.sinh(a / b)", 2),
        ("np.sinh(a + c) * np.cosh(c + b)", "np.sinh(a + b) * np.cosh(c + d)", 3),
        ("np.log(np.sinh(a) * c)", "np.exp(np.sinh(a) * b)", 3),
        ("np.sinh(a + c)", "np.sinh(a + b) * d", 3),
        ("np.sinh(a)", "np.sinh(a) + b / c + np.tanh(d)", 3),
    ],
)
def test_mend_finds_what_only_one_kind_of_edit_can(wrong: str, right: str, level: int) -> None:
    equation = written(f"def q(a, b, c, d):\n    return {wrong}")
    repair = mend(equation, [evidence_of(right, 0)], [evidence_of(right, 1)], seed=0, budget=Budget.of_seconds(30))
    assert repair.fix is not None
    assert repair.tried is not None
    assert repair.tried.level == level
    judge = evidence_of(right, 2, trials=50)
    assert holds(repair.fix.function, repair.fix.parameters, "q", [judge])


# What the author's module holds ---------------------------------------------------------------------------------


def prime(z: float) -> float:
    if z > 0:
        return 1.0
    return 0.0


def test_mend_speaks_with_the_helpers_of_the_module() -> None:
    sibling = written("def dLoss_dZ2(dLoss_dY2, Z2):\n    return dLoss_dY2 * _prime(Z2)", {"_prime": prime})
    equation = written("def dLoss_dZ1(dLoss_dY1):\n    return dLoss_dY1", {"_prime": prime})
    bench = scalar_bench(equation, sibling)
    context = replace(bench.context, passing=bench.context.passing | {"dLoss_dZ2"})
    repair = replace(bench, context=context).mend(equation)
    assert repair.fix is not None
    assert repair.fix.expression == "dLoss_dY1 * _prime(Z1)"


def test_mend_inside_the_argument_of_a_helper() -> None:
    source = "def dLoss_dZ1(dLoss_dY1, Z2):\n    return dLoss_dY1 * _prime(Z2)"
    repair, _ = mended(source, _prime=prime)
    assert repair.fix is not None
    assert repair.fix.body == "def dLoss_dZ1(dLoss_dY1, Z1):\n    return dLoss_dY1 * _prime(Z1)\n"


def test_mend_edits_the_statement_that_is_wrong() -> None:
    source = """
    def dLoss_dS(dLoss_dH, H):
        # the derivative of tanh
        slope = 1 + H**2  # in terms of its value
        return dLoss_dH * slope
    """
    repair, _ = mended(source)
    assert repair.fix is not None
    assert "slope = 1 - H**2  # in terms of its value" in repair.fix.body
    assert (repair.fix.before, repair.fix.expression) == ("slope = 1 + H**2", "slope = 1 - H**2")


def test_mend_edits_a_local_that_is_used_twice_at_its_definition() -> None:
    source = "def Loss(H, T):\n    error = H + T\n    return error * error / 2"
    repair, _ = mended(source)
    assert repair.fix is not None
    assert "error = H - T" in repair.fix.body


def test_mend_constants_of_the_module_are_kept() -> None:
    repair, _ = mended("def Loss(H, T):\n    return HALF * (H + T)**2", HALF=0.5)
    assert repair.fix is not None
    assert repair.fix.expression == "HALF * (H - T)**2"


def test_mend_second_form_is_judged_by_its_quantity() -> None:
    equation = written("def dLoss_dS__chain(dLoss_dH, H):\n    return dLoss_dH * (1 - H)")
    repair = scalar_bench(equation).mend(equation)
    assert repair.fix is not None
    assert "dLoss_dS" not in repair.fix.parameters


def test_mend_equation_without_parameters() -> None:
    repair, _ = mended("def dLoss_dH():\n    return 1.0")
    assert repair.fix is not None
    assert repair.fix.body == "def dLoss_dH(H, T):\n    return H - T\n"


# What must not happen -------------------------------------------------------------------------------------------


def test_mend_never_reads_what_is_computed_from_the_quantity() -> None:
    repair, _ = mended("def Z1(X, W1, b1):\n    return W1 * X + b1 + Y1".replace("b1)", "b1, Y1)"))
    assert repair.fix is not None
    assert repair.fix.parameters == ("X", "W1", "b1")
    repair, _ = mended("def W1_new(W1_new, eta, dLoss_dW1):\n    return W1_new - eta * dLoss_dW1")
    assert repair.fix is not None
    assert repair.fix.expression == "W1 - eta * dLoss_dW1"


def test_mend_what_only_the_trials_of_the_search_suggest_is_no_fix() -> None:
    """In the trials of the search k is 3.7 throughout; the formula that holds there fails in the fresh ones."""
    rng = np.random.default_rng(0)
    a, k = rng.normal(size=12), np.full(12, 3.7)
    b, m = rng.normal(size=12), rng.normal(size=12)
    search = Evidence({"a": a, "k": k, "q": np.sin(a) * k})
    fresh = Evidence({"a": b, "k": m, "q": np.sin(b) * m**2 / 3.7})
    equation = written("def q(a):\n    return np.sin(a)")
    repair = mend(equation, [search], [fresh], seed=0)
    assert repair.fix is None
    assert repair.tried is not None
    assert repair.tried.coincidental > 0


def test_mend_refuses_trials_in_which_quantities_coincide() -> None:
    equation = written("def dLoss_dZ1(dLoss_dY1):\n    return dLoss_dY1")
    bench = scalar_bench(equation)
    on = np.nonzero((bench.evidence[0].values["Z1"] > 0) & (bench.evidence[0].values["Z2"] > 0))[0]
    degenerate = replace(bench, evidence=(bench.evidence[0].only(on.tolist()),))
    repair = degenerate.mend(written("def dLoss_dY1(dLoss_dS):\n    return dLoss_dS"))
    assert repair.fix is None
    assert repair.diagnosis is None
    assert "Z1 and Y1 have the same value in every trial" in repair.refusal


def test_mend_refuses_a_truth_that_is_not_finite() -> None:
    search = Evidence({"a": np.ones(4), "q": np.array([1.0, np.nan, 1.0, 1.0])})
    repair = mend(written("def q(a):\n    return a"), [search], [search], seed=0)
    assert repair.refusal == "the true value of q is not finite in some trials"


def test_mend_offers_nothing_that_numpy_refuses_to_run() -> None:
    """NumPy has no minus of a boolean, so `-(a > 1)` is no way to write the mask's negative."""
    groups = [evidence_of("-1.0 * (a > 1)", 0), evidence_of("-1.0 * (a > 1)", 1, trials=40)]
    repair = mend(written("def q(a):\n    return a > 1"), groups[:1], groups[1:], seed=0)
    assert repair.fix is not None
    assert repair.fix.expression != "-(a > 1)"
    assert holds(repair.fix.function, repair.fix.parameters, "q", groups)


def test_mend_input_whose_value_is_not_known_is_replaced() -> None:
    groups = [evidence_of("np.sinh(a) * b", 0), evidence_of("np.sinh(a) * b", 1)]
    repair = mend(written("def q(a, unknown):\n    return np.sinh(a) * unknown"), groups[:1], groups[1:], seed=0)
    assert repair.fix is not None
    assert repair.fix.expression == "np.sinh(a) * b"


def test_mend_leaves_a_right_equation_alone() -> None:
    equation = derivation(SCALAR)["dLoss_dS"]
    repair = scalar_bench().mend(equation)
    why = "in the trials of the search it is right up to rounding"
    assert repair == Repair(None, (), None, None, why)


def test_mend_code_that_no_single_edit_mends_gets_a_diagnosis_from_its_values() -> None:
    body = "d = 0.0\n    for _ in range(1):\n        d += 3 * (H - T)\n    return 7 * d"
    repair, _ = mended(f"def dLoss_dH(H, T):\n    {body}")
    assert repair.fix is None
    assert repair.tried is not None
    assert repair.tried.exhausted
    assert repair.diagnosis is not None
    assert repair.diagnosis.sentence == "it is 21 times the true value in every trial"


def test_mend_text_that_is_not_what_runs_is_not_mended() -> None:
    equation = written("def dLoss_dH(H, T):\n    return T - H")
    other = replace(equation, function=lambda H, T: H + T)
    repair = scalar_bench(other).mend(other)
    assert repair.fix is None
    assert repair.refusal == "its text does not give what the function gives"


def test_mend_nothing_simple_is_found_within_the_budget() -> None:
    equation = written("def dLoss_dX(X):\n    return np.sinh(X) * np.cosh(X + 0.37) + X**5")
    repair = scalar_bench(equation).mend(equation, Budget(0))
    assert repair.fix is None
    assert repair.tried is not None
    assert not repair.tried.exhausted


def test_mend_all_levels_are_searched_before_it_gives_up() -> None:
    rng = np.random.default_rng(0)
    groups = [Evidence({"a": x, "q": np.sin(np.cos(x) + 0.123 * x)}) for x in (rng.normal(size=8), rng.normal(size=9))]
    repair = mend(written("def q(a):\n    return a"), groups[:1], groups[1:], seed=0, budget=Budget.of_seconds(60))
    assert repair.fix is None
    assert repair.tried is not None
    assert repair.tried.exhausted
    assert repair.tried.level == 3


def test_mend_is_the_same_each_time() -> None:
    first, _ = mended("def dLoss_dX(dLoss_dZ1, W1):\n    return -dLoss_dZ1 * W1")
    second, _ = mended("def dLoss_dX(dLoss_dZ1, W1):\n    return -dLoss_dZ1 * W1")
    assert first == second


def test_mend_lists_other_formulas_that_are_right_too() -> None:
    repair, _ = mended("def dLoss_db1(dLoss_dZ2):\n    return dLoss_dZ2")
    assert repair.fix is not None
    assert repair.fix.expression == "dLoss_dZ1"
    bits = [repair.fix.bits, *(other.bits for other in repair.alternatives)]
    assert bits == sorted(bits)


def test_mend_counts_the_trials_in_which_it_agrees() -> None:
    repair, _ = mended("def dLoss_dH(H, T):\n    return T - H")
    assert repair.fix is not None
    assert (repair.fix.trials, repair.fix.fresh_trials) == (16, 32)


def test_mend_given_tolerance_decides_what_agrees() -> None:
    rng = np.random.default_rng(0)

    def evidence(size: int, allowed: float) -> list[Evidence]:
        a = rng.uniform(1, 2, size)
        q = 2 * a * (1 + 1e-6 * rng.normal(size=size))
        return [Evidence({"a": a, "q": q}, {"q": np.full(size, allowed)})]

    equation = written("def q(a):\n    return 3 * a")
    loose = mend(equation, evidence(8, 1e-4), evidence(8, 1e-4), seed=0)
    assert loose.fix is not None
    assert loose.fix.expression == "2 * a"
    assert mend(equation, evidence(8, 1e-9), evidence(8, 1e-9), seed=0).fix is None


def test_mend_without_trials_is_an_error() -> None:
    equation = written("def q(a):\n    return a")
    with pytest.raises(GradproofError, match="the evidence has no trials"):
        mend(equation, [], [], seed=0)
    with pytest.raises(GradproofError, match="the fresh evidence lacks q"):
        mend(equation, [Evidence({"q": np.ones(3)})], [Evidence({"a": np.ones(3)})], seed=0)


def test_workbench_names_what_is_known_in_all_trials() -> None:
    groups = (Evidence({"a": np.ones(3), "b": np.ones(3)}), Evidence({"a": np.ones(3)}))
    assert Workbench(groups, groups, Context()).known == ("a",)
