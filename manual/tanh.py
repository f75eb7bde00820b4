"""The hyperbolic tangent as two functions: forward returns what backward needs.

    z, dout (batch, features) -> out, dz of the same shape

Source: M. Abramowitz, I. Stegun, "Handbook of mathematical functions", 1964, equations 4.5.3 and 4.5.73.
"""

import numpy as np


def forward(z):
    out = np.tanh(z)
    return out, out


def backward(dout, out):
    """The derivative of tanh at z is 1 - tanh(z)^2, so the output is all that is kept."""
    return dout * (1 - out * out)
