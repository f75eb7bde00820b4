"""docs/audit.md says what `gradproof audit` does: its example is run."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from gradproof.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")


def block(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


def test_docs_example_of_an_audit_prints_what_the_page_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    note = tmp_path / "note.md"
    note.write_text(block("markdown"), encoding="utf-8")
    result = CliRunner().invoke(main, ["audit", str(note), "--reference", "parameter_update_2"])
    assert result.exit_code == 1
    assert result.stdout.startswith(block("text"))


def test_docs_options_of_the_page_are_those_of_the_command():
    known = "".join(CliRunner().invoke(main, [command, "--help"]).stdout for command in ("audit", "new"))
    named = set(re.findall(r"`(--[a-z-]+)", PAGE))
    said = {
        "--reference",
        "--given",
        "--function",
        "--section",
        "--annotate",
        "--erratum",
        "--reports",
        "--proof-seconds",
        "--no-proof",
        "--shape",
    }
    assert said == named
    assert all(option in known for option in named)
