"""Python code that looks at the values of a recorded tensor: refused, or replaced by torch operations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch._C._functorch import get_unwrapped, is_functorch_wrapped_tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import _disable_current_modes

from gradproof.aten.aliases import Memory
from gradproof.aten.errors import NoRule
from gradproof.aten.rewrites import tensors

READS = frozenset({"item", "tolist", "numpy", "__array__", "__dlpack__", "__deepcopy__", "__reduce_ex__"}) | {
    "__complex__",
    "__contains__",
    "__float__",
    "__index__",
    "__int__",
}
FROM_LISTS = frozenset({"tensor", "as_tensor", "asarray", "new_tensor"})
BRANCHES = frozenset({"__bool__", "is_nonzero"})
PRINTS = frozenset({"__repr__", "__format__"})


class PythonReads(TorchFunctionMode):
    """Refuses what takes values out of torch, except to print them; `memory` knows which tensors are recorded."""

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self._memory = memory

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name in PRINTS:
            with _disable_current_modes():
                return func(*args, **kwargs)
        if name in FROM_LISTS and isinstance(args[-1], list | tuple):
            self._refuse(f"torch.{name} of a list", tensors(args[-1]))
        elif name in READS:
            self._refuse(f"Tensor.{name}", args[:1])
        elif name in BRANCHES and args[0].dtype != torch.bool:
            return func(args[0] != 0)
        elif name == "__getitem__" and self._has_number(args[1]):
            return _taken(args[0], args[1] if isinstance(args[1], tuple) else (args[1],))
        elif func is torch.nn.functional.one_hot and len([*args, *kwargs]) == 2:
            return _one_hot(args[0], kwargs.get("num_classes", args[-1]))
        return func(*args, **kwargs)

    def _tracked(self, tensor: Any) -> bool:
        if not isinstance(tensor, torch.Tensor):
            return False
        while is_functorch_wrapped_tensor(tensor):  # of torch.func.vmap and grad: the memory is inside
            tensor = get_unwrapped(tensor)
        return self._memory.tracks(tensor)

    def _refuse(self, what: str, read: Iterable[Any]) -> None:
        if any(self._tracked(tensor) for tensor in read):
            raise NoRule(
                f"{what} reads the values of a tensor that depends on the leaves; what Python does with them cannot be "
                f"recorded: use torch operations (torch.stack for a list, torch.where for a branch)"
            )

    def _has_number(self, index: Any) -> bool:
        """Whether an index holds recorded 0-d integers, and nothing that is indexed together with them."""
        parts = index if isinstance(index, tuple) else (index,)
        numbers = [part for part in parts if self._tracked(part) and part.ndim == 0 and part.dtype != torch.bool]
        return bool(numbers) and len(numbers) == sum(isinstance(part, torch.Tensor | list) for part in parts)


def _taken(x: torch.Tensor, index: tuple[Any, ...]) -> torch.Tensor:
    """x[index] dimension by dimension; a 0-d tensor of integers picks by its value, which torch's own would bake in."""
    dim, used = 0, sum(part is not None and part is not Ellipsis for part in index)
    left = x.ndim - used
    for part in index:
        if part is Ellipsis:
            dim += left
        elif part is None:
            x, dim = x.unsqueeze(dim), dim + 1
        elif isinstance(part, slice):
            x, dim = x[(*(slice(None),) * dim, part)], dim + 1
        elif isinstance(part, torch.Tensor):
            place = torch.where(part < 0, part + x.shape[dim], part)
            x = x.index_select(dim, place.reshape(1)).squeeze(dim)
        else:
            x = x.select(dim, part)
    return x


def _one_hot(target: torch.Tensor, classes: int) -> torch.Tensor:
    """torch's own looks at the least and greatest target first."""
    return (target.unsqueeze(-1) == torch.arange(classes)).to(torch.int64)
