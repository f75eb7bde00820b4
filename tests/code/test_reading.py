"""Code in the ways in which people write it is read, agrees where it is right, and is blamed at the line of a slip."""

from __future__ import annotations

import pytest
from code_setup import REFERENCES, checked, derivation, written

from gradproof import Code, crosscheck
from gradproof.code import load_file
from gradproof.repair.mending import mend_case, patches

CACHE_TUPLE = """
    def forward(x, w, b):
        z = x @ w.T + b
        out = np.maximum(z, 0)
        cache = (x, w, z > 0)
        return out, cache

    def backward(dout, cache):
        x, w, mask = cache
        dz = dout * mask
        dx = dz @ w
        dw = dz.T @ x
        db = dz.sum(axis=0)
        return dx, dw, db
"""

UNNAMED_CACHE = """
    def forward(x, w, b):
        z = x @ w.T + b
        return np.maximum(z, 0), (x, w, z)

    def backward(dout, cache):
        dz = dout * (cache[2] > 0)
        return dz @ cache[1], dz.T @ cache[0], dz.sum(0)
"""

CACHE_DICT = """
    def forward(X, W, b):
        cache = {"X": X, "W": W}
        N, D = X.shape
        Z = np.zeros((N, W.shape[0]))
        for i in range(N):
            Z[i] = W @ X[i] + b
        cache["Z"] = Z
        return np.maximum(Z, 0), cache

    def backward(dout, cache):
        dz = dout.copy()
        dz[cache["Z"] <= 0] = 0
        grads = {}
        grads["W"] = dz.T @ cache["X"]
        grads["b"] = np.sum(dz, axis=0)
        grads["X"] = dz @ cache["W"]
        return grads
"""

LOOP = """
    def forward(x, w, b):
        z = x @ w.T + b
        return np.maximum(z, 0), (x, w, z)

    def backward(dout, cache):
        x, w, z = cache
        dw, db, dx = np.zeros_like(w), np.zeros(w.shape[0]), []
        for i in range(x.shape[0]):
            dz_i = dout[i] * (z[i] > 0)
            dw += np.outer(dz_i, x[i])
            db += dz_i
            dx.append(w.T @ dz_i)
        return np.stack(dx), dw, db
"""

CLASS = """
    class Layer:
        def __init__(self, size_in=4, size_out=3):
            self.W = np.random.randn(size_out, size_in)
            self.b = np.zeros(size_out)

        def linear(self, x):
            return x @ self.W.T + self.b

        def forward(self, x):
            self.x = x
            self.z = self.linear(x)
            return np.maximum(self.z, 0)

        def backward(self, dout):
            dz = dout * (self.z > 0)
            self.dW = dz.T @ self.x
            self.db = dz.sum(axis=0)
            return dz @ self.W
"""

CLASS_WITH_DICTS = """
    class Layer:
        def __init__(self):
            self.params = {"W": np.zeros((3, 4)), "b": np.zeros(3)}
            self.grads = {"W": np.zeros((3, 4)), "b": np.zeros(3)}

        def forward(self, x):
            self.cache = x, x @ self.params["W"].T + self.params["b"]
            return np.maximum(self.cache[1], 0)

        def backward(self, dout):
            x, z = self.cache
            dz = np.where(z > 0, dout, 0.0)
            self.grads["W"] = dz.T @ x
            self.grads["b"] = dz.sum(axis=0)
            return dz @ self.params["W"]
"""

STEP = """
    def step(X, W, b, dout, lr=0.1, train=True):
        Z = X @ W.T + b
        dZ = dout * (Z > 0)
        dX = dZ @ W
        dW = dZ.T @ X
        db = dZ.sum(axis=0)
        if train:
            W -= lr * dW
            b -= lr * db
        return dX
"""

CALLS = """
    def relu(z):
        return np.maximum(z, 0)

    def relu_backward(da, z):
        dz = da.copy()
        dz[z <= 0] = 0
        return dz

    def forward(x, w, b):
        z = np.dot(x, w.T) + b
        return relu(z), (x, w, z)

    def backward(dout, cache):
        x, w, z = cache
        dz = relu_backward(dout, z)
        dx, dw, db = dz @ w, dz.T @ x, dz.sum(axis=0)
        return dx, dw, db
"""

PIECES = """
    def forward(x, w, b):
        z = x @ w.T + b
        return np.maximum(z, 0), (x, w, z)

    def backward(dout, cache):
        x, w, z = cache
        dz = dout * (z > 0)
        dw = np.zeros(w.shape)
        dw[0] = dz[:, 0] @ x
        dw[1:] = dz[:, 1:].T @ x
        db = np.zeros(w.shape[0])
        np.add.at(db, np.tile(np.arange(w.shape[0]), x.shape[0]), dz.ravel())
        dx = np.zeros_like(x)
        dx += dz @ w
        return dx, dw, db
"""

BOTH = ("forward", "backward")
METHODS = ("Layer.forward", "Layer.backward")
RIGHT = {
    "cache tuple": (CACHE_TUPLE, BOTH, {}),
    "unnamed cache and results": (UNNAMED_CACHE, BOTH, {"results": ("dLoss_dX", "dLoss_dW", "dLoss_db")}),
    "cache dict, loop, mask written": (CACHE_DICT, BOTH, {}),
    "loop with lists": (LOOP, BOTH, {}),
    "update in place": (STEP, ("step",), {}),
    "calls": (CALLS, BOTH, {}),
    "pieces": (PIECES, BOTH, {}),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_code_agrees_for_every_gradient(tmp_path, name):
    text, functions, options = RIGHT[name]
    result = checked(tmp_path, text, *functions, **options)
    assert {one.equation: one.verdict for one in result.results if one.verdict != "agrees"} == {}
    assert {"dLoss_dX", "dLoss_dW", "dLoss_db"} <= {one.equation for one in result.results}


@pytest.mark.parametrize("text", [CLASS, CLASS_WITH_DICTS])
def test_right_class_agrees_for_every_gradient(tmp_path, text):
    result = crosscheck(derivation(tmp_path, text, *METHODS), REFERENCES[0], trials=300)
    found = {one.equation: one.verdict for one in result.results}
    assert set(found.values()) == {"agrees"}
    assert {"Y", "dLoss_dX", "dLoss_dW", "dLoss_db"} <= set(found)


def test_updates_in_place_are_the_new_parameters(tmp_path):
    result = checked(tmp_path, STEP, "step")
    assert {"W_new", "b_new"} <= {one.equation for one in result.results}


def test_an_update_that_is_not_made_is_not_read(tmp_path):
    equations = derivation(tmp_path, STEP, "step", values={"train": False}).equations
    assert not [equation.name for equation in equations if equation.name.endswith("_new")]


def test_a_function_object_is_read_like_a_name(tmp_path):
    module = written(tmp_path, CACHE_TUPLE)
    by_object = crosscheck(Code(module.forward, module.backward), REFERENCES, trials=50)
    assert by_object.ok


SLIPS = {
    "sign": (CACHE_TUPLE, BOTH, "dw = dz.T @ x", "dw = -dz.T @ x", "dLoss_dW"),
    "mean for sum": (CACHE_TUPLE, BOTH, "db = dz.sum(axis=0)", "db = dz.mean(axis=0)", "dLoss_db"),
    "mask forgotten": (CACHE_TUPLE, BOTH, "dz = dout * mask", "dz = dout", "dLoss_dZ"),
    "upstream forgotten": (CACHE_TUPLE, BOTH, "dz = dout * mask", "dz = mask.astype(float)", "dLoss_dZ"),
    "wrong mask": (CACHE_DICT, BOTH, 'cache["Z"] <= 0', 'cache["Z"] > 0', "dLoss_dZ"),
    "gradient of another layer": (CACHE_DICT, BOTH, "= dz.T @", "= dout.T @", "dLoss_dW"),
    "= for += in a loop": (LOOP, BOTH, "db += dz_i", "db = dz_i", "dLoss_db"),
    "factor in a loop": (LOOP, BOTH, "dw += np.outer(dz_i, x[i])", "dw += 2 * np.outer(dz_i, x[i])", "dLoss_dW"),
    "divided by the batch": (CLASS, METHODS, "dz.T @ self.x", "dz.T @ self.x / self.x.shape[0]", "dLoss_dW"),
    "updated weight used": (
        STEP,
        ("step",),
        "dX = dZ @ W\n        dW = dZ.T @ X\n        db = dZ.sum(axis=0)\n        if train:\n"
        "            W -= lr * dW\n",
        "dW = dZ.T @ X\n        db = dZ.sum(axis=0)\n        if train:\n            W -= lr * dW\n        dX = dZ @ W\n"
        "        if train:\n",
        "dLoss_dX",
    ),
    "climbs": (STEP, ("step",), "W -= lr * dW", "W += lr * dW", "W_new"),
    "not stored": (PIECES, BOTH, "dx += dz @ w", "dx + dz @ w", "dLoss_dX"),
}


def slipped(folder, name, trials=300):
    text, functions, old, new, blamed = SLIPS[name]
    assert text.count(old) == 1
    references = REFERENCES[0] if functions == METHODS else REFERENCES
    wrong = derivation(folder, text.replace(old, new), *functions)
    return crosscheck(wrong, references, trials=trials), blamed, new


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_blamed_alone(tmp_path, name):
    result, blamed, _ = slipped(tmp_path, name)
    assert [one.equation for one in result.results if one.verdict == "disagrees"] == [blamed]


@pytest.mark.parametrize("name", ["sign", "mean for sum", "mask forgotten", "gradient of another layer", "climbs"])
def test_a_slip_is_mended_in_the_words_of_the_code(tmp_path, name):
    result, blamed, new = slipped(tmp_path, name)
    one = next(one for one in result.results if one.equation == blamed)
    lines = (tmp_path / "layers.py").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if new in text)
    assert one.fix_place.endswith(f"layers.py:{line}")
    # In the code's own variables: as the text was before the slip, up to the spelling of quotes.
    assert "dLoss" not in one.fix
    assert one.fix.split(" = ")[0].split(" -= ")[0] in lines[line - 1].replace('"', "'").replace("+=", "-=")


def mended(folder):
    """Both functions of a patched file."""
    module = load_file(folder / "layers.py")
    return module.forward, module.backward


def test_a_mended_file_agrees(tmp_path):
    result, _, _ = slipped(tmp_path, "sign")
    case = result.checked
    (patch,) = patches(case, mend_case(case, result, seed=0))
    (tmp_path / "layers.py").write_text(patch.new, encoding="utf-8")
    assert crosscheck(Code(*mended(tmp_path)), REFERENCES, trials=50).ok
    assert patch.diff.count("\n+") == 2  # the header's line and the statement's


def test_a_weight_used_after_its_update_is_told_to_move(tmp_path):
    result, blamed, _ = slipped(tmp_path, "updated weight used")
    one = next(one for one in result.results if one.equation == blamed)
    assert "stands in the wrong place: it belongs before line" in one.diagnosis
    assert one.fix == "dX = dZ @ W"


def test_a_loop_is_named_by_its_line(tmp_path):
    result, blamed, _ = slipped(tmp_path, "= for += in a loop")
    one = next(one for one in result.results if one.equation == blamed)
    assert one.written == "db after `for i in range(x.shape[0]): ...`"


def test_a_forgotten_reset_of_a_masked_entry_shows_in_the_last_version(tmp_path):
    text = CACHE_DICT.replace('        dz[cache["Z"] <= 0] = 0\n', "")
    result = crosscheck(derivation(tmp_path, text, *BOTH), REFERENCES, trials=300)
    assert [one.equation for one in result.results if one.verdict == "disagrees"] == ["dLoss_dZ"]


def test_opaque_code_is_compared_by_its_results(tmp_path):
    results = ("dLoss_dX", "dLoss_dW", "dLoss_db")
    right = checked(tmp_path, LOOP, *BOTH, opaque=True, results=results)
    assert right.ok
    assert set(results) < {one.equation for one in right.results}
    wrong = checked(tmp_path, LOOP.replace("db += dz_i", "db -= dz_i"), *BOTH, opaque=True, results=results)
    assert [one.equation for one in wrong.results if one.verdict == "disagrees"] == ["dLoss_db"]


def test_a_result_that_the_reference_does_not_know_is_unchecked_and_seen(tmp_path):
    text = CACHE_TUPLE.replace("return dx, dw, db", "norm = np.sum(dw ** 2)\n        return dx, dw, db, norm")
    result = checked(tmp_path, text, *BOTH)
    assert [one.equation for one in result.results if one.verdict == "unchecked"] == ["norm"]


TABLE = """
    def forward(X, params):
        Z = X @ params["W"].T + params["b"]
        return np.maximum(Z, 0), {"X": X, "Z": Z}

    def backward(dY, params, cache):
        grads = {}
        dZ = dY * (cache["Z"] > 0)
        grads["dW"] = dZ.T @ cache["X"]
        grads["db"] = dZ.sum(axis=0)
        grads["dX"] = dZ @ params["W"]
        return grads

    def update(params, grads, lr):
        for name in ("W", "b"):
            params[name] = params[name] - lr * grads["d" + name]
        return params
"""


def test_parameters_in_a_dict_are_read_and_updated_by_their_keys(tmp_path):
    result = checked(tmp_path, TABLE, "forward", "backward", "update")
    found = {one.equation: one.verdict for one in result.results}
    assert set(found.values()) == {"agrees"}
    assert set(found) == {"Z", "Y", "dLoss_dZ", "dLoss_dW", "dLoss_db", "dLoss_dX", "W_new", "b_new"}
    wrong = checked(tmp_path, TABLE.replace("- lr", "+ lr"), "forward", "backward", "update")
    assert {one.equation for one in wrong.wrong} == {"W_new", "b_new"}


NETWORK = """
    class Linear:
        def __init__(self):
            self.W, self.b = np.zeros((3, 4)), np.zeros(3)

        def forward(self, x):
            self.x = x
            return x @ self.W.T + self.b

        def backward(self, dz):
            self.dW, self.db = dz.T @ self.x, dz.sum(axis=0)
            return dz @ self.W

    class Relu:
        def forward(self, z):
            self.mask = z > 0
            return z * self.mask

        def backward(self, dy):
            return dy * self.mask

    class Network:
        def __init__(self):
            self.layers = [Linear(), Relu()]

        def forward(self, x):
            for layer in self.layers:
                x = layer.forward(x)
            return x

        def backward(self, dout):
            for layer in reversed(self.layers):
                dout = layer.backward(dout)
            return dout
"""
INSIDE = {
    "self.layers[0].W": "W",
    "self.layers[0].b": "b",
    "self.layers[0].dW": "dLoss_dW",
    "self.layers[0].db": "dLoss_db",
}


def test_objects_that_hold_objects_are_checked_as_a_whole(tmp_path):
    def result(text):
        code = derivation(
            tmp_path, text, "Network.forward", "Network.backward", names=INSIDE, results=("dLoss_dX",), opaque=True
        )
        return crosscheck(code, REFERENCES[0], trials=100)

    right = result(NETWORK)
    assert right.ok
    assert {"Y", "dLoss_dX", "dLoss_dW", "dLoss_db"} == {one.equation for one in right.results}
    wrong = result(NETWORK.replace("dy * self.mask", "dy"))
    assert {one.equation for one in wrong.wrong} == {"dLoss_dX", "dLoss_dW", "dLoss_db"}


def test_objects_that_hold_objects_need_no_names_where_their_own_are_those_of_the_model(tmp_path):
    def result(text):
        code = derivation(tmp_path, text, "Network.forward", "Network.backward", results=("dLoss_dX",))
        return crosscheck(code, REFERENCES[0], trials=50, repair=False)

    assert result(NETWORK).ok
    assert [one.equation for one in result(NETWORK.replace("dz.sum(axis=0)", "dz.mean(axis=0)")).wrong] == ["dLoss_db"]
