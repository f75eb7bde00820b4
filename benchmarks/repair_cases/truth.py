"""The truth of every quantity of the cases, by torch autograd in float64 and a step of torch.optim.SGD."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from gradproof.repair import Evidence

Draws = dict[str, NDArray[np.float64]]
Tensors = dict[str, torch.Tensor]
Sizes = tuple[int, int, int, int]

_DERIVATIVE = re.compile(r"d(\w+?)_d(\w+)$")
CONSTANTS = frozenset({"eta", "T", "eps", "R"})

PARAMETERS = [f"W{i}{j}" for j in "34" for i in "12"] + [f"W{i}{j}" for j in "567" for i in "34"]
PARAMETERS += [f"b{j}" for j in "34567"]


def values(forward: Callable[[Tensors], Tensors], draws: Draws, wanted: Iterable[str]) -> Draws:
    """Leaves, forward values, and the wanted derivatives and updated parameters; batched if every leaf is `(trials,)`.

    The sum over trials has the gradients of all trials, as no trial touches another.
    """
    leaves = {n: torch.tensor(v, dtype=torch.float64, requires_grad=n not in CONSTANTS) for n, v in draws.items()}
    nodes = {**leaves, **forward(leaves)}
    result = {name: node.detach().numpy() for name, node in nodes.items()}
    wanted = list(wanted)
    tops: dict[str, dict[str, str]] = {}
    for name in wanted:
        found = _DERIVATIVE.match(name)
        if found:
            tops.setdefault(found[1], {})[found[2]] = name
    for top, bottoms in tops.items():
        gradients = torch.autograd.grad(
            nodes[top].sum(), [nodes[b] for b in bottoms], retain_graph=True, allow_unused=True
        )
        for (bottom, name), gradient in zip(bottoms.items(), gradients, strict=True):
            result[name] = (torch.zeros_like(nodes[bottom]) if gradient is None else gradient).numpy()
    for name in wanted:
        if name.endswith("_new"):
            result[name] = _stepped(draws[name[:-4]], result["dLoss_d" + name[:-4]], draws["eta"])
    return result


def _stepped(parameter: NDArray[np.float64], gradient: NDArray[np.float64], rate: NDArray[np.float64]) -> Draws:
    """After a step of the optimizer; one parameter group for each rate where there are several trials."""
    rates = np.atleast_1d(rate)
    rows = parameter if rate.ndim else parameter[None]
    tensors = [torch.tensor(row, requires_grad=True) for row in rows]
    for tensor, own in zip(tensors, gradient if rate.ndim else gradient[None], strict=True):
        tensor.grad = torch.tensor(own)
    groups = [{"params": [tensor], "lr": float(lr)} for tensor, lr in zip(tensors, rates, strict=True)]
    torch.optim.SGD(groups, lr=1.0).step()
    stepped = np.stack([tensor.detach().numpy() for tensor in tensors])
    return stepped if rate.ndim else stepped[0]


def ancestors(forward: Callable[[Tensors], Tensors], draws: Draws) -> dict[str, frozenset[str]]:
    """Forward quantity -> those that it depends on, from the graph that autograd recorded."""
    leaves = {n: torch.tensor(v, dtype=torch.float64, requires_grad=n not in CONSTANTS) for n, v in draws.items()}
    nodes = {n: node for n, node in {**leaves, **forward(leaves)}.items() if node.requires_grad}
    found = {}
    for name, node in nodes.items():
        if node.grad_fn is None:
            found[name] = frozenset()
            continue
        gradients = torch.autograd.grad(node.sum(), list(nodes.values()), retain_graph=True, allow_unused=True)
        found[name] = frozenset(
            other for other, gradient in zip(nodes, gradients, strict=True) if gradient is not None and other != name
        )
    return found


# The scalar network ---------------------------------------------------------------------------------------------


def scalar_forward(v: Tensors) -> Tensors:
    """All forward values, `(trials,)` each."""
    o = {f"Z{j}": v[f"W1{j}"] * v["X1"] + v[f"W2{j}"] * v["X2"] + v[f"b{j}"] for j in "34"}
    o |= {f"Y{j}": torch.relu(o[f"Z{j}"]) for j in "34"}
    o |= {f"Y{k}": v[f"W3{k}"] * o["Y3"] + v[f"W4{k}"] * o["Y4"] + v[f"b{k}"] for k in "567"}
    softmax = torch.softmax(torch.stack([o["Y5"], o["Y6"], o["Y7"]]), 0)
    o |= {f"P{k}": softmax[place] for place, k in enumerate("567")}
    o["Loss"] = -torch.log(o["P5"])
    return o


def _generic(rng: np.random.Generator, trials: int) -> Draws:
    """No zeros, no ones, nothing equal, a step size far from 1."""
    draws = {n: rng.choice([-1.0, 1.0], trials) * rng.uniform(0.3, 1.6, trials) for n in ["X1", "X2", *PARAMETERS]}
    return {**draws, "eta": rng.uniform(0.05, 0.6, trials)}


def _other(rng: np.random.Generator, trials: int) -> Draws:
    """Another distribution."""
    draws = {n: rng.normal(0.0, 1.2, trials) for n in ["X1", "X2", *PARAMETERS]}
    return {**draws, "eta": rng.uniform(0.01, 1.0, trials)}


def _pre_activations(draws: Draws) -> NDArray[np.float64]:
    return np.stack([draws[f"W1{j}"] * draws["X1"] + draws[f"W2{j}"] * draws["X2"] + draws[f"b{j}"] for j in "34"])


def _stratified(rng: np.random.Generator, each: int, near: int) -> Draws:
    """`each` trials for every on/off pattern of the two ReLUs, and `near` for each side of each kink."""
    pool = _generic(rng, 400 * each)
    on = _pre_activations(pool) > 0
    pattern = on[0] * 2 + on[1]
    rows = np.concatenate([np.nonzero(pattern == p)[0][:each] for p in range(4)])
    draws = {name: value[rows] for name, value in pool.items()}
    for j, side in ((j, side) for j in "34" for side in (1e-3, -1e-3)):
        extra = _generic(rng, near)
        shift = _pre_activations(extra)[int(j) - 3] - side * rng.uniform(0.5, 1.5, near)
        extra[f"b{j}"] = extra[f"b{j}"] - shift
        draws = {name: np.concatenate([value, extra[name]]) for name, value in draws.items()}
    return draws


def scalar_evidence(kind: str, size: int, seed: int, wanted: Sequence[str]) -> tuple[Evidence, ...]:
    """Trials of the scalar network.

    `stratified` has `size` trials a pattern and a quarter as many on each side of each kink; `other` has `size` trials.
    """
    rng = np.random.default_rng(seed)
    draws = _stratified(rng, size, max(1, size // 4)) if kind == "stratified" else _other(rng, size)
    return (Evidence(values(scalar_forward, draws, wanted)),)


# The tensor derivations -----------------------------------------------------------------------------------------


def _mlp_draws(rng: np.random.Generator, N: int, D: int, H: int, K: int) -> Draws:
    return {
        "X": rng.normal(size=(N, D)), "W1": rng.normal(size=(D, H)), "b1": rng.normal(size=H),
        "W2": rng.normal(size=(H, K)), "b2": rng.normal(size=K), "T": np.eye(K)[rng.integers(0, K, N)],
        "eta": np.array(rng.uniform(0.05, 0.5)),
    }  # fmt: skip


def _mlp(v: Tensors) -> Tensors:
    o = {"Z1": v["X"] @ v["W1"] + v["b1"]}
    o["A1"] = torch.relu(o["Z1"])
    o["Z2"] = o["A1"] @ v["W2"] + v["b2"]
    o["P"] = torch.softmax(o["Z2"], 1)
    o["Loss"] = -(v["T"] * torch.log(o["P"])).sum() / len(v["T"])
    return o


def _norm_draws(rng: np.random.Generator, N: int, D: int, H: int, K: int) -> Draws:
    return {
        "x": rng.normal(size=(N, D)) * 1.5 + 0.7, "gamma": rng.uniform(0.5, 2.0, D), "beta": rng.normal(size=D),
        "R": rng.normal(size=(N, D)), "eps": np.array(1e-3),
    }  # fmt: skip


def _normalized(v: Tensors, dim: int, *, keepdim: bool) -> Tensors:
    o = {"mu": v["x"].mean(dim, keepdim=keepdim)}
    o["var"] = ((v["x"] - o["mu"]) ** 2).mean(dim, keepdim=keepdim)
    o["std"] = torch.sqrt(o["var"] + v["eps"])
    o["xhat"] = (v["x"] - o["mu"]) / o["std"]
    o["y"] = v["gamma"] * o["xhat"] + v["beta"]
    o["Loss"] = (o["y"] * v["R"]).sum()
    return o


def _attention_draws(rng: np.random.Generator, N: int, D: int, H: int, K: int) -> Draws:
    return {
        "X": rng.normal(size=(N, D)), "Wq": rng.normal(size=(D, K)) * 0.6, "Wk": rng.normal(size=(D, K)) * 0.6,
        "Wv": rng.normal(size=(D, H)), "R": rng.normal(size=(N, H)),
    }  # fmt: skip


def _attention(v: Tensors) -> Tensors:
    o = {"Q": v["X"] @ v["Wq"], "K": v["X"] @ v["Wk"], "V": v["X"] @ v["Wv"]}
    o["S"] = o["Q"] @ o["K"].T / o["Q"].shape[1] ** 0.5
    o["A"] = torch.softmax(o["S"], 1)
    o["O"] = o["A"] @ o["V"]
    o["Loss"] = (o["O"] * v["R"]).sum()
    return o


def _lstm_draws(rng: np.random.Generator, N: int, D: int, H: int, K: int) -> Draws:
    draws = {"x": rng.normal(size=(N, D)), **{name: rng.normal(size=(N, H)) for name in ("h0", "c0", "R")}}
    for gate in "ifog":
        draws |= {
            "W" + gate: rng.normal(size=(D, H)),
            "U" + gate: rng.normal(size=(H, H)),
            "b" + gate: rng.normal(size=H),
        }
    return draws


def _lstm(v: Tensors) -> Tensors:
    o = {"z" + gate: v["x"] @ v["W" + gate] + v["h0"] @ v["U" + gate] + v["b" + gate] for gate in "ifog"}
    o |= {gate: torch.tanh(o["zg"]) if gate == "g" else torch.sigmoid(o["z" + gate]) for gate in "ifog"}
    o["c"] = o["f"] * v["c0"] + o["i"] * o["g"]
    o["h"] = o["o"] * torch.tanh(o["c"])
    o["Loss"] = (o["h"] * v["R"]).sum()
    return o


TENSOR_CASES: Mapping[str, tuple[Callable[..., Draws], Callable[[Tensors], Tensors]]] = {
    "mlp": (_mlp_draws, _mlp),
    "batchnorm": (_norm_draws, lambda v: _normalized(v, 0, keepdim=False)),
    "layernorm": (_norm_draws, lambda v: _normalized(v, 1, keepdim=True)),
    "attention": (_attention_draws, _attention),
    "lstm": (_lstm_draws, _lstm),
}
SEARCH_SIZES: tuple[Sizes, ...] = ((5, 6, 7, 8), (3, 4, 2, 5), (6, 3, 5, 4))
FRESH_SIZES: tuple[Sizes, ...] = ((7, 4, 3, 5), (2, 6, 5, 3))
JUDGE_SIZES: tuple[Sizes, ...] = ((4, 7, 5, 3), (5, 3, 6, 2), (8, 5, 3, 6))


def tensor_evidence(case: str, sizes: Sequence[Sizes], seed: int, wanted: Sequence[str]) -> tuple[Evidence, ...]:
    """Three trials of a tensor derivation for each choice of sizes."""
    draw, forward = TENSOR_CASES[case]
    rng = np.random.default_rng(seed)
    groups = []
    for some in sizes:
        trials = [values(forward, draw(rng, *some), wanted) for _ in range(3)]
        groups.append(Evidence({name: np.stack([trial[name] for trial in trials]) for name in trials[0]}))
    return tuple(groups)


def tensor_ancestors(case: str) -> dict[str, frozenset[str]]:
    """The forward graph of a tensor derivation."""
    draw, forward = TENSOR_CASES[case]
    return ancestors(forward, draw(np.random.default_rng(0), *SEARCH_SIZES[0]))
