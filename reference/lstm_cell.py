"""One step of an LSTM as plain torch.nn, its gates named, at three sets of sizes."""

import torch
from torch import nn

from gradproof import Reference, normal


class LSTMCell(nn.Module):
    """The equations of torch.nn.LSTMCell under a loss that is linear in the new states."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.from_input, self.from_hidden = nn.Linear(inputs, 4 * hidden), nn.Linear(hidden, 4 * hidden)
        self.gates = nn.Identity()
        self.input_gate, self.forget_gate, self.output_gate = nn.Sigmoid(), nn.Sigmoid(), nn.Sigmoid()
        self.candidate, self.squashed = nn.Tanh(), nn.Tanh()
        self.cell_state, self.hidden_state = nn.Identity(), nn.Identity()

    def forward(self, X, H0, C0, R, S):
        i, f, g, o = self.gates(self.from_input(X) + self.from_hidden(H0)).chunk(4, dim=1)
        C1 = self.cell_state(self.forget_gate(f) * C0 + self.input_gate(i) * self.candidate(g))
        H1 = self.hidden_state(self.output_gate(o) * self.squashed(C1))
        return torch.sum(R * H1) + torch.sum(S * C1)


def at_sizes(batch, inputs, hidden):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: LSTMCell(inputs, hidden),
        inputs={"X": normal(batch, inputs), **{name: normal(batch, hidden) for name in ("H0", "C0", "R", "S")}},
        symbols={
            "W": "from_input.weight",
            "b": "from_input.bias",
            "U": "from_hidden.weight",
            "c": "from_hidden.bias",
            "Z1": "gates",
            "I1": "input_gate",
            "F1": "forget_gate",
            "G1": "candidate",
            "O1": "output_gate",
            "C1": "cell_state",
            "A1": "squashed",
            "H1": "hidden_state",
        },
    )


reference = [at_sizes(4, 2, 3), at_sizes(2, 4, 3), at_sizes(3, 5, 2)]
