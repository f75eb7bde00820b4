"""Cross-entropy over class indices as plain torch.nn, its steps named, at three sets of sizes."""

import torch
from torch import nn

from gradproof import Reference, integers, normal


class SmoothedCrossEntropy(nn.Module):
    """Z (batch, classes), target (batch,) with -1 where a row is left out -> mean cross-entropy."""

    def __init__(self):
        super().__init__()
        self.log_softmax, self.P, self.Q, self.count = nn.LogSoftmax(dim=1), nn.Identity(), nn.Identity(), nn.Identity()

    def forward(self, Z, target):
        logP = self.log_softmax(Z)
        self.P(logP.exp())
        kept = (target != -1).to(Z)
        hit = (target[:, None] == torch.arange(Z.shape[1])).to(Z)
        Q = self.Q(kept[:, None] * (0.9 * hit + 0.1 / Z.shape[1]))
        return -(Q * logP).sum() / self.count(kept.sum())


def at_sizes(batch, classes):
    """The reference for one choice of sizes. A class is -1 about once in `classes` + 1 rows."""
    return Reference(
        model=SmoothedCrossEntropy,
        inputs={"Z": normal(batch, classes, std=2), "target": integers(-1, classes, shape=(batch,))},
        symbols={"logP": "log_softmax", "P": "P", "Q": "Q", "count": "count"},
    )


reference = [at_sizes(7, 3), at_sizes(6, 5), at_sizes(5, 4)]
