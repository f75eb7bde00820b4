"""The true formula of a quantity, read from what torch ran."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from repair_setup import formula

from gradproof import crosscheck
from gradproof.case.derivation import Equation
from gradproof.case.project import Project
from gradproof.check.case import Case, load_case
from gradproof.repair.derive import Oracle
from gradproof.repair.derive.neat import neat
from gradproof.repair.formulas.printing import show
from gradproof.repair.mending import mend_case, with_repairs

ROOT = Path(__file__).parents[2]


def case_of(name: str) -> Case:
    return load_case(name, project=Project(ROOT))


@pytest.mark.parametrize(
    ("name", "quantity", "legible", "expected"),
    [
        ("mse", "dLoss_dR", ["R", "Y", "T"], "2 * R / R.size"),
        ("softmax_mlp", "dLoss_dW2", ["dLoss_dZ2", "A1", "W2"], "dLoss_dZ2.T @ A1"),
        ("softmax_mlp", "dLoss_dZ1", ["dLoss_dA1", "A1"], "dLoss_dA1 * (A1 > 0)"),
        ("softmax_mlp", "dLoss_dP", ["P", "T"], "-(T / P / P.shape[0])"),
        ("softmax_mlp", "W2_new", ["W2", "eta", "dLoss_dW2"], "W2 - eta * dLoss_dW2"),
        ("softmax_mlp", "dLoss_dW2", ["W2"], None),
    ],
)
def test_oracle_formula_is_in_the_names_that_may_be_read(
    name: str, quantity: str, legible: list[str], expected: str | None
) -> None:
    found = Oracle(case_of(name), 0).formula(quantity, legible)
    assert (None if found is None else show(found)) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1 / b * (a * 2)", "2 * a / b"),
        ("-a * b", "-(a * b)"),
        ("a + -b", "a - b"),
        ("(-a).sum(axis=0)", "-a.sum(axis=0)"),
        ("0.5 * a", "a / 2"),
    ],
)
def test_neat_a_product_has_one_sign_and_one_number(written: str, expected: str) -> None:
    assert show(neat(formula(written))) == expected


def test_mend_what_no_edit_mends_is_derived_and_run() -> None:
    case = case_of("mse")
    old = case.derivation.by_name["dLoss_dR"]
    source = "def dLoss_dR(R):\n    return np.cos(R) ** 3 * R.sum() - np.exp(R.T @ R).sum()\n"
    space: dict[str, object] = {}
    exec("import numpy as np\n" + source, space)
    wrong = Equation(old.name, ("R",), space["dLoss_dR"], old.path, old.line, source)  # type: ignore[arg-type]
    equations = tuple(wrong if one is old else one for one in case.derivation.equations)
    case = replace(case, derivation=replace(case.derivation, equations=equations))
    result = crosscheck(case, trials=30, repair=False)
    repairs = mend_case(case, result, seed=0, budget_seconds=1e-6)  # no work for any search
    told = next(one for one in with_repairs(result, repairs, case.derivation).wrong if one.equation == "dLoss_dR")
    fix = repairs["dLoss_dR"].fix
    assert fix is not None
    assert told.fix == "2 * R / R.size"
