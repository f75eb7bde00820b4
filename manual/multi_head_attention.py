"""Multi-head self-attention with its four projections, and its backward pass.

    X, M, Y (tokens, model)    Q, K, V, A (heads, tokens, dim)    S, P (heads, tokens, tokens)
    Wq, Wk, Wv, Wo (model, model)    bq, bk, bv, bo (model,)

A head has its own dim columns of the model's, so model = heads dim. A is what the heads give, M the same side by side.
Weights are stored as PyTorch stores them, (out, in).

Source: A. Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.2.2.
"""

import numpy as np

HEADS = 2

# Forward


def _split(X):
    """(tokens, heads dim) -> (heads, tokens, dim)."""
    tokens, model = X.shape
    return X.reshape(tokens, HEADS, model // HEADS).transpose(1, 0, 2)


def _merge(X):
    """(heads, tokens, dim) -> (tokens, heads dim)."""
    heads, tokens, dim = X.shape
    return X.transpose(1, 0, 2).reshape(tokens, heads * dim)


def Q(X, Wq, bq):
    return _split(X @ Wq.T + bq)


def K(X, Wk, bk):
    return _split(X @ Wk.T + bk)


def V(X, Wv, bv):
    return _split(X @ Wv.T + bv)


def S(Q, K):
    return Q @ K.swapaxes(1, 2) / np.sqrt(Q.shape[2])


def P(S):
    E = np.exp(S - S.max(axis=2, keepdims=True))
    return E / E.sum(axis=2, keepdims=True)


def A(P, V):
    return P @ V


def M(A):
    return _merge(A)


def Y(M, Wo, bo):
    return M @ Wo.T + bo


# Backward


def dLoss_dWo(dLoss_dY, M):
    return dLoss_dY.T @ M


def dLoss_dbo(dLoss_dY):
    return dLoss_dY.sum(axis=0)


def dLoss_dM(dLoss_dY, Wo):
    return dLoss_dY @ Wo


def dLoss_dA(dLoss_dM):
    return _split(dLoss_dM)


def dLoss_dV(P, dLoss_dA):
    return P.swapaxes(1, 2) @ dLoss_dA


def dLoss_dP(dLoss_dA, V):
    return dLoss_dA @ V.swapaxes(1, 2)


def dLoss_dS(dLoss_dP, P):
    return P * (dLoss_dP - np.sum(dLoss_dP * P, axis=2, keepdims=True))


def dLoss_dQ(dLoss_dS, K):
    return dLoss_dS @ K / np.sqrt(K.shape[2])


def dLoss_dK(dLoss_dS, Q):
    return dLoss_dS.swapaxes(1, 2) @ Q / np.sqrt(Q.shape[2])


def dLoss_dWq(dLoss_dQ, X):
    return _merge(dLoss_dQ).T @ X


def dLoss_dbq(dLoss_dQ):
    return _merge(dLoss_dQ).sum(axis=0)


def dLoss_dWk(dLoss_dK, X):
    return _merge(dLoss_dK).T @ X


def dLoss_dbk(dLoss_dK):
    """Zero up to rounding: a bias of all keys shifts every score of a query alike, which the softmax ignores."""
    return _merge(dLoss_dK).sum(axis=0)


def dLoss_dWv(dLoss_dV, X):
    return _merge(dLoss_dV).T @ X


def dLoss_dbv(dLoss_dV):
    return _merge(dLoss_dV).sum(axis=0)


def dLoss_dX(dLoss_dQ, Wq, dLoss_dK, Wk, dLoss_dV, Wv):
    return _merge(dLoss_dQ) @ Wq + _merge(dLoss_dK) @ Wk + _merge(dLoss_dV) @ Wv
