"""Group normalization as plain torch.nn, its steps named, at two sets of sizes."""

import torch
from torch import nn

from gradproof import Reference, normal


class GroupNorm(nn.Module):
    """X (batch, channels, positions) -> the same shape; what torch.nn.GroupNorm gives."""

    def __init__(self, groups, channels, eps=1e-5):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))
        self.G, self.mean, self.var = nn.Identity(), nn.Identity(), nn.Identity()
        self.Ghat, self.Xhat = nn.Identity(), nn.Identity()
        self.groups, self.eps = groups, eps

    def forward(self, X):
        G = self.G(X.unflatten(1, (self.groups, -1)))
        mean = self.mean(G.mean(dim=(2, 3), keepdim=True))
        var = self.var((G - mean).square().mean(dim=(2, 3), keepdim=True))
        Xhat = self.Xhat(self.Ghat((G - mean) / (var + self.eps).sqrt()).flatten(1, 2))
        return self.weight[:, None] * Xhat + self.bias[:, None]


def at_sizes(batch, channels, positions):
    """The reference for one choice of sizes. They differ from each other, so that a wrong axis shows."""
    return Reference(
        model=lambda: GroupNorm(2, channels),
        inputs={"X": normal(batch, channels, positions)},
        symbols={"gamma": "weight", "beta": "bias"} | {name: name for name in ("G", "mean", "var", "Ghat", "Xhat")},
    )


reference = [at_sizes(3, 4, 5), at_sizes(2, 6, 3)]
