"""One step of an LSTM as plain torch.nn, its gates named, at three sets of sizes."""

from torch import nn

from gradproof import Reference, normal


class LSTMCell(nn.Module):
    """The equations of torch.nn.LSTMCell: X (batch, in), H0 and C0 (batch, hidden) -> H1 and C1 (batch, hidden)."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.from_input, self.from_hidden = nn.Linear(inputs, 4 * hidden), nn.Linear(hidden, 4 * hidden)
        self.gates = nn.Identity()
        self.input_gate, self.forget_gate, self.output_gate = nn.Sigmoid(), nn.Sigmoid(), nn.Sigmoid()
        self.candidate, self.squashed = nn.Tanh(), nn.Tanh()
        self.cell_state = nn.Identity()

    def forward(self, X, H0, C0):
        i, f, g, o = self.gates(self.from_input(X) + self.from_hidden(H0)).chunk(4, dim=1)
        C = self.cell_state(self.forget_gate(f) * C0 + self.input_gate(i) * self.candidate(g))
        return self.output_gate(o) * self.squashed(C), C


def at_sizes(batch, inputs, hidden):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: LSTMCell(inputs, hidden),
        inputs={"X": normal(batch, inputs), "H0": normal(batch, hidden), "C0": normal(batch, hidden)},
        output=("H1", "C1"),
        symbols={
            "W": "from_input.weight",
            "b": "from_input.bias",
            "U": "from_hidden.weight",
            "c": "from_hidden.bias",
            "Z": "gates",
            **{f"Z{gate}": f"gates[:, {k * hidden}:{(k + 1) * hidden}]" for k, gate in enumerate("ifgo")},
            "In": "input_gate",
            "F": "forget_gate",
            "G": "candidate",
            "Out": "output_gate",
            "C": "cell_state",
            "A": "squashed",
        },
    )


reference = [at_sizes(4, 2, 3), at_sizes(2, 4, 3), at_sizes(3, 5, 2)]
