"""What wrong gradients say about the slip behind them: read from the values of the trials, never from the code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.functions.examining import DTYPES, Examiner, Trial
from gradproof.functions.result import Finding
from gradproof.functions.running.configurations import plain
from gradproof.functions.running.runs import execute, same_bits
from gradproof.functions.snapping import snapped
from gradproof.repair.explain.values import diagnose_values

Array = NDArray[Any]

PRECISE = ("float64", "float32")
"""Dtypes whose values have enough digits to tell readings apart."""


def diagnosed(
    findings: Sequence[Finding], examiner: Examiner, trials: Sequence[Trial], *, widest: str
) -> tuple[Finding, ...]:
    """The findings with a diagnosis for each that disagrees and of which something can be said.

    Args:
        findings: All of them.
        examiner: What looked, in the widest dtype.
        trials: Its plain trials.
        widest: That dtype's name.
    """
    wrong = [one for one in findings if one.verdict == "disagrees"]
    plainly = {one.quantity for one in wrong if not one.configuration and one.dtype == widest}
    named = {f"gradient of {name}": name for name in examiner.wrt}
    said = {quantity: of_values(examiner, trials, named[quantity], widest) for quantity in plainly if quantity in named}
    return tuple(
        replace(one, diagnosis=_of_finding(one, said, plainly, widest)) if one.verdict == "disagrees" else one
        for one in findings
    )


def _of_finding(finding: Finding, said: Mapping[str, str], plainly: set[str], widest: str) -> str:
    if finding.quantity in plainly:
        return said.get(finding.quantity, "") if finding.kind in ("value", "missing", "shape") else ""
    if not finding.configuration:
        if finding.kind != "value" or finding.dtype == widest:
            return ""
        return (
            f"it agrees in {widest}; in {finding.dtype} it is off by {finding.share:.3g} times what rounding explains: "
            "a sum or an intermediate value has too little precision"
        )
    if finding.configuration.startswith("only output"):
        return "it is right when every output has a cotangent; an absent one arrives as zeros, or as None"
    if finding.configuration.startswith("only "):
        return "it is right when every input needs a gradient: look at what is indexed in needs_input_grad"
    what = "cotangents" if finding.configuration.startswith("cotangent ") else "inputs"
    return f"it is right for contiguous {what}: look for .view, strides, .data_ptr() or as_strided"


def of_values(examiner: Examiner, trials: Sequence[Trial], name: str, dtype: str) -> str:
    """What the values of one gradient say over all plain trials; often nothing."""
    trials = [trial for trial in trials if name in trial.outcome.gradients or name in trial.outcome.returned]
    if not trials:
        return ""
    computed = [_computed(trial, name) for trial in trials]
    if any(array.any() for array in computed) and _ignores_cotangent(examiner, trials[0], name, dtype):
        return "it does not depend on the cotangent: the upstream gradient is missing"
    if dtype not in PRECISE:
        return ""
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
        if exact is None:
            return ""
        found = diagnose_values(exact, truth, known, quantity=f"dLoss_d{name}")
    return found[0].sentence if found else ""


def _computed(trial: Trial, name: str) -> Array:
    """What the function's own backward gave, before autograd sums it to the input's shape."""
    value = trial.outcome.returned.get(name)
    if value is None or value.shape == trial.truth.values[name].shape:
        value = trial.outcome.gradients.get(name, value)
    return np.zeros(trial.truth.values[name].shape) if value is None else np.asarray(value.double().numpy())


def _ignores_cotangent(examiner: Examiner, trial: Trial, name: str, dtype: str) -> bool:
    others = [
        cotangent.flip(0) * 2 + 1 if cotangent.ndim else cotangent * 2 + 1 for cotangent in trial.truth.cotangents
    ]
    again = execute(examiner.function, trial.truth.values, plain(examiner.wrt), DTYPES[dtype], others)
    first, second = trial.outcome.gradients.get(name), again.gradients.get(name)
    return first is not None and second is not None and same_bits(first, second)


def _known(trial: Trial) -> dict[str, Array]:
    """The true values that a gradient may be made of."""
    known = {n: v.double().numpy() for n, v in trial.truth.values.items() if hasattr(v, "double")}
    several = len(trial.truth.outputs) > 1
    for k, (output, cotangent) in enumerate(zip(trial.truth.outputs, trial.truth.cotangents, strict=True)):
        known[f"output{k if several else ''}"] = output.value.double().numpy()
        known[f"dLoss_doutput{k if several else ''}"] = cotangent.numpy()
    return known | {f"dLoss_d{n}": quantity.value.numpy() for n, quantity in trial.truth.gradients.items()}


def _stacked(known: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    return {name: np.stack([one[name] for one in known]) for name in known[0]}
