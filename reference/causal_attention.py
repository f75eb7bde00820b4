"""Causal scaled dot-product attention as plain torch.nn, scores and weights named, at three sets of sizes."""

import math

import torch
from torch import nn

from gradproof import Reference, normal


class CausalAttention(nn.Module):
    """Q, K (tokens, dim), V (tokens, width) -> (tokens, width)."""

    def __init__(self, tokens):
        super().__init__()
        self.register_buffer("future", torch.ones(tokens, tokens, dtype=torch.bool).triu(1))
        self.scores, self.weights = nn.Identity(), nn.Softmax(dim=1)

    def forward(self, Q, K, V):
        scores = self.scores(Q @ K.T / math.sqrt(Q.shape[1]))
        return self.weights(scores.masked_fill(self.future, -math.inf)) @ V


def at_sizes(tokens, dim, width):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: CausalAttention(tokens),
        inputs={"Q": normal(tokens, dim), "K": normal(tokens, dim), "V": normal(tokens, width)},
        symbols={"S": "scores", "P": "weights"},
    )


reference = [at_sizes(4, 2, 3), at_sizes(3, 5, 2), at_sizes(5, 3, 4)]
