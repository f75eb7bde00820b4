"""torch.nn.RNN at three sets of sizes."""

from torch import nn

from gradproof import Code, Reference, normal


class RNN(nn.Module):
    """X (time, batch, in) -> the states of all steps (time, batch, hidden)."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.rnn = nn.RNN(inputs, hidden)

    def forward(self, X):
        H, _ = self.rnn(X)
        return H


def at_sizes(steps, batch, inputs, hidden):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: RNN(inputs, hidden),
        inputs={"X": normal(steps, batch, inputs)},
        output="H",
        symbols={
            "W": "rnn.weight_ih_l0",
            "U": "rnn.weight_hh_l0",
            "b": "rnn.bias_ih_l0",
            "c": "rnn.bias_hh_l0",
        },
    )


reference = [at_sizes(4, 5, 2, 3), at_sizes(3, 2, 5, 4), at_sizes(2, 4, 3, 5)]
code = Code("forward", "backward")
