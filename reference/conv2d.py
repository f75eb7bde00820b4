"""torch.nn.Conv2d with stride 2 and padding 1, at two sets of sizes."""

from torch import nn

from gradproof import Code, Reference, normal

STRIDE, PADDING = 2, 1


def at_sizes(batch, inputs, outputs, image, kernel):
    """The reference for one choice of sizes. They differ from each other, so that a transpose shows."""
    return Reference(
        model=lambda: nn.Conv2d(inputs, outputs, kernel, stride=STRIDE, padding=PADDING),
        inputs={"input": normal(batch, inputs, *image)},
        output="y",
        symbols={"x": "input", "w": "weight", "b": "bias"},
    )


reference = [
    at_sizes(3, 2, 4, image=(5, 4), kernel=(2, 3)),
    at_sizes(2, 3, 4, image=(4, 5), kernel=(3, 2)),
]
code = Code("conv_forward", "conv_backward", values={"stride": STRIDE, "padding": PADDING})
