"""A report's files appear together: whoever kills the process meets the old ones or the new ones."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradproof.report.placing import put_together

NAMES = ("a.csv", "b.html", "c.md")
WRITER = """
import sys
from pathlib import Path
from gradproof.report.placing import put_together
print("ready", flush=True)
k = 0
while True:
    k += 1
    put_together(Path(sys.argv[1]), {name: bytes([k % 256]) * 300_000 for name in sys.argv[2:]}, sys.argv[2:])
"""


def test_put_together_replaces_its_own_files_and_keeps_others(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    put_together(folder, {"a.csv": b"old", "b.html": b"old"}, NAMES)
    (folder / "note.txt").write_text("mine")
    (folder / "more").mkdir()
    (folder / "more/deep.txt").write_text("mine")
    put_together(folder, {"a.csv": b"new"}, NAMES)
    assert sorted(path.name for path in folder.iterdir()) == ["a.csv", "more", "note.txt"]
    assert (folder / "a.csv").read_bytes() == b"new"
    assert (folder / "more/deep.txt").read_text() == "mine"
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("failing", ["pathlib.Path.write_bytes", "gradproof.report.placing._exchange"])
def test_put_together_that_fails_leaves_the_old_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    folder = tmp_path / "case"
    put_together(folder, {"a.csv": b"old", "b.html": b"old"}, NAMES)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(failing, full)
    with pytest.raises(OSError, match="No space left"):
        put_together(folder, {"a.csv": b"new"}, NAMES)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"a.csv": b"old", "b.html": b"old"}
    assert list(tmp_path.iterdir()) == [folder]


def test_put_together_without_the_systems_exchange_does_it_in_two_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradproof.report.placing.sys.platform", "other")
    for content in (b"old", b"new"):
        put_together(tmp_path / "case", {"a.csv": content}, NAMES)
    assert (tmp_path / "case/a.csv").read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [tmp_path / "case"]


def test_put_together_restores_what_was_killed_between_the_two_steps(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    old = tmp_path / f".case.{process.pid}.old"
    old.mkdir()
    (old / "note.txt").write_text("mine")
    put_together(tmp_path / "case", {"a.csv": b"new"}, NAMES)
    assert sorted(path.name for path in (tmp_path / "case").iterdir()) == ["a.csv", "note.txt"]
    assert list(tmp_path.iterdir()) == [tmp_path / "case"]


def test_kill_while_writing_leaves_old_or_new_never_a_mix(tmp_path: Path) -> None:
    folder, chance = tmp_path / "case", random.Random(0)
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), *NAMES], stdout=subprocess.PIPE, env={**os.environ}
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        while not folder.exists():
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        contents = [(folder / name).read_bytes() for name in NAMES]
        assert len(set(contents)) == 1
        assert len(contents[0]) == 300_000
    put_together(folder, dict.fromkeys(NAMES, b"last"), NAMES)
    assert list(tmp_path.iterdir()) == [folder]
