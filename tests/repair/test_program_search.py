"""Whole programs mended by their results: the mistakes that people make, in several styles of code."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from programs import Called, mended, trial_of

from gradproof.case.depth import Endless, ending
from gradproof.repair.program.running import Editable, Kept

LINEAR = """
    def step(x, w, g):
        n = x.shape[0]
        dw = np.zeros_like(w)
        dx = np.zeros_like(x)
        for i in range(n):
            dw += np.outer(x[i], g[i])
            dx[i] += np.dot(w, g[i])
        return dx, dw
"""
MEAN = """
    def step(x, w, t):
        n, k = t.shape
        y = np.tanh(x @ w)
        dy = 2 * (y - t) / (n * k)
        dz = dy * (1 - y ** 2)
        dw = x.T @ dz
        db = dz.sum(axis=0)
        return dw, db, dz @ w.T
"""
SIGMOID = """
    def step(x, w, t):
        o = 1 / (1 + np.exp(-(x @ w)))
        n = len(o)
        delta = (2 / n) * (o - t) * (o * (1 - o))
        return x.T @ delta, delta @ w.T
"""
SOFTMAX = """
    def softmax(z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)


    def step(x, w, y):
        n = x.shape[0]
        scores = x @ w
        p = softmax(scores)
        p[np.arange(n), y] -= 1
        p /= n
        dw = x.T @ p
        return dw, p @ w.T
"""
RECURRENT = """
    def step(x, w, u, g):
        n = x.shape[0]
        h = np.zeros((n + 1, u.shape[0]))
        for t in range(n):
            h[t + 1] = np.tanh(x[t] @ w + h[t] @ u)
        dw, du, later = np.zeros_like(w), np.zeros_like(u), np.zeros(u.shape[0])
        for t in reversed(range(n)):
            dh = g[t] + later
            dz = (1 - h[t + 1] ** 2) * dh
            dw += np.outer(x[t], dz)
            du += np.outer(h[t], dz)
            later = dz @ u.T
        return dw, du
"""
NORM = """
    def step(x, a, g):
        m, v = x.mean(axis=0), x.var(axis=0)
        s = np.sqrt(v + 1e-5)
        xhat = (x - m) / s
        dxhat = g * a
        dx = (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / s
        return dx, (g * xhat).sum(axis=0), g.sum(axis=0)
"""
LAYER = """
    class Dense:
        def __init__(self, w, slope=0.01):
            self.w, self.slope = w, slope
            self.dw = self.db = None

        def forward(self, x):
            self.x = x
            self.z = x @ self.w
            return np.where(self.z > 0, self.z, self.slope * self.z)

        def backward(self, g):
            dz = g * np.where(self.z > 0, 1.0, self.slope)
            self.db = dz.sum(axis=0)
            self.dw = self.x.T @ dz
            return dz @ self.w.T


    def step(x, w, g):
        layer = Dense(w)
        layer.forward(x)
        dx = layer.backward(g)
        return dx, layer.dw, layer.db
"""
TAPE = """
    class Value:
        def __init__(self, data):
            self.data = data
            self.grad = np.zeros_like(data)
            self.back = lambda: None


    def product(a, b):
        out = Value(a.data @ b.data)

        def back():
            a.grad += out.grad @ b.data.T
            b.grad += a.data.T @ out.grad

        out.back = back
        return out


    def step(x, w, g):
        first, weight = Value(x), Value(w)
        hidden = product(first, weight)
        last = product(hidden, weight)
        last.grad = g
        for node in (last, hidden):
            node.back()
        return first.grad, weight.grad
"""
POOL = """
    def step(x, w, g):
        z = x @ w
        dz = np.zeros_like(z)
        for i in range(z.shape[0]):
            mask = z[i] > 0
            dz[i] += mask * g[i]
        dw, above = np.zeros_like(w), np.zeros(x.shape[0])
        for i in range(x.shape[0]):
            for j in range(z.shape[1]):
                if z[i, j] > 0:
                    above[i] += 1
                    dw[:, j] += g[i, j] * x[i]
        return dz @ w.T, dw
"""
GATES = """
    def step(x, wr, wz, g):
        grads = {"wr": wr, "wz": wz}
        r, z = np.tanh(x @ wr), np.tanh(x @ wz)
        dx, dr, dz = np.zeros_like(x), g * z, g * r
        da_r = dr * (1 - r ** 2)
        grads["wr"] = x.T @ da_r
        dx += da_r @ wr.T
        da_z = dz * (1 - z ** 2)
        grads["wz"] = x.T @ da_z
        dx += da_z @ wz.T
        return dx, grads["wr"], grads["wz"]
"""
MOMENTS = """
    def step(x, w, g, beta1=0.8, beta2=0.95):
        t, state = 3, {"w": x}
        for k in state:
            m = beta1 * w + (1 - beta1) * g
            v = beta2 * w ** 2 + (1 - beta2) * g ** 2
            mhat = m / (1 - beta1 ** t)
            vhat = v / (1 - beta2 ** t)
            state[k] = state[k] - 0.1 * mhat / (np.sqrt(vhat) + 1e-3)
        return (state["w"],)
"""
ROWS_OF_SOFTMAX = """
    def step(x, w, y):
        dw = np.zeros_like(w)
        for i in range(x.shape[0]):
            s = x[i] @ w
            p = np.exp(s) / np.exp(s).sum()
            first = p[y[i]]
            for k in range(w.shape[1]):
                dw[:, k] += (p[k] - (k == y[i])) * x[i]
        return dw, first
"""
JACOBIANS = """
    def step(x, g):
        dx = np.zeros_like(x)
        for i in range(x.shape[0]):
            p = np.exp(x[i]) / np.exp(x[i]).sum()
            dx[i] = (np.diagflat(p) - np.outer(p, p)) @ g[i]
        return (dx,)
"""
CROPPED = """
    def step(x, g, pad=1):
        wide = np.pad(x, ((pad, pad), (0, 0)))
        dwide = np.zeros_like(wide)
        for i in range(x.shape[0]):
            dwide[i:i + 3] += g[i]
        return (dwide[pad:pad + x.shape[0]],)
"""
INHERITED = """
    class Base:
        def back(self, x, g):
            return g * self.slope(x)

    class Square(Base):
        def value(self, x):
            return x ** 2

        def slope(self, x):
            return 2 * x

    def step(x, g):
        return (Square().back(x, g),)
"""
PAIRED = """
    def step(x, w, g):
        dw, total = np.zeros(w.shape), np.zeros(x.shape[1])
        total += g[0] @ w.T
        for i in range(1, x.shape[0]):
            total += w @ g[i]
            dw += np.outer(x[i], g[i])
        return dw, total
"""
STRIDED = """
    GROUPS = 2
    STRIDE = 2


    def spread(x):
        out = np.zeros(STRIDE * len(x))
        for i in range(len(x)):
            out[i * STRIDE] += x[i]
        return out


    def step(x, g):
        total = np.zeros_like(x[0])
        for i in range(len(x)):
            total += spread(x[i])[0] * g[i]
        dx = np.zeros_like(g)
        wide = np.concatenate([g, 2 * g])
        for i in range(len(g)):
            for j in range(STRIDE):
                dx[i] += (j + 1) * wide[i * STRIDE + j]
        return total, dx
"""
STATES_KEPT = """
    from dataclasses import dataclass


    @dataclass
    class State:
        before: np.ndarray
        after: np.ndarray


    def step(x, w, g):
        states, c = [], np.zeros(w.shape[1])
        for row in x:
            states.append(State(c, np.tanh(row @ w + c)))
            c = states[-1].after
        db = np.zeros_like(c)
        for state, above in zip(states, g):
            db += above * state.before
        return (db,)
"""
COUNTED = """
    def step(x, w, t):
        y = np.tanh(x @ w)
        dz = 2 * (y - t) / t.size * (1 - y ** 2)
        return x.T @ dz, dz.sum(axis=0)
"""
GATED = {"x": "nd", "wr": "dk", "wz": "dk", "g": "nk"}
DENSE = {"x": "nd", "w": "dk", "g": "nk"}
TARGET = {"x": "nd", "w": "dk", "t": "nk"}
CLASSES = {"x": "nd", "w": "dk", "y": "i"}
STATES = {"x": "nd", "w": "dk", "u": "kk", "g": "nk"}
ROWS = {"x": "nd", "a": "d", "g": "nd"}
SQUARED = {"x": "nk", "w": "kk", "g": "nk"}
SQUARE = {"x": "nk", "w": "kk", "u": "kk", "g": "nk"}

MISTAKES = {
    "a number for its name": (LAYER, "np.where(self.z > 0, 1.0, self.slope)", "np.where(self.z > 0, 1.0, 0.0)", DENSE),
    "line whose counterpart is there": (GATES, "    dx += da_z @ wz.T\n", "", GATED),
    "line unlike its counterpart": (MOMENTS, "v / (1 - beta2 ** t)", "v", {"x": "nd", "w": "nd", "g": "nd"}),
    "the class forgotten": (ROWS_OF_SOFTMAX, "(p[k] - (k == y[i]))", "p[k]", CLASSES),
    "off the diagonal": (JACOBIANS, "(np.diagflat(p) - np.outer(p, p))", "np.diagflat(p)", {"x": "nd", "g": "nd"}),
    "another piece of a padded array": (CROPPED, "dwide[pad:pad + x", "dwide[:x", {"x": "nd", "g": "nd"}),
    "another method": (INHERITED, "self.slope(x)", "self.value(x)", {"x": "nd", "g": "nd"}),
    "one of two sums in a loop": (PAIRED, "        total += w @ g[i]\n", "", DENSE),
    "a loop that stops before the first": (RECURRENT, "reversed(range(n))", "range(n - 1, 0, -1)", STATES),
    "a call too much": (MEAN, "dw = x.T @ dz", "dw = x.cumsum(axis=0).T @ dz", TARGET),
    "missing += line in a loop": (LINEAR, "        dw += np.outer(x[i], g[i])\n", "", DENSE),
    "missing += line of a recurrence": (RECURRENT, "        du += np.outer(h[t], dz)\n", "", STATES),
    "= for +=": (LINEAR, "dw += np.outer", "dw = np.outer", DENSE),
    "a + b for a += b": (RECURRENT, "dw += np.outer(x[t], dz)", "dw + np.outer(x[t], dz)", STATES),
    "dot for outer": (LINEAR, "np.outer(x[i], g[i])", "np.dot(x[i], g[i])", {"x": "nd", "w": "dd", "g": "nd"}),
    "range one short": (LINEAR, "range(n)", "range(n - 1)", DENSE),
    "range begins at one": (RECURRENT, "reversed(range(n))", "reversed(range(1, n))", STATES),
    "index one off": (RECURRENT, "du += np.outer(h[t], dz)", "du += np.outer(h[t + 1], dz)", STATES),
    "index swapped with its range": (SOFTMAX, "p[np.arange(n), y] -= 1", "p[y, np.arange(n)] -= 1", CLASSES),
    "missing epsilon": (NORM, "np.sqrt(v + 1e-5)", "np.sqrt(v)", ROWS),
    "another epsilon": (NORM, "v + 1e-5", "v + 1e-8", ROWS),
    "missing term": (NORM, "dxhat - dxhat.mean(axis=0) - xhat", "dxhat - xhat", ROWS),
    "mean for sum at the end": (MEAN, "db = dz.sum(axis=0)", "db = dz.mean(axis=0)", TARGET),
    "n for n k": (MEAN, "(n * k)", "n", TARGET),
    "a constant of the file": (STRIDED, "wide[i * STRIDE + j]", "wide[i + j]", {"x": "nd", "g": "nd"}),
    "another field": (STATES_KEPT, "above * state.before", "above * state.after", DENSE),
    "one length of two": (COUNTED, "t.size", "t.shape[0]", TARGET),
    "rows for all entries": (COUNTED, "t.size", "len(t)", TARGET),
    "an exponent": (MEAN, "1 - y ** 2", "1 - y ** 3", TARGET),
    "a default": (LAYER, "slope=0.01", "slope=0.1", DENSE),
    "never stored": (LAYER, "self.db = dz.sum", "db = dz.sum", DENSE),
    "softmax forgotten": (SOFTMAX, "p = softmax(scores)", "p = scores", CLASSES),
    "forward name": (RECURRENT, "du += np.outer(h[t], dz)", "du += np.outer(x[t], dz)", SQUARE),
    "= for += in a closure": (TAPE, "b.grad += a.data.T", "b.grad = a.data.T", SQUARED),
    "factor that is read nowhere": (POOL, "mask * g[i]", "g[i]", DENSE),
    "statement outside its block": (POOL, "    dw[:, j] += g[i, j] * x[i]", "dw[:, j] += g[i, j] * x[i]", DENSE),
    "another attribute": (LAYER, "layer.dw, layer.db", "layer.dw, layer.z", DENSE),
    "sign": (MEAN, "2 * (y - t)", "2 * (t - y)", TARGET),
}  # fmt: skip


@pytest.mark.parametrize("kind", MISTAKES)
def test_search_mends_the_mistakes_that_people_make(kind: str, tmp_path: Path) -> None:
    text, old, new, draws = MISTAKES[kind]
    fix = mended(text, old, new, tmp_path, draws)
    assert fix is not None
    right = "import numpy as np\n\n\n" + dedent(text).lstrip()
    if ast.dump(ast.parse(fix.new)) != ast.dump(ast.parse(right)):
        assert _is_right(fix.new, right, draws), fix.after


def _is_right(found: str, right: str, draws: Mapping[str, str]) -> bool:
    """Whether two texts give the same results at sizes and draws that no search has seen."""
    spaces: list[dict[str, Any]] = [{}, {}]
    for space, text in zip(spaces, (found, right), strict=True):
        exec(compile(text, "program", "exec"), space)
    for seed in range(20, 24):
        trial = trial_of(Called(spaces[1]["step"], tuple(draws)), draws, {"n": 7, "d": 4, "k": 3}, seed, {})
        outcome = spaces[0]["step"](*(np.array(trial.inputs[name])[()] for name in draws))
        if not all(np.allclose(a, b, rtol=1e-9) for a, b in zip(outcome, trial.truths.values(), strict=True)):
            return False
    return True


def test_search_two_mistakes_in_two_statements_are_both_mended(tmp_path: Path) -> None:
    text = MEAN.replace("dz.sum(axis=0)", "dz.mean(axis=0)").replace("dw = x.T @ dz", "dw = -(x.T @ dz)")
    right = "import numpy as np\n\n\n" + dedent(MEAN).lstrip()
    fix = mended(MEAN, dedent(MEAN), dedent(text), tmp_path, TARGET)
    assert fix is not None
    assert fix.mends == ("r0", "r1")
    assert ast.dump(ast.parse(fix.new)) == ast.dump(ast.parse(right))


def test_what_a_file_holds_is_put_back_after_a_run_that_writes_into_it() -> None:
    space: dict[str, Any] = {"TABLE": np.zeros(2), "RULES": {"square": {"slope": abs}, "rates": [0.5]}}
    text = (
        "def step():\n    RULES['square']['slope'] = 3\n    RULES['new'] = 1\n"
        "    RULES['rates'].append(2)\n    TABLE[0] = 1\n"
    )
    exec(text, space)
    node = ast.parse(text).body[0]
    assert isinstance(node, ast.FunctionDef)
    kept = Kept([Editable(Path("rules.py"), node, (), (space["step"],))])
    space["step"]()
    kept.put_back()
    assert space["RULES"] == {"square": {"slope": abs}, "rates": [0.5]}
    assert not space["TABLE"].any()


def _without_end() -> None:
    turns = 0
    while turns >= 0:
        turns += 1


def test_code_whose_loop_has_no_end_any_more_is_stopped() -> None:
    with pytest.raises(Endless), ending(0.05):
        _without_end()
    with ending(5.0):
        assert sum(range(1000)) == 499500
