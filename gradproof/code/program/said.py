"""What a case says of arguments that its code does not have: a misspelt name, which would else do nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from gradproof.case.project import suggestions
from gradproof.code.program.calls import Call
from gradproof.code.spec import Code
from gradproof.errors import GradproofError


def require_meant(code: Code, calls: Sequence[Call]) -> None:
    """Every argument that the case speaks of is one of the functions' or of their classes'.

    Raises:
        GradproofError: One is not; the close matches are listed.
    """
    functions = list(dict.fromkeys(name for call in calls for name in _parameters(call.function)))
    classes = list(dict.fromkeys(name for call in calls if call.owner for name in _parameters(call.owner)))
    known = {"values": [*functions, *classes], "arguments": [*functions, *classes], "constructor": classes}
    if any("*" in name for name in [*functions, *classes]):
        return  # they take any name
    for option, names in known.items():
        for said in getattr(code, option):
            if (name := said.rpartition(".")[2]) not in names:
                there = f"there are: {', '.join(names)}" if names else "there are none"
                owner = "constructor" if option == "constructor" else "function"
                raise GradproofError(
                    f"Code({option}=...): no {owner} has an argument {name!r}{suggestions(name, names)}; {there}",
                    name=name,
                    known=names,
                )


def _parameters(function: Callable[..., Any]) -> list[str]:
    """The names of what it takes; one with a star takes any."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in another language
        return ["*"]
    return [f"*{one.name}" if one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) else one.name for one in parameters]
