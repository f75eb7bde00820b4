"""Functions and modules called alike: by a dictionary of arguments, with one or several tensors as the outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from gradproof.case.distributions import normal
from gradproof.errors import GradproofError
from gradproof.functions.running.inputs import is_real

Tensors = tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class Target:
    """Something that is called: `Function.apply`, any callable, or a module.

    Attributes:
        function: What is called.
        kwargs: Keyword arguments of every call.
        what: How messages call it.
    """

    function: Callable[..., Any]
    kwargs: Mapping[str, Any]
    what: str

    def __call__(self, values: Mapping[str, Any]) -> Tensors:
        """The outputs; a module takes as its parameters the values that have their names.

        Raises:
            GradproofError: It returns no tensor.
        """
        if isinstance(self.function, nn.Module):
            named = dict(self.function.named_parameters())
            given: dict[str, Any] = {name: value for name, value in values.items() if name in named}
            rest = [value for name, value in values.items() if name not in named]
            dtype = next((value.dtype for value in values.values() if is_real(value)), torch.float64)
            for name, buffer in self.function.named_buffers():
                given[name] = buffer.detach().clone().to(dtype if buffer.is_floating_point() else buffer.dtype)
            result = torch.func.functional_call(self.function, given, tuple(rest), dict(self.kwargs))
        else:
            result = self.function(*values.values(), **self.kwargs)
        return self._outputs(result)

    def _outputs(self, result: Any) -> Tensors:
        parts = result if isinstance(result, tuple | list) else (result,)
        if not parts or not all(isinstance(part, torch.Tensor) for part in parts):
            found = ", ".join(type(part).__name__ for part in parts) or "nothing"
            raise GradproofError(f"{self.what} must return a tensor or a tuple of tensors; it returned {found}")
        return tuple(parts)

    @property
    def parameters(self) -> dict[str, nn.Parameter]:
        """A module's trainable parameters by name; none for any other callable."""
        if not isinstance(self.function, nn.Module):
            return {}
        return {name: value for name, value in self.function.named_parameters() if value.requires_grad}


def title(function: Callable[..., Any]) -> str:
    """The name that a reader knows a function by: that of the class for `Function.apply` and for modules."""
    if isinstance(function, nn.Module):
        return type(function).__name__
    owner = getattr(function, "__self__", None)
    if isinstance(owner, type) and issubclass(owner, torch.autograd.Function):
        return owner.__name__
    return getattr(function, "__name__", type(function).__name__)


def with_parameters(named: dict[str, Any], function: Target, reference: Target) -> dict[str, Any]:
    """The named arguments with those parameters of a module that are not among them, drawn at random.

    Parameters as they are initialised are often all ones or zeros, which hides a missing factor.

    Raises:
        GradproofError: The reference has parameters that are neither inputs nor parameters of the function.
    """
    added = {name: normal(*value.shape) for name, value in function.parameters.items() if name not in named}
    complete = {**named, **added}
    alone = [name for name in reference.parameters if name not in complete]
    if alone:
        raise GradproofError(
            f"the reference has the parameters {', '.join(alone)}, of which the function knows nothing: name an input "
            f"like each of them, or let the function's module have them; known are {', '.join(complete)}"
        )
    return complete


def checked_callable(function: Any, what: str, kwargs: Mapping[str, Any]) -> Target:
    """A target.

    Raises:
        GradproofError: It cannot be called, or is a class.
    """
    if isinstance(function, type) or not callable(function):
        is_function = isinstance(function, type) and issubclass(function, torch.autograd.Function)
        hint = f": give {function.__name__}.apply" if is_function else ""
        raise GradproofError(
            f"{what} is Function.apply, a module or any other callable of the inputs, not {function!r}{hint}"
        )
    return Target(function, dict(kwargs), what)
