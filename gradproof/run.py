"""The run: blocks of trials through both sides, compared, and every equation given its verdict.

Every equation is run twice: on its own, with true inputs, which shows whose fault a difference is; and in the free
run, from the leaves alone, which shows what the derivation gives as its author meant it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import gradproof.report  # noqa: F401  results show themselves by what it registers
from gradproof import defaults
from gradproof.case.derivation import Derivation, Equation
from gradproof.case.project import Project
from gradproof.case.reference import Reference, as_references
from gradproof.case.sizes import ROWS, with_more_rows
from gradproof.check.asked import checked_tolerance, chosen, dtype_name, tolerated
from gradproof.check.case import Case, load_case, make_case
from gradproof.check.compare import Tally, finite_rows
from gradproof.check.effort import chosen_trials, why_fewer
from gradproof.check.evaluate import PROBE_TRIALS, Evaluator
from gradproof.check.facts.failures import Failure, contained
from gradproof.check.facts.resolution import COARSEST, Seen
from gradproof.check.facts.result import CheckResult
from gradproof.check.judging import FREE, FULLY_JUDGED, OWN, Flagged, Judge, ModeChanged
from gradproof.check.replay import worst_entries
from gradproof.check.vacuity import Teeth, teeth_of
from gradproof.check.verdicts import Evidence, results_of
from gradproof.code import Code
from gradproof.errors import GradproofError
from gradproof.proof.proving import prove_case, with_fix_proofs, with_proofs
from gradproof.repair import Repair
from gradproof.repair.explain.overflow import named_overflow
from gradproof.repair.mending import mend_case, mended_case, with_repairs
from gradproof.report.terminal.watching import watched
from gradproof.studies.own_forward import first_the_same_function
from gradproof.studies.trajectory import compare_trajectories, require_trainable
from gradproof.trials.draws import Block, blocks, checked_seed

Array = NDArray[Any]
Checkable = str | Case | Code | Derivation | FunctionType | Sequence[FunctionType] | Mapping[str, FunctionType]
"""What can be checked: a case by its name or loaded; what comes with a reference."""

AT_MORE_ROWS = 64
"""So many trials are run with more rows where the inputs have a single one."""


def crosscheck(
    case: Checkable,
    reference: Reference | Sequence[Reference] | None = None,
    *,
    trials: int | None = None,
    budget: float | None = None,
    seed: int = defaults.SEED,
    dtype: object = defaults.DTYPE,
    scale: float = defaults.SCALE,
    steps: int = 0,
    repair: bool = True,
    proof: bool = False,
    only: str | Sequence[str] | None = None,
    strict: bool = False,
    tolerance: float = 0.0,
    memory: int | None = None,
    project: Project | None = None,
    progress: Callable[[int], None] | None = None,
) -> CheckResult:
    """Run a derivation side by side with its torch reference over random trials.

    Args:
        case: The name of a case of the project, a loaded case, or what comes with a `reference`: equations (a
            function, a sequence of functions, functions by name, a derivation), or existing code
            (`Code(forward, backward)`).
        reference: The torch side, where `case` is not a name.
        trials: How many random trials; default: 10,000, and for a large case as many as a share of work allows.
        budget: Seconds to go on for, in place of a number of trials.
        seed: Where the random numbers start; the same seed gives the same result.
        dtype: `float64` or `float32` of both sides, also as `np.float32` or `torch.float32`.
        scale: A factor on the draws of parameters and inputs.
        steps: Also train both sides for so many steps and compare where they get to.
        repair: Search for the mistake in each wrong equation, and for the simplest fix.
        proof: Also prove or refute every equation for all inputs.
        only: Patterns such as `"dLoss_*"`: which equations are reported, mended and proved; all by default.
        strict: Whether an unchecked equation, whose quantity the reference does not have, fails the check.
        tolerance: For code that approximates on purpose: differences up to so much of the largest entry of a quantity
            in a trial count as none, and every report says so. By default rounding alone decides.
        memory: Bytes that the numbers of trials may take together; default: what the case has, or 512 MB.
        project: The project that holds the case; default: the one around the working directory.
        progress: Called with the number of trials just done; negative where the run starts over.

    Returns:
        The verdict on every equation; `.ok`, `.equations`, `.worst_trials`, `.raise_on_disagreement()`.

    Raises:
        GradproofError: The case is broken: a missing file, a name that means nothing, an equation that cannot run.
    """
    checked_seed(seed)
    if checked_tolerance(tolerance) and proof:
        raise GradproofError("a proof is of exact equality: ask for proof=True or for a tolerance, not for both")
    if not scale > 0:
        raise GradproofError(f"a scale is positive, not {scale!r}")
    if trials is not None and (not isinstance(trials, int) or trials < 1):
        raise GradproofError(f"a run has at least one trial, not {trials!r}")
    if budget is not None and (trials is not None or not budget > 0):
        raise GradproofError(f"a budget is a number of seconds in place of trials, not {budget!r} beside {trials!r}")
    if memory is not None and memory < 1:
        raise GradproofError(f"memory is a number of bytes, not {memory!r}")
    bound = _bound(case, reference, dtype_name(dtype), project)
    names = chosen(only, [equation.name for equation in bound.derivation.equations])
    if memory not in (None, bound.memory):
        bound = replace(bound, memory=memory)
    with watched(progress, bound.name, trials or defaults.TRIALS) as told:
        result = _Run(bound, trials, budget, seed, scale, tolerance).result(steps, told)
    result = replace(
        result,
        results=tuple(one for one in result.results if one.equation in names),
        known_errata=result.known_errata.intersection(names),
        strict=strict,
        tolerance=tolerance,
    )
    return result if result.interrupted else _looked_into(result, bound, repair=repair, proof=proof)


def _looked_into(result: CheckResult, case: Case, *, repair: bool, proof: bool) -> CheckResult:
    """What is looked into once the verdicts stand: a part that fails, or that the user stops, costs itself alone."""
    failures, repairs, seed = list(result.failures), dict[str, Repair](), result.seed
    interrupted = False
    try:
        if repair and result.wrong:
            with contained(failures, "the search for what is wrong"):
                repairs = mend_case(case, result, seed=seed, failures=failures)
                result = with_repairs(result, repairs, case.derivation)
        if proof:
            with contained(failures, "the proof"):
                result = with_proofs(result, prove_case(case, seed=seed, failures=failures))
        if proof and any(one.fix for one in result.results):
            with contained(failures, "the proof of the fixes"):
                result = with_fix_proofs(result, prove_case(mended_case(case, repairs), seed=seed, failures=failures))
    except KeyboardInterrupt:
        interrupted = True
    return replace(result, interrupted=interrupted, failures=tuple(failures))


def _bound(
    case: Checkable,
    reference: Reference | Sequence[Reference] | None,
    dtype: str,
    project: Project | None,
) -> Case:
    """The case that is meant: loaded by its name, or made of objects."""
    if isinstance(case, Case):
        return case
    if isinstance(case, str):
        if reference is not None:
            raise GradproofError(f"the case {case!r} has its own reference/{case}.py; give equations with a reference")
        return load_case(case, dtype=dtype, project=project)
    if reference is None:
        raise GradproofError("equations given as objects need a reference: crosscheck(functions, Reference(...))")
    if isinstance(case, FunctionType):
        return make_case([case], reference, dtype=dtype)
    if isinstance(case, Code):
        from gradproof.code.load import read_code

        case = read_code(case, as_references(reference, "reference")[0])
    equations: Derivation | Sequence[FunctionType] | Mapping[str, FunctionType] = case
    if not isinstance(equations, Derivation | Mapping | Sequence):
        raise GradproofError(
            f"crosscheck takes the name of a case, functions such as [Y, dLoss_dx], or Code(...), not {case!r}"
        )
    return make_case(equations, reference, dtype=dtype)


def _no_progress(trials: int) -> None:
    """Nobody watches."""


class _Run:
    """One check of one case."""

    def __init__(
        self,
        case: Case,
        trials: int | None,
        budget: float | None,
        seed: int,
        scale: float,
        tolerance: float = 0.0,
    ) -> None:
        self.case, self.seed, self.scale, self.budget, self.tolerance = case, seed, scale, budget, tolerance
        self.asked = trials
        self.trials = trials or defaults.TRIALS
        self.evaluators = [Evaluator(case.derivation) for _ in case.references]
        self.suspects: set[str] = set()
        self.checked = [e for e in case.derivation.equations if e.quantity in case.known]

    def result(self, steps: int, progress: Callable[[int], None] | None) -> CheckResult:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # at these sizes more threads only cost time
        try:
            if steps:
                require_trainable(self.case)
            self._prepare()
            if self.asked is None and self.budget is None:
                self.trials = chosen_trials(self.case, self.evaluators)
            outcome = None
            while outcome is None:
                outcome = self._blocks(progress or _no_progress)
            done, interrupted = outcome
            self.trials = done or self.trials
            teeth, failures = Teeth(), list[Failure]()
            with contained(failures, "the search for checks that could not have failed"):
                teeth = teeth_of(self.case, self.trials, self.seed, self.scale)
                teeth = replace(teeth, blunt={**self._wrong_at_more_rows(), **teeth.blunt})
            overflows = dict[str, str]()
            with contained(failures, "the search for what overflows"):
                overflows = self._overflows()
            evidence = Evidence(self.case, self.tallies, self.shapes, self.misfits, teeth, overflows)
            results = results_of(evidence)
            with contained(failures, "the comparison with the code's own forward"):
                results = first_the_same_function(self.case, self.evaluators, results, self.seed, self.scale)
            trajectory = (
                compare_trajectories(self.case, self.evaluators, steps, self.seed, self.scale) if steps else None
            )
        finally:
            torch.set_num_threads(threads)
        derivation = self.case.derivation
        return CheckResult(
            case=self.case.name,
            title=derivation.title,
            results=results,
            trials=done,
            seed=self.seed,
            dtype=self.case.dtype,
            scale=self.scale,
            checked=self.case,
            find_worst=lambda: worst_entries(self.case, self.evaluators, results, self.seed, self.scale),
            trajectory=trajectory,
            interrupted=interrupted,
            choice=self._choice(done),
            known_errata=derivation.known_errata,
            failures=tuple(failures),
        )

    def _prepare(self) -> None:
        """Probe every equation on some trials of each reference; note shapes that cannot be compared."""
        self.shapes: dict[str, list[tuple[int, ...]]] = {}
        self.misfits: dict[str, str] = {}
        for k, (evaluator, truth) in enumerate(zip(self.evaluators, self.case.truths, strict=True)):
            draws = self.case.draw(self.case.block(k, min(PROBE_TRIALS, self.trials)), self.seed, self.scale)
            values = truth.evaluate(draws)
            truth.require_repeatable(draws, values)
            evaluator.probe(values)
            for equation in self.checked:
                self._note_shape(evaluator, equation, values)

    def _note_shape(self, evaluator: Evaluator, equation: Equation, values: Mapping[str, Array]) -> None:
        found = evaluator.samples[equation.name]
        wanted = values[equation.quantity].shape[1:]
        self.shapes.setdefault(equation.name, []).append(wanted)
        if found.shape != wanted:
            self.misfits[equation.name] = f"its shape is {found.shape}, but that of {equation.quantity} is {wanted}"
        elif found.itemsize < values[equation.quantity].dtype.itemsize:
            self.misfits[equation.name] = f"its dtype is {found.dtype}, which is less than {self.case.dtype}"

    def _overflows(self) -> dict[str, str]:
        """What overflows in each equation that disagrees by values that are not finite alone."""
        found = {}
        for (run, name), tally in self.tallies.items():
            if run == OWN and tally.disagreeing:
                equation = self.case.derivation.by_name[name]
                found[name] = named_overflow(self.case, self.evaluators, equation, tally, self.seed, self.scale)
        return {name: text for name, text in found.items() if text}

    def _wrong_at_more_rows(self) -> dict[str, str]:
        """Equations that agree on inputs of a single row and, where the model takes more, give wrong values there."""
        larger = with_more_rows(self.case.references)
        if not larger:
            return {}
        try:
            result = _Run(replace(self.case, references=larger), AT_MORE_ROWS, None, self.seed, self.scale).result(
                0, None
            )
        except GradproofError:
            return {}  # the model, or the code, is for one row
        reason = f"it agrees with one row only: with {ROWS} rows its values are wrong"
        return {one.equation: reason for one in result.results if one.disagreeing_trials}

    # Blocks -----------------------------------------------------------------------------------------------------------

    def _blocks(self, progress: Callable[[int], None]) -> tuple[int, bool] | None:
        """All blocks; returns how many trials were done, and whether the user stopped the run.

        The free run comes alone as long as it agrees: an equation that gives the truth from inputs that are the truth
        is right. As soon as one disagrees, it and all that reads it are suspects, which need the run on true inputs
        as well; then the run starts over, and None is returned.
        """
        own = [(OWN, name) for name in self.suspects if name not in self.misfits]
        coarsest = COARSEST[self.case.dtype]
        self.tallies = {key: Tally(seen=Seen(coarsest)) for key in [*((FREE, e.name) for e in self.checked), *own]}
        self.judges = [
            Judge(self.case, k, evaluator, self.tallies, self.misfits) for k, evaluator in enumerate(self.evaluators)
        ]
        done, interrupted = 0, False
        try:
            try:
                for block in self._stretch_by_stretch():
                    self._block(block)
                    if block.first == 0 and self.judges[block.reference].accuses(block.count):
                        self.judges[block.reference].flush()
                    if self._new_suspects():
                        progress(-done)
                        return None
                    done += block.count
                    progress(block.count)
            except KeyboardInterrupt:
                interrupted = True
            for judge in self.judges:
                judge.flush()
        except ModeChanged:
            if interrupted:
                return done, True
            progress(-done)
            return None
        if self._new_suspects() and not interrupted:
            progress(-done)
            return None
        return done, interrupted

    def _stretch_by_stretch(self) -> Iterator[Block]:
        """All blocks; where there is a budget, of as many stretches of trials as there is time for."""
        sizes = [portion.block for portion in self.case.portions]
        if self.budget is None:
            yield from blocks(self.trials, sizes)
            return
        done, end = 0, time.monotonic() + self.budget
        while not done or time.monotonic() < end:
            yield from blocks(done + sum(sizes), sizes, done)
            done += sum(sizes)

    def _choice(self, done: int) -> str:
        """How the number of trials came about, where it is not what was asked for, nor what a small case gets."""
        if self.budget is not None:
            return f"in {self.budget:g} s; --trials {done} gives the same"
        return why_fewer(self.evaluators) if self.asked is None and self.trials < defaults.TRIALS else ""

    def _new_suspects(self) -> bool:
        """Whether the free run has shown an equation to disagree that has not been run on true inputs."""
        accused = {name for (run, name), tally in self.tallies.items() if run == FREE and tally.disagreeing}
        accused |= self.misfits.keys()
        if accused <= self.suspects:
            return False
        derivation, known = self.case.derivation, {e.name for e in self.checked}
        readers = {e.name for e in derivation.equations if accused.intersection(derivation.upstream(e))}
        self.suspects |= accused | (readers & known)
        return True

    def _block(self, block: Block) -> None:
        k, count, trials = block.reference, block.count, block.trials
        evaluator = self.evaluators[k]
        draws = self.case.draw(block, self.seed, self.scale)
        truth = self.case.truths[k].evaluate(draws)
        leaves = {name: truth[name] for name in self.case.starts}
        by_name = self.case.derivation.by_name
        given = {name: truth[by_name[name].quantity] for name in self.misfits}
        free = evaluator.free_run(leaves, count, given)
        flagged: Flagged = {}
        for (run, name), tally in self.tallies.items():
            if name in self.misfits:
                continue
            equation = by_name[name]
            values = free[name] if run == FREE else self._own(evaluator, equation, truth, free, count)
            values = tolerated(values, truth[equation.quantity], self.tolerance)
            rows = tally.screen(values, truth[equation.quantity], trials)
            if (new := tally.lights(truth[equation.quantity])).size:
                rows = np.union1d(rows, new)
            if block.first < FULLY_JUDGED:
                rows = np.union1d(rows, finite_rows(truth[equation.quantity][: FULLY_JUDGED - block.first]))
            if rows.size:
                flagged[run, name] = rows, values[rows]
        self.judges[k].add(trials, draws, truth, flagged)

    def _own(
        self,
        evaluator: Evaluator,
        equation: Equation,
        truth: Mapping[str, Array],
        free: Mapping[str, Array],
        count: int,
    ) -> Array:
        """The equation on true inputs. Where the free run starts from all of its inputs it has just done that."""
        if all(name in self.case.starts for name in equation.inputs):
            return free[equation.name]
        return evaluator.run(equation, self._true_inputs(equation, truth, free), count)

    def _true_inputs(self, equation: Equation, truth: Mapping[str, Array], free: Mapping[str, Array]) -> list[Array]:
        by_name = self.case.derivation.by_name
        return [truth[name] if name in truth else free[by_name[name].name] for name in equation.inputs]
