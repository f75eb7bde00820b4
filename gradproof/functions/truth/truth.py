"""What is right: the reference in float64 on the rounded inputs, and how far rounding may lead away from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from gradproof.errors import GradproofError
from gradproof.functions.running.configurations import Configuration, plain
from gradproof.functions.running.inputs import Draw, is_real
from gradproof.functions.running.layouts import applies, laid_out
from gradproof.functions.running.runs import arguments, cotangents_of
from gradproof.functions.running.target import Target, Tensors, title
from gradproof.functions.truth.rigorous import rigorous_errors, widened
from gradproof.functions.truth.rounding import allowances


@dataclass(frozen=True)
class Quantity:
    """What one result should be.

    Attributes:
        value: The truth, in float64 where it is real.
        allowed: The difference that rounding explains, entry by entry; None for whole numbers.
        dtype: The dtype that it should have.
        bound: How the allowance was found: `rigorous`, `sampled` or `exact`.
    """

    value: torch.Tensor
    allowed: torch.Tensor | None
    dtype: torch.dtype
    bound: str = "exact"


@dataclass(frozen=True)
class Truth:
    """The true outputs and gradients of one trial in one dtype.

    Attributes:
        values: The arguments, rounded to the dtype and widened to float64.
        cotangents: The outputs' cotangents, likewise.
        outputs: One for each output.
        gradients: Input -> its gradient, zero where the outputs do not depend on it.
    """

    values: Mapping[str, Any]
    cotangents: tuple[torch.Tensor, ...]
    outputs: tuple[Quantity, ...]
    gradients: Mapping[str, Quantity]


def truth_of(
    reference: Target, draw: Draw, wrt: Sequence[str], dtype: torch.dtype, configuration: Configuration | None = None
) -> Truth:
    """Run the reference on the values and cotangents that a configuration makes of a draw.

    Raises:
        GradproofError: The reference raises, or depends on none of the inputs.
    """
    configuration = plain(wrt) if configuration is None else configuration
    values = {name: _rounded(name, value, dtype, configuration) for name, value in draw.values.items()}
    try:
        shapes = reference(arguments(values, plain(()), torch.float64))
    except GradproofError:
        raise
    except Exception as error:
        raise GradproofError(
            f"the reference {title(reference.function)} raises {type(error).__name__}: {error}; it was called with "
            f"{draw.shapes} in float64"
        ) from error
    cotangents = _cotangents(shapes, draw, dtype, configuration)
    only = Configuration("", frozenset(wrt), only_output=configuration.only_output)

    def run(own: torch.dtype) -> list[torch.Tensor | None]:
        return _results(reference, values, only, own, cotangents)

    true = run(torch.float64)
    rough = _tried(run, dtype)
    allowed = allowances(lambda: run(torch.float64), true, rough, dtype, seed=draw.seed[0])
    names = [name for name, value in values.items() if is_real(value)]

    def run_on(*leaves: torch.Tensor) -> list[torch.Tensor | None]:
        given = {**values, **dict(zip(names, leaves, strict=False))}
        return _results(reference, given, only, dtype, leaves[len(names) :])

    errors = rigorous_errors(run_on, [*(values[name] for name in names), *cotangents], dtype)
    limits = [widened(limit, None if errors is None else errors[k]) for k, limit in enumerate(allowed)]
    return _sorted_out(true, limits, rough, dtype, shapes, values, cotangents, wrt)


def _sorted_out(
    true: Sequence[torch.Tensor | None],
    limits: Sequence[tuple[torch.Tensor | None, str]],
    rough: Sequence[torch.Tensor | None] | None,
    dtype: torch.dtype,
    outputs: Tensors,
    values: Mapping[str, Any],
    cotangents: tuple[torch.Tensor, ...],
    wrt: Sequence[str],
) -> Truth:
    made = []
    for k, output in enumerate(outputs):
        value = true[k]
        if value is None:
            made.append(Quantity(output, None, output.dtype))
        else:
            own = rough[k] if rough is not None else None
            made.append(Quantity(value, limits[k][0], dtype if own is None else own.dtype, limits[k][1]))
    gradients = {}
    for name, value, (limit, bound) in zip(wrt, true[len(outputs) :], limits[len(outputs) :], strict=True):
        zero = torch.zeros_like(values[name])
        gradients[name] = Quantity(zero if value is None else value, zero if limit is None else limit, dtype, bound)
    return Truth(values, cotangents, tuple(made), gradients)


def _results(
    reference: Target,
    values: Mapping[str, Any],
    configuration: Configuration,
    dtype: torch.dtype,
    cotangents: Sequence[torch.Tensor],
) -> list[torch.Tensor | None]:
    """Real outputs (None for the others), then the gradients."""
    given = arguments(values, configuration, dtype)
    outputs = reference(given)
    above = cotangents_of(cotangents, configuration, outputs)
    used = [(o, c) for o, c in zip(outputs, above, strict=True) if c is not None and o.requires_grad]
    inputs = [given[name] for name in given if name in configuration.needs]
    found: tuple[torch.Tensor | None, ...] = (None,) * len(inputs)
    if used:
        heads, tails = zip(*used, strict=True)
        found = torch.autograd.grad(heads, inputs, tails, allow_unused=True)
    return [*(o.detach() if o.is_floating_point() else None for o in outputs), *found]


def _tried(run: Any, dtype: torch.dtype) -> list[torch.Tensor | None] | None:
    """The reference in the dtype itself, unless torch has no such operation there."""
    if dtype == torch.float64:
        return None
    try:
        results: list[torch.Tensor | None] = run(dtype)
    except (RuntimeError, NotImplementedError, TypeError):  # the random roundings are enough without it
        return None
    return results


def _rounded(name: str, value: Any, dtype: torch.dtype, configuration: Configuration) -> Any:
    """A value as the dtype holds it, with the entries that the configuration's layout can hold."""
    if not isinstance(value, torch.Tensor):
        return value
    if is_real(value):
        value = value.to(dtype).double()
    if configuration.layout is not None and configuration.layout[0] == name:
        value = laid_out(value, configuration.layout[1]).contiguous()
    return value


def _cotangents(
    outputs: Tensors, draw: Draw, dtype: torch.dtype, configuration: Configuration
) -> tuple[torch.Tensor, ...]:
    """Normal draws, rounded: never all ones, under which a softmax has no gradient whatever its backward does."""
    generator = np.random.default_rng([*draw.seed, 1])
    made = []
    for output in outputs:
        value = torch.from_numpy(np.array(generator.standard_normal(tuple(output.shape)))).to(dtype).double()
        layout = configuration.cotangent_layout
        made.append(laid_out(value, layout).contiguous() if applies(value, layout) else value)
    return tuple(made)
