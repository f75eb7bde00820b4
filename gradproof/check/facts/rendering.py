"""How results show themselves: whoever can render one says so here, and the results know nobody by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_RENDERERS: dict[str, Callable[[Any], Any]] = {}


def register(name: str, render: Callable[[Any], Any]) -> None:
    """Say how results are rendered under a name, such as `equations` or `html`."""
    _RENDERERS[name] = render


def rendered(name: str, result: Any) -> Any:
    """A result as its renderer of that name gives it.

    Raises:
        LookupError: Nobody has registered one; importing `gradproof.report` registers those of this package.
    """
    if name not in _RENDERERS:
        raise LookupError(f"no renderer is registered for {name!r}; `import gradproof.report` registers them")
    return _RENDERERS[name](result)
