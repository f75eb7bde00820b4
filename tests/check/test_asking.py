"""How a check is asked for from Python, and how its result shows itself."""

from __future__ import annotations

import ast
import json
import tomllib
from pathlib import Path
from typing import Any

import every_public_name
import numpy as np
import pytest
import torch
from small_projects import ROOT, Run, Write
from torch import nn

import gradproof
from gradproof import Disagreement, GradproofError, Reference, crosscheck, normal, same
from gradproof.report.terminal.watching import watched


def Y(x: Any) -> Any:
    return np.tanh(x)


def dLoss_dx(dLoss_dY: Any, Y: Any) -> Any:
    return dLoss_dY * (1 - Y**2)


def rough(dLoss_dY: Any, Y: Any) -> Any:
    return 1.0001 * dLoss_dY * (1 - Y**2)


def Q(x: Any) -> Any:
    return 2 * x


REFERENCE = Reference(model=nn.Tanh(), inputs={"input": normal(2, 3)}, symbols={"x": "input"})
ROUGH = {"Y": Y, "dLoss_dx": rough}


def check(case: Any = None, **options: Any) -> Any:
    return crosscheck(case or [Y, dLoss_dx], REFERENCE, **{"trials": 40, **options})


def test_public_names_are_listed_and_all_there() -> None:
    assert set(gradproof.__all__) <= set(dir(gradproof))
    assert all(getattr(gradproof, name) is not None for name in gradproof.__all__)
    assert set(gradproof._HOMES) == set(gradproof.__all__)
    seen = Path(gradproof.__file__).read_text(encoding="utf-8").partition("TYPE_CHECKING:")[2]
    for name, home in gradproof._HOMES.items():
        assert f"from {home} import {name} as {name}\n" in seen


def test_users_file_that_is_type_checked_uses_every_public_name_and_runs() -> None:
    text = Path(every_public_name.__file__).read_text(encoding="utf-8")
    assert set(gradproof.__all__) <= {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert "PROVED" in every_public_name.use()
    assert every_public_name.__file__.endswith(
        next(
            name
            for name in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["files"]
            if "/" in name
        )
    )


@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("float32"), torch.float32])
def test_dtype_is_taken_as_people_write_it(dtype: Any) -> None:
    result = check(dtype=dtype)
    assert (result.dtype, result.ok) == ("float32", True)


@pytest.mark.parametrize("dtype", ["float16", np.int64, torch.bfloat16, 32, None])
def test_other_dtypes_are_refused(dtype: Any) -> None:
    with pytest.raises(GradproofError, match="is not one of float64, float32"):
        check(dtype=dtype)


def test_one_function_is_enough() -> None:
    assert check(Y).sentence == "1 of 1 equations agree; no gradient among these"


@pytest.mark.parametrize("case", [3, [3], [np.tanh], None, nn.Tanh])
def test_what_is_no_derivation_is_refused(case: Any) -> None:
    with pytest.raises(GradproofError):
        crosscheck(case, REFERENCE)


def test_two_functions_of_one_name_are_refused() -> None:
    with pytest.raises(GradproofError, match="have one name"):
        check([Y, Y])


def test_only_chooses_what_is_reported() -> None:
    assert [one.equation for one in check(ROUGH, only=["dLoss_*"]).results] == ["dLoss_dx"]
    assert check(ROUGH, only="Y").ok
    assert not check(ROUGH, only="dLoss_*").ok
    with pytest.raises(GradproofError, match="no equation fits 'dloss_dx'"):
        check(only=["dloss_dx"])


def test_tolerance_is_stated_and_no_more_than_it_says() -> None:
    assert not check(ROUGH).ok
    assert check(ROUGH, tolerance=1e-3).ok
    assert "TOLERANCE 0.001" in str(check(ROUGH, tolerance=1e-3))
    assert not check(ROUGH, tolerance=1e-5).ok
    assert "TOLERANCE" not in str(check(ROUGH))


@pytest.mark.parametrize("tolerance", [-1, 1, True, "1e-3", float("nan")])
def test_what_is_no_tolerance_is_refused(tolerance: Any) -> None:
    with pytest.raises(GradproofError, match="tolerance is the share"):
        check(tolerance=tolerance)


def test_proof_with_a_tolerance_is_refused() -> None:
    with pytest.raises(GradproofError, match="not for both"):
        check(tolerance=1e-3, proof=True)


def test_strict_fails_what_was_not_compared() -> None:
    functions = [Y, dLoss_dx, Q]
    assert check(functions).ok
    result = check(functions, strict=True)
    assert not result.ok
    assert "--strict allows no unchecked equation: Q" in result.sentence
    with pytest.raises(Disagreement, match="Q"):
        result.raise_on_disagreement()
    assert check(strict=True).ok


def test_result_prints_as_a_short_text() -> None:
    result = check({**ROUGH, "Q": Q})
    assert repr(result) == (
        "<CheckResult of derivation: FAILED, 1 of 3 equations wrong: dLoss_dx; 1 unchecked; 40 trials>"
    )
    lines = str(result).splitlines()
    assert lines[0] == "derivation: FAILED: 1 of 3 equations wrong: dLoss_dx; 1 unchecked"
    assert lines[1] == "  40 trials, seed 0, float64"
    assert lines[2].startswith("  dLoss_dx disagrees in 40 of 40 trials: ")
    assert lines[-1] == "  Q unchecked: the reference has no Q"


def test_json_has_a_version_and_every_equation() -> None:
    result = check({**ROUGH, "Q": Q})
    read = json.loads(result.to_json())
    assert (read["format"], read["version"], read["ok"]) == ("gradproof check", 1, False)
    assert [(one["equation"], one["verdict"]) for one in read["equations"]] == [
        (one.equation, one.verdict) for one in result.results
    ]
    assert read["worst_trials"][0]["equation"] == "Y"
    assert read["equations"][2]["resolution"] is None


def test_same_tells_two_numpy_functions_apart() -> None:
    assert str(same(lambda x: (x + 1) ** 2, lambda x: x * x + 2 * x + 1)).startswith("PROVED for all inputs")
    other = same(lambda x: (x + 1) ** 2, lambda x: x * x + x + 1, seed=1)
    assert str(other).startswith("REFUTED: ")
    assert " at x=" in str(other)
    with pytest.raises(GradproofError, match="shapes names z, but the parameters are x"):
        same(lambda x: x, lambda x: x, {"z": (2,)})
    with pytest.raises(GradproofError, match="two plain NumPy functions"):
        same(np.tanh, lambda x: x)  # type: ignore[arg-type]


ACCEPTED = '\nACCEPTED = {"dLoss_dw": "clipped by design,\\n note 3"}\n'


def test_accepted_deviation_passes_with_its_reason(write: Write, run: Run) -> None:
    write("neuron", {"return dLoss_dZ * x": "return dLoss_dZ * 2 * x"}, end=ACCEPTED)
    outcome = run("check", "neuron", "--trials", "50", "--reports", "reports")
    assert outcome.exit_code == 0, outcome.output
    assert "ok: 1 accepted: dLoss_dw (clipped by design, note 3)" in " ".join(outcome.stdout.split())
    for name in ("agreement.html", "agreement.md", "result.json", "equations.csv"):
        assert "clipped by design, note 3" in Path("reports/neuron", name).read_text(encoding="utf-8")


def test_accepted_deviation_that_is_gone_fails(write: Write, run: Run) -> None:
    write("neuron", end=ACCEPTED)
    outcome = run("check", "neuron", "--trials", "50")
    assert outcome.exit_code == 1
    assert "declared as errata but not wrong: dLoss_dw" in outcome.stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('ACCEPTED = ("dLoss_dw",)', "gives the reason"),
        ('ACCEPTED = {"dLoss_dw": ""}', "has a reason"),
        ('ACCEPTED = {"dLoss_dv": "so"}', "no equation here (did you mean"),
        ('KNOWN_ERRATA = ("dLoss_dw",)\nACCEPTED = {"dLoss_dw": "so"}', "leave it in one"),
    ],
)
def test_what_is_no_table_of_reasons_is_refused(text: str, message: str, write: Write, run: Run) -> None:
    write("neuron", end=f"\n{text}\n")
    outcome = run("check", "neuron")
    assert outcome.exit_code == 2
    assert message in " ".join(outcome.stderr.split())


class FakeDisplay:
    """What IPython's display module does, noted down."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def HTML(self, text: str) -> str:
        return text

    def display(self, text: str, display_id: bool) -> FakeDisplay:
        self.shown.append(text)
        return self

    def update(self, text: str) -> None:
        self.shown.append(text)


def test_notebook_shows_a_bar_and_takes_it_away(monkeypatch: pytest.MonkeyPatch) -> None:
    class Shell:
        kernel = object()

    class IPython:
        get_ipython = staticmethod(Shell)

    display = FakeDisplay()
    monkeypatch.setitem(__import__("sys").modules, "IPython", IPython)
    monkeypatch.setitem(__import__("sys").modules, "IPython.display", display)
    with watched(None, "a<b", 1000) as advance:
        assert advance is not None
        advance(500)
    assert display.shown[0].startswith('<progress value="0" max="1000"></progress> a&lt;b: 0 of 1,000')
    assert 'value="500"' in display.shown[1]
    assert display.shown[-1] == ""


def test_outside_a_notebook_nothing_is_shown() -> None:
    with watched(None, "a", 10) as advance:
        assert advance is None


def test_error_in_a_notebook_is_its_message_alone() -> None:
    with pytest.raises(GradproofError) as caught:
        check(trials=1.5)
    assert caught.value._render_traceback_() == [
        "GradproofError: trials is a whole number from 1 on, such as 10_000, not 1.5"
    ]
    with pytest.raises(Disagreement) as wrong:
        check(ROUGH).raise_on_disagreement()
    (text,) = wrong.value._render_traceback_()
    assert text.startswith("Disagreement: derivation: ")


def test_error_in_a_cell_names_the_cell_and_the_shapes(tmp_path: Path) -> None:
    path = tmp_path / "ipykernel_12" / "345.py"
    path.parent.mkdir()
    path.write_text("def dLoss_dx(dLoss_dY, x):\n    return dLoss_dY @ x\n")
    space: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), "exec"), space)
    with pytest.raises(GradproofError) as caught:
        check({"dLoss_dx": space["dLoss_dx"]})
    assert str(caught.value).startswith("cell:2: dLoss_dx raises ValueError: matmul")
    assert str(caught.value).endswith("one trial has dLoss_dY (2, 3), x (2, 3)")


def test_model_in_place_of_a_reference_says_how_to_wrap_it() -> None:
    with pytest.raises(
        GradproofError, match=r"found Tanh; a model is wrapped with .* Reference\(model=\.\.\., inputs="
    ):
        crosscheck([Y], nn.Tanh, trials=5)  # type: ignore[arg-type]
