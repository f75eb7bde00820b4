"""torch.nn.MaxPool2d with windows that overlap, at two sets of sizes."""

from torch import nn

from gradproof import Code, Reference, normal

SIZE, STRIDE = 3, 2


def at_sizes(batch, channels, height, width):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: nn.MaxPool2d(SIZE, STRIDE),
        inputs={"input": normal(batch, channels, height, width)},
        output="y",
        symbols={"x": "input"},
    )


reference = [at_sizes(2, 3, 5, 7), at_sizes(3, 2, 7, 6)]
code = Code("MaxPool.forward", "MaxPool.backward", constructor={"size": SIZE, "stride": STRIDE})
