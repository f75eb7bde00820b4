"""Fused operations taken apart: their inner steps round too where a function is written out by hand.

A layer normalisation or a softmax is one ATen operation, whose kernel keeps its intermediate values in more digits.
Whoever writes it out rounds each of them, and rounding explains that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch

_FUSED = (
    *("native_layer_norm", "native_layer_norm_backward", "native_group_norm", "native_group_norm_backward"),
    *("native_batch_norm", "native_batch_norm_backward", "_softmax", "_softmax_backward_data"),
    *("_log_softmax", "_log_softmax_backward_data", "gelu", "gelu_backward", "silu", "silu_backward"),
    *("sigmoid_backward", "tanh_backward", "mse_loss", "mse_loss_backward", "huber_loss", "huber_loss_backward"),
    *("smooth_l1_loss", "smooth_l1_loss_backward", "binary_cross_entropy", "binary_cross_entropy_backward"),
    *("softplus", "softplus_backward", "elu", "elu_backward", "hardswish", "hardswish_backward", "var_mean"),
)


@cache
def taken_apart(operation: Any) -> Callable[..., Any] | None:
    """The same operation as a function of simpler ones; None where it is simple, or torch has no such function."""
    if operation._schema.name.removeprefix("aten::") not in _FUSED:
        return None
    from torch._decomp import get_decompositions  # loads much; many references have no fused operation

    packet = getattr(torch.ops.aten, operation._schema.name.removeprefix("aten::"))
    try:
        found = get_decompositions([packet])
    except RuntimeError:  # torch has none
        return None
    return found.get(operation)
