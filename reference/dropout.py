"""Dropout with a given mask as plain torch.nn at two shapes, and how the functions of manual/dropout.py are read."""

from torch import nn

from gradproof import Code, Reference, integers, normal, uniform


class Dropout(nn.Module):
    """x (batch, features), mask (batch, features) of 0 and 1, keep () -> x mask / keep."""

    def forward(self, x, mask, keep):
        return x * mask / keep


def at_sizes(batch, features):
    return Reference(
        model=Dropout,
        inputs={
            "x": normal(batch, features),
            "mask": integers(0, 2, shape=(batch, features)),
            "keep": uniform(0.2, 0.9),
        },
    )


reference = [at_sizes(2, 3), at_sizes(3, 4)]
code = Code("dropout_forward", "dropout_backward", results=("dLoss_dx",))
