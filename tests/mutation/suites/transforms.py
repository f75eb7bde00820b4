"""Transforms, tracing, second derivatives and an operator of one's own."""

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
