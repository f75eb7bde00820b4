"""Code that computes on torch tensors: it is handed tensors of the drawn numbers; what it leaves becomes arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from gradproof.code.paths import is_object


def tensor_of(value: Any) -> Any:
    """A tensor that shares the numbers of an array; a NumPy number as a tensor without axes; all else as it is."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return torch.from_numpy(value)
    return torch.from_numpy(np.asarray(value)) if isinstance(value, np.generic) else value


def with_arrays(value: Any, seen: dict[int, Any] | None = None) -> Any:
    """What code left with arrays in the place of tensors; in lists, dicts and objects of the code's they are exchanged.

    Args:
        value: What it returned, or an object in which it was called.
        seen: What was looked through before, by its identity.
    """
    seen = {} if seen is None else seen
    if isinstance(value, torch.Tensor):
        found = value.detach().cpu().resolve_conj().resolve_neg().numpy()
        return found[()] if found.ndim == 0 else found
    if id(value) in seen:
        return seen[id(value)]
    seen[id(value)] = value
    if isinstance(value, dict):
        value.update({key: with_arrays(part, seen) for key, part in value.items()})
    elif isinstance(value, list):
        value[:] = [with_arrays(part, seen) for part in value]
    elif isinstance(value, tuple):
        parts = [with_arrays(part, seen) for part in value]
        seen[id(value)] = type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    elif is_object(value):
        for name, part in list(vars(value).items()):
            if (new := with_arrays(part, seen)) is not part:
                object.__setattr__(value, name, new)
    return seen[id(value)]
