"""The statement of a function's own text that is wrong: the smallest edit with which its results are the truth.

The forward and the backward of an `autograd.Function` are edited like any program (`repair.program`): an edit counts
only if the function itself, run with it, gives the truth in all trials, and a fix is the text that was run.
"""

from __future__ import annotations

import sys
import sysconfig
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch

from gradproof.case.depth import usual_depth
from gradproof.check.facts.verdict import Verdict
from gradproof.functions.comparing.judged import Result, judged
from gradproof.functions.examining import Examiner
from gradproof.functions.examining import Trial as Compared
from gradproof.functions.program import Program
from gradproof.functions.result import Finding
from gradproof.functions.running.configurations import plain
from gradproof.functions.running.numbers import parts
from gradproof.functions.running.processes import Here
from gradproof.functions.running.target import Target
from gradproof.functions.truth.digits import of_digits
from gradproof.functions.truth.truth import Quantity, results_of
from gradproof.repair.budget import SECOND, Budget
from gradproof.repair.program.dialect import TORCH
from gradproof.repair.program.judging import Trial
from gradproof.repair.program.search import FileFix, Search

WORK = 0.7 * SECOND
"""How much work the search for the wrong statement may do."""

FRESH = 4
"""So many further trials of each set of sizes confirm a fix."""

LARGEST = 2_000_000
"""Of functions that compute more entries in a trial the statement is not looked for."""


@dataclass(frozen=True)
class Called(Trial):
    """A trial of a function: its inputs and truths as arrays, and the truth with what rounding explains."""

    compared: Compared


@dataclass(frozen=True)
class FunctionBench:
    """A function in the place of a program.

    Attributes:
        target: The function.
        examiner: In what it is judged.
        claims: Its outputs and gradients, by name.
        trials: Those of the search.
        fresh: Others, on which a fix is confirmed.
    """

    target: Target
    examiner: Examiner
    claims: Mapping[str, Any]
    trials: Sequence[Called]
    fresh: Sequence[Called]

    def run(self, trial: Trial) -> list[tuple[str, torch.Tensor | None]]:
        """Its outputs and gradients by name, in the examiner's dtype."""
        assert isinstance(trial, Called)
        truth, dtype = trial.compared.truth, self.examiner.asked.dtype
        wrt = self.examiner.wrt
        with usual_depth():
            found = results_of(self.target, truth.values, plain(wrt), dtype, truth.cotangents)
        return list(zip(_names(self.examiner, len(truth.outputs)), found, strict=True))

    def right(self, trial: Trial) -> frozenset[str]:
        """The results that are the truth; none where it raises, or gives other outputs."""
        assert isinstance(trial, Called)
        try:
            found = self.run(trial)
        except Exception:  # the user's own code, edited
            return frozenset()
        truth = trial.compared.truth
        wanted = [*truth.outputs, *truth.gradients.values()]
        results = [
            Result(name, value, quantity)
            for (name, value), quantity in zip(found, wanted, strict=True)
            if name in self.claims and self._may_be_right(value, quantity, trial)
        ]
        dtype, arithmetic = self.examiner.dtype, self.examiner.arithmetic
        told = judged(results, truth, dtype, arithmetic, "", "")
        pairs = {one.quantity: (one.computed, one.truth) for one in results}
        examiner = self.examiner
        told = of_digits(
            told, pairs, truth, examiner.place, plain(examiner.wrt), examiner.named, examiner.asked.arithmetic
        )
        return frozenset(one.quantity for one in told if one.verdict != Verdict.DISAGREES)

    @staticmethod
    def _may_be_right(value: torch.Tensor | None, quantity: Quantity, trial: Called) -> bool:
        """Cheap, so that edits that help nothing cost little: values that are far off are wrong by any bound."""
        if value is None or value.shape != quantity.value.shape:
            return False
        if quantity.place is None or value.dtype != quantity.dtype:
            return True
        limit = trial.compared.truth.allowances.limit(quantity.place)
        off = (parts(value) - parts(quantity.value)).abs()
        if limit is None or not limit.numel():
            return limit is not None
        # the largest limit: of an entry whose truth is 0 by cancellation the first one is 0
        return bool((off <= 1e6 * limit.nan_to_num(posinf=0.0).amax()).all())

    def values(self, trial: Trial) -> dict[str, Any]:
        """The results of a trial as bytes."""
        try:
            found = self.run(trial)
        except Exception:  # as above
            return {}
        return {name: b"" if value is None else _bytes(value) for name, value in found}

    def loss(self, trial: Trial) -> float | None:
        """Its outputs contracted with the cotangents; None where its arithmetic has too few digits for differences."""
        assert isinstance(trial, Called)
        truth = trial.compared.truth
        try:
            found = dict(self.run(trial))
            outputs = [found[name] for name in _names(self.examiner, len(truth.outputs))[: len(truth.outputs)]]
            pairs = [(value, cotangent) for value, cotangent in zip(outputs, truth.cotangents, strict=True)]
            if any(value is None or value.dtype != torch.float64 for value, _ in pairs):
                return None
            total = float(sum((value.detach() * cotangent).sum() for value, cotangent in pairs if value is not None))
        except Exception:  # as above
            return None
        return total if np.isfinite(total) else None

    def returned(self, names: Collection[str]) -> Mapping[str, tuple[str, Any]]:
        """Nothing: what a backward returns is told by its variables."""
        return {}


def wrong_statement(findings: Sequence[Finding], program: Program) -> FileFix | None:
    """The edit of a function's file that makes wrong results right; None where none is found, or none is looked for.

    It is looked for where the function may be run here, and what is wrong is so in each plain call.
    """
    examiner = program.widest
    if examiner is None or not isinstance(examiner.place, Here) or program.cost > LARGEST:
        return None
    wrong = program.wrong_in(examiner)
    if not wrong or any(one.kind == "nondeterministic" for one in findings):
        return None
    groups = sorted({trial.draw.group for trial in program.trials})
    further = [
        examiner.trial(program.asked.another(group, number)) for group in groups for number in range(1, FRESH + 1)
    ]
    names = _names(examiner, len(program.trials[0].truth.outputs))
    bench = FunctionBench(
        examiner.place.target,
        examiner,
        dict.fromkeys(names),
        [_called(trial) for trial in program.trials],
        [_called(trial) for trial in further],
    )
    files = _files(bench)
    if not files:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of edits that are dropped
        try:
            return Search(bench, files, wrong & set(names), Budget(WORK), dialect=TORCH).fix()
        except Exception as error:  # what is ours costs the fix and nothing else
            program.notes.append(f"looking for its wrong statement failed ({type(error).__name__}: {error})")
            return None


def with_line(findings: Sequence[Finding], fix: FileFix | None) -> tuple[Finding, ...]:
    """The findings, those of which the values say nothing with what the mended statement says."""
    if fix is None:
        return tuple(findings)
    said = f"line {fix.line}: {fix.sentence}"
    return tuple(
        replace(one, diagnosis=said)
        if one.verdict == Verdict.DISAGREES and not one.diagnosis and one.quantity in fix.mends
        else one
        for one in findings
    )


def _called(trial: Compared) -> Called:
    values = {n: v.numpy() for n, v in trial.truth.values.items() if isinstance(v, torch.Tensor)}
    return Called(values, {}, {}, trial)


def _names(examiner: Examiner, outputs: int) -> list[str]:
    return [*examiner.reference.names(outputs), *(f"gradient of {name}" for name in examiner.wrt)]


def _files(bench: FunctionBench) -> list[Path]:
    """The user's own files of which something runs in a call; what Python runs of a backward runs on this thread."""
    met = set[str]()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        met.add(frame.f_code.co_filename)

    before: Any = sys.getprofile()
    profiler = None if before is None or callable(before) else before  # cProfile's is an object that is no function
    if profiler is not None:
        profiler.disable()
    sys.setprofile(note)
    try:
        bench.right(bench.trials[0])
    finally:
        sys.setprofile(None if profiler is not None else before)
        if profiler is not None:
            profiler.enable()
    return [path for path in map(Path, sorted(met)) if path.is_file() and _is_own(path)]


def _is_own(path: Path) -> bool:
    """Whether a file is neither a library's nor Python's nor this package's."""
    others = (Path(torch.__file__).parents[1], Path(__file__).parents[2], Path(sysconfig.get_path("stdlib")))
    return not any(other in path.parents for other in others)


def _bytes(value: torch.Tensor) -> bytes:
    """The numbers of a tensor, of any dtype: NumPy has no bfloat16."""
    return np.asarray(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8)).tobytes()
