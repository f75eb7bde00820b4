"""Requests made of values and configurations, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from gradproof.errors import GradproofError
from gradproof.functions.running.calling import words
from gradproof.functions.running.configurations import Configuration
from gradproof.functions.running.layouts import applies, laid_out
from gradproof.functions.running.numbers import cast, is_continuous
from gradproof.functions.running.processes import Apart, Here
from gradproof.functions.running.target import Tensors

Cotangents = Sequence[torch.Tensor | None]
Place = Here | Apart


@dataclass(frozen=True)
class Outcome:
    """What a call did.

    Attributes:
        outputs: Copies of the outputs, made before the backward.
        gradients: Input -> its gradient, None where there is none.
        returned: Input -> what a `Function`'s own backward returned for it, before autograd sums it to the input's
            shape and casts it to its dtype; only where it differs from what it should be.
        changed: What the call changed that it must not.
        error: Why there is no result.
        stage: Where that happened: `forward`, `backward` or empty.
        casts: The coarser dtypes that values were cast to, where that was watched.
        made: The dtypes in which fractions were computed, likewise.
        refused: Whether the function says itself that it takes no such layout.
        others: Results of repeated calls that differ from the first.
        calls: How many calls were made.
    """

    outputs: Tensors = ()
    gradients: Mapping[str, torch.Tensor | None] = field(default_factory=dict)
    returned: Mapping[str, torch.Tensor] = field(default_factory=dict)
    changed: tuple[tuple[str, str], ...] = ()
    error: str = ""
    stage: str = ""
    casts: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    refused: bool = False
    others: tuple[Outcome, ...] = ()
    calls: int = 1


def arguments(values: Mapping[str, Any], configuration: Configuration, dtype: torch.dtype) -> dict[str, Any]:
    """New tensors of these values in the dtype, laid out and marked as the configuration says."""
    made: dict[str, Any] = {}
    layouts = dict(configuration.layouts)
    for name, value in values.items():
        if isinstance(value, torch.Tensor):
            tensor = cast(value, dtype)
            if not (configuration.shared and tensor.is_contiguous() and name in configuration.needs):
                tensor = laid_out(tensor, layouts.get(name, "contiguous"))  # what needs a gradient is not written into
            made[name] = tensor.detach().requires_grad_(name in configuration.needs)
        else:
            made[name] = value
    return made


def cotangents_of(cotangents: Sequence[torch.Tensor], configuration: Configuration, outputs: Tensors) -> Cotangents:
    """New cotangents in the outputs' dtypes, laid out as the configuration says; None where there is to be none."""
    made: list[torch.Tensor | None] = []
    for k, (cotangent, output) in enumerate(zip(cotangents, outputs, strict=True)):
        if not is_continuous(output) or configuration.only_output not in (None, k):
            made.append(None)
            continue
        layout = configuration.cotangent_layout if applies(cotangent, configuration.cotangent_layout) else "contiguous"
        made.append(laid_out(cotangent.to(output.dtype), layout))
    return made


def request_of(
    values: Mapping[str, Any],
    configuration: Configuration,
    dtype: torch.dtype,
    cotangents: Sequence[torch.Tensor],
    device: str,
    **more: Any,
) -> dict[str, Any]:
    """What `calling.perform` is asked to do."""
    return {
        "values": {n: cast(v, dtype) if isinstance(v, torch.Tensor) else v for n, v in values.items()},
        "needs": configuration.needs,
        "layouts": dict(configuration.layouts),
        "cotangents": [c if configuration.only_output in (None, k) else None for k, c in enumerate(cotangents)],
        "cotangent_layout": configuration.cotangent_layout,
        "watched": configuration.watched,
        "twice": configuration.twice,
        "shared": configuration.shared,
        "accumulated": configuration.accumulated,
        "device": device,
        **more,
    }


def outcome_of(reply: Mapping[str, Any], cotangents: Sequence[torch.Tensor]) -> Outcome:
    """What a reply says.

    Raises:
        GradproofError: The outputs are not of the cotangents' number and shapes, which are the reference's.
    """
    outputs, error = tuple(reply.get("outputs", ())), str(reply["error"])
    if error.startswith("TypeError: the function must return"):
        raise GradproofError(error.removeprefix("TypeError: "))
    if reply["stage"] == "forward":
        return Outcome(error=error, stage="forward", refused=bool(reply.get("refused")))
    check_shapes(outputs, cotangents)
    changed = [(str(what), str(sentence)) for what, sentence in reply["changed"]]
    gradients = dict(reply.get("gradients", {}))
    for name, again in reply.get("second", {}).items():
        first = gradients[name]
        if not (first is again if first is None or again is None else same_bits(first, again)):
            changed.append((name, "a second backward through the same graph gives another gradient"))
    others = tuple(
        Outcome(tuple(one["outputs"]), one["gradients"], error=one["error"]) for one in reply.get("others", ())
    )
    return Outcome(
        outputs,
        gradients,
        returned=reply.get("returned", {}),
        changed=tuple(changed),
        error=error,
        stage=reply["stage"],
        casts=tuple(reply.get("casts", ())),
        made=tuple(reply.get("made", ())),
        others=others,
        calls=reply.get("calls", 1),
    )


def execute(
    place: Place,
    values: Mapping[str, Any],
    configuration: Configuration,
    dtype: torch.dtype,
    cotangents: Sequence[torch.Tensor],
    device: str = "cpu",
    **more: Any,
) -> Outcome:
    """Call the function, run its backward, and look at what it returned and changed; what it raises is recorded.

    Raises:
        GradproofError: Its outputs are none, or not of the cotangents' number and shapes, which are the reference's.
    """
    return outcome_of(
        place.ask("perform", request_of(values, configuration, dtype, cotangents, device, **more)), cotangents
    )


def check_shapes(outputs: Sequence[torch.Tensor], cotangents: Sequence[torch.Tensor]) -> None:
    """Both sides have the same outputs.

    Raises:
        GradproofError: They have not.
    """
    shapes, true = [tuple(output.shape) for output in outputs], [tuple(one.shape) for one in cotangents]
    if shapes != true:
        raise GradproofError(
            f"the function returns tensors of the shapes {shapes}, the reference of {true}: both must compute the same "
            "outputs, in the same order"
        )


def same_bits(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Whether two tensors have equal entries; NaN equals NaN."""
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    if torch.equal(first, second):
        return True
    return torch.equal(torch.nan_to_num(first, nan=1.25), torch.nan_to_num(second, nan=1.25)) and torch.equal(
        torch.isnan(first), torch.isnan(second)
    )


__all__ = ["Outcome", "arguments", "cotangents_of", "execute", "outcome_of", "request_of", "same_bits", "words"]
