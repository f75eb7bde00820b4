"""A GRU through time as plain torch.nn, at two sets of sizes."""

import torch
from torch import nn

from gradproof import Code, Reference, normal


class GRU(nn.Module):
    """The equations of torch.nn.GRU: X (time, batch, in) -> the states of all steps (time, batch, hidden)."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.from_input, self.from_hidden = nn.Linear(inputs, 3 * hidden), nn.Linear(hidden, 3 * hidden)

    def forward(self, X):
        A = self.from_input(X)
        h = torch.zeros_like(A[0].chunk(3, dim=1)[0])
        states = []
        for a in A:
            (ar, az, an), (br, bz, bn) = a.chunk(3, dim=1), self.from_hidden(h).chunk(3, dim=1)
            r, z = torch.sigmoid(ar + br), torch.sigmoid(az + bz)
            h = (1 - z) * torch.tanh(an + r * bn) + z * h
            states.append(h)
        return torch.stack(states)


def at_sizes(steps, batch, inputs, hidden):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: GRU(inputs, hidden),
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
code = Code("gru_forward", "gru_backward")
