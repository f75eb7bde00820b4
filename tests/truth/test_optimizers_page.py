"""The examples of docs/optimizers.md are right."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from gradproof import crosscheck

PAGE = Path(__file__).resolve().parents[2] / "docs" / "optimizers.md"


@pytest.fixture(scope="module")
def names(tmp_path_factory) -> dict[str, object]:
    """What the page's code defines, run as one file."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path_factory.mktemp("page") / "page.py"
    path.write_text("\n".join(blocks), encoding="utf-8")
    return runpy.run_path(str(path))


@pytest.mark.parametrize(
    ("reference", "equations"),
    [("reference", ["dLoss_dW", "t_new", "m_new", "v_W_new", "W_new"]), ("cell", ["H_next", "dLoss_dU"])],
)
def test_example_agrees(names, reference, equations):
    result = crosscheck({name: names[name] for name in equations}, names[reference], trials=500)
    assert [one.equation for one in result.results if one.verdict == "agrees"] == equations
