"""What the forward pass says of the backward pass: the statement at fault, and what the chain rule asks for there."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from programs import Called, Taken, loaded, mended, search_of
from torch import nn

from gradproof import Code, Reference, crosscheck, normal
from gradproof.repair.program.chain.inner import Inner, inner_of
from gradproof.repair.program.chain.paths import WHOLE_RULE, path_edits
from gradproof.repair.program.chain.slopes import Slopes
from gradproof.repair.program.judging import Bench, Trial
from gradproof.repair.program.running import Kept, traced

LSTM = """
    def sigmoid(x):
        return 1 / (1 + np.exp(-x))


    def forward(ai, af, ao, au, c):
        i, f, o, u = sigmoid(ai), sigmoid(af), sigmoid(ao), np.tanh(au)
        next_c = f * c + i * u
        next_h = o * np.tanh(next_c)
        return next_h, next_c, (i, f, o, u, next_c, c)


    def backward(dnext_h, dnext_c, cache):
        i, f, o, u, next_c, c = cache
        t = np.tanh(next_c)
        do = dnext_h * t
        dc = dnext_c + dnext_h * o * (1 - t ** 2)
        du = dc * i
        di = dc * u
        df = dc * c
        dau = du * (1 - u ** 2)
        dai, daf, dao = di * i * (1 - i), df * f * (1 - f), do * o * (1 - o)
        return dc * f, dai, daf, dao, dau


    def step(ai, af, ao, au, c, gh, gc):
        next_h, next_c, cache = forward(ai, af, ao, au, c)
        return (next_h, next_c, *backward(gh, gc, cache))
"""
GATES = dict.fromkeys(("ai", "af", "ao", "au", "c", "gh", "gc"), "nk")
CELL = """
    def forward(x, h, W, U):
        z = 1 / (1 + np.exp(-(x @ W)))
        v = np.tanh(h @ U)
        return (1 - z) * h + z * v, (x, h, z, v)


    def backward(dout, cache, U):
        x, h, z, v = cache
        dz = dout * (v - h)
        dv = dout * z
        dh = dout * (1 - z) + (dv * (1 - v ** 2)) @ U.T
        return x.T @ (dz * z * (1 - z)), dh


    def step(x, h, W, U, g):
        out, cache = forward(x, h, W, U)
        return (out, *backward(g, cache, U))
"""
NORM = """
    def step(x, gamma, g):
        n = x.shape[0]
        mu = x.mean(axis=0)
        xc = x - mu
        var = (xc ** 2).mean(axis=0)
        std = np.sqrt(var + 1e-5)
        xn = xc / std
        out = gamma * xn
        dxn = g * gamma
        dstd = -(dxn * xc).sum(axis=0) / std ** 2
        dvar = dstd / (2 * std)
        dxc = dxn / std + 2 * xc * dvar / n
        dmu = -dxc.sum(axis=0)
        return out, dxc + dmu / n, (g * xn).sum(axis=0)
"""
LOSS = """
    def step(x, w, y):
        n = x.shape[0]
        scores = x @ w
        e = np.exp(scores)
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(n), y]).sum() / n
        dscores = p.copy()
        dscores[np.arange(n), y] -= 1
        dscores /= n
        return loss, x.T @ dscores, dscores @ w.T
"""


STYLES = {
    "gates": (LSTM, GATES, {"r0": "gh", "r1": "gc"}),
    "cell": (CELL, {"x": "nd", "h": "nk", "W": "dk", "U": "kk", "g": "nk"}, {"r0": "g"}),
    "norm": (NORM, {"x": "nd", "gamma": "d", "g": "nd"}, {"r0": "g"}),
    "loss": (LOSS, {"x": "nd", "w": "dk", "y": "i"}, {"r0": ""}),
}


@pytest.mark.parametrize(
    ("style", "old", "new", "line"),
    [
        ("gates", " + dnext_h * o * (1 - t ** 2)", "", "dc = dnext_c + dnext_h * o * (1 - t ** 2)"),
        ("gates", "du * (1 - u ** 2)", "du * i * (1 - i)", "dau = du * (1 - u ** 2)"),
        ("gates", "di = dc * u", "di = dc * o", "di = dc * u"),
        ("cell", "dz = dout * (v - h)", "dz = dout * v", "dz = dout * v - dout * h"),
        ("norm", ".sum(axis=0) / std ** 2", ".sum(axis=0) / std", "dstd = -(dxn * xc).sum(axis=0) / std ** 2"),
        ("norm", "dvar = dstd / (2 * std)", "dvar = dstd / std", "dvar = dstd / (2 * std)"),
        ("loss", "    dscores /= n\n", "", "dscores /= n"),
    ],
)
def test_the_statement_at_fault_is_mended(style: str, old: str, new: str, line: str, tmp_path: Path) -> None:
    text, draws, weights = STYLES[style]
    fix = mended(text, old, new, tmp_path, draws, weights=weights)
    assert fix is not None
    assert line in (fix.after, *(one.partition(": ")[2] for one in fix.alternatives))
    assert fix.after.split("=")[0] == line.split("=")[0]


def test_what_is_right_and_what_inherits(tmp_path: Path) -> None:
    text, draws, weights = STYLES["norm"]
    inner = search_of(text, "/ std ** 2", "/ std", tmp_path, draws, weights=weights).inner()
    lines = (tmp_path / "wrong.py").read_text().splitlines()
    both = inner.right | inner.last, inner.inheriting
    right, inheriting = ([lines[at - 1].split("=")[0].strip() for _, at in sorted(some)] for some in both)
    assert "dxn" in right
    assert {"dvar", "dxc"} <= set(inheriting)
    assert not {"dstd"} & {*right, *inheriting}
    assert [(wrong.text, [one.text for one in named]) for wrong, named in inner.roots] == [("dstd", ["std"])]


def test_names_that_mean_something_else_hide_nothing(tmp_path: Path) -> None:
    """`dmu` and `dvar` are parts here, and the mistake is in what is right by its name until then."""
    text = NORM.replace("dvar = dstd / (2 * std)", "dvar = dstd").replace("xc * dvar / n", "xc * dvar / (2 * std) / n")
    fix = mended(text, "dxn = g * gamma", "dxn = g", tmp_path, STYLES["norm"][1], weights={"r0": "g"})
    assert fix is not None
    assert fix.after == "dxn = g * gamma"


SENSITIVITIES = """
    def step(x, a, b):
        s, ds_da, n = 1.0, np.zeros(2), x.shape[0]
        total, dtotal = 0.0, np.zeros(2)
        da, db = np.array([1.0, 0.0]), np.array([0.0, 1.0])
        for k in range(n):
            q = a[0] * s
            dq = da * s + a[0] * ds_da
            r = q ** 2 * b[0] + x[k, 0]
            dr = 2 * q * dq * b[0] + q ** 2 * db
            total = total + np.tanh(r)
            dtotal = dtotal + (1 - np.tanh(r) ** 2) * dr
            s, ds_da = np.sin(q), np.cos(q) * dq
        return dtotal, np.float64(total)
"""


def test_a_term_of_a_differential(tmp_path: Path) -> None:
    """Derivatives that are carried forward beside the values, as in the sensitivities of a filter."""
    old = "dr = 2 * q * dq * b[0] + q ** 2 * db"
    fix = mended(SENSITIVITIES, old, "dr = q ** 2 * db", tmp_path, {"x": "nd", "a": "n", "b": "n"})
    assert fix is not None
    assert fix.mends == ("r0",)
    assert fix.after.startswith("dr = q ** 2 * db + ")


def test_without_a_loss_nothing_is_said(tmp_path: Path) -> None:
    text, draws, _ = STYLES["norm"]
    assert search_of(text, "/ std ** 2", "/ std", tmp_path, draws).inner() == Inner()


@pytest.mark.parametrize(
    "expression",
    [
        "np.tanh(x * w)", "np.exp(-x * w)", "np.log(x ** 2 + 1)", "np.sqrt(x * x + 2)", "x / (w + 3)", "w / (x + 3)",
        "(x - x.mean(axis=1, keepdims=True)) * w", "x.sum(axis=0) * w[0]", "np.maximum(x, 0 * w) * w", "x @ w.T",
        "np.matmul(x.T, w)", "x.T @ w", "np.abs(x) * 3", "np.sum(x * w, axis=1)", "1 / (1 + np.exp(-x * w))",
        "np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)", "np.sin(x) * np.cos(w * x)", "x.mean(axis=0)", "-x ** 3",
        "w - np.square(x)", "x.reshape(-1) * 2.0", "x @ w[0]", "w[:, 0] @ x", "(x @ w[1]) ** 2",
    ],
)  # fmt: skip
def test_the_chain_rule_in_the_words_of_the_code(expression: str, tmp_path: Path) -> None:
    """The formula that takes the place of a wrong one is held to autograd's derivative of the same expression."""
    trials = [_differentiated(expression, seed) for seed in range(3)]
    path = tmp_path / "step.py"
    path.write_text(
        f"import numpy as np\n\n\ndef step(x, w, g):\n    z = {expression}\n    dx = np.arctan(x)\n    return z, dx\n"
    )
    program, claims = Called(loaded(path), ("x", "w", "g")), {"r0": Taken(0), "r1": Taken(1)}
    bench = Bench(program, claims, trials, trials, {"r0": "g"})  # type: ignore[arg-type]
    functions = traced(lambda: bench.run(trials[0]), [path]).functions
    slopes = Slopes(bench, Kept(functions))
    roots = inner_of(slopes, functions, lambda function, statement: False).roots
    (edit,) = [edit for _, edit in path_edits(slopes, functions, roots) if edit.bits == WHOLE_RULE]
    space: dict[str, Any] = {"np": np, **trials[2].inputs, "z": trials[2].truths["r0"]}
    exec(ast.unparse(edit.new), space)  # type: ignore[arg-type]
    np.testing.assert_allclose(space["dx"], trials[2].truths["r1"], rtol=1e-12, atol=1e-14)


def _differentiated(expression: str, seed: int) -> Trial:
    rng = np.random.default_rng(seed)
    x, w = (torch.from_numpy(rng.uniform(0.3, 1.7, (4, 3)) * rng.choice((-1.0, 1.0), (4, 3))) for _ in range(2))
    x.requires_grad_()
    words = expression.replace("np.", "torch.").replace("axis", "dim").replace("keepdims", "keepdim")
    z = eval(words, {"torch": torch, "x": x, "w": w})
    g = torch.from_numpy(rng.standard_normal(tuple(z.shape)))
    (truth,) = torch.autograd.grad((z * g).sum(), x)
    values = {"x": x.detach().numpy(), "w": w.numpy(), "g": g.numpy()}
    return Trial(values, {"r0": z.detach().numpy(), "r1": truth.numpy()}, {"g": g.numpy()})


HINGE = """
import numpy as np


def forward(x, w):
    h = x @ w
    m = np.maximum(h, 0).sum(axis=1)
    loss = (m ** 2).mean()
    return loss, (x, h, m)


def backward(cache, w):
    x, h, m = cache
    dm = 2 * m
    dh = dm[:, None] * (h > 0)
    dw = 1.4 * x.T @ dh
    return dh @ w.T, dw
"""


class Hinge(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.empty(4, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (torch.relu(x @ self.w).sum(dim=1) ** 2).mean()


def test_of_two_mistakes_each_is_named_at_its_own_line(tmp_path: Path) -> None:
    """No one edit mends all; the forgotten mean is not moved to the statement that reads its variable."""
    path = tmp_path / "hinge.py"
    path.write_text(HINGE.lstrip())
    code = Code(loaded(path, "forward"), loaded(path, "backward"))
    result = crosscheck(code, Reference(model=Hinge, inputs={"x": normal(5, 4)}), trials=100)
    fixes = {one.equation: (one.fix_place.rpartition(":")[2], one.mended) for one in result.wrong}
    lines = {name: int(line) for name, (line, _) in fixes.items()}
    assert lines["dLoss_dx"] == 1 + HINGE.lstrip().splitlines().index("    dm = 2 * m")
    assert fixes["dLoss_dw"][1].startswith("dw = x.T @ dh") or lines["dLoss_dw"] == lines["dLoss_dx"]
