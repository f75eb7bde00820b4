"""Functions that a note names and does not define, declared from outside: any function of torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import torch
from torch.func import vmap

from gradproof.audit.reading.vocabulary import FUNCTIONS
from gradproof.errors import GradproofError

Callables: TypeAlias = Mapping[str, Callable[..., torch.Tensor]]
"""Functions by the name that a note prints."""

_HOMES = (torch, torch.nn.functional, torch.special)


def declared(lines: Iterable[str]) -> tuple[dict[str, str], dict[str, Callable[..., torch.Tensor]]]:
    """What lines such as `f=tanh` declare: names of functions that formulas know, and functions of torch.

    Raises:
        GradproofError: A line is no such pair, or there is no such function.
    """
    known: dict[str, str] = {}
    others: dict[str, Callable[..., torch.Tensor]] = {}
    for line in lines:
        name, _, function = (part.strip() for part in line.partition("="))
        if not name or not function:
            raise GradproofError(
                f"'{line}' declares no function: write the printed name and the function, as in 'f=tanh'"
            )
        if function.lower() in FUNCTIONS:
            known[name] = FUNCTIONS[function.lower()]
            continue
        found = next((getattr(home, function) for home in _HOMES if callable(getattr(home, function, None))), None)
        if found is None:
            raise GradproofError(
                f"'{line}': there is no function '{function}'. Allowed are {', '.join(sorted(set(FUNCTIONS)))}, and "
                "the functions of torch, torch.nn.functional and torch.special, such as gelu; a formula is given as a "
                rf"line of LaTeX: --given '{name}(z) = z^3'"
            )
        others[name] = found
    return known, others


def applied(function: Callable[..., torch.Tensor], values: torch.Tensor, name: str) -> torch.Tensor:
    """A declared function at values (trials, *shape), trial by trial.

    Raises:
        GradproofError: It fails, or gives no floating-point tensor.
    """
    try:
        found = vmap(function)(values)
    except (RuntimeError, TypeError, ValueError) as error:
        raise GradproofError(f"{name}, as it is declared, fails: {str(error).splitlines()[0][:120]}") from error
    if not isinstance(found, torch.Tensor) or not found.is_floating_point():
        raise GradproofError(f"{name}, as it is declared, gives no tensor of floating-point numbers")
    return found
