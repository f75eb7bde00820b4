"""Functions that make arrays out of nothing, `np.zeros` and its like, for code that is run on a `LeadArray`.

NumPy asks an array type only where one is handed over, so `out = np.zeros((4, 3))` is a plain array, which cannot
take `out[k] = x` for all trials at once. `NumPyView` stands for NumPy where that is needed: in it such an array is of
the kind of the function's inputs, writable, with as many trials as they have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from gradproof.arrays.structure import LeadArray

Function = Callable[..., Any]


class NumPyView:
    """NumPy, but that new arrays are of the kind of `model`, with as many trials."""

    def __init__(self, model: LeadArray) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def zeros(self, *args: Any, **rest: Any) -> Any:
        """`np.zeros`."""
        return self._carried(np.zeros(*args, **rest))

    def ones(self, *args: Any, **rest: Any) -> Any:
        """`np.ones`."""
        return self._carried(np.ones(*args, **rest))

    def empty(self, *args: Any, **rest: Any) -> Any:
        """`np.empty`, which holds zeros here."""
        return self._carried(np.zeros(*args, **rest))

    def full(self, shape: Any, fill_value: Any, dtype: Any = None, **rest: Any) -> Any:
        """`np.full`; the value may differ from trial to trial."""
        if not isinstance(fill_value, LeadArray):
            return self._carried(np.full(shape, fill_value, dtype, **rest))
        result = self._carried(np.zeros(shape, fill_value.dtype if dtype is None else dtype, **rest))
        result[...] = fill_value
        return result

    def array(self, object: Any, *args: Any, **rest: Any) -> Any:
        """`np.array`, also of an array of trials and of nested lists of them."""
        if args or rest or not _is_carried(object):
            return np.array(object, *args, **rest)
        return object.copy() if isinstance(object, LeadArray) else _stacked(object)

    def asarray(self, object: Any, *args: Any, **rest: Any) -> Any:
        """`np.asarray`, also of an array of trials and of nested lists of them."""
        if args or rest or not _is_carried(object):
            return np.asarray(object, *args, **rest)
        return object if isinstance(object, LeadArray) else _stacked(object)

    def _carried(self, values: np.ndarray[Any, Any]) -> LeadArray:
        target = self._model.lead_shape + values.shape
        return self._model._lift(values)._map(lambda layer: np.array(np.broadcast_to(layer, target)))


_MAKERS = ("zeros", "ones", "empty", "full", "array", "asarray")


def call_on_arrays(function: Function, arguments: Sequence[Any]) -> Any:
    """What a function gives for these arguments; where that fails, with `NumPyView` in NumPy's place.

    Plain arrays are tried first: constants and indices are best left as they are.
    """
    try:
        return function(*arguments)
    except Exception:  # user code: whatever it is that plain arrays cannot do
        other = making_arrays(function, arguments)
        if other is None:
            raise
        return other(*arguments)


def making_arrays(function: Function, arguments: Iterable[Any]) -> Function | None:
    """The function with `NumPyView` in NumPy's place; None where there is nothing to see, or none to change.

    Args:
        function: Written for plain arrays.
        arguments: What it is called with; new arrays are of the kind of the `LeadArray` with most trials.
    """
    models = [x for x in arguments if isinstance(x, LeadArray)]
    if not models or not isinstance(function, FunctionType):
        return None
    return _seeing(NumPyView(max(models, key=lambda x: x.lead_shape)), function, {})


def _seeing(view: NumPyView, function: FunctionType, spaces: dict[int, dict[str, Any]]) -> Function:
    """The function, and those of its file that it calls, with the view in NumPy's place.

    `spaces` holds the copies of globals made so far, by the identity of the original.
    """
    own = function.__globals__
    if id(own) not in spaces:
        space = spaces[id(own)] = dict(own)
        for name, value in own.items():
            if value is np:
                space[name] = view
            elif isinstance(value, FunctionType) and value.__code__.co_filename == function.__code__.co_filename:
                space[name] = _seeing(view, value, spaces)
            elif any(value is getattr(np, maker) for maker in _MAKERS):
                space[name] = getattr(view, value.__name__)
    made = FunctionType(
        function.__code__, spaces[id(own)], function.__name__, function.__defaults__, function.__closure__
    )
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _is_carried(value: Any) -> bool:
    """Whether a value is a `LeadArray`, or a list or tuple, nested or not, that holds one."""
    return isinstance(value, LeadArray) or (isinstance(value, list | tuple) and any(map(_is_carried, value)))


def _stacked(values: Sequence[Any]) -> Any:
    """A nested list of arrays as one array."""
    return np.stack([_stacked(x) if isinstance(x, list | tuple) else x for x in values])
