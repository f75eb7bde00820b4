"""The tanh form of the GELU as plain torch.nn, its steps named, at two shapes."""

import math

from torch import nn

from gradproof import Reference, normal


class GELU(nn.Module):
    """Z (batch, features) -> an approximation of Z Phi(Z), of the same shape."""

    def __init__(self):
        super().__init__()
        self.inner, self.tanh = nn.Identity(), nn.Tanh()

    def forward(self, Z):
        U = self.inner(math.sqrt(2 / math.pi) * (Z + 0.044715 * Z**3))
        return Z * (1 + self.tanh(U)) / 2


def at_sizes(batch, features):
    return Reference(model=GELU, inputs={"Z": normal(batch, features)}, symbols={"U": "inner", "H": "tanh"})


reference = [at_sizes(2, 3), at_sizes(3, 4)]
