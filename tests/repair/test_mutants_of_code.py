"""Mistakes planted into statements of code: sums that are lost, or of the wrong sign."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gradproof.case.derivation import Equation
from gradproof.studies.mutants import mutants

SOURCE = """
def dLoss_dW(X, dLoss_dZ):
    dW = np.zeros((2, 2))
    for i in range(3):
        dW += np.outer(dLoss_dZ[i], X[i])
    return dW
""".lstrip()


def test_mutants_of_a_sum_in_a_loop_lose_it_and_change_its_sign() -> None:
    space = {"np": np}
    exec(SOURCE, space)
    equation = Equation("dLoss_dW", ("X", "dLoss_dZ"), space["dLoss_dW"], Path("code.py"), 1, SOURCE)
    found = dict(mutants(equation))
    X, dZ = np.arange(6.0).reshape(3, 2), np.ones((3, 2))
    right = equation.function(X, dZ)
    lost, turned = (f"dW {sign} np.outer(dLoss_dZ[i], X[i])" for sign in ("=", "-="))
    assert np.array_equal(found[lost](X, dZ), np.outer(dZ[2], X[2]))
    assert np.array_equal(found[turned](X, dZ), -right)
    assert np.array_equal(equation.function(X, dZ), right)
