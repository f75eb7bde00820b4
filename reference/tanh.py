"""torch.nn.Tanh at two shapes, and how the functions of manual/tanh.py are read."""

from torch import nn

from gradproof import Code, Reference, normal


def at_sizes(batch, features):
    return Reference(model=nn.Tanh, inputs={"input": normal(batch, features)}, symbols={"z": "input"})


reference = [at_sizes(2, 3), at_sizes(3, 4)]
code = Code("forward", "backward", names={"out": "Y"}, results=("dLoss_dz",))
