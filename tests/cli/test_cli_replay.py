"""`gradproof replay`: one trial with all its numbers."""

from __future__ import annotations

import re

import numpy as np
import pytest
from small_projects import MATRIX, MATRIX_REFERENCE, Run, Write


def number(text: str, name: str) -> float:
    """The value that stands after `name =`."""
    (found,) = re.findall(rf"^{re.escape(name)} = (\S+)$", text, re.M)
    return float(found)


def test_replay_scalar_prints_inputs_and_results_that_fit_together(write: Write, run: Run) -> None:
    write("neuron", {"return dLoss_dZ * x": "return dLoss_dZ + x"})
    outcome = run("replay", "neuron", "dLoss_dw", "--trial", "3")
    assert outcome.exit_code == 0, outcome.output
    text = outcome.stdout
    assert text.startswith("manual/neuron.py:20\ndLoss_dw = dLoss_dZ + x\ntrial 3\n")
    upstream, x = number(text, "dLoss_dZ"), number(text, "x")
    assert number(text, "truth") == pytest.approx(upstream * x, rel=1e-14)
    assert number(text, "manual, on true inputs") == upstream + x
    assert text.count("disagrees: rounding does not explain the difference") == 2


def test_replay_right_equation_agrees(write: Write, run: Run) -> None:
    write("neuron")
    text = run("replay", "neuron", "Loss", "--trial", "0").stdout
    assert text.count("agrees: rounding explains the difference") == 2
    assert "disagrees" not in text


def test_replay_shows_that_only_the_free_run_is_off(write: Write, run: Run) -> None:
    write("neuron", {"return dLoss_dZ * x": "return dLoss_dZ + x"})
    text = run("replay", "neuron", "w_new", "--trial", "3").stdout
    on_true, free = text.split("manual, in the free run")
    assert "\nagrees" in on_true
    assert "\ndisagrees" in free


def test_replay_array_reads_back_to_the_same_numbers(write: Write, run: Run) -> None:
    write("layer", manual=MATRIX, reference=MATRIX_REFERENCE)
    text = run("replay", "layer", "dLoss_dW", "--trial", "5").stdout
    arrays = {name: _array(text, name) for name in ("dLoss_dY (4 x 2)", "X (4 x 3)", "manual, on true inputs (2 x 3)")}
    upstream, inputs, computed = arrays.values()
    assert np.array_equal(upstream.T @ inputs, computed)


def _array(text: str, name: str) -> np.ndarray:
    (body,) = re.findall(rf"^{re.escape(name)} =\n(\[\[.*?\]\])$", text, re.M | re.S)
    return np.array([[float(entry) for entry in row.split(",")] for row in re.findall(r"\[([^\[\]]+)\]", body)])


def test_replay_large_array_is_not_abridged(write: Write, run: Run) -> None:
    reference = MATRIX_REFERENCE.replace("normal(4, 3)", "normal(700, 3)")
    write("layer", manual=MATRIX, reference=reference)
    text = run("replay", "layer", "dLoss_dY", "--trial", "0").stdout
    assert "..." not in text
    assert _array(text, "truth (700 x 2)").shape == (700, 2)


def test_replay_entries_that_disagree_are_counted(write: Write, run: Run) -> None:
    write("layer", {"return 2 * Y": "return 2 * Y * (Y > 0)"}, manual=MATRIX, reference=MATRIX_REFERENCE)
    text = run("replay", "layer", "dLoss_dY", "--trial", "0").stdout
    assert re.search(r"disagrees in [1-8] (entry|entries) of 8: rounding", text)


def test_replay_float32_prints_shortest_float32_numbers(write: Write, run: Run) -> None:
    write("neuron")
    text = run("replay", "neuron", "Z", "--trial", "1", "--dtype", "float32").stdout
    for found in re.findall(r"^(?:w|x|b|truth) = (\S+)$", text, re.M):
        assert str(np.float32(found)) == found


def test_replay_quantity_that_the_reference_lacks_is_shown_uncompared(write: Write, run: Run) -> None:
    write("neuron", end="\ndef half(A):\n    return A / 2\n")
    outcome = run("replay", "neuron", "half", "--trial", "0")
    assert outcome.exit_code == 0, outcome.output
    assert "truth: none" in outcome.stdout
    assert outcome.stdout.count("not compared: the reference has no half") == 2
    assert number(outcome.stdout, "manual, on true inputs") == number(outcome.stdout, "A") / 2


def test_replay_wrong_shape_is_said(write: Write, run: Run) -> None:
    write("layer", {"return dLoss_dY.T @ X": "return X.T @ dLoss_dY"}, manual=MATRIX, reference=MATRIX_REFERENCE)
    outcome = run("replay", "layer", "dLoss_dW", "--trial", "0")
    assert outcome.exit_code == 0, outcome.output
    assert "not compared: its shape is (3, 2), that of the truth (2, 3)" in outcome.stdout


def test_replay_names_the_reference_where_there_are_several(write: Write, run: Run) -> None:
    two = MATRIX_REFERENCE + "    reference = [reference, reference]\n"
    write("layer", manual=MATRIX, reference=two)
    assert "trial 3, of reference 2 of 2" in run("replay", "layer", "Y", "--trial", "3").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("neuron", "dLoss_dww", "--trial", "0"), "neuron has no equation 'dLoss_dww' (did you mean dLoss_dw"),
        (("neuro", "dLoss_dw", "--trial", "0"), "there is no case 'neuro'"),
        (("neuron", "dLoss_dw"), "Missing option '--trial'"),
        (("neuron", "dLoss_dw", "--trial", "-1"), "-1 is not in the range 0<=x<="),
    ],
)
def test_replay_of_what_does_not_exist_is_refused(write: Write, run: Run, words: tuple[str, ...], message: str) -> None:
    write("neuron")
    outcome = run("replay", *words)
    assert outcome.exit_code == 2
    assert message in outcome.stderr
    assert outcome.stdout == ""
