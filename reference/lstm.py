"""torch.nn.LSTM at two sets of sizes."""

from torch import nn

from gradproof import Code, Reference, normal


class LSTM(nn.Module):
    """X (time, batch, in) -> the states of all steps (time, batch, hidden)."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden)

    def forward(self, X):
        H, _ = self.lstm(X)
        return H


def at_sizes(steps, batch, inputs, hidden):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: LSTM(inputs, hidden),
        inputs={"X": normal(steps, batch, inputs)},
        output="H",
        symbols={
            "W": "lstm.weight_ih_l0",
            "U": "lstm.weight_hh_l0",
            "b": "lstm.bias_ih_l0",
            "c": "lstm.bias_hh_l0",
        },
    )


reference = [at_sizes(3, 4, 2, 3), at_sizes(4, 3, 5, 2)]
code = Code("LSTM.forward", "LSTM.backward", constructor={"inputs": 2, "hidden": 3})
