"""An LSTM through time as plain torch.nn, at two sets of sizes."""

import torch
from torch import nn

from gradproof import Code, Reference, normal


class LSTM(nn.Module):
    """The equations of torch.nn.LSTM: X (time, batch, in) -> the states of all steps (time, batch, hidden)."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.from_input, self.from_hidden = nn.Linear(inputs, 4 * hidden), nn.Linear(hidden, 4 * hidden)

    def forward(self, X):
        A = self.from_input(X)
        h = c = torch.zeros_like(A[0].chunk(4, dim=1)[0])
        states = []
        for a in A:
            i, f, g, o = (a + self.from_hidden(h)).chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            states.append(h)
        return torch.stack(states)


def at_sizes(steps, batch, inputs, hidden):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: LSTM(inputs, hidden),
        inputs={"X": normal(steps, batch, inputs)},
        output="H",
        symbols={
            "W": "from_input.weight",
            "b": "from_input.bias",
            "U": "from_hidden.weight",
            "c": "from_hidden.bias",
            "A": "from_input",
        },
    )


reference = [at_sizes(3, 4, 5, 2), at_sizes(4, 2, 5, 3)]
code = Code(
    "LSTM.forward",
    "LSTM.backward",
    constructor={"inputs": 5, "hidden": 2},
)
