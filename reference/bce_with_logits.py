"""Binary cross-entropy as plain torch.nn, the probabilities a module's output, at three sets of sizes."""

from torch import nn

from gradproof import Reference, normal, uniform


class BinaryCrossEntropy(nn.Module):
    """Z, T (batch, labels) -> the mean cross-entropy of the targets T and the probabilities sigma(Z)."""

    def __init__(self):
        super().__init__()
        self.sigmoid = nn.Sigmoid()

    def forward(self, Z, T):
        P = self.sigmoid(Z)
        return -(T * P.log() + (1 - T) * (1 - P).log()).mean()


def at_sizes(batch, labels):
    return Reference(
        model=BinaryCrossEntropy,
        inputs={"Z": normal(batch, labels, std=2), "T": uniform(0.1, 0.9, shape=(batch, labels))},
        symbols={"P": "sigmoid"},
    )


reference = [at_sizes(5, 3), at_sizes(2, 4), at_sizes(3, 2)]
