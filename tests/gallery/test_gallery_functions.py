"""The gallery's functions: right ones agree and are reported, known-wrong variants are caught, named and mended."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from harness import PROJECT, functions

from gradproof import crosscheck
from gradproof.case.project import Project
from gradproof.cli import main

CASE = "fused_cross_entropy"
SLIPS = {
    "the sum's gradient for a mean": ("dz * (dloss / len(t))", "dz * dloss"),
    "the one-hot term forgotten": ("        dz[torch.arange(len(t)), t] -= 1\n", ""),
    "the upstream gradient forgotten": ("dz * (dloss / len(t))", "dz / len(t)"),
}


def planted(folder: Path, old: str, new: str) -> Project:
    """A project that holds the case with a slip in it, in one dtype and size."""
    text = PROJECT.manual_path(CASE).read_text(encoding="utf-8")
    assert text.count(old) == 1
    for name in ("manual", "reference"):
        (folder / name).mkdir()
    (folder / "manual" / f"{CASE}.py").write_text(text.replace(old, new), encoding="utf-8")
    beside = PROJECT.reference_path(CASE).read_text(encoding="utf-8")
    asked = beside.replace("F.cross_entropy, inputs)", 'F.cross_entropy, inputs(5), dtypes=["float64"])')
    assert asked != beside
    (folder / "reference" / f"{CASE}.py").write_text(asked, encoding="utf-8")
    return Project(folder)


@pytest.mark.parametrize("case", functions())
def test_gallery_right_function_agrees(case: str) -> None:
    result = crosscheck(case, project=PROJECT)
    assert {one.equation: one.verdict for one in result.results if one.verdict != "agrees"} == {}
    assert result.ok


@pytest.mark.parametrize("slip", SLIPS)
def test_gallery_wrong_function_is_caught_at_its_gradient(slip: str, tmp_path: Path) -> None:
    result = crosscheck(CASE, project=planted(tmp_path, *SLIPS[slip]))
    (wrong,) = result.wrong
    assert wrong.equation == "gradient of z"
    assert wrong.diagnosis
    assert not result.ok


def test_gallery_function_with_a_declared_slip_passes_and_lies_in_reports_and_index(tmp_path, monkeypatch) -> None:
    project = planted(tmp_path, *SLIPS["the sum's gradient for a mean"])
    path = project.manual_path(CASE)
    path.write_text(path.read_text(encoding="utf-8") + '\n\nKNOWN_ERRATA = ("gradient of z",)\n', encoding="utf-8")
    imported = f'"""The same."""\n\nfrom .{CASE} import reference\n\n__all__ = ["reference"]\n'
    (tmp_path / "reference" / "again.py").write_text(imported, encoding="utf-8")
    right = PROJECT.manual_path(CASE).read_text(encoding="utf-8")
    (tmp_path / "manual" / "again.py").write_text(right, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(main, ["check", "--reports", "reports"])
    assert told.exit_code == 0, told.output
    index = (tmp_path / "reports" / "index.md").read_text(encoding="utf-8")
    assert f"{CASE}/" in index
    assert "again/" in index
    assert "gradient of z" in (tmp_path / "reports" / CASE / "agreement.md").read_text(encoding="utf-8")
