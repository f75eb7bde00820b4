"""Real Triton kernels on the CPU, by Triton's interpreter: right ones agree, and their usual mistakes are named."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from gradproof import check_function, integers, normal

if "triton" not in sys.modules:  # Triton reads this when it is loaded
    os.environ.setdefault("TRITON_INTERPRET", "1")
pytest.importorskip("triton", reason="the extra `kernels` is not installed")
if os.environ.get("TRITON_INTERPRET") != "1":
    pytest.skip("Triton was loaded without its interpreter", allow_module_level=True)

EXAMPLES = Path(__file__).parents[2] / "docs/kernels"

CASES = {
    "rms_norm": (
        "RMSNorm",
        lambda x, w, eps: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * w,
        {"x": normal(3, 5), "w": normal(5), "eps": 1e-5},
    ),
    "cross_entropy": (
        "CrossEntropy",
        lambda z, t: F.cross_entropy(z, t, reduction="none"),
        {"z": normal(4, 5), "t": integers(0, 5, (4,))},
    ),
    "attention": (
        "Attention",
        F.scaled_dot_product_attention,
        {"q": normal(3, 2), "k": normal(5, 2), "v": normal(5, 2)},
    ),
}

MISTAKES = [
    ("rms_norm", "tl.sum(d * normal, 0) / n)", "tl.sum(d * normal, 0))", "gradient of x"),
    ("cross_entropy", "dz = g * tl.where", "dz = tl.where", "it does not depend on the cotangent"),
    ("attention", "- tl.sum(g * o, 1)[:, None]) * scale", ") * scale", "gradient of q"),
]


def example(name: str, tmp_path: Path, right: str = "", wrong: str = ""):
    """The function of an example, with one place of its text changed."""
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert right in text
    path = tmp_path / f"{name}.py"
    path.write_text(text.replace(right, wrong) if right else text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, CASES[name][0]).apply


@pytest.mark.parametrize("name", CASES)
def test_kernel_of_the_page_agrees(name, tmp_path):
    _, reference, inputs = CASES[name]
    result = check_function(example(name, tmp_path), reference, inputs, trials=1, dtypes=["float32"])
    assert result.ok, str(result)


@pytest.mark.parametrize(("name", "right", "wrong", "words"), MISTAKES)
def test_kernel_with_usual_mistake_disagrees(name, right, wrong, words, tmp_path):
    _, reference, inputs = CASES[name]
    result = check_function(example(name, tmp_path, right, wrong), reference, inputs, trials=1, dtypes=["float32"])
    assert not result.ok
    assert words in " ".join(str(result).split())


def test_what_the_interpreter_cannot_do_is_not_called_a_mistake(tmp_path):
    _, reference, inputs = CASES["rms_norm"]
    function = example("rms_norm", tmp_path, "scale = 1.0 / tl.sqrt", "scale = eps.to(tl.float32) / tl.sqrt")
    with pytest.raises(Exception, match="a limit of the interpreter, not of the kernel"):
        check_function(function, reference, inputs, trials=1, dtypes=["float32"])
