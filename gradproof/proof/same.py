"""Are two functions the same function? "My formula looks different: is it also right?" """

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from gradproof.arrays.bounds.array import BoundArray
from gradproof.case.project import Project, load_module, suggestions
from gradproof.check.case import load_case
from gradproof.errors import GradproofError
from gradproof.proof.expressions.array import ExactArray, symbols
from gradproof.proof.expressions.branches import trace
from gradproof.proof.expressions.expression import Graph
from gradproof.proof.identity import Proof, prove_equal
from gradproof.proof.witness import Sampler

Shape = tuple[int, ...]


def find_function(text: str) -> tuple[FunctionType, Path]:
    """The function that `FILE:FUNCTION` names, and its file.

    Raises:
        GradproofError: The text is not of that form, or names nothing.
    """
    file, colon, name = text.rpartition(":")
    path = Path(file)
    if not colon or not name.isidentifier():
        raise GradproofError(f"{text!r} is not of the form FILE:FUNCTION, as in manual/net.py:dLoss_dW")
    if path.suffix != ".py" or not path.is_file():
        raise GradproofError(f"{text!r}: there is no Python file {file!r}")
    path = path.resolve()
    module = load_module(path.parent.parent, path.parent.name, path.stem)
    function = getattr(module, name, None)
    if not isinstance(function, FunctionType):
        names = [key for key, value in vars(module).items() if isinstance(value, FunctionType)]
        raise GradproofError(f"{file} has no function {name!r}{suggestions(name, names)}", name=name, known=names)
    return function, path


def known_shapes(path: Path) -> dict[str, Shape]:
    """The shapes of all quantities of the case that a file belongs to; nothing where it belongs to none."""
    project = Project(path.parent.parent)
    if path.parent.name != "manual" or not (project.root / "reference" / path.name).is_file():
        return {}
    case = load_case(path.stem, project=project)
    values = case.truths[0].evaluate(case.draw_trials([0], seed=0))
    return {name: value.shape[1:] for name, value in values.items()}


def same(
    first: Callable[..., Any],
    second: Callable[..., Any],
    shapes: Mapping[str, Shape] | None = None,
    *,
    seed: int | None = None,
    deadline: float = 10.0,
) -> Proof:
    """Prove or refute that two functions give the same for all inputs; parameters of one name are one input.

    Args:
        first, second: Plain NumPy functions.
        shapes: The shapes of their parameters; a parameter that is not in it is a number.
        seed: 64 bits that the random points come from; drawn from the operating system if None.
        deadline: Seconds, after which the answer is UNDECIDED.

    Raises:
        GradproofError: A function cannot be followed, or their results differ in shape.

    Example:
        >>> import numpy as np
        >>> from gradproof import same
        >>> def mine(p):
        ...     return p * (1 - p)
        >>> def book(p):
        ...     return p - p**2
        >>> def other(p):
        ...     return p - np.exp(p)
        >>> same(mine, book, {"p": (2, 3)}).verdict.value, same(mine, other).verdict.value
        ('PROVED', 'REFUTED')
    """
    for function in (first, second):
        if not isinstance(function, FunctionType):
            raise GradproofError(f"same takes two plain NumPy functions, not {function!r}")
    names = [list(inspect.signature(function).parameters) for function in (first, second)]
    parameters = dict.fromkeys([*names[0], *names[1]])
    shapes = shapes or {}
    if unknown := [name for name in shapes if name not in parameters]:
        raise GradproofError(f"shapes names {', '.join(unknown)}, but the parameters are {', '.join(parameters)}")
    inputs = {name: tuple(shapes.get(name, ())) for name in parameters}
    return prove_same((first, second), names, inputs, seed=seed, deadline=deadline)


def prove_same(
    functions: tuple[Callable[..., Any], Callable[..., Any]],
    names: Sequence[Sequence[str]],
    shapes: Mapping[str, Shape],
    *,
    seed: int | None,
    deadline: float,
    sampler: Sampler | None = None,
) -> Proof:
    """As `same`, with the inputs that each function takes by position.

    Args:
        functions: What is right, and what is asked about.
        names: The inputs of each, in the order of its parameters.
        shapes: The shape of every input.
        seed, deadline: As for `same`.
        sampler: Where counterexamples are looked for; default: numbers of several scales and both signs.

    Raises:
        GradproofError: A function cannot be followed, or their results differ in shape.
    """
    graph = Graph()
    inputs = {name: symbols(graph, name, shape) for name, shape in shapes.items()}
    called = list(zip(functions, names, strict=True))
    results = [_exact(graph, trace(graph, function, *(inputs[name] for name in own))) for function, own in called]
    if results[0].shape != results[1].shape:
        said = [
            f"{getattr(one, '__name__', one)} gives the shape {result.shape}"
            for one, result in zip(functions, results, strict=True)
        ]
        raise GradproofError(", ".join(said))

    def run(values: dict[str, BoundArray]) -> tuple[BoundArray, BoundArray]:
        sides = [function(*(values[name] for name in own)) for function, own in called]
        return _bounded(sides[0]), _bounded(sides[1])

    return prove_equal([(results[0], results[1])], seed=seed, deadline=deadline, refute=[run], sampler=sampler)[0]


def _exact(graph: Graph, value: Any) -> ExactArray:
    return value if isinstance(value, ExactArray) else ExactArray.of(graph, value)


def _bounded(value: Any) -> BoundArray:
    return value if isinstance(value, BoundArray) else BoundArray.exact(np.asarray(value)[None])
