"""`torch.autograd.Function`s with one planted mistake each, of the kinds that people make."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from right_functions import CrossEntropy, LayerNorm, Linear, SineAndCosine, layer_norm, layer_norm_inputs, linear_inputs
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from gradproof import normal

SQUARE = {"x": normal(3, 4)}


class WrongSign(Linear):
    @staticmethod
    def backward(ctx, g):
        dx, dw, db = Linear.backward(ctx, g)
        return dx, dw if dw is None else -dw, db


class MeanForSum(Linear):
    @staticmethod
    def backward(ctx, g):
        dx, dw, db = Linear.backward(ctx, g)
        return dx, dw, db if db is None else g.mean(0)


class MissingUpstream(CrossEntropy):
    @staticmethod
    def backward(ctx, g):
        return CrossEntropy.backward(ctx, torch.ones_like(g))


class NeedsSwapped(Linear):
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        dx = g @ w if ctx.needs_input_grad[1] else None
        dw = g.T @ x if ctx.needs_input_grad[0] else None
        return dx, dw, g.sum(0)


class AssumesContiguous(Function):
    """Reads its input's memory from the start, row by row."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        flat = torch.as_strided(x, x.shape, (x.shape[1], 1), x.storage_offset())
        return 2 * flat * g


class ViewsCotangent(Function):
    """Refuses a cotangent that is not contiguous."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return (g.view(-1) * 2 * x.reshape(-1)).view(x.shape)


class ChangesCotangent(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.relu(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g.mul_(x > 0)


class SavesWrongTensor(LayerNorm):
    @staticmethod
    def forward(ctx, x, w, b, eps):
        y = LayerNorm.forward(ctx, x, w, b, eps)
        centred = x - x.mean(-1, keepdim=True)
        ctx.save_for_backward(centred, torch.rsqrt(centred.square().mean(-1, keepdim=True) + eps), w)
        return y


class ReturnsFloat32(Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return (g * 2).float()


class Nondeterministic(Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 2 + g * torch.finfo(g.dtype).eps * torch.randint(0, 4, g.shape)


class WrongDoubleBackward(Function):
    """The derivative is taken at a detached point: right once, wrong twice."""

    @staticmethod
    def forward(ctx, x):
        ctx.x = x.detach()
        return x**3

    @staticmethod
    def backward(ctx, g):
        return 3 * ctx.x**2 * g


class NoDoubleBackward(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * g


class AccumulatesInHalf(Function):
    """sum(x * x * b), the gradient of b added up one by one in the dtype of x."""

    @staticmethod
    def forward(ctx, x, b):
        ctx.save_for_backward(x, b)
        return (x * x).sum(0) * b

    @staticmethod
    def backward(ctx, g):
        x, b = ctx.saved_tensors
        total = torch.zeros_like(b)
        for row in x * x:
            total = total + row
        return 2 * x * b * g, total * g


class NotSummed(Linear):
    @staticmethod
    def backward(ctx, g):
        dx, dw, _ = Linear.backward(ctx, g)
        return dx, dw, g


class NotSummedTwice(Linear):
    """What autograd sums up is twice too large."""

    @staticmethod
    def backward(ctx, g):
        dx, dw, _ = Linear.backward(ctx, g)
        return dx, dw, 2 * g


class Transposed(Linear):
    @staticmethod
    def backward(ctx, g):
        dx, dw, db = Linear.backward(ctx, g)
        return dx, dw if dw is None else dw.T, db


class ChangesInput(Function):
    @staticmethod
    def forward(ctx, x):
        x.mul_(2)
        return x * 1

    @staticmethod
    def backward(ctx, g):
        return g * 2


class ChangesWhatItSaved(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.factor = 2 * x.detach()
        return x * x

    @staticmethod
    def backward(ctx, g):
        return ctx.factor.mul_(g)


class ForgetsOneOutput(SineAndCosine):
    @staticmethod
    def backward(ctx, ds, dc):
        (x,) = ctx.saved_tensors
        if dc is None:
            return ds * torch.cos(x)
        if ds is None:
            return dc * torch.sin(x)
        return ds * torch.cos(x) - dc * torch.sin(x)


class ZeroGradient(Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return torch.zeros_like(g)


class MissingTerm(LayerNorm):
    """Without the path through the mean."""

    @staticmethod
    def backward(ctx, g):
        n, scale, w = ctx.saved_tensors
        dn = g * w
        dx = scale * (dn - n * (dn * n).mean(-1, keepdim=True))
        return dx, (g * n).sum(0), g.sum(0), None


class HalfBranchAssumesContiguous(AssumesContiguous):
    """Right in every dtype but float16, where it reads memory row by row."""

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return AssumesContiguous.backward(ctx, g) if x.dtype == torch.float16 else 2 * x * g


class HalfBranchNeedsSwapped(Linear):
    """Right in every dtype but float16, where it asks for the wrong entries of needs_input_grad."""

    @staticmethod
    def backward(ctx, g):
        own = NeedsSwapped if g.dtype == torch.float16 else Linear
        return own.backward(ctx, g)


class Float32Only(Function):
    """Takes float32 only: x (n, m) * w (m,) + x, whose backward forgets the second path."""

    @staticmethod
    def forward(ctx, x, w):
        if x.dtype != torch.float32:
            raise RuntimeError("this kernel takes float32 only")
        ctx.save_for_backward(x, w)
        return x * w + x

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g * w, (g * x).sum(0)


class WrongForward(Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2 + 1e-6

    @staticmethod
    def backward(ctx, g):
        return g * 2


def linear_of(function):
    return function.apply, F.linear, linear_inputs


def square_of(function, reference=torch.square):
    return function.apply, reference, SQUARE


# Name -> the arguments of a check, the quantity that is wrong, the kind, words of the report.
WRONG = {
    "wrong sign": (linear_of(WrongSign), "gradient of w", "value", "it has the wrong sign"),
    "mean for sum": (linear_of(MeanForSum), "gradient of b", "value", "times the true value"),
    "transposed": (linear_of(Transposed), "gradient of w", "shape", "it is the transpose"),
    "needs_input_grad swapped": (
        linear_of(NeedsSwapped),
        "gradient of x",
        "missing",
        "look at what is indexed in needs_input_grad",
    ),
    "missing upstream": (
        (MissingUpstream.apply, F.cross_entropy, {"z": normal(5, 3), "t": torch.tensor([0, 1, 2, 1, 0])}),
        "gradient of z",
        "value",
        "it does not depend on the cotangent: the upstream gradient is missing",
    ),
    "assumes contiguous": (square_of(AssumesContiguous), "gradient of x", "value", "it is right for contiguous inputs"),
    "views its cotangent": (square_of(ViewsCotangent), "backward", "raises", "view size is not compatible"),
    "changes its cotangent": (
        square_of(ChangesCotangent, torch.relu),
        "the cotangent of output 0",
        "changed",
        "backward changes the cotangent of output 0 in place",
    ),
    "saves a wrong tensor": (
        (SavesWrongTensor.apply, layer_norm, layer_norm_inputs),
        "gradient of w",
        "value",
        "gradient of x, gradient of w gradient of x",
    ),
    "misses a term": ((MissingTerm.apply, layer_norm, layer_norm_inputs), "gradient of x", "value", "gradient of x"),
    "returns float32": (
        square_of(ReturnsFloat32, lambda x: x * 2),
        "gradient of x",
        "dtype",
        "the backward returns float32 for an input of float64",
    ),
    "nondeterministic": (
        square_of(Nondeterministic, lambda x: x * 2),
        "gradient of x",
        "nondeterministic",
        "two calls with the same arguments differ",
    ),
    "changes its input": (
        square_of(ChangesInput, lambda x: x * 2),
        "the input x",
        "changed",
        "forward changes the input x in place",
    ),
    "changes what it saved": (
        square_of(ChangesWhatItSaved),
        "gradient of x",
        "changed",
        "a second backward through the same graph gives another gradient",
    ),
    "one output alone": (
        (ForgetsOneOutput.apply, lambda x: (torch.sin(x), torch.cos(x)), SQUARE),
        "gradient of x",
        "value",
        "it is right when every output has a cotangent",
    ),
    "zero": (square_of(ZeroGradient, lambda x: x * 2), "gradient of x", "value", "it is 0 in every trial"),
    "wrong forward": (square_of(WrongForward, lambda x: x * 2), "output", "value", "output"),
}
