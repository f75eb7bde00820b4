"""Places within objects, lists and dicts as text: `layers[0].params['W']`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from gradproof.code.naming import symbol_of

_TOKEN = re.compile(r"(?P<name>\w+)|\[(?P<index>-?\d+)\]|\[(?P<quote>['\"])(?P<key>.*?)(?P=quote)\]")
DEPTH = 4
"""So many steps below an object are looked at."""


def steps_of(path: str) -> list[tuple[str, Any]]:
    """A path step by step: `("attribute", name)` or `("item", key)`."""
    found: list[tuple[str, Any]] = []
    for token in _TOKEN.finditer(path):
        if token["name"] is not None:
            found.append(("attribute", token["name"]))
        else:
            found.append(("item", int(token["index"]) if token["index"] is not None else token["key"]))
    return found


def part_of(value: Any, path: str) -> Any:
    """What stands at a path.

    Raises:
        LookupError: Nothing does.
    """
    for kind, key in steps_of(path):
        try:
            value = attribute_of(value, key) if kind == "attribute" else value[key]
        except (AttributeError, TypeError, KeyError, IndexError) as error:
            raise LookupError(path) from error
    return value


def attribute_of(value: Any, name: str) -> Any:
    """An attribute by the name that the class's own text has for it: `__x` within a class is `_Class__x`."""
    for owner in type(value).__mro__:
        mangled = f"_{owner.__name__.lstrip('_')}{name}"
        if name.startswith("__") and not name.endswith("__") and hasattr(value, mangled):
            return getattr(value, mangled)
    return getattr(value, name)


def part_or_none(owner: Any, name: str) -> Any:
    """An attribute by its name within the class; None where there is none."""
    try:
        return attribute_of(owner, name)
    except AttributeError:
        return None


def is_object(value: Any) -> bool:
    """Whether a value is an object of a class that somebody wrote in Python, whose methods can be read."""
    return (
        hasattr(value, "__dict__")
        and not callable(getattr(value, "__array__", None))
        and not isinstance(value, (type, ModuleType, FunctionType, np.random.Generator))
        and type(value).__module__ not in ("builtins", "numpy", "functools")
    )


def put(value: Any, path: str, new: Any) -> None:
    """Put a value at a path; an array of its shape is written into, so that every name for it has the new numbers.

    Raises:
        LookupError: There is no such place.
    """
    *way, (kind, key) = steps_of(path)
    for step, name in way:
        try:
            value = attribute_of(value, name) if step == "attribute" else value[name]
        except (AttributeError, TypeError, KeyError, IndexError) as error:
            raise LookupError(path) from error
    try:
        old = attribute_of(value, key) if kind == "attribute" else value[key]
    except (AttributeError, TypeError, KeyError, IndexError):
        old = None
    if (
        isinstance(old, np.ndarray)
        and isinstance(new, np.ndarray)
        and old.shape == new.shape
        and old.dtype == new.dtype
    ):
        old[...] = new
    elif kind == "attribute":
        setattr(value, key, new)
    else:
        value[key] = new


def drawn_at(path: str, symbols: Collection[str]) -> str | None:
    """The symbol that a place is called by: its own name or key, or its whole path, `weights[0]` as `weights_0`."""
    bare = path.rpartition(".")[2]
    if bare.endswith("]"):
        bare = bare.rpartition("[")[2].strip("]'\"")
    if not bare.lstrip("-").isdigit():
        return symbol_of(bare, symbols)
    whole = "_".join(str(key) for _, key in steps_of(path))
    return symbol_of(whole, symbols)


def arrays_in(
    value: Any, path: str = "", depth: int = DEPTH, seen: frozenset[int] = frozenset()
) -> Iterator[tuple[str, Any]]:
    """Every number and array of real numbers within an object, with its path."""
    if isinstance(value, (np.ndarray, np.generic, float)) or (isinstance(value, int) and not isinstance(value, bool)):
        if np.asarray(value).dtype.kind == "f":
            yield path, value
        return
    if depth == 0 or id(value) in seen:
        return
    seen = seen | {id(value)}
    if isinstance(value, dict):
        for key, item in list(value.items()):
            if isinstance(key, (str, int)):
                yield from arrays_in(item, f"{path}[{key!r}]", depth - 1, seen)
    elif isinstance(value, (list, tuple)):
        for place, item in enumerate(value):
            yield from arrays_in(item, f"{path}[{place}]", depth - 1, seen)
    elif (hasattr(value, "__dict__") and not callable(value) and not isinstance(value, type)) or (
        hasattr(value, "__dict__") and type(value).__module__ not in ("builtins", "numpy")
    ):
        yield from _attributes(value, path, depth, seen)


def _attributes(value: Any, path: str, depth: int, seen: frozenset[int]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, type) or type(value).__name__ in ("function", "module", "method"):
        return
    for name, item in list(vars(value).items()):
        yield from arrays_in(item, f"{path}.{name}" if path else name, depth - 1, seen)
