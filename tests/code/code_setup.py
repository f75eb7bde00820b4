"""Code as people write it, put into files and read beside a reference."""

from __future__ import annotations

import textwrap
from pathlib import Path

import torch
from torch import nn

from gradproof import Code, Reference, crosscheck, normal
from gradproof.code import load_file
from gradproof.code.load import read_code


class Linear(nn.Module):
    """X (batch, in) -> Y (batch, out), the ReLU of a linear layer."""

    def __init__(self, size_in=4, size_out=3):
        super().__init__()
        self.linear, self.relu = nn.Linear(size_in, size_out), nn.ReLU()

    def forward(self, X):
        return self.relu(self.linear(X))


def reference(batch=5, size_in=4, size_out=3, **options):
    """The reference for one choice of sizes."""
    return Reference(
        model=lambda: Linear(size_in, size_out),
        inputs={"X": normal(batch, size_in)},
        symbols={"W": "linear.weight", "b": "linear.bias", "Z": "linear"},
        optimizer=torch.optim.SGD,
        hyperparameters={"lr": 0.1},
        **options,
    )


REFERENCES = [reference(), reference(3, 2, 5)]


def written(folder: Path, text: str, name: str = "layers"):
    """The module of a text in a file."""
    path = folder / f"{name}.py"
    path.write_text("import numpy as np\n" + textwrap.dedent(text), encoding="utf-8")
    return load_file(path)


def derivation(folder: Path, text: str, *functions: str, **options):
    """The equations of a text."""
    return read_code(Code(*functions, **options), REFERENCES[0], module=written(folder, text))


def checked(folder: Path, text: str, *functions: str, trials: int = 300, **options):
    """The verdicts on a text, at two sets of sizes."""
    return crosscheck(derivation(folder, text, *functions, **options), REFERENCES, trials=trials)
