"""Existing code mended as a whole: fixes held to what its own functions give with them, and edits of its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gradproof.check.case import Case
from gradproof.code.program.claim import Claim
from gradproof.repair import Repair
from gradproof.repair.budget import SECOND, Budget
from gradproof.repair.evidence.resized import elsewhere, zeroed
from gradproof.repair.program.chain.inner import Inner
from gradproof.repair.program.dialect import NUMPY, TORCH, Dialect
from gradproof.repair.program.judging import Bench, Trial, right_in_all
from gradproof.repair.program.numbers import replaces_a_number
from gradproof.repair.program.search import FileFix, Search
from gradproof.truth.truth import Truth

TRIALS = 3
"""So many trials of each set of sizes are searched on."""

FRESH = 8
"""So many others of each set of sizes confirm a fix."""

UNLIKE = 3
"""So many trials at other sizes, and so many with zeros, confirm it too."""

ONE_FOR_ALL = 2.0 * SECOND
"""How much of it the search may do for one edit in the place of several that have been found."""

AT_ROOTS = 4.0 * SECOND
"""How much of it the search among the statements of variables may do that are not what their names say."""

WORK = 6.0 * SECOND
"""How much work the search for edits of a case's files may do."""


def bench_of(case: Case, seed: int) -> Bench | None:
    """The code of a case with trials at all of its sizes; None where it has none, or none that are finite."""
    whole = case.derivation.whole
    if whole is None or not whole.claims:
        return None
    weights = _weights(case, whole.claims)
    beside = [weight for weight in weights.values() if weight]
    names = [*dict.fromkeys((*whole.program.inputs, *whole.claims, *beside))]
    search: list[Trial] = []
    fresh: list[Trial] = []
    for k, binding in enumerate(case.bindings):
        if any(binding.find(name) is None for name in names):
            continue
        truth = Truth(binding, names, "float64")
        draws = case.draw(case.block(k, TRIALS + FRESH), seed ^ 0x2545F491)
        values = truth.evaluate({name: value[: TRIALS + FRESH] for name, value in draws.items()})
        for row in range(TRIALS + FRESH):
            one = {name: values[name][row] for name in names}
            trial = Trial(
                {name: one[name] for name in whole.program.inputs},
                {name: one[name] for name in whole.claims},
                {name: one[name] for name in beside},
            )
            if all(np.isfinite(value).all() for value in one.values() if np.asarray(value).dtype.kind == "f"):
                (search if row < TRIALS else fresh).append(trial)
    if not search or not fresh:
        return None
    bench = Bench(whole.program, whole.claims, search, fresh, weights)
    return replace(bench, fresh=(*fresh, *_unlike(case, bench, names, seed)))


def _weights(case: Case, claims: Mapping[str, Claim]) -> dict[str, str]:
    """The results of which the code's own loss is made, as `Bench` has them; none where the code gives too few."""
    binding = case.bindings[0]
    loss = binding.reference.loss
    if loss in claims:
        return {loss: ""}
    return {name: f"d{loss}_d{name}" for name in binding.results} if claims.keys() >= binding.results.keys() else {}


def _unlike(case: Case, bench: Bench, names: Sequence[str], seed: int) -> Iterator[Trial]:
    """Trials at other sizes than the case has, and with zeros, in which the program is as right as in the others."""
    right = right_in_all(bench, bench.trials, frozenset(bench.claims))
    for group in (*elsewhere(case, seed), *zeroed(case, seed, smooth=True)):
        if not all(name in group.values for name in names):
            continue
        for row in range(min(group.trials, UNLIKE)):
            one = {name: np.asarray(group.values[name])[row] for name in names}
            trial = Trial(
                {name: one[name] for name in bench.program.inputs}, {name: one[name] for name in bench.claims}, {}
            )
            finite = all(np.isfinite(value).all() for value in one.values() if value.dtype.kind == "f")
            if finite and bench.values(trial) and right <= bench.right(trial):
                yield trial


def at_roots(case: Case, bench: Bench | None) -> tuple[Inner, FileFix | None]:
    """What the code's own forward pass says of the variables of its backward pass, and the edit that this asks for.

    Args:
        case: The case.
        bench: Its code with trials.

    Returns:
        That, and the edit of a statement at fault with which all that is wrong is right; None where there is none.
    """
    if bench is None:
        return Inner(), None
    wrong = frozenset(bench.claims) - right_in_all(bench, bench.trials, frozenset(bench.claims))
    if not wrong:
        return Inner(), None
    search = Search(bench, _files(case), wrong, Budget(AT_ROOTS), dialect=_dialect(bench), for_all=True)
    inner = search.inner()
    return inner, search.fix() if inner.roots else None


def held(
    case: Case,
    repairs: Mapping[str, Repair],
    bench: Bench | None,
    texts: Mapping[str, tuple[Path, str]],
    written: Callable[[Mapping[str, Repair]], Mapping[Path, str]],
    *,
    searched: bool = False,
) -> dict[str, Repair]:
    """Repairs of which every fix was run as it would be written; where there is none, an edit of the file.

    Args:
        case: The case.
        repairs: What was found for the wrong equations, each from its own text.
        bench: Its code with trials.
        texts: The whole file with the fix of an equation, by the equation's name.
        written: The files with all fixes of some repairs.
        searched: Whether an edit of the file was looked for before; then it is not again.
    """
    if bench is None:
        return dict(repairs)
    wrong = frozenset(bench.claims) - right_in_all(bench, bench.trials, frozenset(bench.claims))
    if not wrong:
        return dict(repairs)
    files = _files(case)
    budget = Budget(WORK)
    search = Search(bench, files, wrong, budget, dialect=_dialect(bench))
    found = dict(repairs)
    gains: dict[str, frozenset[str]] = {}
    named = search.named_numbers() if not searched else frozenset()
    for name, repair in repairs.items():
        if repair.fix is None:
            continue
        if name in texts and replaces_a_number(*texts[name], named):
            found[name] = replace(repair, fix=None)  # unless nothing better is found
            continue
        gained = search.gains(dict([texts[name]])) if name in texts else frozenset()
        if gained:
            gains[name] = gained
        else:
            found[name] = replace(repair, fix=None, alternatives=(), diagnosis=None)
    by_name = case.derivation.by_name
    mended = frozenset().union(*gains.values())
    if len({texts[name] for name in gains}) > 1 and not mended <= (together := search.gains(dict(written(found)))):
        # Each is right by itself, and not beside the others: what is wrong then is looked for in the text with them.
        for name in [name for name in gains if by_name[name].quantity not in together]:
            del gains[name]
            found[name] = replace(found[name], fix=None, alternatives=(), diagnosis=None)
        mended = search.gains(dict(written(found))) if gains else frozenset()
    for name, repair in repairs.items():  # what has no fix of its own may be mended by that of another
        other = next((one for one, gained in gains.items() if by_name[name].quantity in gained), None)
        if name not in gains and other is not None and repair.fix is None:
            found[name] = found[other]
    if len({texts[name] for name, one in found.items() if one.fix is not None}) > 1 and not searched:
        one_for_all = Search(
            bench, files, wrong, budget.share(1, ONE_FOR_ALL), dialect=_dialect(bench), for_all=True
        ).fix()
        if one_for_all is not None:
            return {name: replace(one, fix=None, alternatives=(), patch=one_for_all) for name, one in found.items()}
    if wrong <= mended or searched:
        return found
    kept = dict(written(found)) if mended else {}
    patch = Search(bench, files, wrong - mended, budget, kept, _dialect(bench)).fix()
    if patch is not None:
        for name, repair in found.items():
            if repair.fix is None and (by_name[name].quantity in patch.mends or by_name[name].quantity not in wrong):
                found[name] = replace(repair, patch=patch)
    return found


def _dialect(bench: Bench) -> Dialect:
    return TORCH if bench.program.tensors else NUMPY


def _files(case: Case) -> Sequence[Path]:
    """The files of the user's that may be edited: those of the functions, and what lies beside them."""
    assert case.derivation.whole is not None
    calls = [call.plain for call in case.derivation.whole.program.calls]
    own = {Path(one.__code__.co_filename) for one in calls if one is not None}
    beside = {path for one in own if one.is_file() for path in one.parent.glob("*.py")}
    return sorted(one for one in own | beside if one.is_file())
