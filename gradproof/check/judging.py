"""Judge the trials that only a rounding bound can judge.

They are few, and a bound costs far more than the value it bounds, so they wait until there are many of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.case.derivation import Equation
from gradproof.check.bounds import Bounded, EquationBounds, follows, settled_on, sizes
from gradproof.check.case import Case
from gradproof.check.compare import NO_ROWS, Rows, Tally, accused
from gradproof.check.evaluate import Evaluator, same
from gradproof.tolerances import ALONE

Array = NDArray[Any]
Values = Mapping[str, Array]
Key = tuple[str, str]
Flagged = dict[Key, tuple[Rows, Array]]
"""(run, equation) -> the rows that need a bound, and the computed values of those rows."""

OWN, FREE = "own", "free"

VERIFIED = 32
"""So many accused trials of an equation are run one by one before the verdict stands."""


@dataclass(frozen=True)
class Compared:
    """Rows of one equation beside the truth, `(n, *shape)` each."""

    difference: Array
    bound: Array
    kind: str
    truth: Array
    near: NDArray[np.bool_]
    inputs: list[Bounded]


class ModeChanged(Exception):
    """An equation turned out to need single trials: what was counted of it was not its author's doing."""


class Judge:
    """Bounds for the flagged trials of one reference, written into the tallies.

    Args:
        case: The case.
        reference: Which of its references.
        evaluator: What runs the equations at that reference's sizes.
        tallies: Where verdicts go.
        given: Equations that the free run takes from the truth.
    """

    def __init__(
        self,
        case: Case,
        reference: int,
        evaluator: Evaluator,
        tallies: Mapping[Key, Tally],
        given: Collection[str],
    ) -> None:
        self.case, self.evaluator, self.tallies, self.given = case, evaluator, tallies, given
        self.truth_bounds = case.truth_bounds[reference]
        self.equation_bounds = EquationBounds(evaluator)
        self.portions = case.portions[reference]
        self.verified: Counter[str] = Counter()
        self.doubted: Counter[Key] = Counter()
        self.limits: dict[str, Array] = {}
        self._clear()

    def _clear(self) -> None:
        self.count = 0
        self.trials: list[NDArray[np.int64]] = []
        self.draws: list[dict[str, Array]] = []
        self.known: list[dict[str, Array]] = []
        self.flagged: dict[Key, list[tuple[Rows, Array]]] = {}

    def add(
        self,
        trials: NDArray[np.int64],
        draws: Mapping[str, Array],
        known: Mapping[str, Array],
        flagged: Flagged,
    ) -> None:
        """Put the flagged rows of a block aside, with all that their bounds are made of.

        Args:
            trials: The numbers of the block's trials, `(n,)`.
            draws: What was drawn, `(n, *shape)` by leaf.
            known: The truth, `(n, *shape)` by quantity.
            flagged: Which rows need a bound.
        """
        needed = np.zeros(len(trials), dtype=bool)
        for rows, _ in flagged.values():
            needed[rows] = True
        picked = np.flatnonzero(needed)
        if not picked.size:
            return
        place = np.zeros(len(trials), dtype=np.intp)
        place[picked] = np.arange(self.count, self.count + len(picked))
        self.count += len(picked)
        self.trials.append(trials[picked])
        self.draws.append({name: value[picked] for name, value in draws.items()})
        self.known.append({name: value[picked] for name, value in known.items()})
        for key, (rows, values) in flagged.items():
            self.flagged.setdefault(key, []).append((place[rows], values))
        if self.count >= self.portions.waiting:
            self.flush()

    def beyond(self, name: str, places: Rows, values: Array, truth: Array) -> Rows:
        """Of places in a flattened block those that differ by more than the sampled bounds seen so far let expect.

        Args:
            name: An equation whose bounds explode, and which has been judged.
            places: The places.
            values: What the free run gave, `(n, *shape)`.
            truth: What torch gives, of the same shape.
        """
        size = truth.size // len(truth)
        rows, entries = places // size, places % size
        apart = np.abs(values.reshape(-1)[places].astype(np.float64) - truth.reshape(-1)[places])
        limits = np.where(np.isfinite(self.limits[name]), self.limits[name], 0.0)
        return places[np.logical_not(apart <= limits[entries] * sizes([truth])[rows])]

    def _learn_limits(self, name: str, one: Compared) -> None:
        """The smallest bound of each entry, as a share of the largest entry of its trial, where bounds explode."""
        quantity = self.case.derivation.by_name[name].quantity
        if name in self.equation_bounds.exploding or quantity in self.truth_bounds.exploding:
            with np.errstate(all="ignore"):
                shares = one.bound.reshape(len(one.bound), -1) / sizes([one.truth])[:, None]
            self.limits[name] = np.fmin(self.limits.get(name, np.inf), np.fmin.reduce(shares, axis=0))

    def is_full(self, trials: int) -> bool:
        """Whether some equation waits with more than a quarter of so many trials."""
        return any(sum(len(rows) for rows, _ in parts) > trials // 4 for parts in self.flagged.values())

    def taste(self, trials: int, most: int) -> None:
        """Judge the first trials of those equations alone that are likely to be wrong.

        Args:
            trials: How many trials wait; an equation that is in doubt in more than a quarter of them is meant.
            most: How many are judged.

        Raises:
            ModeChanged: An accused equation gives other values in single trials.
        """
        likely = [key for key, count in self.doubted.items() if count > trials // 4]
        if not likely:
            return
        all_trials, draws, known, flagged = self._taken()
        first = {key: found for key in likely if (found := _between(*flagged[key], 0, most))[0].size}
        for key in likely:
            rows, values = flagged[key]
            flagged[key] = rows[rows >= most], values[rows >= most]
        self.count, self.trials, self.draws, self.known = len(all_trials), [all_trials], [draws], [known]
        self.flagged = {key: [found] for key, found in flagged.items()}
        drawn, true = ({name: value[:most] for name, value in table.items()} for table in (draws, known))
        self._judge(all_trials[:most], drawn, true, first)

    def flush(self) -> None:
        """Judge what waits.

        Raises:
            ModeChanged: An accused equation gives other values in single trials.
        """
        if not self.count:
            return
        trials, draws, known, flagged = self._taken()
        for start in range(0, len(trials), self.portions.judged):
            part = slice(start, min(start + self.portions.judged, len(trials)))
            within = {key: _between(*found, part.start, part.stop) for key, found in flagged.items()}
            self._judge(
                trials[part],
                {name: value[part] for name, value in draws.items()},
                {name: value[part] for name, value in known.items()},
                {key: found for key, found in within.items() if found[0].size},
            )

    def _taken(self) -> tuple[NDArray[np.int64], dict[str, Array], dict[str, Array], Flagged]:
        """All that waits, which waits no longer: the trials, what was drawn, the truth, and what is flagged."""
        trials, draws, known = np.concatenate(self.trials), _joined(self.draws), _joined(self.known)
        flagged = {
            key: (np.concatenate([rows for rows, _ in parts]), np.concatenate([values for _, values in parts]))
            for key, parts in self.flagged.items()
        }
        self._clear()
        return trials, draws, known, flagged

    def _judge(
        self, trials: NDArray[np.int64], draws: Mapping[str, Array], known: Mapping[str, Array], flagged: Flagged
    ) -> None:
        """Judge a portion of the waiting trials; what is flagged is placed among them."""
        compared = self._compared(flagged, draws, known, len(trials), ties=False)
        over = {
            key: flagged[key][0][self.tallies[key].exceeds(one.difference, one.bound) & one.near]
            for key, one in compared.items()
        }
        near = self._near_ties(flagged, over, draws, known)
        first = trials < self.portions.fully * len(self.case.references)
        for key, one in compared.items():
            rows, values = flagged[key]
            if key[0] == FREE:
                self._learn_limits(key[1], one)
            ties = _spread(near.get(key), one.bound, np.isin(rows, over[key]))
            wrong = self.tallies[key].judge(
                one.difference,
                one.bound,
                one.kind,
                trials[rows],
                size=np.abs(one.truth),
                fair=first[rows],
                ties=ties,
            )
            if key[0] == OWN and (few := np.flatnonzero(wrong)[: VERIFIED - self.verified[key[1]]]).size:
                reach = one.bound if ties is None else np.maximum(one.bound, ties)
                self._verify(self.case.derivation.by_name[key[1]], replace(one, bound=reach), values, few)

    def _near_ties(
        self, flagged: Mapping[Key, tuple[Rows, Array]], over: Mapping[Key, Rows], draws: Values, known: Values
    ) -> dict[Key, Array]:
        """How far near ties reach, in the rows that differ by more than the branch that was taken allows and in which
        rounding could have turned a decision."""
        rows = np.unique(np.concatenate([NO_ROWS, *over.values()]))
        if not rows.size:
            return {}
        asked = {}
        for key, exceeding in over.items():
            if exceeding.size:
                values = flagged[key][1][np.isin(flagged[key][0], exceeding)]
                asked[key] = np.searchsorted(rows, exceeding), values
        drawn, true = ({name: value[rows] for name, value in table.items()} for table in (draws, known))
        found = self._compared(asked, drawn, true, len(rows), ties=True)
        return {key: one.bound for key, one in found.items()}

    def _compared(
        self, flagged: Mapping[Key, tuple[Rows, Array]], draws: Values, known: Values, trials: int, *, ties: bool
    ) -> dict[Key, Compared]:
        """Differences and bounds of the flagged rows of a set of trials."""
        by_name = self.case.derivation.by_name
        names = {by_name[name].quantity for _, name in flagged}
        names |= {i for run, name in flagged if run == OWN for i in by_name[name].inputs if i in known}
        names |= self.case.starts
        truth = self.truth_bounds.of(draws, known, names, ties=ties)
        free = self._free(known, truth, flagged, trials, ties=ties)
        compared = {}
        for (run, name), (rows, values) in flagged.items():
            equation, inputs = by_name[name], []
            if run == OWN:
                inputs = [(truth[i] if i in truth else free[by_name[i].name]).rows(rows) for i in equation.inputs]
            if run == FREE or (name in free and self.case.starts.issuperset(equation.inputs)):
                bounded = free[name].rows(rows)  # from the same inputs a run on true ones is no other
            else:
                bounded = self.equation_bounds.of(equation, inputs, len(rows), ties=ties)
            compared[run, name] = _apart(values, bounded, truth[equation.quantity].rows(rows), inputs)
        return compared

    def _free(
        self,
        known: Values,
        truth: Mapping[str, Bounded],
        flagged: Mapping[Key, Any],
        trials: int,
        *,
        ties: bool,
    ) -> dict[str, Bounded]:
        """The free run with bounds, as far as a flagged equation, or one on a helper quantity, needs it."""
        by_name = self.case.derivation.by_name
        wanted = {name for run, name in flagged if run == FREE}
        wanted |= {
            by_name[i].name for run, name in flagged if run == OWN for i in by_name[name].inputs if i not in known
        }
        leaves = {name: truth[name] for name in self.case.starts}
        given = {name: _exact(known[by_name[name].quantity]) for name in self.given}
        return self.equation_bounds.free_run(self.case.derivation, leaves, wanted, trials, given, ties=ties)

    def _verify(self, equation: Equation, one: Compared, values: Array, rows: Rows) -> None:
        """Run accused trials one by one: a function not written for many at once is not wrong for that.

        A trial that is right alone was wrongly run, however little its values differ from those of all at once.
        """
        self.verified[equation.name] += len(rows)
        if self.evaluator.modes[equation.name] == "loop":
            return
        alone = self.evaluator.loop(equation, [bounded.value[rows] for bounded in one.inputs], len(rows))
        with np.errstate(all="ignore"):
            apart = np.abs(alone.astype(np.float64) - one.truth[rows])
        reach = np.where(np.isfinite(alone), one.bound[rows], 0.0)
        guilty = accused(apart, reach, one.kind, str(one.truth.dtype))
        if not (guilty.all() and same(values[rows], alone, ALONE.times(float(np.finfo(values.dtype).eps)))):
            self.evaluator.modes[equation.name] = "loop"
            raise ModeChanged


def _joined(parts: list[dict[str, Array]]) -> dict[str, Array]:
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _between(rows: Rows, values: Array, start: int, stop: int) -> tuple[Rows, Array]:
    """Those of the rows that lie from `start` up to `stop`, counted from there, and their values."""
    inside = (rows >= start) & (rows < stop)
    return rows[inside] - start, values[inside]


def _exact(value: Array) -> Bounded:
    return Bounded(value, np.zeros(value.shape), "rigorous", near=np.zeros(len(value), dtype=bool))


def _spread(near: Array | None, bound: Array, asked: Array) -> Array | None:
    """Bounds over near ties of the rows that were asked about, in the place of those rows."""
    if near is None:
        return None
    whole = bound.copy()
    whole[asked] = near
    return whole


def _apart(values: Array, bounded: Bounded, truth: Bounded, inputs: list[Bounded]) -> Compared:
    """|computed - true|, and how much of it rounding explains.

    The computed values and those that came with the bound are results of one function on the same numbers; where
    they are not equal to the last bit, what they differ by is added, as long as that is rounding. Nothing explains a
    value that is not finite.
    """
    bounded = settled_on(bounded, values) if follows(bounded, values) else bounded
    with np.errstate(all="ignore"):
        difference = np.abs(values.astype(np.float64) - truth.value)
        bound = bounded.error + truth.error
    bound = np.where(np.isfinite(values), bound, 0.0)
    kind = "sampled" if "sampled" in (bounded.kind, truth.kind) else "rigorous"
    return Compared(difference, bound, kind, truth.value, bounded.perhaps_near | truth.perhaps_near, inputs)
