"""The logistic sigmoid as a layer that keeps its output for the backward pass.

    z, dout (batch, features) -> out, dz of the same shape

Source: I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", MIT Press 2016, equations (3.30) and (3.34).
"""

import numpy as np


class Sigmoid:
    """sigma(z) = 1 / (1 + e^-z)."""

    def forward(self, z):
        """Keep the output: the derivative is sigma (1 - sigma)."""
        self.out = 1 / (1 + np.exp(-z))
        return self.out

    def backward(self, dout):
        """The gradient of the loss by z."""
        local = self.out * (1 - self.out)
        return dout * local
