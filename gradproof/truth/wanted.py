"""What one run of a model has to compute so that the wanted quantities come out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gradproof.errors import GradproofError
from gradproof.truth.binding import Binding
from gradproof.truth.first_run import Call
from gradproof.truth.sources import Derivative, Leaf, Output, Source, Updated


@dataclass(frozen=True)
class Wanted:
    """The wanted quantities, and what they ask for.

    Attributes:
        sources: What each of them is, by name.
        captured: The calls of submodules that one of them is the output of, or a derivative of or by.
        derivatives: What is differentiated -> the names of the wanted derivatives of it.
        tops: All that is differentiated, the loss last.
        updated: Whether one of them is a value after the optimizer's step.
        by_inputs: The inputs of the model that one of them is a derivative by.
    """

    sources: Mapping[str, Source]
    captured: tuple[Call, ...]
    derivatives: Mapping[str, list[str]]
    tops: tuple[str, ...]
    updated: bool
    by_inputs: frozenset[str]


def wanted_of(binding: Binding, names: Iterable[str]) -> Wanted:
    """What the quantities of these names ask of a run.

    Raises:
        GradproofError: The binding does not know one of them.
    """
    sources: dict[str, Source] = {}
    for name in names:
        source = binding.find(name)
        if source is None:
            raise GradproofError(f"{binding.place}: no truth for {name!r}: {binding.why_unknown(name)}")
        sources[name] = source
    derivatives: dict[str, list[str]] = {}
    for name, source in sources.items():
        if isinstance(source, Derivative):
            derivatives.setdefault(source.top, []).append(name)
    updated = any(isinstance(source, Updated) for source in sources.values())
    loss = binding.reference.loss
    others = tuple(top for top in derivatives if top != loss)
    tops = (*others, loss) if updated or loss in derivatives else others
    bottoms = [binding.roots[source.bottom] for source in sources.values() if isinstance(source, Derivative)]
    by_inputs = frozenset(root.path for root in bottoms if isinstance(root, Leaf)) & set(binding.reference.inputs)
    return Wanted(sources, _captured(binding, sources), derivatives, tops, updated, by_inputs)


def _captured(binding: Binding, sources: Mapping[str, Source]) -> tuple[Call, ...]:
    roots = binding.roots
    calls: dict[Call, None] = {}
    for source in sources.values():
        parts = [roots[source.top], roots[source.bottom]] if isinstance(source, Derivative) else [source]
        calls.update((part.call, None) for part in parts if isinstance(part, Output))
    return tuple(calls)
