"""A simple recurrent network through time as plain torch.nn, at three sets of sizes."""

import torch
from torch import nn

from gradproof import Code, Reference, normal


class RNN(nn.Module):
    """The equations of torch.nn.RNN: X (time, batch, in) -> the states of all steps (time, batch, hidden)."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.from_input, self.from_hidden = nn.Linear(inputs, hidden), nn.Linear(hidden, hidden)

    def forward(self, X):
        A = self.from_input(X)
        states = [torch.zeros_like(A[0])]
        for a in A:
            states.append(torch.tanh(a + self.from_hidden(states[-1])))
        return torch.stack(states[1:])


def at_sizes(steps, batch, inputs, hidden):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: RNN(inputs, hidden),
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


reference = [at_sizes(4, 5, 2, 3), at_sizes(3, 2, 5, 4), at_sizes(2, 4, 3, 5)]
code = Code("forward", "backward")
