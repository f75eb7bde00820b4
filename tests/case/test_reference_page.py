"""The page about references: every distribution that it writes is made, and every public one stands there."""

from __future__ import annotations

import re

import numpy as np
import pytest
from small_projects import ROOT
from torch import nn

import gradproof
from gradproof import Reference, crosscheck, normal
from gradproof.case.kinds import Distribution

PAGE = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
DRAWN = PAGE.partition("## What is drawn")[2].partition("## Your notation")[0]
WRITTEN = re.findall(r"^\| `([a-z_]+\(.*?\))` \|", DRAWN, re.M)


@pytest.mark.parametrize("text", WRITTEN)
def test_distribution_of_the_page_draws(text: str) -> None:
    made = eval(text, {name: getattr(gradproof, name) for name in gradproof.__all__})
    assert isinstance(made, Distribution)
    assert made.sample(np.random.default_rng(0), 3).shape == (3, *made.shape)


def test_page_has_every_distribution() -> None:
    makers = {name for name, home in gradproof._HOMES.items() if home == "gradproof.case.distributions"}
    assert makers == {text.partition("(")[0] for text in WRITTEN} | {"rows_of"}
    assert "rows_of(data, 5)" in DRAWN


def test_loss_of_another_name_and_columns_as_the_page_says() -> None:
    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 2)

        def forward(self, x, t):  # type: ignore[no-untyped-def]
            return ((self.linear(x.T).T - t) ** 2).sum() / 2

    functions = {
        "dJ_dW": lambda W, X, b, t: (W @ X + b[:, None] - t) @ X.T,
        "dJ_db": lambda W, X, b, t: (W @ X + b[:, None] - t).sum(axis=1),
    }
    reference = Reference(
        model=Layer,
        inputs={"x": normal(3, 4), "t": normal(2, 4)},
        symbols={"X": "x", "W": "linear.weight", "b": "linear.bias"},
        loss="J",
    )
    assert crosscheck(functions, reference, trials=40).ok
    wrong = {**functions, "dJ_db": lambda W, X, b, t: (W @ X + b[:, None] - t).mean(axis=1)}
    assert not crosscheck(wrong, reference, trials=40, repair=False).ok
