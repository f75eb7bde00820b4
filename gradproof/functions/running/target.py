"""Functions and modules called alike: by a dictionary of arguments, with one or several tensors as the outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from gradproof.case.distributions import normal
from gradproof.errors import GradproofError
from gradproof.functions.running.calling import called

Tensors = tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class Target:
    """Something that is called: `Function.apply`, any callable, or a module.

    Attributes:
        function: What is called.
        kwargs: Keyword arguments of every call.
        what: How messages call it.
        skeleton: Argument -> the name of its value, or lists and dicts of such names.
        keywords: The arguments that are passed by keyword.
        buffers: The buffers of a module that are compared after a call.
    """

    function: Callable[..., Any]
    kwargs: Mapping[str, Any]
    what: str
    skeleton: Mapping[str, Any] = field(default_factory=dict)
    keywords: tuple[str, ...] = ()
    buffers: tuple[str, ...] = ()

    def __call__(self, values: Mapping[str, Any]) -> Tensors:
        """The outputs and the compared buffers; a module takes as its parameters the values that have their names.

        Raises:
            GradproofError: It returns no tensor.
        """
        try:
            found = tuple(called(self, values))
        except TypeError as error:
            if str(error).startswith(f"{self.what} must return"):
                raise GradproofError(str(error)) from error
            raise
        if not found:
            raise GradproofError(f"{self.what} must return a tensor or a tuple of tensors; it returned nothing")
        return found

    @property
    def parameters(self) -> dict[str, nn.Parameter]:
        """A module's trainable parameters by name; none for any other callable."""
        if not isinstance(self.function, nn.Module):
            return {}
        return {name: value for name, value in self.function.named_parameters() if value.requires_grad}

    def names(self, count: int) -> list[str]:
        """What the outputs are called: `output`, or `output 0`, `output 1`, ..., then `buffer NAME`."""
        own = count - len(self.buffers)
        outputs = ["output"] if own == 1 else [f"output {k}" for k in range(own)]
        return outputs + [f"buffer {name}" for name in self.buffers]


def with_buffers(function: Target, reference: Target) -> tuple[Target, Target]:
    """Both sides with the buffers that both modules have and write into, which are compared then."""
    if not (isinstance(function.function, nn.Module) and isinstance(reference.function, nn.Module)):
        return function, reference
    own, true = dict(function.function.named_buffers()), dict(reference.function.named_buffers())
    common = tuple(n for n, b in own.items() if n in true and b.shape == true[n].shape and torch.equal(b, true[n]))
    return replace(function, buffers=common), replace(reference, buffers=common)


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
