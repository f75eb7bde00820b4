"""The softplus log(1 + e^z) as two functions, in a form that does not overflow.

    z, dout (batch, features) -> out, dz of the same shape

Source: C. Dugas et al., "Incorporating second-order functional knowledge for better option pricing", NIPS 2000,
section 3. Its derivative is the sigmoid.
"""

import numpy as np


def softplus(z):
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def softplus_backward(dout, z):
    e = np.exp(-np.abs(z))
    sigma = np.where(z >= 0, 1 / (1 + e), e / (1 + e))
    return dout * sigma
