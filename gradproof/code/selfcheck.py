"""Whether what was read is what the code does: both are run on the same values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradproof.code.arguments import Arguments
from gradproof.code.paths import part_or_none
from gradproof.code.program.running import Outcome
from gradproof.code.reading.blocks import same
from gradproof.code.reading.functions import Text
from gradproof.code.reading.steps import Instance, Ref, Step, named_steps
from gradproof.errors import GradproofError
from gradproof.tolerances import READ


def require_same(outcome: Outcome, returned: Sequence[Ref], texts: Sequence[Text], arguments: Arguments) -> None:
    """The functions as they are, on the same values, gave what the statements give one by one.

    Raises:
        GradproofError: They did not: an array was written through another name for a part of it, a function keeps
            state, or draws random numbers.
    """
    scopes = [next(scope for scope in arguments.reader.scopes if scope.text is text) for text in texts]
    for number, (ref, text, scope) in enumerate(zip(returned, texts, scopes, strict=True)):
        _compare(ref, outcome.returned[number], text)
        for name, held in scope.held.items():
            if isinstance(held, Step) and name in outcome.arguments[number]:
                last = number == len(returned) - 1
                if last:
                    _compare(held, outcome.arguments[number][name], text, name)
    for owner, instance in arguments.owners.items():
        _compare_object(instance, outcome.objects[owner], texts[-1], "self", set())


def _compare_object(instance: Instance, real: Any, text: Text, path: str, seen: set[int]) -> None:
    if id(instance) in seen:
        return
    seen.add(id(instance))
    for name, ref in instance.attributes.items():
        value = part_or_none(real, name)
        if isinstance(ref, Instance):
            _compare_object(ref, value, text, f"{path}.{name}", seen)
        else:
            _compare(ref, value, text, f"{path}.{name}")


def _compare(ref: Ref, value: Any, text: Text, what: str = "") -> None:
    for path, step in named_steps("", ref):
        if "." in path:
            continue  # an object within it, which is compared by itself
        real = _at(value, path)
        if not same(_plain_array(step.sample), _plain_array(real)) and not _close(step.sample, real):
            raise GradproofError(
                f"{text.place(text.function.__code__.co_firstlineno)}: {text.name}{path} {what}: read statement by "
                "statement, the code gives other values than when it is called: an array is written through "
                "another name for a part of it, or state is kept outside, or random numbers are drawn"
            )


def _at(value: Any, path: str) -> Any:
    try:
        return eval(f"value{path}", {"value": value}) if path else value  # a path such as [0]['W'] of our own making
    except (TypeError, LookupError):
        return None


def _plain_array(value: Any) -> Any:
    return np.asarray(value) if isinstance(value, (np.ndarray, np.generic, float, int)) else value


def _close(one: Any, other: Any) -> bool:
    if callable(one) or not isinstance(one, (np.ndarray, np.generic, float, int)):
        return True
    a, b = np.asarray(one), np.asarray(other)
    return READ.holds(a, b)
