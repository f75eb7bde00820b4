"""One head of scaled dot-product attention, contracted with a random cotangent R."""

import numpy as np


def Q(X, Wq):
    return X @ Wq


def K(X, Wk):
    return X @ Wk


def V(X, Wv):
    return X @ Wv


def S(Q, K):
    return Q @ K.T / np.sqrt(Q.shape[1])


def A(S):
    return np.exp(S) / np.exp(S).sum(axis=1, keepdims=True)


def O(A, V):  # noqa: E743  (the layer's own name)
    return A @ V


def Loss(O, R):  # noqa: E741
    return (O * R).sum()


def dLoss_dO(R):
    return R


def dLoss_dV(A, dLoss_dO):
    return A.T @ dLoss_dO


def dLoss_dA(dLoss_dO, V):
    return dLoss_dO @ V.T


def dLoss_dS(A, dLoss_dA):
    return A * (dLoss_dA - (dLoss_dA * A).sum(axis=1, keepdims=True))


def dLoss_dQ(dLoss_dS, K):
    return dLoss_dS @ K / np.sqrt(K.shape[1])


def dLoss_dK(dLoss_dS, Q):
    return dLoss_dS.T @ Q / np.sqrt(Q.shape[1])


def dLoss_dWq(X, dLoss_dQ):
    return X.T @ dLoss_dQ


def dLoss_dWk(X, dLoss_dK):
    return X.T @ dLoss_dK


def dLoss_dWv(X, dLoss_dV):
    return X.T @ dLoss_dV


def dLoss_dX(dLoss_dQ, Wq, dLoss_dK, Wk, dLoss_dV, Wv):
    return dLoss_dQ @ Wq.T + dLoss_dK @ Wk.T + dLoss_dV @ Wv.T
