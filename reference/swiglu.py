"""The SwiGLU feed-forward layer as plain torch.nn, at three sets of sizes."""

from torch import nn

from gradproof import Reference, normal


class SwiGLU(nn.Module):
    """X (batch, in) -> Y (batch, out)."""

    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.gate, self.silu = nn.Linear(inputs, hidden, bias=False), nn.SiLU()
        self.up, self.product = nn.Linear(inputs, hidden, bias=False), nn.Identity()
        self.down = nn.Linear(hidden, outputs, bias=False)

    def forward(self, X):
        return self.down(self.product(self.silu(self.gate(X)) * self.up(X)))


def at_sizes(batch, inputs, hidden, outputs):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: SwiGLU(inputs, hidden, outputs),
        inputs={"X": normal(batch, inputs)},
        symbols={
            "W1": "gate.weight",
            "A": "gate",
            "S": "silu",
            "W3": "up.weight",
            "U": "up",
            "H": "product",
            "W2": "down.weight",
        },
    )


reference = [at_sizes(5, 3, 4, 2), at_sizes(2, 4, 3, 5), at_sizes(3, 2, 5, 4)]
