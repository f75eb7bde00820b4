"""Small derivations with true values, made of plain functions and torch, for the tests of the repair engine."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from gradproof.repair import Context, Evidence, Workbench
from gradproof.repair.formulas.formula import Formula
from gradproof.repair.formulas.functions import Functions
from gradproof.repair.formulas.syntax import read

NUMPY = Functions({"np": np})
NAMES = "a, b, c, d, A, B"


def formula(text: str, names: str = NAMES) -> Formula:
    """The formula of an expression over some names."""
    return read(f"def f({names}):\n    return {text}\n", NUMPY).formula


@dataclass(frozen=True)
class Written:
    """An equation as the repair engine needs it."""

    name: str
    inputs: tuple[str, ...]
    function: Any = field(repr=False)
    source: str = field(repr=False)
    line: int = 1

    @property
    def quantity(self) -> str:
        return self.name.partition("__")[0]


def written(source: str, namespace: Mapping[str, Any] | None = None) -> Written:
    """The equation that a text defines."""
    source = textwrap.dedent(source).strip("\n") + "\n"
    scope = {"np": np, **(namespace or {})}
    exec(source, scope)
    name = next(line[4 : line.index("(")] for line in source.splitlines() if line.startswith("def "))
    function = scope[name]
    return Written(name, tuple(inspect.signature(function).parameters), function, source)


SCALAR = """
def Z1(X, W1, b1): return W1 * X + b1
def Z2(X, W2, b2): return W2 * X + b2
def Y1(Z1): return np.maximum(Z1, 0)
def Y2(Z2): return np.maximum(Z2, 0)
def S(V1, Y1, V2, Y2): return V1 * Y1 + V2 * Y2
def H(S): return np.tanh(S)
def Loss(H, T): return (H - T)**2 / 2
def dLoss_dH(H, T): return H - T
def dLoss_dS(dLoss_dH, H): return dLoss_dH * (1 - H**2)
def dLoss_dV1(dLoss_dS, Y1): return dLoss_dS * Y1
def dLoss_dV2(dLoss_dS, Y2): return dLoss_dS * Y2
def dLoss_dY1(dLoss_dS, V1): return dLoss_dS * V1
def dLoss_dY2(dLoss_dS, V2): return dLoss_dS * V2
def dLoss_dZ1(dLoss_dY1, Z1): return dLoss_dY1 * (Z1 > 0)
def dLoss_dZ2(dLoss_dY2, Z2): return dLoss_dY2 * (Z2 > 0)
def dLoss_dW1(dLoss_dZ1, X): return dLoss_dZ1 * X
def dLoss_dW2(dLoss_dZ2, X): return dLoss_dZ2 * X
def dLoss_db1(dLoss_dZ1): return dLoss_dZ1
def dLoss_db2(dLoss_dZ2): return dLoss_dZ2
def dLoss_dX(dLoss_dZ1, W1, dLoss_dZ2, W2): return dLoss_dZ1 * W1 + dLoss_dZ2 * W2
def W1_new(W1, eta, dLoss_dW1): return W1 - eta * dLoss_dW1
def W2_new(W2, eta, dLoss_dW2): return W2 - eta * dLoss_dW2
def V1_new(V1, eta, dLoss_dV1): return V1 - eta * dLoss_dV1
def V2_new(V2, eta, dLoss_dV2): return V2 - eta * dLoss_dV2
"""

TENSOR = """
def Z(X, W, b): return X @ W + b
def A(Z): return np.maximum(Z, 0)
def Y(A, V): return A @ V
def Loss(Y, T): return ((Y - T)**2).sum() / Y.shape[0]
def dLoss_dY(Y, T): return 2 * (Y - T) / Y.shape[0]
def dLoss_dV(A, dLoss_dY): return A.T @ dLoss_dY
def dLoss_dA(dLoss_dY, V): return dLoss_dY @ V.T
def dLoss_dZ(dLoss_dA, Z): return dLoss_dA * (Z > 0)
def dLoss_dW(X, dLoss_dZ): return X.T @ dLoss_dZ
def dLoss_db(dLoss_dZ): return dLoss_dZ.sum(axis=0)
def dLoss_dX(dLoss_dZ, W): return dLoss_dZ @ W.T
def W_new(W, eta, dLoss_dW): return W - eta * dLoss_dW
def b_new(b, eta, dLoss_db): return b - eta * dLoss_db
def V_new(V, eta, dLoss_dV): return V - eta * dLoss_dV
"""


def derivation(text: str) -> dict[str, Written]:
    """The equations of a derivation that has one on each line."""
    lines = [line for line in text.splitlines() if line.startswith("def ")]
    equations = [written(line.replace("): ", "):\n    ")) for line in lines]
    return {equation.name: equation for equation in equations}


def scalar_values(draws: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every quantity of the scalar derivation, by torch."""
    v = {n: torch.tensor(x, dtype=torch.float64, requires_grad=n not in ("T", "eta")) for n, x in draws.items()}
    o = dict(v)
    for k in "12":
        o[f"Z{k}"] = v[f"W{k}"] * v["X"] + v[f"b{k}"]
        o[f"Y{k}"] = torch.relu(o[f"Z{k}"])
    o["S"] = v["V1"] * o["Y1"] + v["V2"] * o["Y2"]
    o["H"] = torch.tanh(o["S"])
    o["Loss"] = (o["H"] - v["T"]) ** 2 / 2
    return _with_gradients(o, ["W1", "W2", "V1", "V2"], draws["eta"])


def tensor_values(draws: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every quantity of one trial of the tensor derivation, by torch."""
    v = {n: torch.tensor(x, dtype=torch.float64, requires_grad=n not in ("T", "eta")) for n, x in draws.items()}
    o = dict(v)
    o["Z"] = v["X"] @ v["W"] + v["b"]
    o["A"] = torch.relu(o["Z"])
    o["Y"] = o["A"] @ v["V"]
    o["Loss"] = ((o["Y"] - v["T"]) ** 2).sum() / o["Y"].shape[0]
    return _with_gradients(o, ["W", "b", "V"], draws["eta"])


def _with_gradients(o: dict[str, torch.Tensor], stepped: list[str], eta: np.ndarray) -> dict[str, np.ndarray]:
    others = [name for name, node in o.items() if node.requires_grad and name != "Loss"]
    gradients = torch.autograd.grad(o["Loss"].sum(), [o[name] for name in others])
    values = {name: node.detach().numpy() for name, node in o.items()}
    values |= {f"dLoss_d{name}": g.numpy() for name, g in zip(others, gradients, strict=True)}
    values |= {f"{name}_new": values[name] - eta * values[f"dLoss_d{name}"] for name in stepped}
    return values


def scalar_evidence(seed: int, trials: int, spread: float = 1.0) -> tuple[Evidence, ...]:
    """Trials of the scalar derivation in which both units are on and off, each alone and together."""
    rng = np.random.default_rng(seed)
    names = ("X", "W1", "b1", "W2", "b2", "V1", "V2", "T")
    draws = {n: rng.choice([-1.0, 1.0], trials) * rng.uniform(0.3, 1.6 * spread, trials) for n in names}
    draws["eta"] = rng.uniform(0.05, 0.6, trials)
    # The sign of each pre-activation, trial by trial, in turn.
    for k, pattern in (("1", np.arange(trials) % 2), ("2", np.arange(trials) // 2 % 2)):
        wanted = np.where(pattern == 1, 1.0, -1.0) * rng.uniform(0.2, 1.5, trials)
        draws[f"b{k}"] = wanted - draws[f"W{k}"] * draws["X"]
    return (Evidence(scalar_values(draws)),)


def tensor_evidence(seed: int, sizes: tuple[tuple[int, int, int, int], ...]) -> tuple[Evidence, ...]:
    """Three trials of the tensor derivation for each choice of sizes."""
    rng = np.random.default_rng(seed)
    groups = []
    for n, d, h, k in sizes:
        shapes = {"X": (n, d), "W": (d, h), "b": (h,), "V": (h, k), "T": (n, k)}
        trials = []
        for _ in range(3):
            draws = {name: rng.normal(size=shape) for name, shape in shapes.items()}
            trials.append(tensor_values({**draws, "eta": np.array(rng.uniform(0.05, 0.5))}))
        groups.append(Evidence({name: np.stack([trial[name] for trial in trials]) for name in trials[0]}))
    return tuple(groups)


def scalar_bench(*wrong: Written, trials: int = 16) -> Workbench:
    """The scalar derivation with some equations replaced, on trials that tell everything apart."""
    every = derivation(SCALAR) | {equation.name: equation for equation in wrong}
    passing = frozenset(every).difference(equation.name for equation in wrong)
    context = Context(tuple(every.values()), passing)
    return Workbench(scalar_evidence(0, trials), scalar_evidence(1, 32, spread=1.5), context)


def tensor_bench(*wrong: Written) -> Workbench:
    """The tensor derivation with some equations replaced."""
    every = derivation(TENSOR) | {equation.name: equation for equation in wrong}
    passing = frozenset(every).difference(equation.name for equation in wrong)
    search = tensor_evidence(0, ((5, 6, 7, 8), (3, 4, 2, 5)))
    return Workbench(search, tensor_evidence(1, ((7, 4, 3, 5), (2, 6, 5, 3))), Context(tuple(every.values()), passing))


def bench_of(text: str, right: dict[str, str], wrong: tuple[str, ...]) -> tuple[Workbench, dict[str, Written]]:
    """Equations of one module, one on each line, and true values of the quantities in `right`."""
    scope: dict[str, Any] = {"np": np}
    exec(text, scope)
    lines = [line for line in text.splitlines() if line]
    names = [line[4 : line.index("(")] for line in lines]
    every = {
        name: Written(
            name, tuple(inspect.signature(scope[name]).parameters), scope[name], line.replace(": ", ":\n    ") + "\n"
        )
        for name, line in zip(names, lines, strict=True)
    }
    groups = []
    for seed in (0, 1):
        rng = np.random.default_rng(seed)
        values = {name: rng.choice([-1.0, 1.0], 12) * rng.uniform(0.3, 2.0 + seed, 12) for name in "xyzw"}
        groups.append(Evidence(values | {name: eval(code, {}, values) for name, code in right.items()}))
    passing = frozenset(right).difference(wrong)
    return Workbench((groups[0],), (groups[1],), Context(tuple(every.values()), passing)), every
