"""From what a call did to findings: outputs, gradients, what was changed, what a second run gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace

import torch

from gradproof.check.facts.verdict import Verdict
from gradproof.functions.comparing.judged import Result, judged
from gradproof.functions.result import Finding
from gradproof.functions.running.configurations import Configuration, plain
from gradproof.functions.running.inputs import Draw
from gradproof.functions.running.numbers import DTYPES
from gradproof.functions.running.runs import Outcome, Place, execute, same_bits
from gradproof.functions.running.target import Target
from gradproof.functions.truth.digits import of_digits
from gradproof.functions.truth.truth import Asked, Quantity, Truth, truth_of

__all__ = ["DTYPES", "Examiner", "Trial"]


FEW = 100_000
"""The truth of a call with so many entries is kept; of larger ones it is made again where it is asked for."""


@dataclass(frozen=True)
class Trial:
    """One plain call beside its truth."""

    draw: Draw
    truth: Truth
    outcome: Outcome


@dataclass(frozen=True)
class Call:
    """How a function was called in what went wrong: enough to do it again.

    Attributes:
        examiner, draw, configuration: Who called it, with what, and how.
        known: The truth that it was held against; None where that takes much memory.
    """

    examiner: Examiner
    draw: Draw
    configuration: Configuration
    known: Truth | None = None

    def truth(self) -> Truth:
        """What is right in this call."""
        return self.examiner.truth(self.draw, self.configuration) if self.known is None else self.known


@dataclass(frozen=True)
class Examiner:
    """What is checked against what.

    Attributes:
        place: Where the function runs.
        reference: The other side.
        wrt: The inputs whose gradients are compared.
        dtype: The dtype's name.
        arithmetic: The name of the dtype whose rounding the function is held against.
        device: Where the function's tensors are.
        deterministic: Whether two calls must give the same bits.
        suspects: What is wrong in a wider dtype.
        settled: Quantity and dtype of what is known to lose more than digits, which is not asked twice.
        calls: Quantity, dtype and configuration -> the last call in which it was wrong.
    """

    place: Place
    reference: Target
    wrt: tuple[str, ...]
    dtype: str
    arithmetic: str
    device: str = "cpu"
    deterministic: bool = True
    suspects: frozenset[str] = frozenset()
    settled: set[tuple[str, str]] = field(default_factory=set, compare=False)
    calls: dict[tuple[str, str, str], Call] = field(default_factory=dict, compare=False)

    @property
    def asked(self) -> Asked:
        """In what it is judged."""
        return Asked.of(self.dtype, self.arithmetic)

    def truth(self, draw: Draw, configuration: Configuration | None = None, beside: Truth | None = None) -> Truth:
        """What is right in a configuration, beside what is right in the plain one."""
        return truth_of(self.reference, draw, self.wrt, self.asked, configuration, beside)

    def trial(self, draw: Draw) -> Trial:
        """One plain call."""
        truth = self.truth(draw)
        if not draw.is_large:
            return Trial(draw, truth, self.execute(truth, plain(self.wrt)))
        again = {"repeat": 1, "seconds": 600.0}  # here, since its results are not kept
        return Trial(draw, truth, self.execute(truth, plain(self.wrt, is_large=True), **again))

    def execute(self, truth: Truth, configuration: Configuration, **more: object) -> Outcome:
        """One call on the values of a truth."""
        return execute(
            self.place, truth.values, configuration, DTYPES[self.dtype], truth.cotangents, self.device, **more
        )

    def of_trial(self, trial: Trial) -> list[Finding]:
        """What a plain call shows."""
        found = self.findings(trial.outcome, trial.truth, plain(self.wrt), trial.draw)
        return found + self._differences(trial, trial.outcome) if trial.outcome.others else found

    def of_repetition(self, trial: Trial, repeat: int, seconds: float) -> tuple[list[Finding], int]:
        """Whether further calls with the same arguments give the same bits, and how many calls were made."""
        again = self.execute(trial.truth, plain(self.wrt), repeat=repeat, seconds=seconds)
        return self._differences(trial, again), again.calls

    def _differences(self, trial: Trial, again: Outcome) -> list[Finding]:
        """Results of repeated calls that differ from the first: in their bits, or by more than rounding."""
        label, found = "repeated", list[Finding]()
        for other in (replace(again, others=()), *again.others):
            if other.error:
                found.append(
                    self._failure("backward", "raises", f"one of the calls raises {other.error}", label, trial.draw)
                )
                continue
            told = self._values(other, trial.truth, replace(plain(self.wrt), label=label), trial.draw)
            wrong = [one for one in told if one.verdict == Verdict.DISAGREES]
            found += wrong
            first = self.named(trial.outcome)
            for name, value in self.named(other).items():
                own = first.get(name)
                same = own is value if own is None or value is None else same_bits(own, value)
                if not same and (self.deterministic or any(one.quantity == name for one in wrong)):
                    sentence = "two calls with the same arguments differ"
                    found.append(self._failure(name, "nondeterministic", sentence, "", trial.draw))
        return found

    def of_variant(self, trial: Trial, configuration: Configuration, wrong: Set[str] = frozenset()) -> list[Finding]:
        """The same draw in one other configuration, without the values of what is known to be wrong."""
        truth = trial.truth
        if not configuration.has_plain_truth:
            truth = self.truth(trial.draw, configuration, truth)
        found = self.findings(self.execute(truth, configuration), truth, configuration, trial.draw, wrong)
        if configuration.repeats_rows and any(
            one.verdict == Verdict.DISAGREES and one.kind == "value" for one in found
        ):
            return self._without_ties(found, truth, configuration, trial.draw)
        return found

    def _without_ties(
        self, found: Sequence[Finding], truth: Truth, configuration: Configuration, draw: Draw
    ) -> list[Finding]:
        """What is wrong for equal rows however they lie in memory is a convention at ties, and no fault of layouts."""
        same = self.execute(truth, replace(configuration, layouts=()))
        everywhere = {
            one.quantity
            for one in self._shown(same, truth, configuration, draw, frozenset())
            if one.verdict == Verdict.DISAGREES and one.kind == "value"
        }
        sentence = "where rows of an input are equal it differs from the reference's, which is a tie"
        return [
            replace(one, verdict=Verdict.INCONCLUSIVE, kind="tie", sentence=sentence)
            if one.quantity in everywhere
            else one
            for one in found
        ]

    def findings(
        self,
        outcome: Outcome,
        truth: Truth,
        configuration: Configuration,
        draw: Draw,
        wrong: Set[str] = frozenset(),
    ) -> list[Finding]:
        """Everything that one call shows, without the values of quantities that are known to be wrong anyway."""
        found = self._shown(outcome, truth, configuration, draw, wrong)
        call = Call(self, draw, configuration, truth if draw.entries <= FEW else None)
        self.calls.update(
            ((one.quantity, one.dtype, one.configuration), call) for one in found if one.verdict == Verdict.DISAGREES
        )
        return found

    def _shown(
        self, outcome: Outcome, truth: Truth, configuration: Configuration, draw: Draw, wrong: Set[str]
    ) -> list[Finding]:
        label = configuration.label
        if outcome.refused and configuration.kind == "layout":
            sentence = f"it refuses inputs in some layouts by itself: {outcome.error}"
            return [replace(self._failure("forward", "refused", sentence, label, draw), verdict=Verdict.INCONCLUSIVE)]
        if outcome.stage == "forward":
            return [self._failure("forward", "raises", f"it raises {outcome.error}", label, draw)]
        found = [
            self._failure(f"gradient of {what}" if what in self.wrt else what, "changed", sentence, label, draw)
            for what, sentence in outcome.changed
        ]
        found += self._returned(outcome, truth, label, draw)
        if outcome.changed and draw.is_large:  # the truth was made of the same memory
            return found
        if outcome.stage == "backward":
            if not outcome.returned:
                found.append(self._failure("backward", "raises", f"it raises {outcome.error}", label, draw))
            configuration = replace(configuration, needs=frozenset())
        return found + self._values(outcome, truth, configuration, draw, wrong)

    def _values(
        self,
        outcome: Outcome,
        truth: Truth,
        configuration: Configuration,
        draw: Draw,
        wrong: Set[str] = frozenset(),
    ) -> list[Finding]:
        """Each result beside its truth."""
        names = self._output_names(len(truth.outputs))
        pairs: dict[str, tuple[torch.Tensor | None, Quantity]]
        pairs = dict(zip(names, zip(outcome.outputs, truth.outputs, strict=True), strict=True))
        pairs |= {
            f"gradient of {name}": (outcome.gradients[name], truth.gradients[name])
            for name in self.wrt
            if name in configuration.needs
        }
        results = [
            Result(name, *pair, suspect=name in self.suspects) for name, pair in pairs.items() if name not in wrong
        ]
        found = judged(results, truth, self.dtype, self.arithmetic, configuration.label, draw.shapes)
        asked = {
            name: pair
            for name, pair in pairs.items()
            if name not in self.suspects and (name, self.dtype) not in self.settled
        }
        found = of_digits(found, asked, truth, self.place, configuration, self.named, DTYPES[self.arithmetic])
        if not configuration.label:  # what is wrong in one way of calling says nothing of others
            self.settled.update((one.quantity, self.dtype) for one in found if one.verdict == Verdict.DISAGREES)
        return found

    def _returned(self, outcome: Outcome, truth: Truth, label: str, draw: Draw) -> Iterator[Finding]:
        """What a `Function`'s backward returned in another form than the input's."""
        for name, value in outcome.returned.items():
            shape = tuple(truth.values[name].shape)
            if tuple(value.shape) != shape:
                sentence = f"the backward returns the shape {tuple(value.shape)} for an input of shape {shape}"
                if outcome.stage == "backward":
                    yield self._failure(f"gradient of {name}", "shape", sentence, label, draw)
                else:
                    sentence += ": autograd sums it up, a direct caller of the backward does not"
                    remark = self._failure(f"form of the gradient of {name}", "form", sentence, label, draw)
                    yield replace(remark, verdict=Verdict.AGREES, share=0.0)
            elif value.dtype != truth.gradients[name].dtype:
                own = str(value.dtype).removeprefix("torch.")
                sentence = f"the backward returns {own} for an input of {self.dtype}"
                yield self._failure(f"gradient of {name}", "dtype", sentence, label, draw)

    def failure(self, quantity: str, kind: str, sentence: str, label: str, draw: Draw) -> Finding:
        """A finding that needs no numbers."""
        return Finding(
            quantity,
            self.dtype,
            label,
            Verdict.DISAGREES,
            kind,
            sentence,
            draw.shapes,
            share=float("inf"),
            arithmetic=self.arithmetic,
        )

    _failure = failure

    def _output_names(self, count: int) -> Sequence[str]:
        return self.reference.names(count)

    def named(self, outcome: Outcome) -> dict[str, torch.Tensor | None]:
        """The results of a call by what they are called."""
        names = self._output_names(len(outcome.outputs))
        named: dict[str, torch.Tensor | None] = dict(zip(names, outcome.outputs, strict=True))
        return named | {f"gradient of {name}": value for name, value in outcome.gradients.items()}
