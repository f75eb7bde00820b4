"""How many trials a second: a whole check of the document's case against what people write, and against the floor.

    python benchmarks/throughput.py [--trials 100000] [--rounds 5]

Three ways to check the same network, in one process, one thread, taking turns; CPU time; medians over the rounds:

- check: `crosscheck` of all equations and forms, both runs, with rounding bounds and verdicts (start-up left out);
- loop:  what people write: per trial a fresh nn model, `loss.backward()`, `optimizer.step()`, `np.allclose` on each
  of the 15 gradients and 15 updates;
- floor: drawing, the manual equations once, autograd's derivatives and the optimizer's step in the same batches, one
  subtraction and max an equation; no verdicts.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from gradproof import crosscheck
from gradproof.case.project import Project
from gradproof.check.case import Case, load_case
from gradproof.trials.draws import blocks

PROJECT = Project(Path(__file__).resolve().parent.parent)
LOOP_TRIALS = 300


def check(case: Case, trials: int) -> None:
    """The whole check."""
    assert crosscheck(case, trials=trials).ok


def floor(case: Case, trials: int) -> None:
    """Draw, compute both sides, subtract; no verdict."""
    equations = case.derivation.equations
    for block in blocks(trials, [portion.block for portion in case.portions]):
        truth = case.truths[0].evaluate(case.draw(block, 0))
        largest = 0.0
        for equation in equations:
            value = equation.function(*(truth[name] for name in equation.inputs))
            largest = max(largest, float(np.abs(value - truth[equation.quantity]).max()))
        assert largest < 1e-9


def loop(case: Case, trials: int) -> None:
    """A fresh model, a backward pass, a step and thirty `np.allclose` for each trial."""
    by_name, sources = case.derivation.by_name, case.sources
    roots = case.bindings[0].roots
    parameters = [name for name in case.leaf_names if roots[name].path in case.bindings[0].parameters]
    generator = np.random.default_rng(0)
    assert len(parameters) == 15
    for _ in range(trials):
        model = case.references[0].model().double()
        X = torch.from_numpy(generator.standard_normal(2))
        eta = float(np.exp(generator.uniform(np.log(1e-3), 0.0)))
        optimizer = torch.optim.SGD(model.parameters(), lr=eta)
        old = {name: p.detach().clone().numpy() for name, p in model.named_parameters()}
        loss = model(X)
        loss.backward()
        optimizer.step()
        tensors = dict(model.named_parameters())
        known = {name: old[roots[name].path][roots[name].index] for name in parameters}
        known.update(X1=X[0].item(), X2=X[1].item(), eta=eta)
        values: dict[str, float] = {}

        def value(name: str, known: dict = known, values: dict = values) -> float:
            if name in known:
                return known[name]
            if name not in values:
                equation = by_name[name]
                values[name] = equation.function(*(value(i) for i in equation.inputs))
            return values[name]

        for name in parameters:
            place = roots[name]
            assert np.allclose(value(f"dLoss_d{name}"), tensors[place.path].grad.numpy()[place.index])
            assert np.allclose(value(f"{name}_new"), tensors[sources[f"{name}_new"].path].detach().numpy()[place.index])


def rate(function: Callable[[Case, int], None], case: Case, trials: int) -> float:
    """Trials a second of CPU time."""
    start = time.process_time()
    function(case, trials)
    return trials / (time.process_time() - start)


def main() -> None:
    """Take turns, print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    case = load_case("parameter_update_2", project=PROJECT)
    ways = {"check": (check, options.trials), "floor": (floor, options.trials), "loop": (loop, LOOP_TRIALS)}
    for function, trials in ways.values():
        function(case, min(trials, 1000))
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, (function, trials) in ways.items():
            rates[name].append(rate(function, case, trials))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    for name, value in medians.items():
        print(f"{name:6s} {value:12,.0f} trials/s   ({min(rates[name]):,.0f} to {max(rates[name]):,.0f})")
    of_loop = statistics.median(c / one for c, one in zip(rates["check"], rates["loop"], strict=True))
    of_floor = statistics.median(f / c for c, f in zip(rates["check"], rates["floor"], strict=True))
    print(f"check is {of_loop:,.0f} times the loop's throughput and takes {of_floor:.2f} times the floor's time")


if __name__ == "__main__":
    main()
