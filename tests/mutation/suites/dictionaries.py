"""Tests of arrays that a method stores or a function returns."""

import numpy as np
from layers import Dense, loss_and_grads

X, UP = np.arange(12.0).reshape(4, 3) - 5, np.arange(8.0).reshape(4, 2) - 3


def test_stored():
    layer = Dense()
    layer.backward(X, UP)
    np.testing.assert_allclose(layer.grads["W"], X.T @ UP)


def test_in_a_tuple():
    W = np.arange(6.0).reshape(3, 2)
    loss, grads = loss_and_grads(W, X)
    assert loss > 0
    np.testing.assert_allclose(grads["W"], 2 * X.T @ X @ W)


def error(a, b):
    return np.abs(a - b).max()


def test_printed_only():
    _, grads = loss_and_grads(np.ones((3, 2)), X)
    print(error(grads["W"], 2 * X.T @ X @ np.ones((3, 2))))
