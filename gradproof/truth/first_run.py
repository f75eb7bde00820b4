"""The first run of a reference's model, on one trial: what it returns, and which submodules are called with what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call

from gradproof.aten.uncompiled import uncompiled
from gradproof.case.kinds import Distribution
from gradproof.case.reference import Reference, parse_symbol
from gradproof.case.values import fixed
from gradproof.errors import GradproofError
from gradproof.truth.batching import by_default

Shape = tuple[int, ...]
Call = tuple[str, int]
"""A submodule and which of its calls, counted from 0."""


def build(reference: Reference, place: str, dtype: torch.dtype) -> nn.Module:
    """An instance of the model, in the dtype of the run.

    Raises:
        GradproofError: It cannot be made, or is no module.
    """
    try:
        with by_default(dtype):
            model = reference.model()
    except (Exception, SystemExit) as error:
        raise GradproofError(f"{place}: the model cannot be made: {type(error).__name__}: {error}") from error
    if not isinstance(model, nn.Module):
        raise GradproofError(f"{place}: model() gives a {type(model).__name__}, not a torch.nn.Module")
    return model.to(dtype)


def buffers_of(model: nn.Module, reference: Reference) -> dict[str, Distribution]:
    """The model's buffers as constants, once those that the reference gives values have them; by name.

    Only those that a symbol names, and those that are given, have a say in what is drawn.
    """
    given = reference.parameters if isinstance(reference.parameters, Mapping) else {}
    named = {parse_symbol(text).path for text in reference.symbols.values()} | set(given)
    found = {}
    for name, buffer in model.named_buffers():
        if name not in named:
            continue
        if name in given:
            values = given[name].with_shape(tuple(buffer.shape)).sample(np.random.default_rng(0), 1)[0]
            buffer.copy_(torch.from_numpy(np.asarray(values)))
        values = buffer.detach().double() if buffer.is_floating_point() else buffer.detach()
        found[name] = fixed(values.numpy().copy(), f"the buffer {name!r}")
    return found


def run_once(
    model: nn.Module, reference: Reference, place: str, dtype: torch.dtype, parameters: Mapping[str, Distribution]
) -> tuple[dict[Call, Shape], dict[str, Shape]]:
    """Run one trial, on drawn parameters: what they were made with may be memory that nobody has written.

    Returns:
        The shape of the output of every call of every submodule, and of each tensor that `forward` returns, by name;
        the latter is empty where it returns the loss itself.

    Raises:
        GradproofError: `forward` fails, or returns what has no name.
    """
    generator = np.random.default_rng(0)
    inputs = {
        name: torch.from_numpy(distribution.sample(generator, 1)[0:1]).squeeze(0)
        for name, distribution in reference.inputs.items()
    }
    inputs = {name: value.to(dtype) if value.is_floating_point() else value for name, value in inputs.items()}
    drawn = {
        name: torch.from_numpy(np.asarray(draws.sample(generator, 1)[0])).to(dtype)
        for name, draws in parameters.items()
    }
    calls: dict[Call, Shape] = {}
    handles = [module.register_forward_hook(_note(name, calls)) for name, module in model.named_modules() if name]
    try:
        with torch.no_grad(), uncompiled(), by_default(dtype):
            result = functional_call(model, drawn, (), inputs)
    except (Exception, SystemExit) as error:
        raise GradproofError(
            f"{place}: forward({', '.join(inputs)}) fails on one trial with shapes "
            f"{ {name: tuple(value.shape) for name, value in inputs.items()} }: {type(error).__name__}: {error}"
        ) from error
    finally:
        for handle in handles:
            handle.remove()
    results = {name: tuple(value.shape) for name, value in named_results(reference, place, result).items()}
    return calls, {} if list(results) == [reference.loss] else results


def _note(name: str, calls: dict[Call, Shape]) -> Any:
    """A forward hook that notes the shape of a submodule's output in each of its calls."""
    count = 0

    def hook(module: nn.Module, arguments: Any, output: Any) -> None:
        nonlocal count
        if isinstance(output, torch.Tensor):
            calls[name, count] = tuple(output.shape)
        count += 1

    return hook


def named_results(reference: Reference, place: str, result: Any) -> dict[str, torch.Tensor]:
    """What `forward` returned by name: the loss where it is one scalar, else the outputs.

    Raises:
        GradproofError: It is neither a tensor nor a tuple of as many tensors as there are names.
    """
    names = reference.outputs
    if isinstance(result, torch.Tensor) and len(names) == 1:
        return {names[0] if result.ndim else reference.loss: result}
    parts = result if isinstance(result, tuple | list) else (result,)
    odd = next((part for part in parts if not isinstance(part, torch.Tensor)), None)
    if odd is not None or len(parts) != len(names):
        held = f" holding a {type(odd).__name__}" if odd is not None and parts is result else ""
        raise GradproofError(
            f"{place}: forward returns a {type(result).__name__}{held or f' of {len(parts)}'}, but "
            f"Reference(output=...) names {', '.join(names)}; let it return one tensor (a scalar is the loss; "
            "values inside are named by passing them through an nn.Identity), or a flat tuple of tensors with "
            'a name for each: output=("Y", "H_new")'
        )
    return dict(zip(names, parts, strict=True))
