"""Results in a notebook, and the page about notebooks, whose cells are run."""

from __future__ import annotations

import contextlib
import io
import linecache
import re
from pathlib import Path

import pytest
from page_results import HOSTILE, hostile
from report_results import RIGHT, WRONG, outcome
from small_projects import ROOT

from gradproof.case.project import Project
from gradproof.run import crosscheck

CELL = re.compile(r"```python\n(.*?)```(?:\s+```text\n(.*?)```)?", re.DOTALL)


def test_result_shows_itself_with_verdict_and_fixes() -> None:
    result = crosscheck("parameter_update_2_as_printed", trials=60, project=Project(ROOT))
    text = result._repr_html_()
    assert "6 of 92 equations are wrong; the other 86 agree." in text
    assert text.count("<math>") == 12
    assert "<script" not in text
    assert "<style" not in text


def test_result_made_by_hand_shows_itself_as_code() -> None:
    text = outcome(RIGHT, WRONG)._repr_html_()
    assert "<mark>-</mark>" in text
    assert "the sign of the product is wrong" in text


def test_result_in_a_notebook_escapes_every_text() -> None:
    text = hostile()[0]._repr_html_()
    assert "<script>" not in text
    assert HOSTILE not in text


def test_page_about_notebooks_says_what_its_cells_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("manual", "reference"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    cells = CELL.findall((ROOT / "docs/notebook.md").read_text(encoding="utf-8"))
    assert len(cells) == 6
    names: dict[str, object] = {"__name__": "__main__"}
    for number, (code, expected) in enumerate(cells):
        file = f"/nowhere/cell{number}.py"  # no file: IPython keeps a cell's lines here so that they can be read
        linecache.cache[file] = len(code), None, code.splitlines(keepends=True), file
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, file, "exec"), names)
        assert printed.getvalue() == expected
    assert (tmp_path / "agreement.html").stat().st_size > 10_000
