"""Logistic regression as plain torch, its gradient named, at two sets of sizes; how the loop of manual/ is read."""

import torch
import torch.nn.functional as F
from torch import nn

from gradproof import Code, Reference, integers, log_uniform, normal


class LogisticRegression(nn.Module):
    """X (batch, in), T (batch,), decay () -> the summed cross-entropy and the penalty of w (in,)."""

    def __init__(self, inputs):
        super().__init__()
        self.w, self.gradient = nn.Parameter(torch.zeros(inputs)), nn.Identity()

    def forward(self, X, T, decay):
        def loss(w):
            entropy = F.binary_cross_entropy_with_logits(X @ w, T.to(X), reduction="sum")
            return entropy + decay / 2 * w.square().sum()

        self.gradient(torch.func.grad(loss)(self.w))
        return loss(self.w)


def at_sizes(batch, inputs):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: LogisticRegression(inputs),
        inputs={
            "X": normal(batch, inputs),
            "T": integers(0, 2, shape=(batch,)),
            "decay": log_uniform(1e-2, 1.0),
        },
        symbols={"G": "gradient"},
    )


reference = [at_sizes(5, 3), at_sizes(3, 2)]
code = Code("newton_terms", names={"H": "dG_dw"})
