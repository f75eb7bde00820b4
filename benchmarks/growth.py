"""How the cost of a check grows: with trials, sizes, equations, wrong equations, workers.

    python benchmarks/growth.py [--only NAME]... [--trials N] [--list]

Each line is a process of its own: CPU seconds on one core, peak memory. `plain` is what the same trials cost without a
judgement: the draws, torch's forward pass, autograd and optimizer's step, and the manual equations once; the ratio is
what the verdicts cost beside that. Where no number of trials is given, a case gets its default.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
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


CASES: dict[str, tuple[Callable[[], Any], int | None]] = {
    "document, 10,000": (_document, 10_000),
    "document, 100,000": (_document, 100_000),
    "document, 1,000,000": (_document, 1_000_000),
    "MLP 16-32-10 b16": (_at_sizes("softmax_mlp", 16, 16, 32, 10), None),
    "MLP 64-128-10 b32": (_at_sizes("softmax_mlp", 32, 64, 128, 10), None),
    "MLP 784-512-10 b128": (_at_sizes("softmax_mlp", 128, 784, 512, 10), None),
    "attention 64 x 32": (_at_sizes("attention", 64, 64, 32, 32), None),
    "attention 512 x 64": (_at_sizes("attention", 512, 512, 64, 64), None),
    "conv 4x4x16x16 -> 8": (_at_sizes("conv2d", 4, 4, 8, image=(16, 16), kernel=(3, 3)), None),
    "conv 8x16x32x32 -> 32": (_at_sizes("conv2d", 8, 16, 32, image=(32, 32), kernel=(3, 3)), None),
    "LSTM 10 x 32": (_at_sizes("lstm", 10, 4, 32, 32), None),
    "LSTM 50 x 128": (_at_sizes("lstm", 50, 4, 128, 128), None),
    "100 equations": (_many(100), 200),
    "1,000 equations": (_many(1_000), 200),
    "5,000 equations": (_many(5_000), 30),
    "1,000 equations, 1 wrong": (_many(1_000, 1), 200),
    "1,000 equations, 10 wrong": (_many(1_000, 10), 200),
}


def measured(name: str, trials: int | None) -> dict[str, Any]:
    """One line, in this process."""
    from gradproof.run import crosscheck

    make, usual = CASES[name]
    start = time.process_time()
    case = make()
    load = time.process_time() - start
    start = time.process_time()
    result = crosscheck(case, trials=trials or usual)
    check = time.process_time() - start
    resolutions = [one.resolution for one in result.results if math.isfinite(one.resolution)]
    return {
        "trials": result.trials,
        "load": load,
        "check": check,
        "plain": _plain(case, result.trials),
        "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        "resolution": max(resolutions, default=math.nan),
        "sentence": result.sentence,
    }


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
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.list:
        print("\n".join(CASES))
        return
    lines = {}
    print("| what | trials | load s | check s | plain s | ratio | ms a trial | MB | resolution | verdict |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for name in options.only or CASES:
        one = lines[name] = _alone(name, options.trials)
        ratio, each = one["check"] / one["plain"], 1e3 * one["check"] / one["trials"]
        cells = [name, f"{one['trials']:,}", f"{one['load']:.2f}", f"{one['check']:.2f}", f"{one['plain']:.2f}"]
        cells += [f"{ratio:.1f}", f"{each:.3g}", str(one["MB"]), f"{one['resolution']:.0e}", one["sentence"][:60]]
        print(f"| {' | '.join(cells)} |")
        sys.stdout.flush()
    if options.json:
        options.json.write_text(json.dumps(lines, indent=1))


if __name__ == "__main__":
    main()
