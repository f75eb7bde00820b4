"""Every rule: modules, losses, functions and optimizers replayed on plain arrays, on arrays of trials, with bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from aten_agreement import assert_equal, assert_replays, flatten, normal, of_module, redrawn, with_gradients
from torch import nn

from gradproof.arrays.bounds.array import BoundArray
from gradproof.arrays.structure import UnsupportedOperation
from gradproof.arrays.trials import TrialArray
from gradproof.aten import record
from gradproof.aten import table as rules

CLASSES = torch.tensor([0, 4, 2, 1, 3, 3])
WEIGHTS = torch.arange(1.0, 6.0, dtype=torch.float64)

# name -> (module, shapes or tensors of its inputs)
MODULES: dict[str, tuple[Callable[[], nn.Module], tuple[Any, ...]]] = {
    "perceptron": (lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 5)), ((6, 3),)),
    "bilinear": (lambda: nn.Bilinear(2, 3, 4), ((5, 2), (5, 3))),
    "layer norm": (lambda: nn.LayerNorm(5), ((3, 5),)),
    "layer norm, two axes": (lambda: nn.LayerNorm((3, 5), elementwise_affine=False), ((2, 3, 5),)),
    "batch norm": (lambda: nn.BatchNorm1d(4), ((7, 4),)),
    "batch norm of images": (lambda: nn.BatchNorm2d(3), ((2, 3, 4, 5),)),
    "batch norm in use": (lambda: nn.BatchNorm1d(4).eval(), ((7, 4),)),
    "batch norm, bare": (lambda: nn.BatchNorm1d(4, affine=False, track_running_stats=False), ((7, 4),)),
    "group norm": (lambda: nn.GroupNorm(2, 6), ((3, 6, 5),)),
    "instance norm": (lambda: nn.InstanceNorm1d(4, affine=True), ((3, 4, 5),)),
    "rms norm": (lambda: nn.RMSNorm(5), ((3, 5),)),
    "attention": (lambda: nn.MultiheadAttention(6, 2, batch_first=True), ((2, 3, 6), (2, 4, 6), (2, 4, 6))),
    "transformer": (lambda: nn.TransformerEncoderLayer(6, 2, 8, dropout=0.0, batch_first=True), ((2, 3, 6),)),
    "LSTM cell": (lambda: nn.LSTMCell(3, 4), ((5, 3),)),
    "GRU cell": (lambda: nn.GRUCell(3, 4), ((5, 3),)),
    "RNN cell": (lambda: nn.RNNCell(3, 4), ((5, 3),)),
    "LSTM": (lambda: nn.LSTM(3, 4, batch_first=True), ((2, 5, 3),)),
    "GRU": (lambda: nn.GRU(3, 4), ((5, 2, 3),)),
    "convolution and pooling": (
        lambda: nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        ((2, 3, 9, 8),),
    ),
    "convolution in groups": (lambda: nn.Conv1d(4, 6, 3, dilation=2, groups=2), ((2, 4, 9),)),
    "convolution of volumes": (lambda: nn.Conv3d(2, 3, 2), ((2, 2, 3, 4, 3),)),
    "convolution, unbatched": (lambda: nn.Conv2d(3, 4, 3, padding="same"), ((3, 5, 4),)),
    "convolution, reflected": (lambda: nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"), ((2, 3, 5, 4),)),
    "convolution, transposed": (
        lambda: nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2),
        ((2, 4, 5, 4),),
    ),
    "embedding": (lambda: nn.Embedding(7, 3, padding_idx=2), (torch.tensor([[1, 2, 6], [0, 1, 1]]),)),
    **{
        name: (getattr(nn, name), ((5, 4),))
        for name in (
            *("ReLU", "GELU", "SiLU", "Softplus", "Mish", "LeakyReLU", "ELU", "SELU", "CELU", "Hardtanh", "ReLU6"),
            *("Hardsigmoid", "Hardswish", "Hardshrink", "Softshrink", "LogSigmoid", "Sigmoid", "Tanh", "Softsign"),
            *("Tanhshrink", "GLU", "PReLU"),
        )
    },
}


def probabilities(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, dtype=torch.float64) * 0.8 + 0.1


Case = tuple[Callable[..., Any], tuple[Any, ...]]

LOSSES: dict[str, Case] = {
    f"{name}, {reduction}": (lambda *args, f=function, r=reduction: f(*args, reduction=r), inputs)
    for reduction in ("mean", "sum", "none")
    for name, (function, inputs) in {
        "cross entropy": (F.cross_entropy, ((6, 5), CLASSES)),
        "negative log-likelihood": (F.nll_loss, ((6, 5), CLASSES)),
        "squares": (F.mse_loss, ((5, 4), (5, 4))),
        "smooth l1": (F.smooth_l1_loss, ((5, 4), (5, 4))),
        "huber": (F.huber_loss, ((5, 4), (5, 4))),
        "l1": (F.l1_loss, ((5, 4), (5, 4))),
        "binary": (F.binary_cross_entropy, (probabilities(5, 4), probabilities(5, 4))),
        "binary, logits": (F.binary_cross_entropy_with_logits, ((5, 4), probabilities(5, 4))),
        "gaussian": (lambda x, y, v, reduction: F.gaussian_nll_loss(x, y, v.exp(), reduction=reduction), ((3, 2),) * 3),
        "poisson": (F.poisson_nll_loss, ((5, 4), probabilities(5, 4))),
        "triplet": (F.triplet_margin_loss, ((5, 4),) * 3),
    }.items()
} | {
    "cross entropy, weighted": (
        lambda x, y: F.cross_entropy(x, y, weight=WEIGHTS, ignore_index=3, label_smoothing=0.1),
        ((6, 5), CLASSES),
    ),
    "divergence": (lambda x, y: F.kl_div(x, y, reduction="batchmean"), ((5, 4), probabilities(5, 4))),
    "cross entropy, one class": (F.cross_entropy, ((5,), torch.tensor(2))),
    "cross entropy, soft": (lambda x, y: F.cross_entropy(x, y.softmax(-1)), ((6, 5), (6, 5))),
    "cross entropy, sequence": (F.cross_entropy, ((2, 5, 3), torch.tensor([[0, 1, 2], [4, 3, 3]]))),
    "cross entropy, image": (F.cross_entropy, ((2, 5, 3, 2), torch.arange(12).reshape(2, 3, 2) % 5)),
    "binary, weighted positives": (
        lambda x, y: F.binary_cross_entropy_with_logits(x, y, pos_weight=WEIGHTS[:4]),
        ((5, 4), probabilities(5, 4)),
    ),
}

ARITHMETIC: dict[str, Callable[..., Any]] = {
    "powers": lambda x: (x**3 + x**2, x.abs() ** 2.5, x.abs() ** x, 2.0**x, x**-2, x**0, x.abs() ** 0.5),
    "roots": lambda x: (x.abs().sqrt(), (x * x + 1).rsqrt(), x.reciprocal()),
    "logarithms": lambda x: (x.abs().log(), x.abs().log1p(), x.abs().log2(), x.abs().log10()),
    "exponentials": lambda x: (x.exp(), x.expm1(), x.exp2(), x.sinh(), x.cosh()),
    "circular": lambda x: (x.sin(), x.cos(), x.atan()),
    "error function": lambda x: (x.erf(), x.erfc()),
    "rational": lambda x: 3 - x - (2 - x) / 2 + 1 / x - x.sub(x * x, alpha=2) + torch.rsub(x, x * x, alpha=3),
    "extrema": lambda x: (torch.maximum(x, x.flip(0)), torch.minimum(x, x.flip(1))),
    "clamps": lambda x: (x.clamp(-0.5, 0.5), x.clamp_min(0.1), x.clamp_max(0.3), x.clamp(min=0)),
    "signs": lambda x: x.sign() * x + x.abs(),
    "masks": lambda x: ((x > 0) * x, (x > 0).double() * x, x / (x > 0).sum(), x.masked_fill(x < 0, -3.0)),
    "mask logic": lambda x: torch.where((x > 0) & ~(x > 1) | (x < -1), x, 2 * x),
    "fused": lambda x: (torch.addcmul(x, x, x + 1, value=0.3), torch.addcdiv(x, x, x.abs() + 9, value=2)),
    "interpolation": lambda x: (torch.lerp(x, x + 1, 0.3), torch.lerp(x, x + 1, 0.8), torch.lerp(x, x + 1, x)),
    "logaddexp": lambda x: torch.logaddexp(x, x.flip(0)),
    "xlogy": lambda x: torch.xlogy(x, x.abs()),
    "threshold": lambda x: F.threshold(x, 0.1, 20.0),
    "gelu by tanh": lambda x: F.gelu(x, approximate="tanh"),
    "products": lambda x: (x @ x.T, x @ x[0], x[0].dot(x[1]), torch.outer(x[0], x[:, 1]), torch.kron(x, x)),
    "einsum": lambda x: (torch.einsum("ij,kj->ik", x, x), torch.einsum("ij,ik->", x, x)),
    "batched products": lambda x: torch.bmm(x.view(5, 2, 2), x.view(5, 2, 2)),
    "added products": lambda x: (
        torch.addmv(x[:, 0], x, x[0], alpha=2, beta=3),
        torch.baddbmm(x.view(5, 2, 2), x.view(5, 2, 2), x.view(5, 2, 2), beta=0.5, alpha=2),
        torch.addr(x, x[:, 0], x[0]),
    ),
    "sums": lambda x: (x.sum(), x.sum(1, keepdim=True), x.mean(), x.mean((0, -1)), x.mean(0)),
    "greatest": lambda x: (x.amax(1), x.amin((0, 1)), x.max(), x.min(), x.max(1)[0], x.min(-1, keepdim=True)[0]),
    "variances": lambda x: (x.var(), x.var(1), x.std(1), torch.var_mean(x, 1, unbiased=False)),
    "running": lambda x: (x.cumsum(1), x.cumprod(1)),
    "product of all": lambda x: (x.prod(), x.prod(1)),
    "logsumexp": lambda x: (x.logsumexp(1), x.logsumexp((0, 1))),
    "norms": lambda x: (x.norm(), x.norm(1, 1), torch.linalg.vector_norm(x, 3.0, 1), x.norm(float("inf"), 1)),
    "normalised": lambda x: (F.normalize(x, dim=1), F.cosine_similarity(x, x.flip(0))),
    "softmax": lambda x: (F.softmax(x, 0), F.log_softmax(x, 1)),
    "causal attention": lambda x: F.scaled_dot_product_attention(x[None], x[None], x[None], is_causal=True),
    "causal softmax": lambda x: (x @ x.T).masked_fill(torch.ones(5, 5).triu(1) > 0, float("-inf")).softmax(-1),
    "triangles": lambda x: x.tril() + x.triu(1),
}

REARRANGED: dict[str, Callable[..., Any]] = {
    "views": lambda x: (x.view(4, 5), x.view(5, 2, 2).permute(2, 0, 1), x[:, None].expand(-1, 3, -1), x.t()),
    "parts": lambda x: (x[2], x[1:4, ::2], x.split(2)[1], x.split([1, 4])[1], x.chunk(2, 1)[0], x.unbind(1)[3]),
    "joined": lambda x: (torch.cat([x, x * 2], 1), torch.stack([x, x * 2], 1), torch.stack(x.unbind(1))),
    "moved": lambda x: (x.flip(0, 1), x.roll(2, 0), x.roll(1), x.repeat(2, 1, 3), x.repeat_interleave(2, 0)),
    "padded": lambda x: (F.pad(x, (1, 2, 0, 3), value=2.0), F.pad(x, (-1, 2))),
    "diagonals": lambda x: (x.diagonal(), x.diag(), torch.diag_embed(x), (x @ x.T).trace()),
    "squeezed": lambda x: x[None].squeeze(0) + x.unsqueeze(1).squeeze(1) + x[None].squeeze(),
    "strided": lambda x: x.as_strided((3, 2), (2, 1), 1),
    "windows": lambda x: (x.unfold(1, 3, 1), F.unfold(x[None, None], 2)),
    "picked": lambda x: (x[torch.tensor([0, 2, 2])], x[torch.tensor([0, 2]), torch.tensor([1, -1])]),
    "picked by a fixed mask": lambda x: x[torch.tensor([True, False, True, True, False])],
    "selected": lambda x: (x.index_select(1, torch.tensor([3, 0, 0])), x.take(torch.tensor([0, 7, 19]))),
    "gathered": lambda x: x.gather(1, torch.tensor([[0], [1], [2], [3], [0]])),
    "gathered at the greatest": lambda x: x.gather(1, x.argmax(1, keepdim=True)),
    "picked at the greatest": lambda x: x[torch.arange(5), x.argmax(1)],
    "scattered": lambda x: torch.zeros(5, 4, dtype=x.dtype).scatter(
        1, torch.tensor([[0], [1], [2], [3], [0]]), x[:, :1]
    ),
    "added up": lambda x: torch.zeros(3, 4, dtype=x.dtype).scatter_add(0, torch.tensor([[0, 1, 2, 0]] * 5), x),
    "added up in rows": lambda x: torch.zeros(3, 4, dtype=x.dtype).index_add(0, torch.tensor([0, 1, 2, 0, 1]), x),
    "put": lambda x: x.index_put((torch.tensor([0, 0, 1]),), x[:3], accumulate=True),
    "put at the greatest": lambda x: x.index_put((torch.arange(5), x.argmax(1)), x[:, 0]),
    "columns at the greatest": lambda x: x[:, x[:3].argmax(1)] * x[:, :3],
    "put into columns at the greatest": lambda x: x.index_put((torch.arange(5)[:, None], x[:2].argmax(1)), x[:, :2]),
    "sorted": lambda x: (x.sort(1)[0], x.sort(0, descending=True)[0][1:]),
    "sorted stably": lambda x: x.sort(dim=1, stable=True)[0] * x,
    "the greatest": lambda x: (x.topk(2, 1)[0], x.topk(3, 0, largest=False)[0]),
    "the third": lambda x: (x.kthvalue(3, 1)[0], x.kthvalue(2, 0, keepdim=True)[0]),
    "by rank": lambda x: x.gather(1, x.argsort(1, descending=True)),
    "picked at the greatest from the end": lambda x: x[torch.arange(5), x.argmax(1) - 4],
    "one hot": lambda x: F.one_hot(x.argmax(1), 4) * x,
    "differences": lambda x: x.diff(dim=1),
    "enlarged": lambda x: F.interpolate(x[None], scale_factor=2),
    "shuffled": lambda x: F.pixel_shuffle(x.view(1, 4, 5, 1), 2),
}

POOLED: dict[str, Callable[..., Any]] = {
    "overlapping": lambda x: F.max_pool2d(x, 3, 2, 1),
    "rounded up": lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True),
    "mean": lambda x: F.avg_pool2d(x, 3, 2, 1),
    "mean without padding": lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False),
    "adaptive": lambda x: (F.adaptive_avg_pool2d(x, (2, 3)), F.adaptive_max_pool2d(x, (4, 3))),
    "global": lambda x: F.adaptive_avg_pool2d(x, 1),
    "lines": lambda x: (F.max_pool1d(x[0], 2), F.avg_pool1d(x[0], 2)),
    "volumes": lambda x: (F.max_pool3d(x[None], (1, 2, 2)), F.avg_pool3d(x[None], (1, 2, 2))),
}

FUNCTIONS: dict[str, Case] = {
    **LOSSES,
    **{name: (function, ((5, 4),)) for name, function in {**ARITHMETIC, **REARRANGED}.items()},
    **{f"pooling, {name}": (function, ((2, 3, 6, 7),)) for name, function in POOLED.items()},
}

NO_ERF = {"GELU", "error function"}


def prepared(name: str) -> tuple[Callable[..., Any], list[torch.Tensor]]:
    """A case's function with all its derivatives, and leaves."""
    torch.manual_seed(len(name))
    make, shapes = MODULES[name] if name in MODULES else FUNCTIONS[name]
    inputs = [shape if isinstance(shape, torch.Tensor) else normal(*shape) for shape in shapes]
    function, leaves = of_module(make, *inputs) if name in MODULES else (make, inputs)
    return with_gradients(function), leaves


def trials(leaves: list[torch.Tensor], count: int = 3) -> list[list[torch.Tensor]]:
    return [leaves, *([redrawn(leaf) for leaf in leaves] for _ in range(count - 1))]


@pytest.mark.parametrize("name", [*MODULES, *FUNCTIONS])
def test_replay_of_outputs_and_gradients_equals_torch(name: str) -> None:
    assert_replays(*prepared(name))


@pytest.mark.parametrize("name", [name for name in (*MODULES, *FUNCTIONS) if name not in NO_ERF])
def test_replay_on_an_array_of_trials_equals_torch_on_each(name: str) -> None:
    function, leaves = prepared(name)
    tape = record(function, *leaves)
    rows = trials(leaves)
    stacked = [TrialArray(np.stack([row[k].numpy() for row in rows])) for k in range(len(leaves))]
    got = list(flatten(tape.run(stacked)))
    for trial, row in enumerate(rows):
        for replayed, want in zip(got, flatten(function(*row)), strict=True):
            assert_equal(replayed.values[trial] if isinstance(replayed, TrialArray) else replayed, want)


@pytest.mark.parametrize("name", [name for name in (*MODULES, *FUNCTIONS) if name not in NO_ERF])
def test_replay_with_rounding_bounds_covers_torch(name: str) -> None:
    """|torch - replay| is within the bound of both, which are taken to be equal."""
    function, leaves = prepared(name)
    tape = record(function, *leaves)
    for row in trials(leaves):
        got = flatten(tape.run([BoundArray.exact(leaf.numpy()[None]) for leaf in row]))
        for replayed, want in zip(got, flatten(function(*row)), strict=True):
            if isinstance(replayed, BoundArray):
                apart = np.abs(np.where(np.isfinite(replayed.value[0]), replayed.value[0] - want.detach().numpy(), 0))
                assert np.all(apart <= 2 * replayed.error[0])


OPTIMIZERS: dict[str, Callable[[list[torch.Tensor]], torch.optim.Optimizer]] = {
    "SGD": lambda p: torch.optim.SGD(p, 0.1),
    "SGD, momentum": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, dampening=0.2, weight_decay=0.03),
    "SGD, Nesterov": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    "SGD, uphill": lambda p: torch.optim.SGD(p, 0.1, maximize=True),
    "Adam": lambda p: torch.optim.Adam(p, 0.1),
    "Adam, amsgrad": lambda p: torch.optim.Adam(p, 0.1, amsgrad=True, weight_decay=0.1),
    "AdamW": lambda p: torch.optim.AdamW(p, 0.1),
    "AdamW, lists": lambda p: torch.optim.AdamW(p, 0.1, foreach=True, amsgrad=True),
    "RMSprop": lambda p: torch.optim.RMSprop(p, 0.1),
    "RMSprop, centred": lambda p: torch.optim.RMSprop(p, 0.1, momentum=0.9, centered=True),
    "Adagrad": lambda p: torch.optim.Adagrad(p, 0.1, lr_decay=0.1),
    "Adadelta": torch.optim.Adadelta,
    "Adamax": torch.optim.Adamax,
    "NAdam": torch.optim.NAdam,
    "RAdam": torch.optim.RAdam,
    "Rprop": torch.optim.Rprop,
}


def three_steps(make: Callable[..., torch.optim.Optimizer], drawn: tuple[str, ...] = ()) -> Callable[..., Any]:
    """Three steps as a function of the parameter, the gradient and the drawn hyperparameters."""

    def run(parameter: torch.Tensor, gradient: torch.Tensor, *numbers: torch.Tensor) -> Any:
        parameter = parameter.detach().clone()
        optimizer = make([parameter])
        optimizer.param_groups[0].update(zip(drawn, numbers, strict=True))
        for _ in range(3):
            parameter.grad = gradient * (1 + parameter)
            optimizer.step()
        state = optimizer.state[parameter]
        return parameter, [value for value in state.values() if isinstance(value, torch.Tensor)]

    return run


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_replay_of_optimizer_steps_equals_torch(name: str) -> None:
    torch.manual_seed(len(name))
    assert_replays(three_steps(OPTIMIZERS[name]), [normal(3, 2), normal(3, 2)])


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("SGD", ("lr",)),
        ("SGD, momentum", ("lr", "momentum", "weight_decay", "dampening")),
        ("Adam", ("lr",)),
        ("AdamW", ("lr", "weight_decay")),
        ("RMSprop", ("lr", "alpha")),
    ],
)
def test_replay_of_optimizer_steps_with_drawn_hyperparameters_equals_torch(name: str, drawn: tuple[str, ...]) -> None:
    torch.manual_seed(len(name))
    numbers = [torch.tensor(0.1 + 0.07 * k, dtype=torch.float64) for k in range(len(drawn))]
    others = [[normal(3, 2), normal(3, 2), *(number * 1.3 for number in numbers)]]
    assert_replays(three_steps(OPTIMIZERS[name], drawn), [normal(3, 2), normal(3, 2), *numbers], others)


@pytest.mark.parametrize(
    ("rule", "case"),
    [
        ("aten.mm", "perceptron"),
        ("aten.tanh_backward", "perceptron"),
        ("aten.native_layer_norm_backward", "layer norm"),
        ("aten.max_pool2d_with_indices_backward", "convolution and pooling"),
        ("aten.convolution_backward", "convolution, transposed"),
        ("aten.nll_loss_backward", "cross entropy, mean"),
        ("aten.embedding_dense_backward", "embedding"),
    ],
)
def test_replay_with_a_wrong_rule_is_caught(rule: str, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = rules.RULES[rule]

    def wrong(*args: Any, **kwargs: Any) -> Any:
        result = right(*args, **kwargs)
        return tuple(part * (1 + 1e-12) for part in result) if isinstance(result, tuple) else result * (1 + 1e-12)

    monkeypatch.setitem(rules.RULES, rule, wrong)
    with pytest.raises(AssertionError):
        assert_replays(*prepared(case))


def test_targets_that_differ_from_trial_to_trial_are_read_per_trial() -> None:
    tape = record(with_gradients(F.cross_entropy), normal(6, 5), CLASSES)
    scores, targets = normal(4, 6, 5), torch.stack([CLASSES.roll(k) for k in range(4)])
    values, (gradient,) = tape.run([TrialArray(scores.numpy()), TrialArray(targets.numpy())])
    for k in range(4):
        (loss,), (want,) = with_gradients(F.cross_entropy)(scores[k], targets[k])
        assert_equal(values[0].values[k], loss)
        assert_equal(gradient.values[k], want)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.max(1)[0],
        lambda x: x.min(1)[0],
        lambda x: x.amax(1),
        lambda x: F.max_pool2d(x[None], 2),
        lambda x: x * x.argmax(1, keepdim=True),
        lambda x: (x.relu(), x.clamp(min=1.0), x.abs(), torch.maximum(x, x.flip(1)), F.threshold(x, 1.0, 5.0)),
        lambda x: (F.leaky_relu(x), F.hardtanh(x), F.elu(x), F.hardswish(x * 3), F.softshrink(x, 1.0)),
    ],
)
def test_replay_at_ties_and_kinks_follows_torch(function: Callable[..., Any]) -> None:
    tied = torch.tensor([[1.0, 1.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0], [-1.0, 1.0, -1.0, 1.0]], dtype=torch.float64)
    assert_replays(with_gradients(function), [normal(3, 4)], [[tied], [-tied], [tied.flip(1)]])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (torch.hypot(x, x.flip(0)), x.floor() * x, x.ceil() * x, x.round() * x, x.trunc() * x, x.frac()),
        lambda x: (torch.remainder(x, 0.7), torch.fmod(x, 0.7), torch.div(x, 0.3, rounding_mode="floor")),
        lambda x: (x.tan(), torch.asin(x.tanh()), torch.acos(x.tanh()), torch.atan2(x, x.flip(0))),
        lambda x: (x.asinh(), torch.acosh(x.abs() + 1), torch.atanh(x.tanh() / 2), torch.sinc(x), x.nan_to_num()),
        lambda x: x * (x.argmax(1, keepdim=True) // 2 + x.argmin(1, keepdim=True) % 2) / x.argmax(),
    ],
)
def test_replay_of_functions_for_ndarrays_only_equals_torch(function: Callable[..., Any]) -> None:
    torch.manual_seed(5)
    assert_replays(with_gradients(function), [normal(5, 4)])


def test_error_function_of_an_array_type_without_one_is_unsupported() -> None:
    class Bare:
        shape = ()

    tape = record(torch.erf, normal())
    with pytest.raises(UnsupportedOperation, match="Bare has no error function"):
        tape.run([Bare()])


def test_error_function_is_asked_of_the_array_type() -> None:
    class Own:
        shape = ()

        def __erf__(self) -> str:
            return "erf of its own"

    assert record(torch.erf, normal()).run([Own()]) == "erf of its own"
