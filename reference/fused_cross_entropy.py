"""Softmax cross entropy as torch has it."""

import torch.nn.functional as F

from gradproof import FunctionReference, integers, normal


def inputs(batch, classes=7):
    return {"z": normal(batch, classes), "t": integers(0, classes, (batch,))}


reference = FunctionReference(F.cross_entropy, inputs)
