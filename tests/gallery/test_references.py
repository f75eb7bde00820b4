"""References that name their steps compute what PyTorch's own module or function computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
import torch.nn.functional as F
from harness import PROJECT
from torch import Tensor

from gradproof.reference import Reference, load_references

Given = Mapping[str, Tensor]

TORCHS_OWN: dict[str, Callable[[Given, Given], Tensor]] = {
    "silu": lambda x, p: F.silu(x["Z"]),
    "gelu": lambda x, p: F.gelu(x["Z"]),
    "gelu_tanh": lambda x, p: F.gelu(x["Z"], approximate="tanh"),
    "softmax_cross_entropy": lambda x, p: F.cross_entropy(x["Z"], x["target"], ignore_index=-1, label_smoothing=0.1),
    "mse": lambda x, p: F.mse_loss(x["Y"], x["T"]),
    "huber": lambda x, p: F.huber_loss(x["Y"], x["T"], delta=float(x["delta"])),
    "bce_with_logits": lambda x, p: F.binary_cross_entropy_with_logits(x["Z"], x["T"]),
    "batchnorm": lambda x, p: F.batch_norm(x["X"], None, None, p["weight"], p["bias"], training=True),
    "layernorm": lambda x, p: F.layer_norm(x["x"], x["x"].shape[1:], p["weight"], p["bias"]),
    "rmsnorm": lambda x, p: F.rms_norm(x["X"], x["X"].shape[1:], p["weight"], eps=1e-6),
    "groupnorm": lambda x, p: F.group_norm(x["X"], 2, p["weight"], p["bias"]),
}


def drawn(reference: Reference) -> tuple[torch.nn.Module, dict[str, Tensor]]:
    """The model with random parameters, and random inputs, in float64."""
    generator = torch.Generator().manual_seed(1)
    model = reference.model().double()
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    inputs = {}
    for name, how in reference.inputs.items():
        if how.is_integer:
            inputs[name] = torch.randint(int(how.low), int(how.high), how.shape, generator=generator)
        elif how.kind == "uniform":
            between = torch.rand(how.shape, generator=generator, dtype=torch.float64)
            inputs[name] = how.low + (how.high - how.low) * between
        else:
            inputs[name] = torch.randn(how.shape, generator=generator, dtype=torch.float64)
    return model, inputs


@pytest.mark.parametrize("case", TORCHS_OWN)
def test_reference_named_steps_give_what_torch_gives(case: str) -> None:
    for reference in load_references(PROJECT, case):
        model, inputs = drawn(reference)
        expected = TORCHS_OWN[case](inputs, dict(model.named_parameters()))
        torch.testing.assert_close(model(**inputs), expected, rtol=1e-12, atol=1e-13)
