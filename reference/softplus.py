"""The softplus as plain torch.nn at two shapes, and how the functions of manual/softplus.py are read."""

from torch import nn

from gradproof import Code, Reference, normal


def at_sizes(batch, features):
    return Reference(model=nn.Softplus, inputs={"input": normal(batch, features, std=2)}, symbols={"z": "input"})


reference = [at_sizes(2, 3), at_sizes(3, 4)]
code = Code("softplus", "softplus_backward", results=("dLoss_dz",))
