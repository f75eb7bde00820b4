"""One step of an LSTM cell, contracted with a random cotangent R; gates i, f, o, candidate g."""

import numpy as np


def zi(x, Wi, h0, Ui, bi):
    return x @ Wi + h0 @ Ui + bi


def zf(x, Wf, h0, Uf, bf):
    return x @ Wf + h0 @ Uf + bf


def zo(x, Wo, h0, Uo, bo):
    return x @ Wo + h0 @ Uo + bo


def zg(x, Wg, h0, Ug, bg):
    return x @ Wg + h0 @ Ug + bg


def i(zi):
    return 1 / (1 + np.exp(-zi))


def f(zf):
    return 1 / (1 + np.exp(-zf))


def o(zo):
    return 1 / (1 + np.exp(-zo))


def g(zg):
    return np.tanh(zg)


def c(f, c0, i, g):
    return f * c0 + i * g


def h(o, c):
    return o * np.tanh(c)


def Loss(h, R):
    return (h * R).sum()


def dLoss_dh(R):
    return R


def dLoss_do(dLoss_dh, c):
    return dLoss_dh * np.tanh(c)


def dLoss_dc(dLoss_dh, o, c):
    return dLoss_dh * o * (1 - np.tanh(c) ** 2)


def dLoss_di(dLoss_dc, g):
    return dLoss_dc * g


def dLoss_df(dLoss_dc, c0):
    return dLoss_dc * c0


def dLoss_dg(dLoss_dc, i):
    return dLoss_dc * i


def dLoss_dc0(dLoss_dc, f):
    return dLoss_dc * f


def dLoss_dzi(dLoss_di, i):
    return dLoss_di * i * (1 - i)


def dLoss_dzf(dLoss_df, f):
    return dLoss_df * f * (1 - f)


def dLoss_dzo(dLoss_do, o):
    return dLoss_do * o * (1 - o)


def dLoss_dzg(dLoss_dg, g):
    return dLoss_dg * (1 - g**2)


def dLoss_dWi(x, dLoss_dzi):
    return x.T @ dLoss_dzi


def dLoss_dUi(h0, dLoss_dzi):
    return h0.T @ dLoss_dzi


def dLoss_dbi(dLoss_dzi):
    return dLoss_dzi.sum(axis=0)


def dLoss_dx(dLoss_dzi, Wi, dLoss_dzf, Wf, dLoss_dzo, Wo, dLoss_dzg, Wg):
    return dLoss_dzi @ Wi.T + dLoss_dzf @ Wf.T + dLoss_dzo @ Wo.T + dLoss_dzg @ Wg.T


def dLoss_dh0(dLoss_dzi, Ui, dLoss_dzf, Uf, dLoss_dzo, Uo, dLoss_dzg, Ug):
    return dLoss_dzi @ Ui.T + dLoss_dzf @ Uf.T + dLoss_dzo @ Uo.T + dLoss_dzg @ Ug.T
