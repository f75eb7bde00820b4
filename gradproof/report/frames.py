"""The frames of a check: fixed columns, fixed dtypes, rows in the document's order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from gradproof.check.facts.result import CheckResult

EQUATION_COLUMNS = {
    "case": "str",
    "equation": "str",
    "form": "str",
    "kind": "str",
    "shape": "str",
    "dtype": "str",
    "trials": "int64",
    "disagreeing_trials": "int64",
    "undefined_trials": "int64",
    "max_abs_error": "float64",
    "max_rel_error": "float64",
    "max_ulp_error": "float64",
    "bound_share": "float64",
    "bound_kind": "str",
    "edge_trials": "int64",
    "resolution": "float64",
    "resolution_at_zero": "float64",
    "zero_entries": "int64",
    "untold": "float64",
    "rarest_branch": "float64",
    "verdict": "str",
    "known_erratum": "bool",
    "accepted": "str",
    "diagnosis": "str",
    "fix": "str",
    "proof": "str",
    "worst_trial": "int64",
    "seed": "uint64",
}

MEASURED = frozenset(
    {
        *("max_abs_error", "max_rel_error", "max_ulp_error", "bound_share", "edge_trials", "resolution"),
        *("resolution_at_zero", "zero_entries", "untold", "rarest_branch", "worst_trial"),
    }
)
"""Columns that hang on the last digits of a machine's arithmetic."""

VERDICT_COLUMNS = [name for name in EQUATION_COLUMNS if name not in MEASURED]
"""Those that every machine finds."""

WORST_COLUMNS = {
    "case": "str",
    "equation": "str",
    "verdict": "str",
    "trial": "int64",
    "seed": "uint64",
    "entry": "str",
    "manual": "float64",
    "truth": "float64",
    "abs_error": "float64",
    "bound": "float64",
    "inputs": "str",
}

TRAJECTORY_COLUMNS = {
    "case": "str",
    "step": "int64",
    "max_difference": "float64",
    "median_difference": "float64",
    "largest_parameter": "float64",
    "trials": "int64",
}


SCALES_COLUMNS = {
    "case": "str",
    "scale": "float64",
    "side": "str",
    "max_rel_error": "float64",
    "median_rel_error": "float64",
    "max_ulp_error": "float64",
    "undefined": "float64",
    "undefined_in_float64": "float64",
    "trials": "int64",
}


def equations_frame(result: CheckResult) -> pd.DataFrame:
    """One row for each equation, in the document's order."""
    common = {"case": result.case, "dtype": result.dtype, "seed": result.seed}
    rows = [_row(one, EQUATION_COLUMNS, common) for one in result.results]
    return _frame(rows, EQUATION_COLUMNS)


def worst_trials_frame(result: CheckResult) -> pd.DataFrame:
    """One row for each equation that was compared: the worst entry of its worst trial."""
    common = {"case": result.case, "seed": result.seed}
    rows = [_row(one, WORST_COLUMNS, common) for one in result.worst]
    return _frame(rows, WORST_COLUMNS)


def trajectory_frame(result: CheckResult) -> pd.DataFrame:
    """One row for each step of the training runs; empty where there were none."""
    run = result.trajectory
    if run is None:
        return _frame([], TRAJECTORY_COLUMNS)
    columns = zip(run.steps, run.max_difference, run.median_difference, run.largest_parameter, strict=True)
    rows = [(result.case, *values, run.trials) for values in columns]
    return _frame([dict(zip(TRAJECTORY_COLUMNS, row, strict=True)) for row in rows], TRAJECTORY_COLUMNS)


def scales_frame(result: CheckResult) -> pd.DataFrame:
    """Two rows for each scale, `manual` and `autograd`; empty where scales were not asked for."""
    sweep = result.scales
    rows = [
        (
            result.case,
            at.scale,
            name,
            side.largest,
            side.median,
            side.largest_ulp,
            side.undefined,
            at.beyond,
            sweep.trials,
        )
        for at in (sweep.points if sweep else ())
        for name, side in (("manual", at.manual), ("autograd", at.autograd))
        if sweep
    ]
    return _frame([dict(zip(SCALES_COLUMNS, row, strict=True)) for row in rows], SCALES_COLUMNS)


def _row(record: object, columns: Iterable[str], common: Mapping[str, object]) -> dict[str, object]:
    """What a row has in common with the others, and the record's own attributes; a column that is neither raises."""
    return {name: common[name] if name in common else getattr(record, name) for name in columns}


def _frame(rows: list[dict[str, object]], columns: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)
