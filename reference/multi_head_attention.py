"""Multi-head self-attention as plain torch.nn, everything between named, at two sets of sizes."""

import math

from torch import nn

from gradproof import Reference, normal

HEADS = 2


class MultiHeadAttention(nn.Module):
    """The equations of torch.nn.MultiheadAttention: X (tokens, model) -> (tokens, model)."""

    def __init__(self, model):
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(model, model) for _ in range(4))
        self.queries, self.keys, self.values = nn.Identity(), nn.Identity(), nn.Identity()
        self.scores, self.weights = nn.Identity(), nn.Softmax(dim=2)
        self.heads, self.merged = nn.Identity(), nn.Identity()

    def forward(self, X):
        def split(Z):
            return Z.unflatten(1, (HEADS, -1)).transpose(0, 1)

        Q, K, V = self.queries(split(self.query(X))), self.keys(split(self.key(X))), self.values(split(self.value(X)))
        P = self.weights(self.scores(Q @ K.transpose(1, 2) / math.sqrt(Q.shape[2])))
        A = self.heads(P @ V)
        return self.out(self.merged(A.transpose(0, 1).flatten(1)))


def at_sizes(tokens, dim):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: MultiHeadAttention(HEADS * dim),
        inputs={"X": normal(tokens, HEADS * dim)},
        parameters=normal(std=0.5),
        symbols={
            **{f"W{role[0]}": f"{role}.weight" for role in ("query", "key", "value", "out")},
            **{f"b{role[0]}": f"{role}.bias" for role in ("query", "key", "value", "out")},
            "Q": "queries",
            "K": "keys",
            "V": "values",
            "S": "scores",
            "P": "weights",
            "A": "heads",
            "M": "merged",
        },
    )


reference = [at_sizes(4, 3), at_sizes(5, 2)]
