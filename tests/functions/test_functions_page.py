"""The page on functions is run as it stands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy
import pytest
import torch

from gradproof import check_function, normal

PAGE = (Path(__file__).parents[2] / "docs/functions.md").read_text(encoding="utf-8")


def block(info: str) -> str:
    """The fenced block with this info string."""
    (found,) = re.findall(rf"^```{re.escape(info)}\n(.*?)^```$", PAGE, re.M | re.S)
    return found


def test_page_examples_run_and_print_what_is_shown(capsys, tmp_path):
    scope: dict[str, object] = {"__name__": "page"}
    file = tmp_path / "page.py"  # the statement that is wrong is looked for in a file
    file.write_text("".join(map(block, ("python right", "python wrong", "python mended"))), encoding="utf-8")
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), scope)
    assert capsys.readouterr().out == block("text") + block("text mended")
    scope["test_linear"]()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "info", ["structure", "lists", "kinds", "dirty", "buffers", "complex", "surrogate", "extremes", "under"]
)
def test_page_example_of_inputs_holds(info):
    scope: dict[str, object] = {
        "__name__": "page",
        "np": numpy,
        "torch": torch,
        "Function": torch.autograd.Function,
        "check_function": check_function,
        "normal": normal,
    }
    exec(compile(block(f"python {info}"), "functions.md", "exec"), scope)


def test_page_example_of_a_case_is_a_reference_of_a_function():
    scope: dict[str, object] = {"__name__": "page"}
    exec(compile(block("python right"), "functions.md", "exec"), scope)
    exec(compile(block("python wrong").partition("result =")[0], "functions.md", "exec"), scope)
    exec(compile(block("python case"), "functions.md", "exec"), scope)
    assert repr(scope["reference"]) == "FunctionReference(linear, function='', dtypes=['float64', 'float32'])"


def test_page_names_the_numbers_of_the_code():
    from gradproof.functions.running.configurations import ALL_COMBINATIONS
    from gradproof.functions.truth.rounding import SAFETY

    assert f"every combination of up to {ALL_COMBINATIONS} inputs" in " ".join(PAGE.split())
    assert SAFETY == 6.0
    assert "Six times the largest deviation" in " ".join(PAGE.split())


def test_page_on_kernels_has_a_verdict_for_programs():
    page = (Path(__file__).parents[2] / "docs/kernels.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```python gate\n(.*?)^```$", page, re.M | re.S)
    scope: dict[str, object] = {"__name__": "page"}
    exec(compile(text, "kernels.md", "exec"), scope)
    result = check_function(scope["ScaledRows"].apply, scope["reference"], scope["sizes"](3, 4), trials=1)
    verdict = json.loads(result.to_json())
    assert verdict["version"] == 1
    assert verdict["ok"] is True
    assert verdict["mistakes"] == []
