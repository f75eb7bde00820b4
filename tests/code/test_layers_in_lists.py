"""Objects made by themselves, and loops over objects read turn by turn."""

from __future__ import annotations

import pytest
import torch
from click.testing import CliRunner
from code_setup import written
from torch import nn

from gradproof import Code, Reference, crosscheck, normal
from gradproof.cli.commands.show import command as show
from gradproof.code.load import read_code
from gradproof.code.naming import family_of, gradients_of
from gradproof.errors import GradproofError

STACK = """
    class Dense:
        def __init__(self, width_in, width_out):
            self.W, self.b = np.ones((width_in, width_out)), np.ones(width_out)

        def __call__(self, x):
            self.x = x
            return x @ self.W + self.b

        def backward(self, g):
            self.dW = self.x.T @ g
            self.db = g.sum(axis=0)
            return g @ self.W.T


    class Sine:
        def __call__(self, x):
            self.__x = x
            return np.sin(x)

        @property
        def slope(self):
            return np.cos(self.__x)

        def backward(self, g):
            return g * self.slope


    class Stack:
        def __init__(self, first, second):
            self.layers = [first, Sine(), second]

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

        def backward(self, g):
            layers = list(self.layers)
            layers.reverse()
            for layer in layers:
                g = layer.backward(g)
            return g


    class Net:
        def __init__(self, W1, b1, W2, b2):
            first, second = Dense(*W1.shape), Dense(*W2.shape)
            first.W, first.b, second.W, second.b = W1, b1, W2, b2
            self.stack = Stack(first, second)

        def run(self, x):
            return self.stack.forward(x)

        def back(self, dout):
            return self.stack.backward(dout)
"""


class Net(nn.Module):
    """x (batch, 4) -> (batch, 2)."""

    def __init__(self):
        super().__init__()
        self.W1, self.b1 = nn.Parameter(torch.zeros(4, 3)), nn.Parameter(torch.zeros(3))
        self.W2, self.b2 = nn.Parameter(torch.zeros(3, 2)), nn.Parameter(torch.zeros(2))

    def forward(self, x):
        return torch.sin(x @ self.W1 + self.b1) @ self.W2 + self.b2


class Listed(nn.Module):
    """x (4,), y (2,) -> the halved squared error."""

    def __init__(self):
        super().__init__()
        self.weights = nn.ParameterList([torch.zeros(3, 4), torch.zeros(2, 3)])

    def forward(self, x, y):
        return ((self.weights[1] @ torch.tanh(self.weights[0] @ x) - y) ** 2).sum() / 2


LISTS = """
    def backprop(x, y, weights):
        nabla_w = [np.zeros(w.shape) for w in weights]
        activations = [x, np.tanh(weights[0] @ x)]
        delta = weights[1] @ activations[-1] - y
        nabla_w[-1] = np.outer(delta, activations[-1])
        delta = (weights[1].T @ delta) * (1 - activations[1] ** 2)
        nabla_w[-2] = np.outer(delta, activations[0])
        return nabla_w
"""


def of_stack(tmp_path, text=STACK):
    module = written(tmp_path, text)
    return read_code(Code("Net.run", "Net.back"), Reference(model=Net, inputs={"x": normal(5, 4)}), module=module)


def test_layers_in_a_list_are_read_line_by_line(tmp_path) -> None:
    found = of_stack(tmp_path)
    lines = {one.quantity: one.line for one in found.equations}
    assert lines["dLoss_dW1"] == lines["dLoss_dW2"] != lines["dLoss_db1"] == lines["dLoss_db2"]
    result = crosscheck(found, Reference(model=Net, inputs={"x": normal(5, 4)}), trials=50)
    assert {one.verdict for one in result.results} == {"agrees"}
    assert len(result.results) == 6


def test_a_slip_in_one_of_the_layers_is_named_at_its_line(tmp_path) -> None:
    text = STACK.replace("self.db = g.sum(axis=0)", "self.db = g.mean(axis=0)")
    result = crosscheck(of_stack(tmp_path, text), Reference(model=Net, inputs={"x": normal(5, 4)}), trials=50)
    assert [one.equation for one in result.wrong] == ["dLoss_db2", "dLoss_db1"]
    assert {one.fix for one in result.wrong} == {"self.db = g.sum(axis=0)"}


def test_sizes_of_a_constructor_are_found_and_ambiguous_ones_asked_for(tmp_path) -> None:
    module = written(
        tmp_path, STACK + "\n\n    class Odd(Dense):\n        def __init__(self, n):\n            self.k = n\n"
    )
    single = Reference(
        model=lambda: nn.Linear(4, 3),
        inputs={"input": normal(5, 4)},
        symbols={"x": "input", "W": "weight", "b": "bias"},
    )
    turned = STACK.replace("(width_in, width_out)), np", "(width_out, width_in)), np").replace(
        "self.W + ", "self.W.T + "
    )
    turned = turned.replace("self.x.T @ g", "g.T @ self.x").replace("g @ self.W.T", "g @ self.W")
    code = Code("Dense.__call__", "Dense.backward", names={"g": "dLoss_dY"})
    assert crosscheck(read_code(code, single, module=written(tmp_path, turned, "turned")), single, trials=50).ok
    with pytest.raises(GradproofError, match=r'made with n, which.*constructor=\{"n": '):
        read_code(Code("Odd.__call__", "Odd.backward", names={"g": "dLoss_dY"}), single, module=module)


TABLE = """
    def loss(params, x, y):
        w, v = params["w"], params["v"]
        h = np.tanh(w @ x)
        return ((v @ h - y) ** 2).sum() / 2, (x, y, w, v, h)


    def gradients(cache):
        x, y, w, v, h = cache
        e = v @ h - y
        return {"w": np.outer(v.T @ e * (1 - h**2), x), "v": np.outer(e, h)}
"""


class Table(nn.Module):
    def __init__(self):
        super().__init__()
        self.w, self.v = nn.Parameter(torch.zeros(3, 4)), nn.Parameter(torch.zeros(2, 3))

    def forward(self, x, y):
        return ((self.v @ torch.tanh(self.w @ x) - y) ** 2).sum() / 2


@pytest.mark.parametrize("wrong", [False, True])
def test_quantities_that_are_listed_are_a_dict_where_the_code_reads_them_by_name(tmp_path, wrong) -> None:
    reference = Reference(model=Table, inputs={"x": normal(4), "y": normal(2)})
    text = TABLE.replace("(1 - h**2)", "(1 - h)") if wrong else TABLE
    code = Code("loss", "gradients", arguments={"params": ["w", "v"]})
    result = crosscheck(read_code(code, reference, module=written(tmp_path, text)), reference, trials=50)
    assert [one.equation for one in result.wrong] == ["dLoss_dw"] * wrong
    assert len(result.results) == 3


HEADS = """
    class Heads:
        def __init__(self, width, heads=2):
            self.heads, self.part = heads, width // heads
            self.W = np.zeros((width, width))
            self.bias = np.zeros(width // heads)

        def forward(self, x):
            self.x, self.mixed = x, np.tanh((x @ self.W).reshape(-1, self.heads, self.part) + self.bias)
            return self.mixed.reshape(len(x), -1) / self.part

        def backward(self, dout):
            d = dout.reshape(-1, self.heads, self.part) / self.part * (1 - self.mixed**2)
            self.dW = self.x.T @ d.reshape(len(self.x), -1)
            return d.reshape(len(self.x), -1) @ self.W.T
"""


class Mixed(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.W = nn.Parameter(torch.zeros(width, width))

    def forward(self, x):
        return torch.tanh(x @ self.W) / (len(self.W) // 2)


SUM = "self.x.T @ d.reshape(len(self.x), -1)"


@pytest.mark.parametrize("slip", [None, (SUM, f"{SUM} / self.heads"), ("self.part) / self.part *", "self.part) *")])
def test_an_object_is_made_at_each_size_of_the_case(tmp_path, slip) -> None:
    text = HEADS.replace(*slip) if slip else HEADS
    references = [Reference(model=lambda n=n: Mixed(n), inputs={"x": normal(b, n)}) for b, n in ((3, 4), (5, 6))]
    read = read_code(Code("Heads.forward", "Heads.backward"), references, module=written(tmp_path, text))
    result = crosscheck(read, references, trials=50)
    assert read.whole is not None
    assert read.whole.notes == []
    assert result.ok == (slip is None)
    if slip:
        assert {one.fix for one in result.wrong} & {f"self.dW = {SUM}", *HEADS_FIXED}


HEADS_FIXED = (
    "d = dout.reshape(-1, self.heads, self.part) / self.part * (1 - self.mixed ** 2)",
    "d = dout.reshape(-1, self.heads, self.part) * (1 - self.mixed ** 2) / self.part",
)


@pytest.mark.parametrize("wrong", [False, True])
def test_a_list_of_gradients_is_of_the_parameters_that_its_name_says(tmp_path, wrong) -> None:
    reference = Reference(model=Listed, inputs={"x": normal(4), "y": normal(2)})
    text = LISTS.replace("(1 - activations[1] ** 2)", "(1 - activations[1])") if wrong else LISTS
    result = crosscheck(read_code(Code("backprop"), reference, module=written(tmp_path, text)), reference, trials=50)
    assert [one.equation for one in result.wrong] == ["dLoss_dweights_0"] * wrong
    assert len(result.results) == 2


def test_families_are_found_by_their_stem_only() -> None:
    symbols = ["W1", "W2", "b1", "b2", "x"]
    assert family_of("weights", symbols) == ["W1", "W2"]
    assert gradients_of("grad_biases", symbols) == ["b1", "b2"]
    assert family_of("alpha", symbols) == []
    assert gradients_of("deltas_of_it", symbols) == []


UPDATE = """
    def slopes(x, w, c):
        grad = {}
        grad["first"] = 2 * (x @ w - c) @ x
        gap = (x @ w - c).mean()
        return grad["first"], gap

    def fit(x, w, c, lr):
        first, gap = slopes(x, w, c)
        return w - lr * first, c - lr * gap
"""


class Fit(nn.Module):
    """The squared error of x w against c."""

    def __init__(self):
        super().__init__()
        self.w, self.c = nn.Parameter(torch.zeros(4)), nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return (x @ self.w - self.c).square().sum()


def test_a_wrong_update_is_caught_though_its_gradient_has_a_name_of_its_own(tmp_path) -> None:
    reference = Reference(model=Fit, inputs={"x": normal(5, 4)}, optimizer=torch.optim.SGD, hyperparameters={"lr": 0.1})
    code = Code("fit", results=("w_new", "c_new"))
    found = read_code(code, reference, module=written(tmp_path, UPDATE))
    result = crosscheck(found, reference, trials=50, repair=False)
    assert [one.equation for one in result.wrong] == ["c_new"]


def test_the_table_of_bindings_says_what_each_variable_is_and_why(tmp_path, monkeypatch) -> None:
    for folder, text in (
        (
            "manual",
            "def forward(x, w):\n    return x * w, x\n\n\ndef backward(dout, cache):\n    return dout * cache\n",
        ),
        (
            "reference",
            "import torch\nfrom gradproof import Code, Reference, normal\n\n\nclass Scale(torch.nn.Module):\n"
            "    def __init__(self):\n        super().__init__()\n"
            "        self.w = torch.nn.Parameter(torch.zeros(3))\n\n"
            "    def forward(self, x):\n        return x * self.w\n\n\n"
            'reference = Reference(model=Scale, inputs={"x": normal(3)})\n'
            'code = Code("forward", "backward", results=("dLoss_dw",))\n',
        ),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "scale.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(show, ["scale", "--bindings"], catch_exceptions=False).output
    rows = [line.split(maxsplit=3) for line in said.splitlines()]
    assert ["backward:", "dout", "dLoss_dY", "its name"] in rows
    assert any("what forward returned" in line for line in said.splitlines())
    assert any("dLoss_dw" in line and "the case says so" in line for line in said.splitlines())
