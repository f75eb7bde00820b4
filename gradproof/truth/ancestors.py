"""Which quantities each quantity of a reference is computed from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray

from gradproof.truth.differentiation import place_of, reached_from
from gradproof.truth.first_run import Call
from gradproof.truth.sources import Leaf, Output, Result
from gradproof.truth.truth import Truth

Array = NDArray[Any]


def ancestors_of(truth: Truth, draws: Mapping[str, Array]) -> dict[str, frozenset[str]]:
    """Each computed quantity -> the wanted quantities that it is computed from, as autograd's graph has it.

    Args:
        truth: The reference with the wanted quantities.
        draws: The drawn values of at least one trial.
    """
    leaves = {name: value[0] for name, value in truth.passes.leaves(draws).items()}
    roots: dict[str | Call, torch.Tensor] = {}
    for name in truth.binding.parameters:
        roots[name] = leaves[name].detach().requires_grad_(leaves[name].is_floating_point())
    taps = {call: value.requires_grad_() for call, value in truth.passes.taps(None).items()}
    cotangents = {name: leaves[name] for name in truth.binding.cotangents.values()}
    parameters = {name: roots[name] for name in truth.binding.parameters}
    inputs, (results, outputs) = truth.passes.on_inputs(
        leaves, lambda inputs: truth.passes.forward(parameters, inputs, cotangents, taps)
    )
    roots.update(inputs.items())
    places: dict[str, str | Call] = {}
    for name, source in truth.sources.items():
        if isinstance(source, Leaf | Output):
            places[name] = place_of(source)
    below = {place: root for place, root in (*roots.items(), *taps.items()) if root.requires_grad}
    found = {}
    for name, source in truth.sources.items():
        if isinstance(source, Output | Result):
            top = outputs[source.call] if isinstance(source, Output) else results[source.name]
            reached = reached_from(top, list(below.values()))
            own = place_of(source)
            near = {place for place, one in zip(below, reached, strict=True) if one is not None and place != own}
            near |= {place for place in inputs if not inputs[place].requires_grad}
            found[name] = frozenset(other for other, place in places.items() if place in near)
    return found
