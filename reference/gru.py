"""torch.nn.GRU at two sets of sizes."""

from torch import nn

from gradproof import Code, Reference, normal


class GRU(nn.Module):
    """X (time, batch, in) -> the states of all steps (time, batch, hidden)."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.gru = nn.GRU(inputs, hidden)

    def forward(self, X):
        H, _ = self.gru(X)
        return H


def at_sizes(steps, batch, inputs, hidden):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: GRU(inputs, hidden),
        inputs={"X": normal(steps, batch, inputs)},
        output="H",
        symbols={
            "W": "gru.weight_ih_l0",
            "U": "gru.weight_hh_l0",
            "b": "gru.bias_ih_l0",
            "c": "gru.bias_hh_l0",
        },
    )


reference = [at_sizes(3, 4, 2, 3), at_sizes(4, 3, 5, 2)]
code = Code("gru_forward", "gru_backward")
