"""torch.logsumexp at three shapes. A closure cannot be read statement by statement, so the functions are called."""

import torch
from torch import nn

from gradproof import Code, Reference, normal


class LogSumExp(nn.Module):
    """z (batch, classes) -> (batch,)."""

    def forward(self, z):
        return torch.logsumexp(z, dim=1)


def at_sizes(batch, classes):
    return Reference(model=LogSumExp, inputs={"z": normal(batch, classes, std=2)}, output="y")


reference = [at_sizes(5, 3), at_sizes(2, 4), at_sizes(3, 6)]
code = Code("logsumexp", "gradient", results=("dLoss_dz",), opaque=True)
