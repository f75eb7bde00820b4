"""Two small networks in torch, float64, as providers of the truth: values, autograd's derivatives, a real SGD step."""

from __future__ import annotations

import numpy as np
import torch
from tabulated import Tabulated, Values

from gradproof.audit.reading.names import Names
from gradproof.audit.values.declare import declare

Tensors = dict[str, torch.Tensor]
_SCALARS = [
    "X1",
    "X2",
    "W13",
    "W23",
    "b3",
    "W14",
    "W24",
    "b4",
    "W35",
    "W45",
    "b5",
    "W36",
    "W46",
    "b6",
    "W37",
    "W47",
    "b7",
    "Y3",
    "Y4",
    "Y5",
    "Y6",
    "Y7",
    "P5",
    "P6",
    "P7",
    "Loss",
    "eta",
]


def _draw(trials: int, shapes: dict[str, tuple[int, ...]], seed: int) -> Tensors:
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn((trials, *shape), generator=generator, dtype=torch.float64).requires_grad_()
        for name, shape in shapes.items()
    }


def _table(names: Names, leaves: Tensors, computed: Tensors, rate: torch.Tensor) -> Tabulated:
    """Tables of a network whose trials are independent, so that one backward pass serves all of them."""
    tensors = {**leaves, **computed}
    parameters = [name for name in leaves if name[0] in "Wb"]
    trials = len(rate)

    def derivative(of: str, by: str) -> Values | None:
        above, below = tensors.get(of), tensors.get(by)
        if above is None or below is None or not below.requires_grad:
            return None
        columns = above.reshape(trials, -1)
        rows = []
        for number in range(columns.shape[1]):
            if not columns.requires_grad:
                rows.append(torch.zeros_like(below))
                continue
            (row,) = torch.autograd.grad(columns[:, number].sum(), below, retain_graph=True, allow_unused=True)
            rows.append(torch.zeros_like(below) if row is None else row)
        return torch.stack(rows, 1).reshape(*above.shape, *below.shape[1:]).numpy()

    values = {name: tensor.detach().numpy() for name, tensor in tensors.items()} | {"eta": rate.numpy()}
    gradients = torch.autograd.grad(computed["Loss"].sum(), [leaves[n] for n in parameters], retain_graph=True)
    updates = _stepped({name: leaves[name] for name in parameters}, gradients, rate)
    roles = dict.fromkeys(parameters, "parameter") | {"eta": "hyperparameter"}
    roles |= {name: "input" for name in leaves if name not in parameters}
    return Tabulated(names, values, derivative, updates, roles)  # type: ignore[arg-type]


def _stepped(parameters: Tensors, gradients: tuple[torch.Tensor, ...], rate: torch.Tensor) -> dict[str, Values]:
    """The parameters after one step of torch's SGD, in which every trial is a group with a step size of its own."""
    copies = {name: [row.detach().clone().requires_grad_() for row in value] for name, value in parameters.items()}
    groups = []
    for trial, step in enumerate(rate.tolist()):
        for (_, rows), gradient in zip(copies.items(), gradients, strict=True):
            rows[trial].grad = gradient[trial].clone()
        groups.append({"params": [rows[trial] for rows in copies.values()], "lr": step})
    torch.optim.SGD(groups, lr=1.0).step()
    return {name: torch.stack(rows).detach().numpy() for name, rows in copies.items()}


def scalar_network(trials: int = 256, seed: int = 0) -> Tabulated:
    """The 2-2-3 network of Parameter Update 2, every quantity a number; the target is node 5."""
    names = declare(_SCALARS)
    leaves = _draw(trials, {name: () for name in _SCALARS if name[0] in "XWb"}, seed)
    t = dict(leaves)
    for node in "34":
        t["Y" + node] = torch.relu(t["W1" + node] * t["X1"] + t["W2" + node] * t["X2"] + t["b" + node])
    for node in "567":
        t["Y" + node] = t["W3" + node] * t["Y3"] + t["W4" + node] * t["Y4"] + t["b" + node]
    shares = torch.softmax(torch.stack([t["Y5"], t["Y6"], t["Y7"]], -1), -1)
    for column, node in enumerate("567"):
        t["P" + node] = shares[:, column]
    t["Loss"] = -torch.log(t["P5"])
    computed = {name: value for name, value in t.items() if name not in leaves}
    rate = 0.01 + torch.rand(trials, generator=torch.Generator().manual_seed(seed + 1), dtype=torch.float64)
    return _table(names, leaves, computed, rate)


_MATRICES = ["X", "T", "W1", "b1", "W2", "b2", "Z1", "A1", "Z2", "P", "Loss", "eta"]
SAMPLES, INPUTS, HIDDEN, CLASSES = 5, 4, 3, 2


def softmax_network(names: Names | None = None, trials: int = 24, seed: int = 0) -> Tabulated:
    """A ReLU layer and a softmax layer under mean cross-entropy, a batch in rows: X (5, 4), W1 (3, 4), W2 (2, 3)."""
    shapes = {
        "X": (SAMPLES, INPUTS),
        "W1": (HIDDEN, INPUTS),
        "b1": (HIDDEN,),
        "W2": (CLASSES, HIDDEN),
        "b2": (CLASSES,),
    }
    leaves = _draw(trials, shapes, seed)
    generator = torch.Generator().manual_seed(seed + 1)
    targets = torch.randint(CLASSES, (trials, SAMPLES), generator=generator)
    t = dict(leaves)
    t["T"] = torch.nn.functional.one_hot(targets, CLASSES).to(torch.float64)
    t["Z1"] = t["X"] @ t["W1"].mT + t["b1"][:, None]
    t["A1"] = torch.relu(t["Z1"])
    t["Z2"] = t["A1"] @ t["W2"].mT + t["b2"][:, None]
    t["P"] = torch.softmax(t["Z2"], -1)
    t["Loss"] = -(t["T"] * torch.log(t["P"])).sum((1, 2)) / SAMPLES
    computed = {name: value for name, value in t.items() if name not in leaves}
    rate = 0.01 + torch.rand(trials, generator=generator, dtype=torch.float64)
    if names is None:
        written = {name: f"{name[0]}^{{({name[1]})}}" for name in _MATRICES if name[1:].isdecimal()}
        names = declare(_MATRICES, written=written, constants={"N": SAMPLES})
    return _table(names, leaves, computed, rate)


def replaced(provider: Tabulated, **values: Values) -> dict[str, Values]:
    """The provider's values with some of them replaced."""
    return {**provider.values, **{key: np.asarray(value) for key, value in values.items()}}
