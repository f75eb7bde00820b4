"""`gradproof new NAME --from FILE:FUNCTION`: drafts for existing code."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from gradproof.cli import main

CODE = """
import numpy as np


def forward(x, W, b, eps=1e-5):
    return np.tanh(x @ W.T + b), (x, W)


def backward(dout, cache, stride):
    return dout @ cache[1]


class Layer:
    def __init__(self, units, rate=0.1):
        self.W = np.zeros((3, units))
        self.units = units

    def forward(self, x):
        return x @ self.W.T

    def backward(self, grad_output):
        return grad_output @ self.W
"""


@pytest.fixture
def new(tmp_path, monkeypatch):
    """Runs `gradproof new` beside a file of code."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "layers.py").write_text(CODE, encoding="utf-8")

    def run(*words):
        return CliRunner().invoke(main, ["new", "case", *words])

    return run


def reference(folder):
    return (folder / "reference/case.py").read_text(encoding="utf-8")


def test_draft_of_functions_has_their_arguments(new, tmp_path):
    result = new("--from", "layers.py:forward", "--from", "layers.py:backward")
    assert result.exit_code == 0, result.output
    text = reference(tmp_path)
    assert '"layers.forward",\n    "layers.backward",' in text
    assert "self.W = nn.Parameter" in text
    assert '"x": normal(5, 3)' in text
    assert '"dout": "dLoss_dY"' in text
    assert '"eps": 1e-05' in text or '"eps": 1e-5' in text
    assert "Code(values=...): the plain values of stride" in result.output


def test_draft_of_a_class_has_its_attributes_and_constructor(new, tmp_path):
    result = new("--from", "layers.py:Layer")
    assert result.exit_code == 0, result.output
    text = reference(tmp_path)
    assert '"layers.Layer.forward",\n    "layers.Layer.backward",' in text
    assert '"self.W": "W"' in text
    assert '"units": None,  # fill in' in text
    assert "Code(constructor=...): units" in result.output


def test_draft_that_is_filled_in_runs(new, tmp_path):
    new("--from", "layers.py:Layer")
    text = reference(tmp_path)
    for old, filled in (
        ("torch.empty(4, 3)", "torch.empty(3, 4)"),
        ("normal(5, 3)", "normal(5, 4)"),
        ('"units": None', '"units": 4'),
        (text[text.index("        raise NotImplementedError") :].splitlines()[0], "        return x @ self.W.T"),
    ):
        assert old in text
        text = text.replace(old, filled)
    (tmp_path / "reference/case.py").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["check", "case"])
    assert result.exit_code == 2
    assert "no variable for dLoss_dW" in result.output  # this backward forgets its weight
    whole = CODE.replace("return x @ self", "self.x = x\n        return x @ self")
    whole = whole.replace("return grad", "self.dW = grad_output.T @ self.x\n        return grad")
    (tmp_path / "layers.py").write_text(whole, encoding="utf-8")
    result = CliRunner().invoke(main, ["check", "case"])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--from", "layers.py"], "takes FILE:FUNCTION"),
        (["--from", "other.py:forward"], "there is no file other.py"),
        (["--from", "layers.py:forwards"], "has no forwards (did you mean forward?)"),
        (["--from", "layers.py:Layer.step"], "the class Layer has no step; it has: __init__, forward, backward"),
    ],
)
def test_what_does_not_exist_is_refused(new, words, message):
    result = new(*words)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def test_code_that_is_no_python_is_refused_with_its_line(new, tmp_path):
    (tmp_path / "layers.py").write_text("def forward(:\n", encoding="utf-8")
    result = new("--from", "layers.py:forward")
    assert result.exit_code == 2
    assert "layers.py:1: this is not Python" in result.output


def test_draft_overwrites_nothing(new, tmp_path):
    (tmp_path / "manual").mkdir()
    (tmp_path / "manual/case.py").write_text("kept", encoding="utf-8")
    result = new("--from", "layers.py:forward")
    assert result.exit_code == 2
    assert (tmp_path / "manual/case.py").read_text(encoding="utf-8") == "kept"
    assert not (tmp_path / "reference").exists()
