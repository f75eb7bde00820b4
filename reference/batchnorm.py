"""Batch normalization in training as plain torch.nn, its steps named, at three sets of sizes."""

import torch
from torch import nn

from gradproof import Reference, normal


class BatchNorm(nn.Module):
    """X (batch, features) -> the same shape; what torch.nn.BatchNorm1d gives in training."""

    def __init__(self, features, eps=1e-5):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(features)), nn.Parameter(torch.zeros(features))
        self.mean, self.D, self.var, self.Xhat = nn.Identity(), nn.Identity(), nn.Identity(), nn.Identity()
        self.eps = eps

    def forward(self, X):
        D = self.D(X - self.mean(X.mean(dim=0)))
        var = self.var(D.square().mean(dim=0))
        return self.weight * self.Xhat(D / (var + self.eps).sqrt()) + self.bias


def at_sizes(batch, features):
    """The reference for one choice of sizes. They differ from each other, so that a wrong axis shows."""
    return Reference(
        model=lambda: BatchNorm(features),
        inputs={"X": normal(batch, features)},
        symbols={"gamma": "weight", "beta": "bias", "mean": "mean", "D": "D", "var": "var", "Xhat": "Xhat"},
    )


reference = [at_sizes(5, 3), at_sizes(4, 2), at_sizes(6, 4)]
