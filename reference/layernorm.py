"""Layer normalization as plain torch.nn at three sets of sizes, and how manual/layernorm.py is read."""

import torch
from torch import nn

from gradproof import Code, Reference, normal


class LayerNorm(nn.Module):
    """x (batch, features) -> the same shape; what torch.nn.LayerNorm gives."""

    def __init__(self, features, eps=1e-5):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(features)), nn.Parameter(torch.zeros(features))
        self.mean, self.var, self.xhat = nn.Identity(), nn.Identity(), nn.Identity()
        self.eps = eps

    def forward(self, x):
        mean = self.mean(x.mean(dim=1, keepdim=True))
        var = self.var((x - mean).square().mean(dim=1, keepdim=True))
        return self.weight * self.xhat((x - mean) / (var + self.eps).sqrt()) + self.bias


def at_sizes(batch, features):
    """The reference for one choice of sizes. They differ from each other, so that a wrong axis shows."""
    return Reference(
        model=lambda: LayerNorm(features),
        inputs={"x": normal(batch, features)},
        symbols={"gamma": "weight", "beta": "bias", "mean": "mean", "var": "var", "xhat": "xhat"},
    )


reference = [at_sizes(2, 5), at_sizes(3, 4), at_sizes(4, 6)]
code = Code("layernorm_forward", "layernorm_backward")
