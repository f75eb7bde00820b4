"""From what a call did to findings: outputs, gradients, what was changed, what a second run gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from gradproof.functions.judging import judged
from gradproof.functions.result import Finding
from gradproof.functions.running.configurations import Configuration, plain, variants
from gradproof.functions.running.inputs import Draw
from gradproof.functions.running.runs import Outcome, execute, same_bits
from gradproof.functions.running.target import Target
from gradproof.functions.truth.truth import Truth, truth_of

DTYPES = {name: getattr(torch, name) for name in ("float64", "float32", "bfloat16", "float16")}


@dataclass(frozen=True)
class Trial:
    """One plain call beside its truth."""

    draw: Draw
    truth: Truth
    outcome: Outcome


@dataclass(frozen=True)
class Examiner:
    """What is checked against what.

    Attributes:
        function, reference: The two sides.
        wrt: The inputs whose gradients are compared.
        dtype: The dtype's name.
    """

    function: Target
    reference: Target
    wrt: tuple[str, ...]
    dtype: str

    def trial(self, draw: Draw) -> Trial:
        """One plain call."""
        truth = truth_of(self.reference, draw, self.wrt, DTYPES[self.dtype])
        return Trial(draw, truth, self._execute(truth, plain(self.wrt)))

    def _execute(self, truth: Truth, configuration: Configuration) -> Outcome:
        return execute(self.function, truth.values, configuration, DTYPES[self.dtype], truth.cotangents)

    def of_trial(self, trial: Trial) -> Iterator[Finding]:
        """What a plain call shows."""
        yield from self._findings(trial.outcome, trial.truth, plain(self.wrt), trial.draw)

    def of_repetition(self, trial: Trial) -> Iterator[Finding]:
        """Whether a second call with the same arguments gives the same bits."""
        again = self._execute(trial.truth, plain(self.wrt))
        first = _named(trial.outcome)
        for name, other in _named(again).items():
            own = first.get(name)
            same = own is other if own is None or other is None else same_bits(own, other)
            if not same:
                sentence = "two calls with the same arguments differ"
                yield self._failure(name, "nondeterministic", sentence, "", trial.draw)

    def of_variants(self, trial: Trial) -> Iterator[Finding]:
        """The same draw in every other configuration."""
        outputs = trial.truth.cotangents
        for configuration in variants(trial.truth.values, self.wrt, outputs):
            truth = trial.truth
            if not configuration.has_plain_truth:
                truth = truth_of(self.reference, trial.draw, self.wrt, DTYPES[self.dtype], configuration)
            outcome = self._execute(truth, configuration)
            yield from self._findings(outcome, truth, configuration, trial.draw)

    def _findings(self, outcome: Outcome, truth: Truth, configuration: Configuration, draw: Draw) -> Iterator[Finding]:
        label = configuration.label
        if outcome.stage == "forward":
            yield self._failure("forward", "raises", f"it raises {outcome.error}", label, draw)
            return
        names = output_names(len(truth.outputs))
        for name, value, true in zip(names, outcome.outputs, truth.outputs, strict=True):
            yield judged(name, value, true, self.dtype, label, draw.shapes)
        for what, sentence in outcome.changed:
            quantity = f"gradient of {what}" if what in self.wrt else what
            yield self._failure(quantity, "changed", sentence, label, draw)
        yield from self._returned(outcome, truth, label, draw)
        misshapen = {n for n, value in outcome.returned.items() if value.shape != truth.values[n].shape}
        if outcome.stage == "backward":
            if not misshapen:
                yield self._failure("backward", "raises", f"it raises {outcome.error}", label, draw)
            return
        for name in self.wrt:
            if name in configuration.needs and name not in misshapen:
                gradient = outcome.gradients[name]
                yield judged(f"gradient of {name}", gradient, truth.gradients[name], self.dtype, label, draw.shapes)

    def _returned(self, outcome: Outcome, truth: Truth, label: str, draw: Draw) -> Iterator[Finding]:
        """What a `Function`'s backward returned in another form than the input's."""
        for name, value in outcome.returned.items():
            shape = tuple(truth.values[name].shape)
            if tuple(value.shape) != shape:
                sentence = f"the backward returns the shape {tuple(value.shape)} for an input of shape {shape}"
                if outcome.stage != "backward":
                    sentence += ": autograd sums it up unasked, a direct caller of the backward does not"
                yield self._failure(f"gradient of {name}", "shape", sentence, label, draw)
            elif value.dtype != DTYPES[self.dtype]:
                own = str(value.dtype).removeprefix("torch.")
                sentence = f"the backward returns {own} for an input of {self.dtype}"
                yield self._failure(f"gradient of {name}", "dtype", sentence, label, draw)

    def _failure(self, quantity: str, kind: str, sentence: str, label: str, draw: Draw) -> Finding:
        return Finding(quantity, self.dtype, label, "disagrees", kind, sentence, draw.shapes, share=float("inf"))


def output_names(count: int) -> Sequence[str]:
    """What outputs are called: `output`, or `output 0`, `output 1`, ..."""
    return ["output"] if count == 1 else [f"output {k}" for k in range(count)]


def _named(outcome: Outcome) -> dict[str, torch.Tensor | None]:
    named: dict[str, torch.Tensor | None] = dict(zip(output_names(len(outcome.outputs)), outcome.outputs, strict=True))
    return named | {f"gradient of {name}": value for name, value in outcome.gradients.items()}
