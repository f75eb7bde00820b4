"""Parameter Update 2 as it was printed: the six updates of the hidden layer climb the loss.

All other equations are those of `parameter_update_2.py`; only the six that differ stand here, and the check
of this case passes only as long as exactly these six disagree.
"""

from .parameter_update_2 import *  # noqa: F403  (the whole derivation, of which six equations are replaced)
from .parameter_update_2 import _Relu_prime

KNOWN_ERRATA = ("W13_new", "W23_new", "W14_new", "W24_new", "b3_new", "b4_new")


def W13_new(W13, eta, P5, W35, P6, W36, P7, W37, X1, W23, X2, b3):
    return W13 + eta * ((P5 - 1) * W35 + P6 * W36 + P7 * W37) * _Relu_prime(W13 * X1 + W23 * X2 + b3) * X1


def W23_new(W23, eta, P5, W35, P6, W36, P7, W37, W13, X1, X2, b3):
    return W23 + eta * ((P5 - 1) * W35 + P6 * W36 + P7 * W37) * _Relu_prime(W13 * X1 + W23 * X2 + b3) * X2


def W14_new(W14, eta, P5, W45, P6, W46, P7, W47, X1, W24, X2, b4):
    return W14 + eta * ((P5 - 1) * W45 + P6 * W46 + P7 * W47) * _Relu_prime(W14 * X1 + W24 * X2 + b4) * X1


def W24_new(W24, eta, P5, W45, P6, W46, P7, W47, W14, X1, X2, b4):
    return W24 + eta * ((P5 - 1) * W45 + P6 * W46 + P7 * W47) * _Relu_prime(W14 * X1 + W24 * X2 + b4) * X2


def b3_new(b3, eta, P5, W35, P6, W36, P7, W37, W13, X1, W23, X2):
    return b3 + eta * ((P5 - 1) * W35 + P6 * W36 + P7 * W37) * _Relu_prime(W13 * X1 + W23 * X2 + b3)


def b4_new(b4, eta, P5, W45, P6, W46, P7, W47, W14, X1, W24, X2):
    return b4 + eta * ((P5 - 1) * W45 + P6 * W46 + P7 * W47) * _Relu_prime(W14 * X1 + W24 * X2 + b4)
