"""A failing trial as a file of NumPy and torch: it runs where gradproof is not, and shows the mistake."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_projects import MATRIX, MATRIX_REFERENCE, Run, Write

from gradproof import Reference, normal
from gradproof.case.project import Project
from gradproof.check.case import load_case, make_case
from gradproof.errors import GradproofError
from gradproof.studies.sending import script_of
from gradproof.studies.sending.small_trial import Sizes, small_trial

GALLERY = [
    ("parameter_update_2", "dLoss_dW13"),
    ("adam", "W_new"),
    ("lstm_cell", "dLoss_dH0"),
    ("gru", "dLoss_db"),
    ("softmax_mlp", "b1_new"),
    ("embedding", "dLoss_dtable"),
]


def test_file_runs_without_gradproof_and_prints_the_difference(write: Write, run: Run, tmp_path: Path) -> None:
    write("layer", manual=MATRIX.replace("dLoss_dY.T @ X", "dLoss_dY.T @ X * 2"), reference=MATRIX_REFERENCE)
    file = tmp_path / "trial.py"
    outcome = run("replay", "layer", "dLoss_dW", "--trial", "5", "--script", str(file))
    assert outcome.exit_code == 0, outcome.output
    text = file.read_text()
    assert "import gradproof" not in text
    assert "from gradproof" not in text
    blocked = f"import sys; sys.modules['gradproof'] = None; exec(open({str(file)!r}).read())"
    printed = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, check=True).stdout
    assert printed in outcome.stdout
    manual, truth, difference = (
        [float(x) for x in re.findall(r"-?[\d.]+(?:e-?\d+)?", part)] for part in re.split("truth|difference", printed)
    )
    assert manual == [2 * value for value in truth]
    assert difference == truth


def test_trial_is_small_and_whole(write: Write, project: Project) -> None:
    write("layer", manual=MATRIX.replace("dLoss_dY.T @ X", "dLoss_dY.T @ X * 2"), reference=MATRIX_REFERENCE)
    small = small_trial(Sizes(load_case("layer", project=project)), "dLoss_dW", 5, seed=0)
    assert small.numbers["X"].shape[0] == 1  # one row shows it
    assert all(np.array_equal(value, np.rint(value)) for value in small.numbers.values())
    assert small.values.truth is not None
    assert np.allclose(small.values.computed, 2 * small.values.truth)


def test_mistake_of_two_rows_keeps_two(write: Write, project: Project) -> None:
    wrong = MATRIX.replace("dLoss_dY.T @ X", "dLoss_dY[:1].T @ X[:1]")
    write("layer", manual=wrong, reference=MATRIX_REFERENCE)
    small = small_trial(Sizes(load_case("layer", project=project)), "dLoss_dW", 5, seed=0)
    assert small.numbers["X"].shape[0] == 2


@pytest.mark.parametrize(("case", "equation"), GALLERY)
def test_every_kind_of_quantity_has_its_text(case: str, equation: str) -> None:
    script = script_of(load_case(case), equation, 7, seed=0)  # runs it, and compares with the check
    assert script.output.startswith("manual\n")


def test_what_stands_in_no_file_is_refused_with_its_reason() -> None:
    def dLoss_dx(dLoss_dY: object) -> object:
        return dLoss_dY

    from torch import nn

    reference = Reference(model=lambda: nn.Identity(), inputs={"input": normal(2)}, symbols={"x": "input"})
    with pytest.raises(GradproofError, match="no file of its own can be written: the model stands in no file"):
        script_of(make_case([dLoss_dx], reference), "dLoss_dx", 0, seed=0)


def test_existing_file_is_kept(write: Write, run: Run, tmp_path: Path) -> None:
    write("neuron")
    file = tmp_path / "mine.py"
    file.write_text("mine")
    outcome = run("replay", "neuron", "dLoss_dw", "--trial", "1", "--script", str(file))
    assert outcome.exit_code == 2
    assert "exists already" in outcome.stderr
    assert file.read_text() == "mine"
