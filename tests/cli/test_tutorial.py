"""The tutorial runs as it is printed, from its first block to its last."""

from __future__ import annotations

import re
import subprocess
import sys

from small_projects import ROOT, Run, flat

from gradproof.case.project import Project

PAGE = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")


def test_tutorial_runs_from_its_first_block_to_its_last(project: Project, run: Run) -> None:
    blocks = re.findall(r"^```(\S+)(?: (\S+))?\n(.*?)^```$", PAGE, re.M | re.S)
    assert [kind for kind, _, _ in blocks] == ["python", "python", "console", "console", "console", "console"]
    for kind, path, text in blocks:
        if kind == "python":
            (project.root / path).write_text(text, encoding="utf-8")
            continue
        command, _, shown = text.partition("\n")
        said = flat(run(*command.removeprefix("$ gradproof ").split()).stdout)
        for part in filter(None, (flat(one).strip() for one in shown.split("[...]"))):
            assert part in said, command
            said = said.partition(part)[2]
    printed = subprocess.run(
        [sys.executable, "trial.py"], cwd=project.root, capture_output=True, text=True, check=True
    ).stdout
    assert printed.startswith("manual\n")
