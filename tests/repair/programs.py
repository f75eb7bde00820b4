"""Programs that a test writes down, and what a search of the whole program makes of a mistake in one."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np

from gradproof.repair.budget import SECOND, Budget
from gradproof.repair.program.judging import Bench, Trial, right_in_all
from gradproof.repair.program.search import FileFix, Search

SIZES = ({"n": 5, "d": 3, "k": 4}, {"n": 6, "d": 5, "k": 7})


@dataclass(frozen=True)
class Called:
    """A program that calls one function with copies of its inputs."""

    function: Callable[..., Any]
    inputs: tuple[str, ...]

    def run(self, values: Mapping[str, Any]) -> Any:
        return self.function(*(np.array(values[name])[()] for name in self.inputs))


@dataclass(frozen=True)
class Taken:
    """The claim on one result of several."""

    number: int

    def pick(self, outcome: Any) -> Any:
        if not isinstance(outcome, tuple):
            raise LookupError
        return outcome[self.number]


def loaded(path: Path, name: str = "step") -> Callable[..., Any]:
    """A function of a file."""
    spec = importlib.util.spec_from_file_location(f"{path.stem}_{abs(hash(path.read_text()))}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[..., Any] = getattr(module, name)
    return found


def search_of(
    text: str,
    old: str,
    new: str,
    folder: Path,
    draws: Mapping[str, str],
    name: str = "step",
    weights: Mapping[str, str] | None = None,
) -> Search:
    """The search for the fix of a right program in which a text was exchanged for another.

    Args:
        text: The right program; its function returns a tuple of gradients.
        old, new: The right piece, and the wrong one.
        folder: Where the program's file is put.
        draws: Parameter -> the axes of its array, or `i` for class numbers.
        name: Its function.
        weights: Which results are those of the forward pass, with the parameter that is the derivative by each.
    """
    right, wrong = dedent(text), dedent(text).replace(old, new)
    assert right != wrong
    functions = []
    for label, source in (("right", right), ("wrong", wrong)):
        path = folder / f"{label}.py"
        path.write_text("import numpy as np\n\n\n" + source.lstrip())
        functions.append(loaded(path, name))
    program, truth = Called(functions[1], tuple(draws)), Called(functions[0], tuple(draws))
    weights = weights or {}
    trials = [trial_of(truth, draws, sizes, seed, weights) for sizes in SIZES for seed in range(3)]
    claims = {f"r{k}": Taken(k) for k in range(len(trials[0].truths))}
    bench = Bench(program, claims, trials[::2], trials[1::2], weights)  # type: ignore[arg-type]
    first = frozenset(claims) - right_in_all(bench, bench.trials, frozenset(claims))
    assert first
    return Search(bench, [folder / "wrong.py"], first, Budget(4 * SECOND))


def mended(*program: Any, **more: Any) -> FileFix | None:
    """The fix of a right program in which a text was exchanged for another, as `search_of` takes them."""
    return search_of(*program, **more).fix()


def trial_of(
    program: Called, draws: Mapping[str, str], sizes: Mapping[str, int], seed: int, weights: Mapping[str, str]
) -> Trial:
    rng = np.random.default_rng([seed, sizes["n"]])
    values: dict[str, Any] = {}
    for name, axes in draws.items():
        if axes == "i":
            values[name] = rng.integers(0, sizes["k"], sizes["n"])
        else:
            values[name] = rng.uniform(0.3, 1.7, [sizes[axis] for axis in axes]) * rng.choice((-1, 1))
    outcome = program.run(values)
    truths = {f"r{k}": value for k, value in enumerate(outcome)}
    return Trial(values, truths, {name: values[name] for name in weights.values() if name})
