"""Files as strangers save them, and code that stops the process: a clear line each, and the other cases go on."""

from __future__ import annotations

import subprocess
import sys

import pytest
from small_projects import Run, Write, flat

from gradproof.case.project import Project
from gradproof.cli.status import AS_EXPECTED, USER_MISTAKE

FEW = ("--trials", "50", "--no-proof")


def rewrite(project: Project, encoding: str, first: str = "") -> None:
    path = project.manual_path("neuron")
    path.write_text(first + path.read_text(encoding="utf-8"), encoding=encoding)


@pytest.mark.parametrize(
    ("encoding", "first"), [("utf-8-sig", ""), ("latin-1", "# -*- coding: latin-1 -*-\n# caf\u00e9\n")]
)
def test_declared_encoding_is_read_and_kept(
    write: Write, run: Run, project: Project, encoding: str, first: str
) -> None:
    write("neuron", {"return dLoss_dZ * x": "return dLoss_dZ + x"})
    rewrite(project, encoding, first)
    before = project.manual_path("neuron").read_bytes()
    assert run("fix", "neuron", "--write", "--trials", "50").exit_code == AS_EXPECTED
    after = project.manual_path("neuron").read_bytes()
    assert after == before.replace(b"return dLoss_dZ + x", b"return dLoss_dZ * x")
    assert run("check", *FEW).exit_code == AS_EXPECTED


def test_wrong_encoding_is_named_with_the_way_out(write: Write, run: Run, project: Project) -> None:
    write("neuron")
    rewrite(project, "latin-1", "# caf\u00e9\n")
    outcome = run("check", *FEW)
    assert outcome.exit_code == USER_MISTAKE
    assert "manual/neuron.py" in outcome.stderr
    assert "Traceback" not in outcome.output


@pytest.mark.parametrize("where", ["import sys\nsys.exit(3)\n", "\ndef dLoss_dt(A, t):\n    raise SystemExit(3)\n"])
def test_code_that_stops_the_process_is_named_and_the_others_go_on(write: Write, run: Run, where: str) -> None:
    write("first", end=where)
    write("second")
    outcome = run("check", *FEW)
    assert outcome.exit_code == USER_MISTAKE
    assert "SystemExit: 3" in outcome.stderr
    assert "1 case as expected; 1 broken: first" in outcome.stdout


def test_escape_sequences_do_not_reach_the_terminal(write: Write, run: Run, project: Project) -> None:
    write("neuron")
    path = project.manual_path("neuron")
    path.write_text(path.read_text().replace("One neuron", "One \\x1b[31mneuron"))
    outcome = run("check", *FEW)
    assert "One \u241b[31mneuron" in flat(outcome.stdout)
    assert "\x1b[31m" not in outcome.stdout


def test_full_disk_behind_standard_output_is_named(write: Write, project: Project) -> None:
    write("neuron")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gradproof", "list"],
            cwd=project.root,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == USER_MISTAKE
    assert done.stderr == "error: the output cannot be written: No space left on device\n"
