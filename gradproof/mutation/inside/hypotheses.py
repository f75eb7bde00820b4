"""hypothesis in planted runs: the same examples in every run, none kept, and no search for smaller ones."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

_ATTRIBUTE = "_hypothesis_internal_use_settings"


def settle(item: Any) -> None:
    """Give a test of hypothesis settings under which two runs see the same examples; others are left alone."""
    if "hypothesis" not in sys.modules:
        return
    function = getattr(item, "obj", None)
    function = getattr(function, "__func__", function)
    given = getattr(function, _ATTRIBUTE, None)
    if given is None:
        return
    from hypothesis import HealthCheck, Phase, settings

    kept = tuple(phase for phase in given.phases if phase in (Phase.explicit, Phase.generate))
    changed = settings(
        given,
        phases=kept,
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    setattr(function, _ATTRIBUTE, changed)


def warm_up(items: Sequence[Any]) -> None:
    """Let hypothesis read the constants of local modules once, before the forks, if any test will need them."""
    functions = (getattr(item, "obj", None) for item in items)
    if not any(hasattr(getattr(one, "__func__", one), _ATTRIBUTE) for one in functions):
        return
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    @settings(max_examples=1, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers())
    def nothing(number: int) -> None:
        pass

    nothing()
