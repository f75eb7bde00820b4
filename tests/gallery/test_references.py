"""References compute what PyTorch's own modules and functions compute, and have their gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
import torch.nn.functional as F
from harness import PROJECT, gallery
from torch import Tensor, nn
from torch.func import functional_call

from gradproof.case.kinds import Integers, OneHot, Uniform
from gradproof.case.reference import Reference, load_references

Given = Mapping[str, Tensor]
Own = Callable[[Given, Given], Tensor | tuple[Tensor, ...]]


def layer(parameters: Given, suffix: str = "") -> dict[str, Tensor]:
    """The two linear layers of a recurrent reference under the names that torch's recurrent modules have."""
    return {
        f"{kind}_{end}{suffix}": parameters[f"{name}.{kind}"]
        for kind in ("weight", "bias")
        for end, name in (("ih", "from_input"), ("hh", "from_hidden"))
    }


def cell(module: type[nn.Module]) -> Own:
    """One step of a recurrent network by torch's own cell."""

    def run(x: Given, p: Given) -> Tensor | tuple[Tensor, ...]:
        sizes = x["X"].shape[1], x["H0"].shape[1]
        state = (x["H0"], x["C0"]) if "C0" in x else x["H0"]
        return functional_call(module(*sizes).double(), layer(p), (x["X"], state))

    return run


def through_time(module: type[nn.Module]) -> Own:
    """The states of all steps by torch's own recurrent network."""

    def run(x: Given, p: Given) -> Tensor:
        sizes = x["X"].shape[2], p["from_hidden.weight"].shape[1]
        return functional_call(module(*sizes).double(), layer(p, "_l0"), x["X"])[0]

    return run


def multi_head(x: Given, p: Given) -> Tensor:
    """torch.nn.MultiheadAttention of a sequence with itself, two heads."""
    parameters = {
        f"{there}{kind}": torch.cat([p[f"{name}.{kind}"] for name in names])
        for there, names in (("in_proj_", ("query", "key", "value")), ("out_proj.", ("out",)))
        for kind in ("weight", "bias")
    }
    module = nn.MultiheadAttention(x["X"].shape[1], 2).double()
    return functional_call(module, parameters, (x["X"], x["X"], x["X"]))[0]


def penalty(x: Given, p: Given) -> Tensor:
    """The critic's gradient by autograd itself, differentiated once more."""
    critic = torch.tanh(F.linear(x["X"], p["layer.weight"], p["layer.bias"])) @ p["a"]
    [gradient] = torch.autograd.grad(critic.sum(), x["X"], create_graph=True)
    return (gradient.norm(dim=1) - 1).square().mean()


def least_squares(x: Given, p: Given) -> Tensor:
    """Half the squared error, the mean over the batch."""
    return F.mse_loss(F.linear(x["X"], p["W"]), x["T"], reduction="sum") / (2 * len(x["X"]))


def logistic(x: Given, p: Given) -> Tensor:
    """The summed cross-entropy on probabilities, and the penalty."""
    entropy = F.binary_cross_entropy(torch.sigmoid(x["X"] @ p["w"]), x["T"].double(), reduction="sum")
    return entropy + x["decay"] * p["w"].square().sum() / 2


def ridge(x: Given, p: Given) -> Tensor:
    """The mean squared error of a linear layer, and half the decay times the squared norm of its weight."""
    error = F.mse_loss(F.linear(x["X"], p["linear.weight"], p["linear.bias"]), x["T"])
    return error + x["decay"] / 2 * p["linear.weight"].norm() ** 2


def mlp(x: Given, p: Given) -> Tensor:
    """Mean cross-entropy of two linear layers with a ReLU between them."""
    hidden = F.relu(F.linear(x["X"], p["layer1.weight"], p["layer1.bias"]))
    return F.cross_entropy(F.linear(hidden, p["layer2.weight"], p["layer2.bias"]), x["T"])


def deep_mlp(x: Given, p: Given) -> Tensor:
    """Mean cross-entropy of three linear layers with ReLUs between them, of targets as classes."""
    hidden = x["X"]
    for k in range(2):
        hidden = F.linear(hidden, p[f"layers.{k}.weight"], p[f"layers.{k}.bias"]).relu()
    return F.cross_entropy(F.linear(hidden, p["layers.2.weight"], p["layers.2.bias"]), x["T"].argmax(dim=1))


TORCHS_OWN: dict[str, Own] = {
    "silu": lambda x, p: F.silu(x["Z"]),
    "gelu": lambda x, p: F.gelu(x["Z"]),
    "gelu_tanh": lambda x, p: F.gelu(x["Z"], approximate="tanh"),
    "logsumexp": lambda x, p: x["z"].exp().sum(dim=1).log(),
    "softmax_cross_entropy": lambda x, p: F.cross_entropy(x["Z"], x["target"], ignore_index=-1, label_smoothing=0.1),
    "mse": lambda x, p: F.mse_loss(x["Y"], x["T"]),
    "huber": lambda x, p: F.huber_loss(x["Y"], x["T"], delta=x["delta"].item()),
    "bce_with_logits": lambda x, p: F.binary_cross_entropy_with_logits(x["Z"], x["T"]),
    "batchnorm": lambda x, p: F.batch_norm(x["X"], None, None, p["weight"], p["bias"], training=True),
    "layernorm": lambda x, p: F.layer_norm(x["x"], x["x"].shape[1:], p["weight"], p["bias"]),
    "rmsnorm": lambda x, p: F.rms_norm(x["X"], x["X"].shape[1:], p["weight"], eps=1e-6),
    "groupnorm": lambda x, p: F.group_norm(x["X"], 2, p["weight"], p["bias"]),
    "attention": lambda x, p: F.scaled_dot_product_attention(x["Q"], x["K"], x["V"]),
    "causal_attention": lambda x, p: F.scaled_dot_product_attention(x["Q"], x["K"], x["V"], is_causal=True),
    "multi_head_attention": multi_head,
    "swiglu": lambda x, p: F.linear(
        F.silu(F.linear(x["X"], p["gate.weight"])) * F.linear(x["X"], p["up.weight"]), p["down.weight"]
    ),
    "rnn_cell": cell(nn.RNNCell),
    "lstm_cell": cell(nn.LSTMCell),
    "gru_cell": cell(nn.GRUCell),
    "rnn": through_time(nn.RNN),
    "lstm": through_time(nn.LSTM),
    "gru": through_time(nn.GRU),
    "softmax_mlp": mlp,
    "deep_mlp": deep_mlp,
    "l2_penalty": ridge,
    "weight_decay": lambda x, p: F.mse_loss(x["X"] @ p["W"] + p["b"], x["T"], reduction="sum") / len(x["X"]),
    "logistic_regression": logistic,
    "gradient_penalty": penalty,
    **dict.fromkeys(("sgd", "sgd_nesterov", "rmsprop", "adagrad", "adam", "adamw"), least_squares),
}
NOT_IN_TORCH = {"dropout"}
"""Torch draws its mask itself."""

WITHOUT_GRADIENT = {"huber": {"delta"}, "deep_mlp": {"T"}}
"""What torch's own function takes as a plain number."""


def drawn(reference: Reference) -> tuple[torch.nn.Module, dict[str, Tensor]]:
    """The model with random parameters, and random inputs, in float64."""
    generator = torch.Generator().manual_seed(1)
    model = reference.model().double()
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    inputs = {}
    for name, how in reference.inputs.items():
        if isinstance(how, OneHot):
            classes = how.shape[-1]
            inputs[name] = F.one_hot(torch.randint(classes, how.shape[:-1], generator=generator), classes).double()
        elif isinstance(how, Integers):
            inputs[name] = torch.randint(how.low, how.high, how.shape, generator=generator)
        elif isinstance(how, Uniform):
            between = torch.rand(how.shape, generator=generator, dtype=torch.float64)
            inputs[name] = how.low + (how.high - how.low) * between
        else:
            inputs[name] = torch.randn(how.shape, generator=generator, dtype=torch.float64)
        if inputs[name].is_floating_point():
            inputs[name].requires_grad_()
    return model, inputs


def as_tuple(result: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The results of a model with one or several."""
    return (result,) if isinstance(result, Tensor) else result


@pytest.mark.parametrize("case", TORCHS_OWN)
def test_reference_is_torchs_own_in_value_and_gradients(case: str) -> None:
    for reference in load_references(PROJECT, case):
        model, inputs = drawn(reference)
        parameters = dict(model.named_parameters())
        found, expected = as_tuple(model(**inputs)), as_tuple(TORCHS_OWN[case](inputs, parameters))
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-13)
        generator = torch.Generator().manual_seed(2)
        cotangents = [torch.randn(value.shape, generator=generator, dtype=torch.float64) for value in found]
        below = {name: value for name, value in {**inputs, **parameters}.items() if value.requires_grad}
        own = torch.autograd.grad(expected, list(below.values()), cotangents, allow_unused=True)
        ours = torch.autograd.grad(found, list(below.values()), cotangents, materialize_grads=True)
        compared = {name for name, value in zip(below, own, strict=True) if value is not None}
        assert set(below) - compared == WITHOUT_GRADIENT.get(case, set())
        for name, mine, theirs in zip(below, ours, own, strict=True):
            if name in compared:
                torch.testing.assert_close(
                    mine, theirs, rtol=1e-10, atol=1e-11, msg=lambda text, n=name: f"{n}: {text}"
                )


def test_every_reference_is_a_module_of_torch_or_compared_with_one() -> None:
    others = set(gallery()) - set(TORCHS_OWN)
    assert {
        case
        for case in others
        if not type(load_references(PROJECT, case)[0].model()).__module__.startswith("torch.nn.")
    } == NOT_IN_TORCH
