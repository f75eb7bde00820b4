"""Parameter Update 2 (Chowdhury Mofizur Rahman, 23 April 2025): gradients and updates of a 2-2-3 network.

Inputs X1, X2; ReLU hidden nodes 3, 4; softmax output nodes 5, 6, 7; Loss = -log P5. W13 leads from node 1 to
node 3. Every quantity is a scalar. The functions stand in the document's order and use its symbols. The last
right side of a printed line carries the plain name; what the line prints before it carries a label: `__chain`
for the product of local derivatives, `__expanded` for that product written out.

What a reader should know of the document:

- Erratum. The six updates of the hidden layer (W13, W23, W14, W24, b3, b4) are printed with `+ eta`, the nine
  of the output layer with `- eta`. The printed hidden ones climb the loss. Here all fifteen descend; the text
  as it was printed is in `parameter_update_2_as_printed.py`.
- The updates of the output layer are listed before the gradients of the hidden layer, which contain
  W35 ... W47. Those are the old values: all gradients are taken before any step.
- The softmax is never printed. It is written below with the largest exponent subtracted, so that it cannot
  overflow.
- The derivative of Relu at 0 is not given. It is 0 here, as in PyTorch.
- log is the natural logarithm.
- The target class is fixed at node 5. `softmax_mlp.py` has the same derivation for any target and width.
"""

import numpy as np


def _Relu(z):
    return np.maximum(z, 0)


def _Relu_prime(z):
    return np.where(z > 0, 1.0, 0.0)


# The output nodes -------------------------------------------------------------------------------------------


def P5(Y5, Y6, Y7):
    largest = np.maximum(np.maximum(Y5, Y6), Y7)
    return np.exp(Y5 - largest) / (np.exp(Y5 - largest) + np.exp(Y6 - largest) + np.exp(Y7 - largest))


def P6(Y5, Y6, Y7):
    largest = np.maximum(np.maximum(Y5, Y6), Y7)
    return np.exp(Y6 - largest) / (np.exp(Y5 - largest) + np.exp(Y6 - largest) + np.exp(Y7 - largest))


def P7(Y5, Y6, Y7):
    largest = np.maximum(np.maximum(Y5, Y6), Y7)
    return np.exp(Y7 - largest) / (np.exp(Y5 - largest) + np.exp(Y6 - largest) + np.exp(Y7 - largest))


def Loss(P5):
    return -np.log(P5)


def dLoss_dP5(P5):
    return -1 / P5


def dP5_dY5(P5):
    return P5 * (1 - P5)


def dLoss_dY5__chain(dLoss_dP5, dP5_dY5):
    return dLoss_dP5 * dP5_dY5


def dLoss_dY5__expanded(P5):
    return -1 / P5 * (P5 * (1 - P5))


def dLoss_dY5(P5):
    return P5 - 1


def dP5_dY6(P5, P6):
    return -P5 * P6


def dLoss_dY6__chain(dLoss_dP5, dP5_dY6):
    return dLoss_dP5 * dP5_dY6


def dLoss_dY6__expanded(P5, P6):
    return -1 / P5 * (-P5 * P6)


def dLoss_dY6(P6):
    return P6


def dP5_dY7(P5, P7):
    return -P5 * P7


def dLoss_dY7__chain(dLoss_dP5, dP5_dY7):
    return dLoss_dP5 * dP5_dY7


def dLoss_dY7__expanded(P5, P7):
    return -1 / P5 * (-P5 * P7)


def dLoss_dY7(P7):
    return P7


def Y5(W35, Y3, W45, Y4, b5):
    return W35 * Y3 + W45 * Y4 + b5


def Y6(W36, Y3, W46, Y4, b6):
    return W36 * Y3 + W46 * Y4 + b6


def Y7(W37, Y3, W47, Y4, b7):
    return W37 * Y3 + W47 * Y4 + b7


# Gradients of the output layer's parameters -----------------------------------------------------------------


def dY5_dW35(Y3):
    return Y3


def dLoss_dW35__chain(dLoss_dY5, dY5_dW35):
    return dLoss_dY5 * dY5_dW35


def dLoss_dW35(P5, Y3):
    return (P5 - 1) * Y3


def dY5_dW45(Y4):
    return Y4


def dLoss_dW45__chain(dLoss_dY5, dY5_dW45):
    return dLoss_dY5 * dY5_dW45


def dLoss_dW45(P5, Y4):
    return (P5 - 1) * Y4


def dY6_dW36(Y3):
    return Y3


def dLoss_dW36__chain(dLoss_dY6, dY6_dW36):
    return dLoss_dY6 * dY6_dW36


def dLoss_dW36(P6, Y3):
    return P6 * Y3


def dY6_dW46(Y4):
    return Y4


def dLoss_dW46__chain(dLoss_dY6, dY6_dW46):
    return dLoss_dY6 * dY6_dW46


def dLoss_dW46(P6, Y4):
    return P6 * Y4


def dY7_dW37(Y3):
    return Y3


def dLoss_dW37__chain(dLoss_dY7, dY7_dW37):
    return dLoss_dY7 * dY7_dW37


def dLoss_dW37(P7, Y3):
    return P7 * Y3


def dY7_dW47(Y4):
    return Y4


def dLoss_dW47__chain(dLoss_dY7, dY7_dW47):
    return dLoss_dY7 * dY7_dW47


def dLoss_dW47(P7, Y4):
    return P7 * Y4


def dY5_db5():
    return 1.0


def dLoss_db5__chain(dLoss_dY5, dY5_db5):
    return dLoss_dY5 * dY5_db5


def dLoss_db5(P5):
    return P5 - 1


def dY6_db6():
    return 1.0


def dLoss_db6__chain(dLoss_dY6, dY6_db6):
    return dLoss_dY6 * dY6_db6


def dLoss_db6(P6):
    return P6


def dY7_db7():
    return 1.0


def dLoss_db7__chain(dLoss_dY7, dY7_db7):
    return dLoss_dY7 * dY7_db7


def dLoss_db7(P7):
    return P7


# Updates of the output layer's parameters -------------------------------------------------------------------


def W35_new(W35, eta, Y3, P5):
    return W35 - eta * Y3 * (P5 - 1)


def W45_new(W45, eta, Y4, P5):
    return W45 - eta * Y4 * (P5 - 1)


def W36_new(W36, eta, Y3, P6):
    return W36 - eta * Y3 * P6


def W46_new(W46, eta, Y4, P6):
    return W46 - eta * Y4 * P6


def W37_new(W37, eta, Y3, P7):
    return W37 - eta * Y3 * P7


def W47_new(W47, eta, Y4, P7):
    return W47 - eta * Y4 * P7


def b5_new(b5, eta, P5):
    return b5 - eta * (P5 - 1)


def b6_new(b6, eta, P6):
    return b6 - eta * P6


def b7_new(b7, eta, P7):
    return b7 - eta * P7


# The hidden nodes -------------------------------------------------------------------------------------------


def Y3(W13, X1, W23, X2, b3):
    return _Relu(W13 * X1 + W23 * X2 + b3)


def Y4(W14, X1, W24, X2, b4):
    return _Relu(W14 * X1 + W24 * X2 + b4)


def dY5_dY3(W35):
    return W35


def dY6_dY3(W36):
    return W36


def dY7_dY3(W37):
    return W37


def dLoss_dY3__chain(dLoss_dY5, dY5_dY3, dLoss_dY6, dY6_dY3, dLoss_dY7, dY7_dY3):
    return dLoss_dY5 * dY5_dY3 + dLoss_dY6 * dY6_dY3 + dLoss_dY7 * dY7_dY3


def dLoss_dY3(P5, W35, P6, W36, P7, W37):
    return (P5 - 1) * W35 + P6 * W36 + P7 * W37


def dY5_dY4(W45):
    return W45


def dY6_dY4(W46):
    return W46


def dY7_dY4(W47):
    return W47


def dLoss_dY4__chain(dLoss_dY5, dY5_dY4, dLoss_dY6, dY6_dY4, dLoss_dY7, dY7_dY4):
    return dLoss_dY5 * dY5_dY4 + dLoss_dY6 * dY6_dY4 + dLoss_dY7 * dY7_dY4


def dLoss_dY4(P5, W45, P6, W46, P7, W47):
    return (P5 - 1) * W45 + P6 * W46 + P7 * W47


# Gradients of the hidden layer's parameters -----------------------------------------------------------------


def dY3_dW13(W13, X1, W23, X2, b3):
    return _Relu_prime(W13 * X1 + W23 * X2 + b3) * X1


def dLoss_dW13__chain(dLoss_dY3, dY3_dW13):
    return dLoss_dY3 * dY3_dW13


def dLoss_dW13(P5, W35, P6, W36, P7, W37, W13, X1, W23, X2, b3):
    return ((P5 - 1) * W35 + P6 * W36 + P7 * W37) * _Relu_prime(W13 * X1 + W23 * X2 + b3) * X1


def dY3_dW23(W13, X1, W23, X2, b3):
    return _Relu_prime(W13 * X1 + W23 * X2 + b3) * X2


def dLoss_dW23__chain(dLoss_dY3, dY3_dW23):
    return dLoss_dY3 * dY3_dW23


def dLoss_dW23(P5, W35, P6, W36, P7, W37, W13, X1, W23, X2, b3):
    return ((P5 - 1) * W35 + P6 * W36 + P7 * W37) * _Relu_prime(W13 * X1 + W23 * X2 + b3) * X2


def dY4_dW14(W14, X1, W24, X2, b4):
    return _Relu_prime(W14 * X1 + W24 * X2 + b4) * X1


def dLoss_dW14__chain(dLoss_dY4, dY4_dW14):
    return dLoss_dY4 * dY4_dW14


def dLoss_dW14(P5, W45, P6, W46, P7, W47, W14, X1, W24, X2, b4):
    return ((P5 - 1) * W45 + P6 * W46 + P7 * W47) * _Relu_prime(W14 * X1 + W24 * X2 + b4) * X1


def dY4_dW24(W14, X1, W24, X2, b4):
    return _Relu_prime(W14 * X1 + W24 * X2 + b4) * X2


def dLoss_dW24__chain(dLoss_dY4, dY4_dW24):
    return dLoss_dY4 * dY4_dW24


def dLoss_dW24(P5, W45, P6, W46, P7, W47, W14, X1, W24, X2, b4):
    return ((P5 - 1) * W45 + P6 * W46 + P7 * W47) * _Relu_prime(W14 * X1 + W24 * X2 + b4) * X2


def dY3_db3(W13, X1, W23, X2, b3):
    return _Relu_prime(W13 * X1 + W23 * X2 + b3)


def dLoss_db3__chain(dLoss_dY3, dY3_db3):
    return dLoss_dY3 * dY3_db3


def dLoss_db3(P5, W35, P6, W36, P7, W37, W13, X1, W23, X2, b3):
    return ((P5 - 1) * W35 + P6 * W36 + P7 * W37) * _Relu_prime(W13 * X1 + W23 * X2 + b3)


def dY4_db4(W14, X1, W24, X2, b4):
    return _Relu_prime(W14 * X1 + W24 * X2 + b4)


def dLoss_db4__chain(dLoss_dY4, dY4_db4):
    return dLoss_dY4 * dY4_db4


def dLoss_db4(P5, W45, P6, W46, P7, W47, W14, X1, W24, X2, b4):
    return ((P5 - 1) * W45 + P6 * W46 + P7 * W47) * _Relu_prime(W14 * X1 + W24 * X2 + b4)


# Updates of the hidden layer's parameters, with the sign mended ---------------------------------------------


def W13_new(W13, eta, P5, W35, P6, W36, P7, W37, X1, W23, X2, b3):
    return W13 - eta * ((P5 - 1) * W35 + P6 * W36 + P7 * W37) * _Relu_prime(W13 * X1 + W23 * X2 + b3) * X1


def W23_new(W23, eta, P5, W35, P6, W36, P7, W37, W13, X1, X2, b3):
    return W23 - eta * ((P5 - 1) * W35 + P6 * W36 + P7 * W37) * _Relu_prime(W13 * X1 + W23 * X2 + b3) * X2


def W14_new(W14, eta, P5, W45, P6, W46, P7, W47, X1, W24, X2, b4):
    return W14 - eta * ((P5 - 1) * W45 + P6 * W46 + P7 * W47) * _Relu_prime(W14 * X1 + W24 * X2 + b4) * X1


def W24_new(W24, eta, P5, W45, P6, W46, P7, W47, W14, X1, X2, b4):
    return W24 - eta * ((P5 - 1) * W45 + P6 * W46 + P7 * W47) * _Relu_prime(W14 * X1 + W24 * X2 + b4) * X2


def b3_new(b3, eta, P5, W35, P6, W36, P7, W37, W13, X1, W23, X2):
    return b3 - eta * ((P5 - 1) * W35 + P6 * W36 + P7 * W37) * _Relu_prime(W13 * X1 + W23 * X2 + b3)


def b4_new(b4, eta, P5, W45, P6, W46, P7, W47, W14, X1, W24, X2):
    return b4 - eta * ((P5 - 1) * W45 + P6 * W46 + P7 * W47) * _Relu_prime(W14 * X1 + W24 * X2 + b4)
