"""What wrong gradients say about the slip behind them: read from the values of the trials, never from the code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.check.facts.verdict import Verdict
from gradproof.functions.examining import Examiner, Trial
from gradproof.functions.looks.states import REPLAY
from gradproof.functions.program import Program
from gradproof.functions.result import Finding
from gradproof.functions.running.configurations import FRESH, plain
from gradproof.functions.running.numbers import HALF
from gradproof.functions.running.runs import same_bits
from gradproof.functions.telling.confirming import Confirming, Kept, right_at_first, unwritten
from gradproof.functions.telling.readings import by_cotangent, by_products, by_rows
from gradproof.functions.telling.snapping import snapped
from gradproof.functions.truth.digits import loses_digits
from gradproof.repair.explain.values import diagnose_values

Array = NDArray[Any]

PRECISE = ("float64", "float32")
"""Dtypes whose values have enough digits to tell readings apart."""

_UNWRITTEN = "memory that `empty` hands out is used before it is written: some of its cells are never written"

_OF_REPLAY = "it is right in the first call: it keeps a state of an earlier call, such as a cache by address"
_OF_FIRSTS = (
    "it is right for the first numbers of each shape and wrong for all later ones: it keeps a state of an earlier "
    "call, such as a cache by shape or a workspace that is not cleared"
)
_SOMETIMES = (
    "it is right in some calls and wrong in others, called in the same way with the same numbers: a race, or a state "
    "that is kept between calls"
)
_LATER = (
    "it was right in an earlier call with the same numbers and is wrong in every later one: a state that is kept "
    "between calls"
)

_OF_EXTREMES = "it is right for usual values, and wrong at these, which it is said to take"

_TOO_LITTLE = "a sum or an intermediate value has too little precision"

_FROM_CALLS = ("value", "missing", "shape", "raises", "dtype")
"""Kinds of findings that a further call must show again."""

_OF_CONFIGURATIONS = (
    ("only output", "it is right when every output has a cotangent; an absent one arrives as zeros, or as None"),
    ("only ", "it is right when every input needs a gradient: look at what is indexed in needs_input_grad"),
    (FRESH, _UNWRITTEN),
    ("inputs and cotangents inside", "it reads or writes out of bounds: what lies beside its inputs in memory matters"),
    ("cotangent times", "it is not linear in the cotangent: look for what clips, thresholds or rescales it"),
    ("cotangent zero", "it is not linear in the cotangent: a cotangent of zeros gives no gradient of zeros"),
    ("cotangent of the last row", "it is not linear in the cotangent: rows are mixed, or zeros are treated apart"),
    ("added to", "it is right when there is no .grad yet: look for what is written into .grad, or returned twice"),
    (REPLAY, _OF_REPLAY),
    ("results of several", "it keeps a state: a buffer is handed out to more than one call"),
    ("repeated", "it is right in most calls: a race, or a state that is kept between calls"),
    ("cotangent ", "it is right for contiguous cotangents: look for .view, strides, .data_ptr() or as_strided"),
)


def diagnosed(findings: Sequence[Finding], program: Program) -> tuple[Finding, ...]:
    """The findings with a diagnosis for each that disagrees and of which something can be said."""
    examiner = program.widest
    if examiner is None:
        return tuple(findings)
    wrong = [one for one in findings if one.verdict == Verdict.DISAGREES]
    if not wrong or program.died:
        return tuple(findings)
    confirming = Confirming(program)
    kept = {one.key: confirming.of(one) for one in wrong if one.kind in _FROM_CALLS}
    steady = [one for one in wrong if kept.get(one.key) is Kept.EVERY_TIME]
    plainly = {one.quantity for one in steady if not one.configuration and one.dtype == examiner.dtype}
    said = _of_plain(steady, plainly, program, examiner)
    return tuple(
        replace(one, diagnosis=_of_finding(one, kept.get(one.key), said, plainly, program))
        if one.verdict == Verdict.DISAGREES
        else one
        for one in findings
    )


def _of_plain(steady: Sequence[Finding], plainly: set[str], program: Program, examiner: Examiner) -> dict[str, str]:
    """What is wrong with the gradients that are wrong however the function is called; and with a state, if one is."""
    named = {f"gradient of {name}": name for name in examiner.wrt}
    empty = unwritten(examiner, program.trials[0]) if plainly or any(one.sentence for one in steady) else set()
    said = dict.fromkeys(empty, _UNWRITTEN)
    for one in steady:
        if one.quantity in plainly and one.quantity in named and one.quantity not in said and not one.configuration:
            placed = one.where.startswith(("right up to there", "wrong up to", "wrong in"))
            told = (of_cotangent if placed else of_values)(examiner, program.trials, named[one.quantity])
            is_masked = told.startswith("it has the value of") and "a mask or a branch" in one.where
            said[one.quantity] = f"{told}; {one.where}" if is_masked else told or one.where
    if any(one.configuration == REPLAY for one in steady):
        said[REPLAY] = _OF_REPLAY
    if right_at_first(program, plainly):
        said = dict.fromkeys(plainly, _OF_FIRSTS)
    return said


def _of_finding(
    finding: Finding, kept: Kept | None, said: Mapping[str, str], plainly: set[str], program: Program
) -> str:
    widest = program.widest.dtype if program.widest else ""
    if finding.quantity in said and said[finding.quantity] == _UNWRITTEN and kept is not None:
        return _UNWRITTEN
    if finding.kind == "nondeterministic":
        return _SOMETIMES if finding.quantity not in said else ""
    if finding.quantity not in plainly and kept is Kept.NOT_EVERY_TIME:
        return said.get(REPLAY, _SOMETIMES)
    if finding.quantity not in plainly and kept is Kept.PLAINLY_TOO:
        return said.get(REPLAY, _LATER)
    if (not finding.configuration or " = " in finding.configuration) and finding.kind in ("value", "missing"):
        inside = program.arithmetic.get(finding.dtype)
        if inside is not None and inside.arithmetic in HALF and finding.quantity in inside.explained:
            said_so = program.declared.of(finding.dtype)
            declared = f", declared is {said_so}" if said_so else ", which nobody declared"
            return f"it computes in {inside.arithmetic} inside ({inside.evidence}){declared}"
    if finding.quantity in plainly:
        if said.get(finding.quantity) == _OF_FIRSTS:
            return _OF_FIRSTS
        return said.get(finding.quantity, "") if finding.kind in ("value", "missing", "shape") else ""
    if finding.kind in ("extreme", "transform"):
        return _OF_EXTREMES if finding.kind == "extreme" else ""
    if loses_digits(finding) and (finding.configuration or finding.dtype == widest):
        return _TOO_LITTLE
    if not finding.configuration:
        if finding.kind != "value" or finding.dtype == widest:
            return ""
        if finding.where:
            return f"it agrees in {widest}; {finding.where}"
        return (
            f"it agrees in {widest}; in {finding.dtype} it is off by {finding.share:.3g} times what rounding explains: "
            f"{_TOO_LITTLE}"
        )
    for begin, words in _OF_CONFIGURATIONS:
        if finding.configuration.startswith(begin):
            return words
    if " = " in finding.configuration:
        where = f": {finding.where}" if finding.where else ""
        return f"it is right at other sizes, not for {finding.configuration}: the edge of a tile{where}"
    return "it is right for contiguous inputs: look for .view, strides, .data_ptr() or as_strided"


def of_cotangent(examiner: Examiner, trials: Sequence[Trial], name: str) -> str:
    """Whether a gradient would be right for another cotangent, which its places alone do not say."""
    computed = trials[0].outcome.gradients.get(name)
    real = computed is not None and not computed.is_complex()
    return by_cotangent(examiner, trials, name) if real and examiner.arithmetic in PRECISE else ""


def of_values(examiner: Examiner, trials: Sequence[Trial], name: str) -> str:
    """What the values of one gradient say over all plain trials; often nothing."""
    dtype = examiner.arithmetic
    trials = [trial for trial in trials if name in trial.outcome.gradients or name in trial.outcome.returned]
    if not trials:
        return ""
    computed = [_computed(trial, name) for trial in trials]
    if any(array.any() for array in computed) and _ignores_cotangent(examiner, trials[0], name):
        return "it does not depend on the cotangent: the upstream gradient is missing"
    if dtype not in PRECISE or any(np.iscomplexobj(array) for array in computed):
        return ""
    if sentence := by_cotangent(examiner, trials, name):
        return sentence
    groups: dict[int, list[int]] = {}
    for position, trial in enumerate(trials):
        groups.setdefault(trial.draw.group, []).append(position)
    if any(len({computed[k].shape for k in rows}) > 1 for rows in groups.values()):
        return ""
    values = [np.stack([computed[k] for k in rows]) for rows in groups.values()]
    truth = [np.stack([trials[k].truth.gradients[name].value.numpy() for k in rows]) for rows in groups.values()]
    known = [_stacked([_known(trials[k]) for k in rows]) for rows in groups.values()]
    with np.errstate(all="ignore"):
        exact = values if dtype == "float64" else snapped(values, truth, known)
        if exact is not None and (found := diagnose_values(exact, truth, known, quantity=f"dLoss_d{name}")):
            return found[0].sentence
        return by_products(values, truth, known) or by_rows(values, truth, known)


def _computed(trial: Trial, name: str) -> Array:
    """What the function's own backward gave, before autograd sums it to the input's shape."""
    value = trial.outcome.returned.get(name)
    if value is None or value.shape == trial.truth.values[name].shape:
        value = trial.outcome.gradients.get(name, value)
    if value is None:
        return np.zeros(trial.truth.values[name].shape)
    return np.asarray(value.numpy() if value.is_complex() else value.double().numpy())


def _ignores_cotangent(examiner: Examiner, trial: Trial, name: str) -> bool:
    others = tuple(
        cotangent.flip(0) * 2 + 1 if cotangent.ndim else cotangent * 2 + 1 for cotangent in trial.truth.cotangents
    )
    again = examiner.execute(replace(trial.truth, cotangents=others), plain(examiner.wrt))
    first, second = trial.outcome.gradients.get(name), again.gradients.get(name)
    return first is not None and second is not None and same_bits(first, second)


def _known(trial: Trial) -> dict[str, Array]:
    """The true values that a gradient may be made of."""
    known = {
        n: v.double().numpy() for n, v in trial.truth.values.items() if hasattr(v, "double") and not v.is_complex()
    }
    several = len(trial.truth.outputs) > 1
    for k, (output, cotangent) in enumerate(zip(trial.truth.outputs, trial.truth.cotangents, strict=True)):
        if not output.value.is_complex():
            known[f"output{k if several else ''}"] = output.value.double().numpy()
            known[f"dLoss_doutput{k if several else ''}"] = cotangent.numpy()
    gradients = trial.truth.gradients.items()
    return known | {
        f"dLoss_d{n}": quantity.value.numpy() for n, quantity in gradients if not quantity.value.is_complex()
    }


def _stacked(known: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    return {name: np.stack([one[name] for one in known]) for name in known[0]}
