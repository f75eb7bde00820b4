"""RMS normalization as plain torch.nn, its steps named, at three sets of sizes."""

import torch
from torch import nn

from gradproof import Reference, normal


class RMSNorm(nn.Module):
    """X (batch, features) -> the same shape; what torch.nn.RMSNorm gives."""

    def __init__(self, features, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features))
        self.rms, self.Xhat = nn.Identity(), nn.Identity()
        self.eps = eps

    def forward(self, X):
        rms = self.rms((X.square().mean(dim=1, keepdim=True) + self.eps).sqrt())
        return self.weight * self.Xhat(X / rms)


def at_sizes(batch, features):
    """The reference for one choice of sizes. They differ from each other, so that a wrong axis shows."""
    return Reference(
        model=lambda: RMSNorm(features),
        inputs={"X": normal(batch, features)},
        symbols={"gamma": "weight", "rms": "rms", "Xhat": "Xhat"},
    )


reference = [at_sizes(5, 3), at_sizes(2, 4), at_sizes(3, 5)]
