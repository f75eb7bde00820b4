"""The trials of a run: blocks through both sides, in as many rounds as it takes to know whom to look at.

A first round is the free run alone: every equation from the leaves, the derivation as its author meant it. An equation
that gives the truth from inputs that are the truth is right. As soon as one disagrees, it and all that reads it are
suspects, which are run on true inputs as well, to tell whose fault it is; and the trials start over with them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.case.derivation import Equation
from gradproof.check.asked import tolerated
from gradproof.check.case import Case
from gradproof.check.compare import NO_ROWS, Rows, Tally, finite_rows, rows_of
from gradproof.check.evaluate import Evaluator
from gradproof.check.facts.resolution import Seen
from gradproof.check.judging import FREE, OWN, Flagged, Judge, Key, ModeChanged
from gradproof.check.probing import Probed, comparable
from gradproof.check.screening import LARGE, Screen
from gradproof.tolerances import COARSEST
from gradproof.trials.draws import Block, blocks

Array = NDArray[Any]

FORETASTE = 16
"""Where much of the first block waits for bounds, so many trials of equations in doubt are judged first: one that is
wrong shows itself in them, and the round starts over before the bounds of all are taken."""


FULLY_SAMPLED = 5
"""Of an equation whose bounds explode so many first trials of large ones are judged in full: samples cost more."""


@dataclass(frozen=True)
class Asked:
    """What is asked of a run.

    Attributes:
        trials: How many trials, where there is no budget.
        seed: Where the random numbers start.
        scale: A factor on the draws.
        budget: Seconds to go on for, in place of a number of trials.
        tolerance: The share of a quantity's largest entry up to which a difference counts as none.
        first: The first trial, where only a stretch of them is wanted.
    """

    trials: int
    seed: int
    scale: float
    budget: float | None = None
    tolerance: float = 0.0
    first: int = 0


@dataclass(frozen=True)
class Done:
    """What the last round has shown.

    Attributes:
        trials: How many were done.
        interrupted: Whether the user stopped it.
        tallies: What was counted, by run (`own`, `free`) and equation.
    """

    trials: int
    interrupted: bool
    tallies: Mapping[Key, Tally]


class StartOver(Exception):
    """What was counted does not tell: there are more suspects, or an equation has to be run in another way.

    Attributes:
        suspects: Who is to be run on true inputs.
    """

    def __init__(self, suspects: frozenset[str]) -> None:
        super().__init__(suspects)
        self.suspects = suspects


def run_rounds(case: Case, probed: Probed, asked: Asked, progress: Callable[[int], None]) -> Done:
    """Run the trials until a round needs no other.

    Args:
        case: The case.
        probed: What the probe has shown.
        asked: What is asked for.
        progress: Called with the number of trials just done; negative where they start over.
    """
    suspects = frozenset[str]()
    while True:
        this_round = Round(case, probed, asked, suspects)
        try:
            return this_round.run(progress)
        except StartOver as found:
            progress(-this_round.done)
            suspects = found.suspects


class Round:
    """All trials once, with the suspects that are known so far."""

    def __init__(self, case: Case, probed: Probed, asked: Asked, suspects: frozenset[str]) -> None:
        self.case, self.probed, self.asked, self.suspects = case, probed, asked, suspects
        self.done = 0
        own = [(OWN, name) for name in suspects if name not in probed.misfits]
        free = [(FREE, equation.name) for equation in comparable(case)]
        coarsest = COARSEST[case.dtype]
        self.tallies = {key: Tally(seen=Seen(coarsest)) for key in [*free, *own]}
        self.judges = [
            Judge(case, k, evaluator, self.tallies, probed.misfits) for k, evaluator in enumerate(probed.evaluators)
        ]
        self.screens = [Screen(case.derivation) for _ in case.references]

    def run(self, progress: Callable[[int], None]) -> Done:
        """All blocks.

        Raises:
            StartOver: Another round is needed; a user's interrupt stands before that.
        """
        interrupted = False
        try:
            try:
                for block in self._stretch_by_stretch():
                    self._block(block)
                    judge = self.judges[block.reference]
                    if block.first == 0 and judge.is_full(block.count):
                        if not self.suspects:
                            judge.taste(block.count, FORETASTE)
                            self._require_no_more_suspects()
                        judge.flush()
                    self._require_no_more_suspects()
                    self.done += block.count
                    progress(block.count)
            except KeyboardInterrupt:
                interrupted = True
            for judge in self.judges:
                judge.flush()
        except ModeChanged:
            if not interrupted:
                raise StartOver(self.suspects) from None
        if not interrupted:
            self._require_no_more_suspects()
        return Done(self.done, interrupted, self.tallies)

    def _stretch_by_stretch(self) -> Iterator[Block]:
        """All blocks; where there is a budget, of as many stretches of trials as there is time for."""
        sizes = [portion.block for portion in self.case.portions]
        if self.asked.budget is None:
            for block in blocks(self.asked.trials, sizes, self.asked.first):
                yield from self._first_apart(block)
            return
        done, end = 0, time.monotonic() + self.asked.budget
        while not done or time.monotonic() < end:
            for block in blocks(done + sum(sizes), sizes, done):
                yield from self._first_apart(block)
            done += sum(sizes)

    def _first_apart(self, block: Block) -> Iterator[Block]:
        """A block; of large trials those apart that are judged in full: they show how the others can be screened."""
        fully = self.case.portions[block.reference].fully
        if block.first or block.count <= fully or self.case.trial_bytes[block.reference] < LARGE:
            yield block
            return
        yield replace(block, count=fully)
        yield replace(block, first=fully, count=block.count - fully)

    def _require_no_more_suspects(self) -> None:
        """Whether the free run has shown an equation to disagree that has not been run on true inputs."""
        accused = {name for (run, name), tally in self.tallies.items() if run == FREE and tally.disagreeing}
        accused |= self.probed.misfits.keys()
        if accused <= self.suspects:
            return
        derivation, known = self.case.derivation, {equation.name for equation in comparable(self.case)}
        readers = {e.name for e in derivation.equations if accused.intersection(derivation.upstream(e))}
        raise StartOver(self.suspects | accused | (readers & known))

    # One block ----------------------------------------------------------------------------------------------------

    def _block(self, block: Block) -> None:
        k, count, trials = block.reference, block.count, block.trials
        evaluator, misfits = self.probed.evaluators[k], self.probed.misfits
        draws = self.case.draw(block, self.asked.seed, self.asked.scale)
        truth = self.case.truths[k].evaluate(draws)
        leaves = {name: truth[name] for name in self.case.starts}
        by_name = self.case.derivation.by_name
        given = {name: truth[by_name[name].quantity] for name in misfits}
        free = evaluator.free_run(leaves, count, given)
        fully, limits = self.case.portions[k].fully, self.judges[k].limits
        suspected, wanted, found = dict[Key, Rows](), dict[Key, Rows](), dict[Key, Array]()
        for (run, name), tally in self.tallies.items():
            if name in misfits:
                continue
            equation = by_name[name]
            values = free[name] if run == FREE else self._own(evaluator, equation, truth, free, count)
            values = tolerated(values, truth[equation.quantity], self.asked.tolerance)
            places = tally.screen(values, truth[equation.quantity], trials)
            asked = tally.lights(truth[equation.quantity])
            if places.size:
                suspected[run, name] = places
            if block.first < (min(fully, FULLY_SAMPLED) if name in limits else fully):
                asked = np.union1d(asked, finite_rows(truth[equation.quantity][: fully - block.first]))
            if asked.size or places.size:
                wanted[run, name], found[run, name] = asked, values
        screened = {name: places for (run, name), places in suspected.items() if run == FREE}
        if screened and self.case.trial_bytes[k] >= LARGE:
            bounded = {name: places for name, places in screened.items() if name not in limits}
            left = self.screens[k].unexplained(bounded, leaves, free, truth) if bounded else {}
            for name in screened.keys() & limits.keys():
                left[name] = self.judges[k].beyond(name, screened[name], free[name], truth[by_name[name].quantity])
            suspected |= {(FREE, name): places for name, places in left.items()}
        rows = {key: rows_of(places, found[key]) for key, places in suspected.items()}
        self.judges[k].doubted.update({key: len(places) for key, places in rows.items()})
        picked = {key: np.union1d(rows.get(key, NO_ROWS), asked) for key, asked in wanted.items()}
        flagged: Flagged = {key: (rows, found[key][rows]) for key, rows in picked.items() if rows.size}
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
        by_name = self.case.derivation.by_name
        inputs = [truth[name] if name in truth else free[by_name[name].name] for name in equation.inputs]
        return evaluator.run(equation, inputs, count)
