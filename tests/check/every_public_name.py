"""A user's file that uses every public name; mypy, run strictly, checks that a user's own hints fit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

import gradproof
from gradproof import (
    CheckResult,
    Code,
    Disagreement,
    FunctionReference,
    GradproofError,
    Reference,
    assert_agrees,
    assert_function_agrees,
    bernoulli,
    check_function,
    constant,
    crosscheck,
    integers,
    log_uniform,
    normal,
    one_hot,
    permutation,
    positive_definite,
    rows_of,
    same,
    simplex,
    sorted_normal,
    uniform,
)

Array = npt.NDArray[np.float64]


def Y(x: Array) -> Array:
    return np.tanh(x)


def dLoss_dx(dLoss_dY: Array, Y: Array) -> Array:
    return dLoss_dY * (1 - Y**2)


data = np.zeros((5, 3))
drawn = {
    "a": bernoulli(0.5, 4, 3),
    "b": constant(0.9, symbol="beta"),
    "c": integers(0, 5, 4),
    "c2": integers(0, 5, 4, ignore_index=-100),
    "d": log_uniform(1e-3, 1.0, symbol="eta"),
    "e": one_hot(4, classes=3),
    "f": permutation(5),
    "g": positive_definite(3),
    "h": rows_of(data, 2),
    "i": simplex(4, 3),
    "j": sorted_normal(5),
    "k": uniform(0, 1, (2, 3)),
    "l": normal((2, 3)),
    "m": normal(),
}
reference = Reference(model=nn.Tanh, inputs={"input": normal(2, 3)}, symbols={"x": "input"})


class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: torch.Tensor) -> torch.Tensor:
        return 3 * x

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grad_outputs: torch.Tensor) -> torch.Tensor:
        return 3 * grad_outputs[0]


def scaled(x: torch.Tensor) -> torch.Tensor:
    return 3 * x


def use() -> str:
    result = crosscheck([Y, dLoss_dx], reference, trials=20, dtype=np.float32, only=["dLoss_*"])
    checked: CheckResult = result
    ok: bool = result.ok
    sentence: str = result.sentence
    frame = result.equations[["equation", "verdict"]]
    worst = result.worst_trials
    for one in result.wrong:
        return f"{one.equation}: {one.fix}, {one.diagnosis}"
    crosscheck(Y, reference, trials=10)
    crosscheck({"Y": Y}, reference, trials=10, dtype=torch.float64)
    try:
        assert_agrees([Y, dLoss_dx], reference, trials=100)
    except Disagreement as failure:
        return str(failure.result)
    except GradproofError as error:
        return str(error)
    function_result = check_function(scaled, scaled, {"x": normal(5, 3)}, trials=3)
    fine: bool = function_result.ok
    assert_function_agrees(scaled, scaled, {"x": normal(5, 3)})
    case = FunctionReference(scaled, {"x": normal(5, 3)})
    code = Code(Y, dLoss_dx)
    proof = same(Y, Y, {"x": (2, 3)})
    told = [checked.sentence, case, code, proof.verdict.value, gradproof.__version__, ok, fine, sentence, frame, worst]
    return "\n".join(map(str, told))
