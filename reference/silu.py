"""The SiLU as plain torch.nn, its sigmoid a module of its own, at two shapes."""

from torch import nn

from gradproof import Reference, normal


class SiLU(nn.Module):
    """Z (batch, features) -> Z sigma(Z), of the same shape."""

    def __init__(self):
        super().__init__()
        self.sigmoid = nn.Sigmoid()

    def forward(self, Z):
        return Z * self.sigmoid(Z)


def at_sizes(batch, features):
    return Reference(model=SiLU, inputs={"Z": normal(batch, features, std=2)}, symbols={"S": "sigmoid"})


reference = [at_sizes(2, 3), at_sizes(3, 4)]
