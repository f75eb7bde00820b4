"""One step of a simple recurrent network as plain torch.nn, at three sets of sizes."""

from torch import nn

from gradproof import Reference, normal


class RNNCell(nn.Module):
    """The equations of torch.nn.RNNCell: X (batch, in), H0 (batch, hidden) -> H1 (batch, hidden)."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.from_input, self.from_hidden = nn.Linear(inputs, hidden), nn.Linear(hidden, hidden)
        self.sum, self.tanh = nn.Identity(), nn.Tanh()

    def forward(self, X, H0):
        return self.tanh(self.sum(self.from_input(X) + self.from_hidden(H0)))


def at_sizes(batch, inputs, hidden):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: RNNCell(inputs, hidden),
        inputs={"X": normal(batch, inputs), "H0": normal(batch, hidden)},
        output="H1",
        symbols={
            "W": "from_input.weight",
            "b": "from_input.bias",
            "U": "from_hidden.weight",
            "c": "from_hidden.bias",
            "Z": "sum",
        },
    )


reference = [at_sizes(4, 2, 3), at_sizes(2, 4, 3), at_sizes(3, 5, 2)]
