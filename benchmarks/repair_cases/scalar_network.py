"""The 2-2-3 network, ReLU and softmax, loss for the class of node 5, one step of gradient descent; all scalars.

The short form of Parameter Update 2: every gradient by the chain rule from the one above it, so that a mutation of any
of the 52 equations is a slip that a person could make.
"""

import numpy as np


def Z3(W13, X1, W23, X2, b3):
    return W13 * X1 + W23 * X2 + b3


def Z4(W14, X1, W24, X2, b4):
    return W14 * X1 + W24 * X2 + b4


def Y3(Z3):
    return np.maximum(Z3, 0)


def Y4(Z4):
    return np.maximum(Z4, 0)


def Y5(W35, Y3, W45, Y4, b5):
    return W35 * Y3 + W45 * Y4 + b5


def Y6(W36, Y3, W46, Y4, b6):
    return W36 * Y3 + W46 * Y4 + b6


def Y7(W37, Y3, W47, Y4, b7):
    return W37 * Y3 + W47 * Y4 + b7


def P5(Y5, Y6, Y7):
    return np.exp(Y5) / (np.exp(Y5) + np.exp(Y6) + np.exp(Y7))


def P6(Y5, Y6, Y7):
    return np.exp(Y6) / (np.exp(Y5) + np.exp(Y6) + np.exp(Y7))


def P7(Y5, Y6, Y7):
    return np.exp(Y7) / (np.exp(Y5) + np.exp(Y6) + np.exp(Y7))


def Loss(P5):
    return -np.log(P5)


def dLoss_dP5(P5):
    return -1 / P5


def dP5_dY5(P5):
    return P5 * (1 - P5)


def dP5_dY6(P5, P6):
    return -P5 * P6


def dP5_dY7(P5, P7):
    return -P5 * P7


def dLoss_dY5(P5):
    return P5 - 1


def dLoss_dY6(P6):
    return P6


def dLoss_dY7(P7):
    return P7


def dLoss_dW35(dLoss_dY5, Y3):
    return dLoss_dY5 * Y3


def dLoss_dW45(dLoss_dY5, Y4):
    return dLoss_dY5 * Y4


def dLoss_db5(dLoss_dY5):
    return dLoss_dY5


def dLoss_dW36(dLoss_dY6, Y3):
    return dLoss_dY6 * Y3


def dLoss_dW46(dLoss_dY6, Y4):
    return dLoss_dY6 * Y4


def dLoss_db6(dLoss_dY6):
    return dLoss_dY6


def dLoss_dW37(dLoss_dY7, Y3):
    return dLoss_dY7 * Y3


def dLoss_dW47(dLoss_dY7, Y4):
    return dLoss_dY7 * Y4


def dLoss_db7(dLoss_dY7):
    return dLoss_dY7


def dLoss_dY3(dLoss_dY5, W35, dLoss_dY6, W36, dLoss_dY7, W37):
    return dLoss_dY5 * W35 + dLoss_dY6 * W36 + dLoss_dY7 * W37


def dLoss_dY4(dLoss_dY5, W45, dLoss_dY6, W46, dLoss_dY7, W47):
    return dLoss_dY5 * W45 + dLoss_dY6 * W46 + dLoss_dY7 * W47


def dLoss_dZ3(dLoss_dY3, Z3):
    return dLoss_dY3 * (Z3 > 0)


def dLoss_dZ4(dLoss_dY4, Z4):
    return dLoss_dY4 * (Z4 > 0)


def dLoss_dW13(dLoss_dZ3, X1):
    return dLoss_dZ3 * X1


def dLoss_dW23(dLoss_dZ3, X2):
    return dLoss_dZ3 * X2


def dLoss_db3(dLoss_dZ3):
    return dLoss_dZ3


def dLoss_dW14(dLoss_dZ4, X1):
    return dLoss_dZ4 * X1


def dLoss_dW24(dLoss_dZ4, X2):
    return dLoss_dZ4 * X2


def dLoss_db4(dLoss_dZ4):
    return dLoss_dZ4


def W13_new(W13, eta, dLoss_dW13):
    return W13 - eta * dLoss_dW13


def W23_new(W23, eta, dLoss_dW23):
    return W23 - eta * dLoss_dW23


def b3_new(b3, eta, dLoss_db3):
    return b3 - eta * dLoss_db3


def W14_new(W14, eta, dLoss_dW14):
    return W14 - eta * dLoss_dW14


def W24_new(W24, eta, dLoss_dW24):
    return W24 - eta * dLoss_dW24


def b4_new(b4, eta, dLoss_db4):
    return b4 - eta * dLoss_db4


def W35_new(W35, eta, dLoss_dW35):
    return W35 - eta * dLoss_dW35


def W45_new(W45, eta, dLoss_dW45):
    return W45 - eta * dLoss_dW45


def b5_new(b5, eta, dLoss_db5):
    return b5 - eta * dLoss_db5


def W36_new(W36, eta, dLoss_dW36):
    return W36 - eta * dLoss_dW36


def W46_new(W46, eta, dLoss_dW46):
    return W46 - eta * dLoss_dW46


def b6_new(b6, eta, dLoss_db6):
    return b6 - eta * dLoss_db6


def W37_new(W37, eta, dLoss_dW37):
    return W37 - eta * dLoss_dW37


def W47_new(W47, eta, dLoss_dW47):
    return W47 - eta * dLoss_dW47


def b7_new(b7, eta, dLoss_db7):
    return b7 - eta * dLoss_db7
