"""Suites in styles of their own: traced operators, `vmap`, gradients in dictionaries, tests of second derivatives."""

from __future__ import annotations

from conftest import Project

from gradproof.mutation import mutate_tests

NUMPY = """
import numpy as np


class Dense:
    def __init__(self):
        self.W, self.grads = np.array([[1.0, 2.0], [3.0, -4.0], [0.5, 1.5]]), {}

    def backward(self, x, up):
        self.grads["W"] = x.T @ up
        return up @ self.W.T


def loss_and_grads(W, x):
    loss = float(((x @ W) ** 2).sum())
    return loss, {"W": 2 * x.T @ (x @ W)}
"""

TEST_NUMPY = """
import numpy as np
from layers import Dense, loss_and_grads

X, UP = np.arange(12.0).reshape(4, 3) - 5, np.arange(8.0).reshape(4, 2) - 3


def test_stored():
    layer = Dense()
    layer.backward(X, UP)
    np.testing.assert_allclose(layer.grads["W"], X.T @ UP)


def test_in_a_tuple():
    W = np.arange(6.0).reshape(3, 2)
    loss, grads = loss_and_grads(W, X)
    assert loss > 0
    np.testing.assert_allclose(grads["W"], 2 * X.T @ X @ W)


def error(a, b):
    return np.abs(a - b).max()


def test_printed_only():
    loss, grads = loss_and_grads(np.ones((3, 2)), X)
    print(error(grads["W"], 2 * X.T @ X @ np.ones((3, 2))))
"""

TEST_TORCH = """
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import grad, vmap


class Cube(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x**3

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x * x * g


@torch.library.custom_op("gradproof_strange::sin", mutates_args=())
def sin(x: torch.Tensor) -> torch.Tensor:
    return torch.sin(x)


sin.register_fake(lambda x: torch.empty_like(x))
sin.register_autograd(
    lambda ctx, g: g * ctx.saved_tensors[0].cos(),
    setup_context=lambda ctx, inputs, output: ctx.save_for_backward(*inputs),
)


def test_vmap():
    x = torch.linspace(-1, 2, 5, dtype=torch.float64)
    torch.testing.assert_close(vmap(grad(Cube.apply))(x), 3 * x * x)


def test_second():
    x = torch.linspace(-1, 2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(Cube.apply, (x,))


def test_traced():
    with FakeTensorMode():
        x = torch.randn(3, 4, requires_grad=True)
        sin(x).backward(torch.ones(3, 4))
        assert x.grad.shape == (3, 4)


def test_sin():
    x = torch.linspace(-1, 2, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(sin, (x,))
"""


def test_gradients_in_dictionaries_are_found_and_the_loss_is_none(project: Project) -> None:
    folder = project(layers=NUMPY, test_layers=TEST_NUMPY)
    functions = ("layers:Dense.backward", "layers:loss_and_grads")
    result = mutate_tests("test_layers.py", functions=functions, folder=folder, budget=600.0, drafts=False)
    assert [one.name for one in result.gradients] == [
        "Dense.backward, self.grads[W]",
        "Dense.backward, returned",
        "loss_and_grads, W",
    ]
    codes = {test.nodeid.partition("::")[2]: test.code for test in result.tests}
    assert codes == {"test_stored": "", "test_in_a_tuple": "", "test_printed_only": "not compared"}


def test_transforms_and_tracing_are_watched_without_failing(project: Project) -> None:
    folder = project(test_ops=TEST_TORCH)
    result = mutate_tests("test_ops.py", folder=folder, budget=600.0, drafts=False)
    said = {test.nodeid.partition("::")[2]: (test.left_out, test.code) for test in result.tests}
    assert said["test_vmap"] == said["test_second"] == said["test_sin"] == ("", "")
    assert result.gradients[0].name == "Cube, x"
    assert result.gradients[0].resolution is not None
    assert result.gradients[0].resolution <= 1e-6
