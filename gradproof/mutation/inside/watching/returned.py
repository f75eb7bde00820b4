"""The names that a function returns, as its last `return` has them."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any


def return_names(function: Callable[..., Any]) -> list[str]:
    """`["dx", "dw"]` for `return dx, dw`; empty where an item has no name or there is no source."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return []
    returns = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value is not None]
    if not returns:
        return []
    last = returns[-1]
    items = last.elts if isinstance(last, ast.Tuple) else [last]
    names = [item.id if isinstance(item, ast.Name) else f"[{k}]" for k, item in enumerate(items)]
    return names if isinstance(last, (ast.Tuple, ast.Name)) else []
