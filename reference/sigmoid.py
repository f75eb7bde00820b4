"""torch.nn.Sigmoid at two shapes, and how the layer of manual/sigmoid.py is read."""

from torch import nn

from gradproof import Code, Reference, normal


def at_sizes(batch, features):
    return Reference(model=nn.Sigmoid, inputs={"input": normal(batch, features, std=2)}, symbols={"z": "input"})


reference = [at_sizes(2, 3), at_sizes(3, 4)]
code = Code("Sigmoid.forward", "Sigmoid.backward", names={"self.out": "Y"}, results=("dLoss_dz",))
