"""The files of a mutation run."""

from __future__ import annotations

import json
from pathlib import Path

from gradproof.mutation.result import SuiteResult
from gradproof.report.html.render import render
from gradproof.report.mutation import markdown, words
from gradproof.report.placing import write_atomically
from gradproof.report.write import csv_bytes


def write_mutation(result: SuiteResult, folder: Path) -> list[Path]:
    """Write `mutation.html`, `mutation.md`, `mutation.json` and the frames as CSV; returns the paths."""
    contents = {
        "mutation.html": page(result).encode(),
        "mutation.md": markdown.mutation(result).encode(),
        "mutation.json": (json.dumps(result.as_json(), indent=2) + "\n").encode(),
        "gradients.csv": csv_bytes(result.frame),
        "tests.csv": csv_bytes(result.tests_frame),
        "plants.csv": csv_bytes(result.plants_frame),
    }
    for name, content in contents.items():
        write_atomically(folder / name, content)
    return [folder / name for name in contents]


def page(result: SuiteResult) -> str:
    """The text of `mutation.html`, one file that needs nothing else."""
    held = [test for test in result.tests if test.code and not test.left_out]
    out = [test for test in result.tests if test.left_out]
    return render(
        "mutation.html.j2",
        result=result,
        words=words,
        held=[(words.of_test(t, n), t.place, t.words) for t, n in words.grouped(held)],
        out=[(words.of_test(t, n), t.place, words.why_left_out(t)) for t, n in words.grouped(out)],
    )
