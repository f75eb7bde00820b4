"""One step of a GRU as plain torch.nn, its gates named, at three sets of sizes."""

from torch import nn

from gradproof import Reference, normal


class GRUCell(nn.Module):
    """The equations of torch.nn.GRUCell: X (batch, in), H0 (batch, hidden) -> H1 (batch, hidden)."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.from_input, self.from_hidden = nn.Linear(inputs, 3 * hidden), nn.Linear(hidden, 3 * hidden)
        self.reset_gate, self.update_gate, self.candidate = nn.Sigmoid(), nn.Sigmoid(), nn.Tanh()

    def forward(self, X, H0):
        input_r, input_z, input_n = self.from_input(X).chunk(3, dim=1)
        hidden_r, hidden_z, hidden_n = self.from_hidden(H0).chunk(3, dim=1)
        r, z = self.reset_gate(input_r + hidden_r), self.update_gate(input_z + hidden_z)
        n = self.candidate(input_n + r * hidden_n)
        return (1 - z) * n + z * H0


def at_sizes(batch, inputs, hidden):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: GRUCell(inputs, hidden),
        inputs={"X": normal(batch, inputs), "H0": normal(batch, hidden)},
        output="H1",
        symbols={
            "W": "from_input.weight",
            "b": "from_input.bias",
            "U": "from_hidden.weight",
            "c": "from_hidden.bias",
            "A": "from_input",
            "B": "from_hidden",
            **{f"A{gate}": f"from_input[:, {k * hidden}:{(k + 1) * hidden}]" for k, gate in enumerate("rzn")},
            **{f"B{gate}": f"from_hidden[:, {k * hidden}:{(k + 1) * hidden}]" for k, gate in enumerate("rzn")},
            "R": "reset_gate",
            "Z": "update_gate",
            "N": "candidate",
        },
    )


reference = [at_sizes(4, 2, 3), at_sizes(2, 4, 3), at_sizes(3, 5, 2)]
