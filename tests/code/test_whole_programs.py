"""Whole programs in the ways of courses and tutorials: a class with dicts, states by time, loops over everything."""

from __future__ import annotations

import textwrap

import pytest
import torch
from code_setup import written
from torch import nn
from torch.nn import functional as F

from gradproof import Code, Reference, crosscheck, integers, normal

NETWORK = """
    class Network:
        def __init__(self, inputs, hidden, classes, decay):
            self.params = {"W1": np.zeros((inputs, hidden)), "b1": np.zeros(hidden)}
            self.params["W2"], self.params["b2"] = np.zeros((hidden, classes)), np.zeros(classes)
            self.decay = decay

        def loss(self, X, y):
            W1, b1 = self.params["W1"], self.params["b1"]
            W2, b2 = self.params["W2"], self.params["b2"]
            N, D = X.shape
            hidden = np.maximum(0, X.dot(W1) + b1)
            scores = hidden.dot(W2) + b2
            shifted = scores - scores.max(axis=1, keepdims=True)
            p = np.exp(shifted)
            p /= p.sum(axis=1, keepdims=True)
            loss = -np.log(p[range(N), y]).mean()
            loss += self.decay * (np.sum(W1 * W1) + np.sum(W2 * W2))
            dscores = p.copy()
            dscores[np.arange(N), y] -= 1
            dscores /= N
            grads = {}
            grads["W2"] = hidden.T.dot(dscores) + 2 * self.decay * W2
            grads["b2"] = dscores.sum(axis=0)
            dhidden = dscores.dot(W2.T)
            dhidden[hidden <= 0] = 0
            grads["W1"] = X.T.dot(dhidden) + 2 * self.decay * W1
            grads["b1"] = dhidden.sum(axis=0)
            return loss, grads
"""

RECURRENT = """
    def loss(inputs, targets, before, U, V, O, c):
        x, h, p = {}, {-1: np.copy(before)}, {}
        total = 0
        for t in range(len(inputs)):
            x[t] = np.zeros((U.shape[1], 1))
            x[t][inputs[t]] = 1
            h[t] = np.tanh(U @ x[t] + V @ h[t - 1] + c)
            y = O @ h[t]
            p[t] = np.exp(y) / np.sum(np.exp(y))
            total += -np.log(p[t][targets[t], 0])
        dU, dV, dO, dc = np.zeros_like(U), np.zeros_like(V), np.zeros_like(O), np.zeros_like(c)
        dnext = np.zeros_like(before)
        for t in reversed(range(len(inputs))):
            dy = np.copy(p[t])
            dy[targets[t]] -= 1
            dO += np.dot(dy, h[t].T)
            dh = np.dot(O.T, dy) + dnext
            draw = (1 - h[t] * h[t]) * dh
            dc += draw
            dU += np.dot(draw, x[t].T)
            dV += np.dot(draw, h[t - 1].T)
            dnext = np.dot(V.T, draw)
        return total, dU, dV, dO, dc
"""

CONVOLUTION = """
    def forward(x, w, b, options):
        stride, pad = options["stride"], options["pad"]
        N, C, H, W = x.shape
        M, _, R, S = w.shape
        rows, columns = 1 + (H + 2 * pad - R) // stride, 1 + (W + 2 * pad - S) // stride
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
        out = np.zeros((N, M, rows, columns))
        for n in range(N):
            for m in range(M):
                for i in range(rows):
                    for j in range(columns):
                        window = padded[n, :, i * stride : i * stride + R, j * stride : j * stride + S]
                        out[n, m, i, j] = np.sum(window * w[m]) + b[m]
        return out, (x, w, b, options)

    def backward(dout, cache):
        x, w, b, options = cache
        stride, pad = options["stride"], options["pad"]
        N, C, H, W = x.shape
        M, _, R, S = w.shape
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
        dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros_like(b)
        for n in range(N):
            for m in range(M):
                db[m] += dout[n, m].sum()
                for i in range(dout.shape[2]):
                    for j in range(dout.shape[3]):
                        top, left = i * stride, j * stride
                        dw[m] += padded[n, :, top : top + R, left : left + S] * dout[n, m, i, j]
                        dpadded[n, :, top : top + R, left : left + S] += w[m] * dout[n, m, i, j]
        dx = dpadded[:, :, pad : pad + H, pad : pad + W]
        return dx, dw, db
"""


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.W1, self.b1 = nn.Parameter(torch.empty(3, 6)), nn.Parameter(torch.empty(6))
        self.W2, self.b2 = nn.Parameter(torch.empty(6, 4)), nn.Parameter(torch.empty(4))

    def forward(self, X, y):
        scores = F.relu(X @ self.W1 + self.b1) @ self.W2 + self.b2
        return F.cross_entropy(scores, y) + 0.1 * ((self.W1**2).sum() + (self.W2**2).sum())


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.U, self.V = nn.Parameter(torch.empty(2, 4)), nn.Parameter(torch.empty(2, 2))
        self.O, self.c = nn.Parameter(torch.empty(4, 2)), nn.Parameter(torch.empty(2, 1))

    def forward(self, inputs, targets, before):
        h, loss = before, 0
        for t in range(3):
            h = torch.tanh(self.U[:, inputs[t]][:, None] + self.V @ h + self.c)
            loss = loss + F.cross_entropy((self.O @ h).T, targets[t : t + 1])
        return loss


PROGRAMS = {
    "network": (
        NETWORK,
        Reference(Network, {"X": normal(5, 3), "y": integers(0, 4, (5,))}),
        {"functions": ("Network.loss",), "constructor": {"inputs": 3, "hidden": 6, "classes": 4, "decay": 0.1}},
    ),
    "recurrent": (
        RECURRENT,
        Reference(Recurrent, {"inputs": integers(0, 4, (3,)), "targets": integers(0, 4, (3,)), "before": normal(2, 1)}),
        {
            "functions": ("loss",),
            "results": ("Loss", "dLoss_dU", "dLoss_dV", "dLoss_dO", "dLoss_dc"),
        },
    ),
    "convolution": (
        CONVOLUTION,
        Reference(
            lambda: nn.Conv2d(2, 3, (2, 3), stride=2, padding=1),
            {"input": normal(2, 2, 4, 5)},
            {"x": "input", "w": "weight", "b": "bias"},
        ),
        {"functions": ("forward", "backward"), "values": {"options": {"stride": 2, "pad": 1}}},
    ),
}

# What is checked -> the slip's name -> the right text, and what stands there instead.
SLIPS = [
    ("network", "a factor of one term", "X.T.dot(dhidden) + 2 * self.decay * W1", "X.T.dot(dhidden) + self.decay * W1"),
    ("network", "the wrong mask", "dhidden[hidden <= 0] = 0", "dhidden[hidden > 0] = 0"),
    ("network", "the mean forgotten", "dscores /= N", "dscores /= 1"),
    ("recurrent", "what comes from the next step", "np.dot(O.T, dy) + dnext", "np.dot(O.T, dy)"),
    ("recurrent", "a square forgotten", "(1 - h[t] * h[t]) * dh", "(1 - h[t]) * dh"),
    ("recurrent", "the state of the wrong step", "dV += np.dot(draw, h[t - 1].T)", "dV += np.dot(draw, h[t].T)"),
    ("recurrent", "before the activation for after it", "dc += draw", "dc += dh"),
    ("recurrent", "a transpose forgotten", "dnext = np.dot(V.T, draw)", "dnext = np.dot(V, draw)"),
    (
        "recurrent",
        "forwards for backwards",
        "reversed(range(len(inputs))):\n            dy",
        "range(len(inputs)):\n            dy",
    ),
    ("recurrent", "= for +=", "dO += np.dot(dy, h[t].T)", "dO = np.dot(dy, h[t].T)"),
    ("convolution", "= for += in an overlap", "left : left + S] += w[m]", "left : left + S] = w[m]"),
    ("convolution", "the stride forgotten", "top, left = i * stride, j * stride", "top, left = i * stride, j"),
]


def program(folder, name, old="", new=""):
    text, reference, options = PROGRAMS[name]
    assert not old or text.count(old) == 1
    module = written(folder, text.replace(old, new) if old else text)
    options = dict(options)
    functions = [getattr(module, function) for function in options.pop("functions") if "." not in function]
    if not functions:
        functions = [module.Network.loss]
    return crosscheck(Code(*functions, **options), reference, trials=200, proof=False)


@pytest.mark.parametrize("name", PROGRAMS)
def test_right_program_agrees_in_every_gradient(tmp_path, name):
    result = program(tmp_path, name)
    assert result.ok
    judged = {one.equation for one in result.results if one.verdict == "agrees"}
    assert {f"dLoss_d{parameter}" for parameter, _ in PROGRAMS[name][1].model().named_parameters()} - judged <= {
        "dLoss_dweight",
        "dLoss_dbias",
    }
    assert name != "convolution" or {"Y", "dLoss_dx", "dLoss_dw", "dLoss_db"} <= judged


@pytest.mark.parametrize(("name", "old", "new"), [(name, old, new) for name, _, old, new in SLIPS],
                         ids=[f"{name}: {slip}" for name, slip, *_ in SLIPS])  # fmt: skip
def test_slip_in_a_program_is_mended_at_its_line(tmp_path, name, old, new):
    result = program(tmp_path, name, old, new)
    assert result.wrong
    lines = (tmp_path / "layers.py").read_text().splitlines()
    right = ["", *textwrap.dedent(PROGRAMS[name][0]).splitlines()]
    (line,) = [number for number, (one, other) in enumerate(zip(lines, right, strict=True), 1) if one != other][1:]
    assert {one.fix_place.rpartition(":")[2] for one in result.wrong} == {str(line)}
