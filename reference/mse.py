"""The mean squared error as plain torch.nn, at three sets of sizes."""

from torch import nn

from gradproof import Reference, normal


class MeanSquaredError(nn.Module):
    """Y, T (batch, features) -> the mean of (Y - T)^2 over all entries."""

    def __init__(self):
        super().__init__()
        self.residual = nn.Identity()

    def forward(self, Y, T):
        return self.residual(Y - T).square().mean()


def at_sizes(batch, features):
    return Reference(
        model=MeanSquaredError,
        inputs={"Y": normal(batch, features), "T": normal(batch, features)},
        symbols={"R": "residual"},
    )


reference = [at_sizes(5, 3), at_sizes(2, 4), at_sizes(3, 2)]
