"""How the cost of a check grows: with trials, sizes, equations, wrong equations, workers.

    python benchmarks/growth.py [--only NAME]... [--trials N] [--list]
    python benchmarks/growth.py --commands [--trials N]

Each line is a process of its own: CPU seconds on one core, peak memory. `plain` is what the same trials cost without a
judgement: the draws, torch's forward pass, autograd and optimizer's step, and the manual equations once. `ratio` is the
whole check, with the probe, the recording and the first trials, which are judged in full, beside that; `further` is
what as many trials again cost beside it, and `wish` what that is to be at most. Where no number of trials is given, a
case gets its default. With --commands: all cases and a campaign by the command line, in one process and in two.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradproof.case.project import Project, load_module

ROOT = Path(__file__).resolve().parent.parent
PROJECT = Project(ROOT)


def _at_sizes(name: str, *sizes: Any, **named: Any) -> Callable[[], Any]:
    """A case of this project with one reference, of these sizes."""

    def make() -> Any:
        from gradproof.check.case import Case
        from gradproof.check.loading import load_derivation

        reference = load_module(ROOT, "reference", name).at_sizes(*sizes, **named)
        return Case(load_derivation(PROJECT, name), (reference,), place=f"reference/{name}.py")

    return make


def _document() -> Any:
    from gradproof.check.case import load_case

    return load_case("parameter_update_2", project=PROJECT)


def _many(equations: int, wrong: int = 0) -> Callable[[], Any]:
    """So many equations of independent neurons."""

    def make() -> Any:
        from gradproof.check.case import load_case

        folder = Path(tempfile.mkdtemp())
        write_neurons(folder, equations // 4, wrong)
        return load_case("many", project=Project(folder))

    return make


def write_neurons(folder: Path, neurons: int, wrong: int = 0) -> None:
    """A project with a case of four equations a neuron; the gradients of the first ones have the wrong sign."""
    manual, names = ['"""Neurons beside each other."""\nimport numpy as np\n'], []
    for k in range(neurons):
        sign = "-" if k < wrong else ""
        manual.append(
            f"\n\ndef Z{k}(w{k}, x{k}):\n    return w{k} * x{k}\n"
            f"\n\ndef A{k}(Z{k}):\n    return np.tanh(Z{k})\n"
            f"\n\ndef dLoss_dZ{k}(A{k}, t{k}):\n    return (A{k} - t{k}) * (1 - A{k}**2)\n"
            f"\n\ndef dLoss_dw{k}(dLoss_dZ{k}, x{k}):\n    return {sign}dLoss_dZ{k} * x{k}\n"
        )
        pairs = (("w", "w"), ("x", "x"), ("t", "t"), ("Z", "z"), ("A", "a"))
        names += [f'"{symbol}{k}": "{path}[{k}]"' for symbol, path in pairs]
    reference = f"""import torch
from torch import nn
from gradproof import Reference, normal


class Neurons(nn.Module):
    def __init__(self):
        super().__init__()
        self.w, self.z, self.a = nn.Parameter(torch.zeros({neurons})), nn.Identity(), nn.Tanh()

    def forward(self, x, t):
        return ((self.a(self.z(self.w * x)) - t) ** 2).sum() / 2


names = {{{", ".join(names)}}}
reference = Reference(model=Neurons, inputs={{"x": normal({neurons}), "t": normal({neurons})}}, symbols=names)
"""
    for place, text in (("manual", "".join(manual)), ("reference", reference)):
        (folder / place).mkdir()
        (folder / place / "many.py").write_text(text)


@dataclass(frozen=True)
class Line:
    """A line of the table.

    Attributes:
        make: The case.
        trials: How many trials; None where the case's size decides.
        wish: How many times the cost of plain computing a further trial may take.
    """

    make: Callable[[], Any]
    trials: int | None = None
    wish: float | None = None


CASES: dict[str, Line] = {
    "document, 10,000": Line(_document, 10_000),
    "document, 100,000": Line(_document, 100_000),
    "document, 1,000,000": Line(_document, 1_000_000),
    "MLP 16-32-10 b16": Line(_at_sizes("softmax_mlp", 16, 16, 32, 10)),
    "MLP 64-128-10 b32": Line(_at_sizes("softmax_mlp", 32, 64, 128, 10), wish=2.5),
    "MLP 784-512-10 b128": Line(_at_sizes("softmax_mlp", 128, 784, 512, 10), wish=3),
    "attention 64 x 32": Line(_at_sizes("attention", 64, 64, 32, 32)),
    "attention 512 x 64": Line(_at_sizes("attention", 512, 512, 64, 64), wish=4),
    "conv 4x4x16x16 -> 8": Line(_at_sizes("conv2d", 4, 4, 8, image=(16, 16), kernel=(3, 3))),
    "conv 8x16x32x32 -> 32": Line(_at_sizes("conv2d", 8, 16, 32, image=(32, 32), kernel=(3, 3)), wish=4),
    "LSTM 10 x 32": Line(_at_sizes("lstm", 10, 4, 32, 32)),
    "LSTM 50 x 128": Line(_at_sizes("lstm", 50, 4, 128, 128), wish=5),
    "100 equations": Line(_many(100), 200),
    "1,000 equations": Line(_many(1_000), 200),
    "5,000 equations": Line(_many(5_000), 30),
    "1,000 equations, 1 wrong": Line(_many(1_000, 1), 200),
    "1,000 equations, 10 wrong": Line(_many(1_000, 10), 200),
}


def measured(name: str, trials: int | None) -> dict[str, Any]:
    """One line, in this process."""
    from gradproof.run import crosscheck

    line = CASES[name]
    start = time.process_time()
    case = line.make()
    load = time.process_time() - start
    start = time.process_time()
    result = crosscheck(case, trials=trials or line.trials)
    check = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    resolutions = [one.resolution for one in result.results if math.isfinite(one.resolution)]
    plain = _plain(case, result.trials)
    return {
        "trials": result.trials,
        "load": load,
        "check": check,
        "plain": plain,
        "further": _further(case, result.trials) / plain if line.wish else math.nan,
        "MB": memory,
        "resolution": max(resolutions, default=math.nan),
        "sentence": result.sentence,
    }


def _further(case: Any, trials: int) -> float:
    """CPU seconds of as many trials again, after those that every check begins with: the probe and what is judged in
    full, whether it has to be or not."""
    from gradproof.check.probing import probe
    from gradproof.check.rounds import Asked, run_rounds
    from gradproof.truth.batching import on_one_thread

    seconds = []
    with on_one_thread():
        probed = probe(case, trials, 0, 1.0)
        for count in (trials, 2 * trials):
            start = time.process_time()
            run_rounds(case, probed, Asked(count, 0, 1.0), lambda done: None)
            seconds.append(time.process_time() - start)
    return seconds[1] - seconds[0]


def _plain(case: Any, trials: int) -> float:
    """CPU seconds of both sides without a judgement."""
    from gradproof.check.probing import probe
    from gradproof.trials.draws import blocks
    from gradproof.truth.batching import on_one_thread

    with on_one_thread():
        evaluators = probe(case, trials, 0, 1.0).evaluators
        start = time.process_time()
        for block in blocks(trials, [portion.block for portion in case.portions]):
            truth = case.truths[block.reference].evaluate(case.draw(block, 0))
            evaluators[block.reference].free_run({name: truth[name] for name in case.starts}, block.count)
        return time.process_time() - start


def whole_runs(trials: int) -> None:
    """Commands as a user types them: all cases with reports, and a campaign, with one process and with two."""
    folder = Path(tempfile.mkdtemp())
    everything = ["check", "--reports", str(folder / "reports")]
    campaign = ["campaign", "parameter_update_2", "--trials", str(trials)]
    runs = {
        "all cases": everything,
        "all cases, -j 2": [*everything, "-j", "2"],
        f"campaign of {trials:,}": [*campaign, "--store", str(folder / "one")],
        f"campaign of {trials:,}, -j 2": [*campaign, "-j", "2", "--store", str(folder / "two")],
    }
    print("| command | CPU s | s on the clock | MB of the largest process |\n| --- | ---: | ---: | ---: |")
    for name, words in runs.items():
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run([sys.executable, "-m", "gradproof", *words], cwd=ROOT, check=True, capture_output=True)
        clock, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        alone = "" if "-j" in words else f"{used:.1f}"  # what other processes have used is not told
        print(f"| {name} | {alone} | {clock:.1f} | {after.ru_maxrss >> 10} |", flush=True)


def _alone(name: str, trials: int | None) -> dict[str, Any]:
    """One line, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return dict(pool.apply(measured, (name, trials)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=list(CASES), metavar="NAME")
    parser.add_argument("--trials", type=int)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--commands", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.list:
        print("\n".join(CASES))
        return
    if options.commands:
        whole_runs(options.trials or 10_000_000)
        return
    lines = {}
    print("| what | trials | load s | check s | plain s | ratio | further | wish | MB | resolution | verdict |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for name in options.only or CASES:
        one = lines[name] = _alone(name, options.trials)
        wish = CASES[name].wish
        cells = [name, f"{one['trials']:,}", f"{one['load']:.2f}", f"{one['check']:.2f}", f"{one['plain']:.2f}"]
        cells += [f"{one['check'] / one['plain']:.1f}", f"{one['further']:.1f}" if wish else "", f"{wish or ''}"]
        cells += [str(one["MB"]), f"{one['resolution']:.0e}", one["sentence"][:60]]
        print(f"| {' | '.join(cells)} |")
        sys.stdout.flush()
    if options.json:
        options.json.write_text(json.dumps(lines, indent=1))


if __name__ == "__main__":
    main()
