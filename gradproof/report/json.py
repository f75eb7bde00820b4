"""The outcome of a check as JSON, for programs; its version goes up when a field changes its meaning or goes away."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, fields
from typing import Any

from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.report.wording import version_of

VERSION = 1


def text(result: CheckResult) -> str:
    """All facts of a result; a number that is not finite is `null` or a word, since JSON has none."""
    outcome = {
        "format": "gradproof check",
        "version": VERSION,
        "gradproof": version_of("gradproof"),
        "case": result.case,
        "title": result.title,
        "ok": result.ok,
        "sentence": result.sentence,
        "trials": result.trials,
        "seed": result.seed,
        "dtype": result.dtype,
        "scale": result.scale,
        "strict": result.strict,
        "tolerance": result.tolerance,
        "interrupted": result.interrupted,
        "failures": [failure.sentence for failure in result.failures],
        "equations": [_plain({f.name: getattr(one, f.name) for f in fields(EquationResult)}) for one in result.results],
        "worst_trials": [_plain(asdict(one)) for one in result.worst],
    }
    return json.dumps(outcome, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "infinity" if value > 0 else "-infinity"
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
