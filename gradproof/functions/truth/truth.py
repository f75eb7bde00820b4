"""What is right: the reference in float64 on the rounded inputs, and how far rounding may lead away from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from gradproof.errors import GradproofError
from gradproof.functions.result import Finding
from gradproof.functions.running.configurations import SCALE, Configuration, plain
from gradproof.functions.running.inputs import Draw
from gradproof.functions.running.layouts import SAME_VALUES, applies, laid_out
from gradproof.functions.running.numbers import DTYPES, cast, is_continuous, wide
from gradproof.functions.running.runs import arguments, cotangents_of
from gradproof.functions.running.target import Target, Tensors, title
from gradproof.functions.truth.rigorous import rigorous_errors
from gradproof.functions.truth.rounding import Allowances, Results, Stage, samples
from gradproof.tolerances import REPEATED

_FROM_FLOAT32 = 2 * 2.0**-29
"""By so much the roundings of float64 are smaller than those of float32; twice, since the truth has them too."""

MANY, FIRST = 2**16, 2
"""Where results have so many entries, so many samples come before the rigorous bound, which takes much more time."""


@dataclass(frozen=True)
class Quantity:
    """What one result should be.

    Attributes:
        value: The truth, in 64 bits where it is of real or complex numbers.
        dtype: The dtype that it should have.
        place: Its place among the allowances; None for whole numbers.
    """

    value: torch.Tensor
    dtype: torch.dtype
    place: int | None


@dataclass(frozen=True)
class Truth:
    """The true outputs and gradients of one trial in one dtype.

    Attributes:
        values: The arguments, rounded to the dtype and widened to 64 bits.
        cotangents: The outputs' cotangents, likewise.
        outputs: One for each output.
        gradients: Input -> its gradient, zero where the outputs do not depend on it.
        allowances: How far each may be off.
        judged: Result -> what was computed for it first, and the finding.
    """

    values: Mapping[str, Any]
    cotangents: tuple[torch.Tensor, ...]
    outputs: tuple[Quantity, ...]
    gradients: Mapping[str, Quantity]
    allowances: Allowances
    judged: dict[str, tuple[torch.Tensor | None, Finding]] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Asked:
    """In what a function is judged.

    Attributes:
        dtype: What its inputs are in.
        arithmetic: What it computes in.
    """

    dtype: torch.dtype
    arithmetic: torch.dtype

    @classmethod
    def of(cls, dtype: str, arithmetic: str = "") -> Asked:
        """By names; the arithmetic is that of the dtype where nothing else is known."""
        return cls(DTYPES[dtype], DTYPES[arithmetic or dtype])


def truth_of(
    reference: Target,
    draw: Draw,
    wrt: Sequence[str],
    asked: Asked,
    configuration: Configuration | None = None,
    beside: Truth | None = None,
) -> Truth:
    """Run the reference on the values and cotangents that a configuration makes of a draw.

    Args:
        reference: What is right.
        draw: The values.
        wrt: The inputs whose gradients are wanted.
        asked: In what the function is judged.
        configuration: The plain one where it is None.
        beside: The plain truth of the same draw, if it is known: the outputs are its, unless inputs have other values.

    Raises:
        GradproofError: The reference raises, or draws random numbers.
    """
    configuration = plain(wrt) if configuration is None else configuration
    is_large, seed, draw = draw.is_large, draw.seed[0], draw.filled()
    values = {name: _rounded(name, value, asked.dtype, configuration) for name, value in draw.values.items()}
    moved = any(layout not in SAME_VALUES for _, layout in configuration.layouts)
    known = None if beside is None or moved else tuple(output.value for output in beside.outputs)
    shapes = _shapes(reference, values, draw, wrt) if known is None else known
    cotangents = _cotangents(shapes, draw, asked.dtype, configuration)
    only = Configuration("", frozenset(wrt), only_output=configuration.only_output, shared=is_large)
    if is_large:  # what is exact in the dtype takes less memory there
        values = {n: cast(v, asked.dtype) if isinstance(v, torch.Tensor) else v for n, v in values.items()}
    del draw

    def run(own: torch.dtype) -> list[torch.Tensor | None]:
        return results_of(reference, values, only, own, cotangents)

    true = run(torch.float64)
    repeated = [v for v in true[: len(shapes)] if v is not None]
    drawn = [v for v, first in zip(true, shapes, strict=False) if v is not None and not _same(v, first)]
    if known is None and drawn and repeated:
        raise GradproofError(
            f"the reference {title(reference.function)} gives another result in a second run: it draws random numbers; "
            "put it in eval(), or give the mask or the noise as an input"
        )
    stages = _stages(reference, values, only, cotangents, run, true, asked, seed)
    results = [_own(value, asked) for value in true[: len(shapes)]] + [_coarser(asked.arithmetic, asked.dtype)] * len(
        wrt
    )
    made = [
        Quantity(output, output.dtype, None) if value is None else Quantity(wide(value), _wanted(value, asked.dtype), k)
        for k, (output, value) in enumerate(zip(shapes, true, strict=False))
    ]
    gradients = {}
    whole = [None if value is None else wide(value) for value in true]
    for k, name in enumerate(wrt, len(shapes)):
        own = whole[k]
        value = torch.zeros_like(wide(values[name])) if own is None else own
        whole[k] = value
        gradients[name] = Quantity(value, _wanted(wide(values[name]), asked.dtype), k)
    return Truth(values, cotangents, tuple(made), gradients, Allowances(whole, results, stages))


def _wanted(value: torch.Tensor, dtype: torch.dtype) -> torch.dtype:
    """The dtype of a result where the reference's, run in 64 bits, has that of the value."""
    if value.dtype in (torch.float64, torch.complex128):
        return cast(torch.empty(0, dtype=value.dtype), dtype).dtype
    return value.dtype


def _own(value: torch.Tensor | None, asked: Asked) -> torch.dtype | None:
    """The coarsest of the arithmetic, the dtype and what the reference casts a result to."""
    if value is None:
        return None
    cast_to = value.dtype if value.dtype in DTYPES.values() else asked.arithmetic
    return _coarser(cast_to, asked.arithmetic, asked.dtype)


def _coarser(*dtypes: torch.dtype) -> torch.dtype:
    return max(dtypes, key=lambda dtype: float(torch.finfo(dtype).eps))


def _same(first: torch.Tensor, second: torch.Tensor) -> bool:
    return bool(torch.equal(torch.isnan(first), torch.isnan(second))) and torch.allclose(
        wide(first.detach()), wide(second.detach()), rtol=REPEATED.relative, atol=0.0, equal_nan=True
    )


def _shapes(reference: Target, values: Mapping[str, Any], draw: Draw, wrt: Sequence[str]) -> Tensors:
    needs = wrt if draw.is_large else ()
    configuration = plain(needs, is_large=draw.is_large)
    try:
        return tuple(output.detach() for output in reference(arguments(values, configuration, torch.float64)))
    except GradproofError:
        raise
    except Exception as error:
        raise GradproofError(
            f"the reference {title(reference.function)} raises {type(error).__name__}: {error}; it was called with "
            f"{draw.shapes} in float64"
        ) from error


def _stages(
    reference: Target,
    values: Mapping[str, Any],
    only: Configuration,
    cotangents: Sequence[torch.Tensor],
    run: Any,
    true: Results,
    asked: Asked,
    seed: int,
) -> Iterator[Stage]:
    """What is learnt of the reference's rounding, step by step: cheap steps first."""
    dtype = asked.arithmetic
    is_large = sum(value.numel() for value in true if value is not None) >= MANY
    if dtype != torch.float64 and (rough := _tried(run, dtype)) is not None:
        yield Stage("sampled", rough)
    if is_large:  # what costs least there comes first, and decides nearly always
        rough = _tried(run, torch.float32) if dtype == torch.float64 else None
        if rough is not None and all(value is None or bool(torch.isfinite(value).all()) for value in rough):
            yield Stage("sampled", rough, _FROM_FLOAT32)
        rough = None
        yield from samples(lambda: run(torch.float64), dtype, seed, FIRST)
    names = [name for name, value in values.items() if is_continuous(value)]

    def run_on(*leaves: torch.Tensor) -> list[torch.Tensor | None]:
        given = {**values, **dict(zip(names, leaves, strict=False))}
        return results_of(reference, given, only, dtype, leaves[len(names) :])

    errors = rigorous_errors(run_on, [*(values[name] for name in names), *cotangents], dtype)
    if errors is not None:
        yield Stage("rigorous", errors)
    yield from samples(lambda: run(torch.float64), dtype, seed + is_large)


def results_of(
    reference: Target,
    values: Mapping[str, Any],
    configuration: Configuration,
    dtype: torch.dtype,
    cotangents: Sequence[torch.Tensor],
) -> list[torch.Tensor | None]:
    """Outputs of real or complex numbers (None for the others), then the gradients."""
    given = arguments(values, configuration, dtype)
    outputs = reference(given)
    above = cotangents_of(cotangents, configuration, outputs)
    used = [(o, c) for o, c in zip(outputs, above, strict=True) if c is not None and o.requires_grad]
    inputs = [given[name] for name in given if name in configuration.needs]
    found: tuple[torch.Tensor | None, ...] = (None,) * len(inputs)
    if used:
        heads, tails = zip(*used, strict=True)
        found = torch.autograd.grad(heads, inputs, tails, allow_unused=True)
    return [*(o.detach() if is_continuous(o) else None for o in outputs), *found]


def gradients_of(
    reference: Target, values: Mapping[str, Any], configuration: Configuration, cotangents: Sequence[torch.Tensor]
) -> dict[str, torch.Tensor | None]:
    """The reference's gradients in float64 under other cotangents."""
    found = results_of(reference, values, configuration, torch.float64, cotangents)
    names = [name for name in values if name in configuration.needs]
    return dict(zip(names, found[len(cotangents) :], strict=True))


def _tried(run: Any, dtype: torch.dtype) -> list[torch.Tensor | None] | None:
    """The reference in the dtype itself, unless torch has no such operation there."""
    try:
        results: list[torch.Tensor | None] = run(dtype)
    except (RuntimeError, NotImplementedError, TypeError, KeyError):  # the random roundings are enough without it
        return None
    return results


def _rounded(name: str, value: Any, dtype: torch.dtype, configuration: Configuration) -> Any:
    """A value as the dtype holds it, with the entries that the configuration's layout can hold."""
    if not isinstance(value, torch.Tensor):
        return value
    value = wide(cast(value, dtype))
    for own, layout in configuration.layouts:
        if own == name:
            value = laid_out(value, layout).contiguous()
    return value


def _cotangents(
    outputs: Tensors, draw: Draw, dtype: torch.dtype, configuration: Configuration
) -> tuple[torch.Tensor, ...]:
    """Normal draws, rounded: never all ones, under which a softmax has no gradient whatever its backward does."""
    generator = np.random.default_rng([*draw.seed, 1])
    made = []
    for output in outputs:
        value = torch.from_numpy(np.array(generator.standard_normal(tuple(output.shape))))
        if output.is_complex():
            value = torch.complex(value, torch.from_numpy(np.array(generator.standard_normal(tuple(output.shape)))))
        value = _turned(wide(cast(value, dtype)), configuration.cotangent)
        layout = configuration.cotangent_layout
        made.append(laid_out(value, layout).contiguous() if applies(value, layout) else value)
    return tuple(made)


def _turned(value: torch.Tensor, which: str) -> torch.Tensor:
    if which == "scaled":
        return value * SCALE
    if which == "zero":
        return torch.zeros_like(value)
    if which == "last" and value.ndim:
        alone = torch.zeros_like(value)
        alone[-1] = value[-1]
        return alone
    return value
