"""The torch side of a function case: what the function is compared with, on which inputs, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gradproof.functions.running.inputs import Inputs


class FunctionReference:
    """What `reference/NAME.py` of a function case holds, as the value `reference`.

    Attributes:
        reference: A callable or a module that computes the same in plain torch.
        inputs: As for `check_function`.
        function: The name of the function in `manual/NAME.py`; empty where there is only one.
        options: Further arguments of `check_function`, such as `dtypes` or `depth`.

    Example:
        >>> import torch
        >>> from gradproof import FunctionReference, normal
        >>> FunctionReference(torch.nn.functional.silu, {"x": normal(5, 3)}, dtypes=["float64"])
        FunctionReference(silu, function='', dtypes=['float64'])
    """

    def __init__(self, reference: Callable[..., Any], inputs: Inputs, *, function: str = "", **options: Any) -> None:
        self.reference, self.inputs, self.function = reference, inputs, function
        self.options: Mapping[str, Any] = options

    def __repr__(self) -> str:
        name = getattr(self.reference, "__name__", type(self.reference).__name__)
        options = "".join(f", {key}={value!r}" for key, value in self.options.items())
        return f"FunctionReference({name}, function={self.function!r}{options})"
