"""docs/code.md: its files are written, its commands are run, and what it shows is what comes out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradproof.cli import main
from gradproof.code.spec import Code

PAGE = (Path(__file__).parents[2] / "docs/code.md").read_text(encoding="utf-8")


def block(info):
    """The fenced block with this info string."""
    (found,) = re.findall(rf"^```{re.escape(info)}\n(.*?)^```$", PAGE, re.M | re.S)
    return found


def masked(text):
    """Text without digits that may differ between processors, and without the folder's name."""
    text = re.sub(r"\S*layers\.py:", "layers.py:", " ".join(text.split()))
    text = re.sub(r"\S+% of bound", "# of its bound", text)
    return re.sub(r"-?\d+\.\d+(e[-+]\d+)?|(?<=trial )\d+", "#", text)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the command of a console block; gives what comes out and what the page shows."""
    monkeypatch.chdir(tmp_path)

    def outcome(info):
        command, _, shown = block(f"console {info}").partition("\n")
        result = CliRunner().invoke(main, command.removeprefix("$ gradproof ").split())
        return masked(result.output), masked(shown)

    return outcome


def test_page_of_code_shows_what_comes_out(run, tmp_path):
    (tmp_path / "layers.py").write_text(block("python layers.py"), encoding="utf-8")
    real, shown = run("new")
    assert real == shown
    (tmp_path / "reference/layers.py").write_text(block("python reference/layers.py"), encoding="utf-8")
    real, shown = run("check")
    assert real == shown
    result = CliRunner().invoke(main, ["fix", "layers", "--write"])
    assert result.exit_code == 0, result.output
    assert "        db += dz[i]\n" in (tmp_path / "layers.py").read_text(encoding="utf-8")


def test_page_of_code_tells_every_option():
    options = re.findall(r"^\| `(\w+)=", PAGE, re.M)
    assert {*options, "functions", "lines"} == set(Code.__dataclass_fields__)
