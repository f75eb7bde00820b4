"""Slips in code whose statements several equations share: a backward pass in stages, as course notes have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradproof.case.project import Project
from gradproof.check.facts.result import CheckResult
from gradproof.repair.mending import mend_case, patches, with_repairs, write
from gradproof.run import crosscheck

MANUAL = '''
"""Batch normalization in stages."""

import numpy as np


def forward(x, gamma, beta, eps=1e-5):
    N, D = x.shape
    mu = 1.0 / N * np.sum(x, axis=0)
    xmu = x - mu
    sq = xmu**2
    var = 1.0 / N * np.sum(sq, axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    gammax = gamma * xhat
    out = gammax + beta
    return out, (xhat, gamma, xmu, ivar, sqrtvar, var, eps)


def backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgammax = dout
    dgamma = np.sum(dgammax * xhat, axis=0)
    dxhat = dgammax * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -1.0 / (sqrtvar**2) * divar
    dvar = 0.5 * 1.0 / np.sqrt(var + eps) * dsqrtvar
    dsq = 1.0 / N * np.ones((N, D)) * dvar
    dxmu2 = 2 * xmu * dsq
    dx1 = dxmu1 + dxmu2
    dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
    dx2 = 1.0 / N * np.ones((N, D)) * dmu
    dx = dx1 + dx2
    return dx, dgamma, dbeta
'''.lstrip()

REFERENCE = '''
"""torch.nn.BatchNorm1d in training."""

from torch import nn

from gradproof import Code, Reference, normal


def at_sizes(batch, features):
    return Reference(
        model=lambda: nn.BatchNorm1d(features, track_running_stats=False),
        inputs={"input": normal(batch, features)},
        output="Y",
        symbols={"x": "input", "gamma": "weight", "beta": "bias"},
    )


reference = [at_sizes(5, 3), at_sizes(4, 2), at_sizes(6, 4)]
code = Code("forward", "backward")
'''.lstrip()


def mended(folder: Path, old: str, new: str) -> tuple[CheckResult, frozenset[int], bool]:
    """What is found of a slip, the lines that it is in, and whether the file agrees once the fixes are written."""
    assert MANUAL.count(old) == 1
    text = MANUAL.replace(old, new)
    pairs = zip(MANUAL.splitlines(), text.splitlines(), strict=True)
    lines = frozenset(number for number, (one, other) in enumerate(pairs, 1) if one != other)
    for name, content in (("manual", text), ("reference", REFERENCE)):
        (folder / name).mkdir()
        (folder / name / "stages.py").write_text(content, encoding="utf-8")
    result = crosscheck("stages", project=Project(folder), trials=100, repair=False)
    assert result.checked is not None
    repairs = mend_case(result.checked, result, seed=0, budget_seconds=30.0)
    for change in patches(result.checked, repairs):
        write(change)
    after = crosscheck("stages", project=Project(folder), trials=100, repair=False)
    return with_repairs(result, repairs, result.checked.derivation), lines, after.ok


AT_THE_LINE = [
    ("np.sqrt(var + eps) * dsqrtvar", "np.sqrt(var) * dsqrtvar"),
    ("dxmu1 = dxhat * ivar", "dxmu1 = dxhat * sqrtvar"),
    ("dsq = 1.0 / N", "dsq = 1.0 / (N - 1)"),
    ("dx2 = 1.0 / N", "dx2 = 1.0 / D"),
    ("divar = np.sum(dxhat * xmu, axis=0)", "divar = np.sum(dxhat, axis=0)"),
    ("np.sum(dgammax * xhat, axis=0)", "np.sum(dgammax, axis=0)"),
    ("np.sum(dgammax * xhat, axis=0)", "np.sum(dgammax * xmu, axis=0)"),
    ("np.sum(dgammax * xhat, axis=0)", "np.mean(dgammax * xhat, axis=0)"),
    ("dbeta = np.sum", "dbeta = np.mean"),
    ("sqrtvar = np.sqrt(var + eps)", "sqrtvar = np.sqrt(var)"),
    ("mu = 1.0 / N * np.sum(x", "mu = np.sum(x"),
]  # fmt: skip
ELSEWHERE = [
    # The same values come from an edit of another statement, which nothing that agrees reads.
    ("dx = dx1 + dx2", "dx = dx2"),
    ("(sqrtvar**2) * divar", "(sqrtvar**2)"),
    ("dxmu2 = 2 * xmu", "dxmu2 = xmu"),
    ("dxmu2 = 2 * xmu * dsq", "dxmu2 = 2 * xhat * dsq"),
    ("dsqrtvar = -1.0", "dsqrtvar = 1.0"),
    ("dxhat = dgammax * gamma", "dxhat = dgammax"),
]


@pytest.mark.parametrize(("old", "new"), AT_THE_LINE)
def test_slip_in_a_stage_is_mended_at_its_line(tmp_path: Path, old: str, new: str) -> None:
    result, lines, right = mended(tmp_path, old, new)
    assert result.wrong
    assert {int(one.fix_place.rpartition(":")[2]) for one in result.wrong} == set(lines)
    assert right


@pytest.mark.parametrize(("old", "new"), ELSEWHERE)
def test_slip_in_a_stage_is_not_made_up_for_in_what_agrees(tmp_path: Path, old: str, new: str) -> None:
    result, _, right = mended(tmp_path, old, new)
    (wrong,) = result.wrong
    place = int(wrong.fix_place.rpartition(":")[2])
    shared = MANUAL[: MANUAL.index("dxhat =")].count("\n")
    assert place > shared
    assert right


def test_slip_that_several_equations_share_is_told_once(tmp_path: Path) -> None:
    result, _, right = mended(tmp_path, "sqrtvar = np.sqrt(var + eps)", "sqrtvar = np.sqrt(var)")
    assert [one.equation for one in result.wrong] == ["Y", "dLoss_dgamma", "dLoss_dx"]
    assert len({(one.fix_place, one.fix_before, one.fix) for one in result.wrong}) == 1
    assert result.wrong[0].fix == "sqrtvar = np.sqrt(var + eps)"
    assert right


GALLERY = Path(__file__).resolve().parents[2]
LOOP = [
    ("dar = dan * bn * r * (1 - r)", "dar = dan * bn * r"),
    ("dan = dstate * (1 - z) * (1 - n**2)", "dan = dstate * (1 - z) * (1 - n)"),
    ("dstate * (state - n) * z", "dstate * (n - state) * z"),
]


@pytest.mark.parametrize(("old", "new"), LOOP)
def test_slip_in_a_loop_is_one_fix_for_all_results_of_the_loop(tmp_path: Path, old: str, new: str) -> None:
    text = (GALLERY / "manual" / "gru.py").read_text(encoding="utf-8")
    assert text.count(old) == 1
    line = text[: text.index(old)].count("\n") + 1
    for name, content in (
        ("manual", text.replace(old, new)),
        ("reference", (GALLERY / "reference" / "gru.py").read_text(encoding="utf-8")),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "gru.py").write_text(content, encoding="utf-8")
    result = crosscheck("gru", project=Project(tmp_path), trials=100, repair=False)
    assert result.checked is not None
    repairs = mend_case(result.checked, result, seed=0, budget_seconds=30.0)
    wrong = with_repairs(result, repairs, result.checked.derivation).wrong
    assert len(wrong) == 3
    assert {one.fix_place for one in wrong} == {f"manual/gru.py:{line}"}
    assert len({one.fix for one in wrong}) == 1
    for change in patches(result.checked, repairs):
        write(change)
    assert crosscheck("gru", project=Project(tmp_path), trials=100, repair=False).ok
