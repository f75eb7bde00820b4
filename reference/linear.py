"""torch.nn.Linear at three sets of sizes."""

from torch import nn

from gradproof import Reference, normal


def at_sizes(batch, inputs, outputs):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: nn.Linear(inputs, outputs),
        inputs={"input": normal(batch, inputs)},
        symbols={"X": "input", "W": "weight", "b": "bias"},
    )


reference = [at_sizes(5, 3, 2), at_sizes(2, 4, 3), at_sizes(3, 2, 4)]
