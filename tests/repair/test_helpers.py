"""Slips in helper quantities, which the reference does not know: found, told from slips in what reads them, mended."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from repair_setup import bench_of, written

from gradproof.case.project import Project
from gradproof.check.case import Case, load_case
from gradproof.check.facts.result import CheckResult
from gradproof.repair import mend_all
from gradproof.repair.equation import definition_of
from gradproof.repair.formulas.formula import Constant, Name, inline, transform
from gradproof.repair.formulas.parsed import Definition
from gradproof.repair.formulas.printing import show
from gradproof.repair.formulas.rewrite import Unwritable
from gradproof.repair.helpers import composite, fused, upstream
from gradproof.repair.mending import mend_case, mended_case, patches, with_repairs, write
from gradproof.run import crosscheck

MANUAL = '''
"""Standardization of rows."""

import numpy as np


def mu(X):
    return X.mean(axis=1, keepdims=True)


def var(X, mu):
    return ((X - mu)**2).mean(axis=1, keepdims=True)


# The normalised input.
def xhat(X, mu, var):
    return (X - mu) / np.sqrt(var + 0.1)  # with epsilon


def Y(gamma, xhat, beta):
    return gamma * xhat + beta


def dLoss_dgamma(dLoss_dY, xhat):
    return (dLoss_dY * xhat).sum(axis=0)


def dLoss_dbeta(dLoss_dY):
    return dLoss_dY.sum(axis=0)


def dLoss_dX(dLoss_dY, gamma, xhat, var):
    g = dLoss_dY * gamma
    centred = g - g.mean(axis=1, keepdims=True) - xhat * (g * xhat).mean(axis=1, keepdims=True)
    return centred / np.sqrt(var + 0.1)
'''


REFERENCE = """
import torch
from torch import nn
from gradproof import Reference, normal


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma, self.beta = nn.Parameter(torch.ones(7)), nn.Parameter(torch.zeros(7))

    def forward(self, X):
        return nn.functional.layer_norm(X, (7,), self.gamma, self.beta, eps=0.1)


reference = Reference(Norm, {"X": normal(5, 7)})
"""
"""Layer normalization, whose statistics have no names."""


def case_of(folder: Path, *slips: tuple[str, str]) -> Case:
    """The case with some pieces of its text replaced."""
    text = textwrap.dedent(MANUAL).lstrip()
    for old, new in slips:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "manual").mkdir(exist_ok=True)
    (folder / "reference").mkdir(exist_ok=True)
    (folder / "manual" / "norm.py").write_text(text, encoding="utf-8")
    (folder / "reference" / "norm.py").write_text(REFERENCE, encoding="utf-8")
    return load_case("norm", project=Project(folder))


def checked(case: Case) -> CheckResult:
    result = crosscheck(case, trials=200, repair=False)
    return with_repairs(result, mend_case(case, result, seed=0, budget_seconds=20.0), case.derivation)


SLIPS = [
    ("mu", ("X.mean(axis=1, keepdims=True)", "X.sum(axis=1, keepdims=True)"), "X.mean(axis=1, keepdims=True)"),
    ("var", ("((X - mu)**2).mean(axis=1", "((X - mu)**2).mean(axis=0"), "((X - mu)**2).mean(axis=1, keepdims=True)"),
    ("var", ("((X - mu)**2).mean", "((X + mu)**2).mean"), "((X - mu)**2).mean(axis=1, keepdims=True)"),
    ("xhat", ("(X - mu) / np", "(X + mu) / np"), "(X - mu) / np.sqrt(var + 0.1)"),
    ("xhat", ("(X - mu) / np.sqrt(var + 0.1)", "(X - mu) / (var + 0.1)"), "(X - mu) / np.sqrt(var + 0.1)"),
    ("xhat", ("(X - mu) / np.sqrt", "(X - mu) * np.sqrt"), "(X - mu) / np.sqrt(var + 0.1)"),
]


@pytest.mark.parametrize(("helper", "slip", "mended"), SLIPS)
def test_mend_case_slip_in_a_helper_is_mended_there_for_all_that_read_it(
    tmp_path: Path, helper: str, slip: tuple[str, str], mended: str
) -> None:
    case = case_of(tmp_path, slip)
    result = checked(case)
    assert len(result.wrong) > 1
    place = case.derivation.by_name[helper].place
    for one in result.wrong:
        assert (one.fix_of, one.fix_place, one.fix) == (helper, place, f"{helper} = {mended}")
        assert one.diagnosis.startswith(f"the slip is in the helper {helper} ({place}): ")
        assert one.fix_before == f"{helper} = {case.derivation.by_name[helper].written}"


OWN_SLIPS = [
    ("dLoss_dgamma", ("return (dLoss_dY * xhat).sum(axis=0)", "return -(dLoss_dY * xhat).sum(axis=0)")),
    ("dLoss_dgamma", ("xhat):\n    return (dLoss_dY * xhat)", "X):\n    return (dLoss_dY * X)")),
    ("dLoss_dX", ("keepdims=True) - xhat", "keepdims=True) + xhat")),
    ("Y", ("gamma * xhat + beta", "gamma * xhat - beta")),
]


@pytest.mark.parametrize(("name", "slip"), OWN_SLIPS)
def test_mend_case_slip_in_what_reads_a_helper_is_no_slip_of_the_helper(
    tmp_path: Path, name: str, slip: tuple[str, str]
) -> None:
    (one,) = checked(case_of(tmp_path, slip)).wrong
    assert one.equation == name
    assert one.fix
    assert one.fix_of == ""
    assert "helper" not in one.diagnosis


def test_mend_case_slips_in_a_helper_and_in_what_reads_it_are_both_mended(tmp_path: Path) -> None:
    case = case_of(tmp_path, ("(X - mu) / np", "(X + mu) / np"), ("gamma * xhat + beta", "gamma * xhat - beta"))
    result = checked(case)
    assert {one.equation: one.fix_of for one in result.wrong} == {"Y": "", "dLoss_dgamma": "xhat", "dLoss_dX": "xhat"}
    repairs = mend_case(case, result, seed=0)
    assert checked(mended_case(case, repairs)).ok


def test_patches_of_one_wrong_helper_edit_its_text_once(tmp_path: Path) -> None:
    case = case_of(tmp_path, ("(X - mu) / np", "(X + mu) / np"))
    repairs = mend_case(case, checked(case), seed=0)
    (patch,) = patches(case, repairs)
    assert patch.diff.splitlines()[3:] == [
        " def xhat(X, mu, var):",
        "-    return (X + mu) / np.sqrt(var + 0.1)  # with epsilon",
        "+    return (X - mu) / np.sqrt(var + 0.1)  # with epsilon",
        " ",
    ]
    write(patch)
    assert checked(load_case("norm", project=Project(tmp_path))).ok
    assert checked(mended_case(case, repairs)).ok


def test_upstream_helpers_in_a_circle_are_refused() -> None:
    a, b = written("def a(b): return b"), written("def b(a): return a")
    with pytest.raises(Unwritable, match="circle"):
        upstream(written("def f(a): return a"), {"a": a, "b": b})


def test_composite_computes_each_helper_once_and_reads_known_quantities_alone() -> None:
    helpers = {"t": written("def t(x): return x + 1"), "u": written("def u(t, x): return t * x")}
    whole = composite(written("def f(u, t, y): return u + t + y"), helpers)
    assert whole.inputs == ("x", "y")
    assert whole.function(2.0, 10.0) == 3 * 2 + 3 + 10


def test_program_tells_which_text_a_formula_changes() -> None:
    helper, equation = (
        written("def t(x):\n    s = x + 1\n    return s * 2"),
        written("def f(t, x):\n    return t * x + t"),
    )
    helpers = {"t": replace(helper, function=equation.function)}  # of one module
    definition = definition_of(equation)
    assert isinstance(definition, Definition)
    program = fused(equation, definition, helpers)
    in_helper = transform(program.formula, lambda node: Constant(3) if node == Constant(1) else None)
    in_itself = transform(program.formula, lambda node: Name("y") if node == Name("x") else None)
    assert show(inline(program.formula)) == "(x + 1) * 2 * x + (x + 1) * 2"
    assert program.changed(in_helper)[0].equation.name == "t"
    assert program.place(in_helper) == "t"
    assert program.place(in_itself) == ""
    assert program.place(program.formula) == ""
    with pytest.raises(Unwritable, match="2 texts"):
        program.changed(in_itself)
    with pytest.raises(Unwritable, match="0 texts"):
        program.changed(program.formula)


def test_mend_all_a_helper_that_two_wrong_equations_read_is_mended_not_each_of_them() -> None:
    text = "def t(x, y): return x + y\ndef P(t, z): return t * z\ndef Q(t, w): return w * t"
    bench, every = bench_of(text, {"P": "-(x + y) * z", "Q": "-(x + y) * w"}, ("P", "Q"))
    outcomes = mend_all([every["P"], every["Q"]], bench)
    fix = outcomes["P"].fix
    assert fix is not None
    assert (fix.equation, fix.mends) == ("t", ("P", "Q"))
    assert outcomes["Q"].fix is fix
    assert outcomes["P"].alternatives == () or outcomes["P"].alternatives[-1].mends == ("P",)


def test_mend_a_helper_that_a_right_equation_reads_is_left_alone() -> None:
    text = "def t(x, y): return x + y\ndef P(t, z): return t * z\ndef Q(t, w): return w * t"
    bench, every = bench_of(text, {"P": "-(x + y) * z", "Q": "(x + y) * w"}, ("P",))
    repair = bench.mend(every["P"])
    assert repair.fix is not None
    assert {fix.equation for fix in (repair.fix, *repair.alternatives)} == {"P"}


def test_mend_all_a_helper_that_was_mended_is_not_edited_again() -> None:
    text = "def t(x, y): return x - y\ndef P(t, z): return t * z\ndef Q(t, w): return w + t"
    bench, every = bench_of(text, {"P": "(x + y) * z", "Q": "w - (x + y)"}, ("P", "Q"))
    outcomes = mend_all([every["P"], every["Q"]], bench)
    fixes = [outcomes[name].fix for name in "PQ"]
    assert [fix.equation for fix in fixes if fix is not None] == ["t", "Q"]


def test_mend_a_helper_that_is_no_formula_is_mended_in_its_text() -> None:
    text = "def t(x, y): return [x - y][0]\ndef P(t, z): return t * z"
    bench, every = bench_of(text, {"P": "(x + y) * z"}, ("P",))
    fix = bench.mend(every["P"]).fix
    assert fix is not None
    assert (fix.equation, fix.expression) == ("t", "[x + y][0]")
