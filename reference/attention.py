"""Scaled dot-product attention as plain torch.nn, scores and weights named, at three sets of sizes."""

import math

from torch import nn

from gradproof import Reference, normal


class Attention(nn.Module):
    """Q (queries, dim), K (keys, dim), V (keys, width) -> (queries, width)."""

    def __init__(self):
        super().__init__()
        self.scores, self.weights = nn.Identity(), nn.Softmax(dim=1)

    def forward(self, Q, K, V):
        return self.weights(self.scores(Q @ K.T / math.sqrt(Q.shape[1]))) @ V


def at_sizes(queries, keys, dim, width):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=Attention,
        inputs={"Q": normal(queries, dim), "K": normal(keys, dim), "V": normal(keys, width)},
        symbols={"S": "scores", "P": "weights"},
    )


reference = [at_sizes(3, 5, 2, 4), at_sizes(4, 2, 5, 3), at_sizes(2, 4, 3, 5)]
