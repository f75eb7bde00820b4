"""How far the word of `check_function` can be trusted: planted mistakes, cheats, random right functions, other rules.

Usage: python -m benchmarks.functions PART ... [--sample N] [--seed N] [--processes N]
Parts: mistakes, cheats, controls, right, rules, cost
(`--sample` bounds the cases of each part; `--processes` repeats cheats and controls in so many new interpreters)

Every case runs in a process of its own with a limit on its time. One that ends the process with status 0 before
anything was said is counted as not caught: a test run would be green.
"""

from __future__ import annotations

import argparse
import inspect
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.nn.functional as F

from benchmarks.function_cases.cheats import cheats
from benchmarks.function_cases.controls import controls
from benchmarks.function_cases.kernels import Kernel
from benchmarks.function_cases.mistakes import NAMED, mistakes
from benchmarks.function_cases.random_right import random_right
from benchmarks.function_cases.rules import RULES
from gradproof import check_function, integers, normal

LIMIT = 60
GATE = {"depth": "gate"} if "depth" in inspect.signature(check_function).parameters else {}


def apart(work: Callable[[], str], limit: int = LIMIT) -> str:
    """What a piece of work says, done in a child process; `ended` or `hung` where it says nothing.

    The limit is of a processor's seconds, so that a busy machine finds the same; ten times that by the clock.
    """
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        torch.set_num_threads(1)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        try:
            said = work()
        except BaseException as error:  # a case that cannot be run is an outcome like another
            said = f"raised {type(error).__name__}: {error}"
        os.write(theirs, said.encode()[:60000])
        os._exit(0)
    os.close(theirs)
    end = time.monotonic() + 10 * limit
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            with os.fdopen(ours, "rb") as pipe:
                return pipe.read().decode() or ("ended" if os.waitstatus_to_exitcode(status) == 0 else "hung")
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(ours)
    return "hung"


def judged(kernel: Kernel, **options: Any) -> str:
    """`passes`, or the report."""
    result = check_function(kernel.call, kernel.reference, kernel.inputs, **options)
    return "passes" if result.ok else "caught\n" + str(result) + "\n" + "\n".join(one.diagnosis for one in result.wrong)


def of_mistakes(sample: int | None) -> None:
    """Planted mistakes: caught, and named."""
    caught, named, every = Counter[str](), Counter[str](), Counter[str]()
    for one in mistakes()[:: 1 if sample is None else max(1, 120 // sample)]:
        said = apart(lambda one=one: judged(one.kernel))
        every[one.kind] += 1
        caught[one.kind] += said.startswith("caught")
        known = said.startswith("caught") and bool(re.search(NAMED[one.kind], diagnoses(said)))
        named[one.kind] += known
        if not said.startswith("caught"):
            print(f"  not caught: {one.kind}: {one.name}: {said.splitlines()[0][:90]}")
        elif not known:
            print(
                f"  not named: {one.kind}: {one.name}: {'; '.join(dict.fromkeys(diagnoses(said).splitlines()))[:120]}"
            )
    for kind, count in every.items():
        print(f"{kind:15} {caught[kind]:3} caught, {named[kind]:3} named, of {count}")
    print(f"mistakes: {caught.total()} caught, {named.total()} named, of {every.total()}", flush=True)


def diagnoses(said: str) -> str:
    """The lines of a report that name a mistake, without its numbers."""
    _first, *rest = said.split("\n")
    return "\n".join(line for line in rest if not line.startswith("    inputs:") and " entry " not in line[:11])


def of_cheats(sample: int | None, seed: int) -> None:
    """Each cheat once; a line for each that passes."""
    passed = []
    for _, name, kernel in list(cheats())[:sample]:
        said = apart(lambda kernel=kernel: judged(kernel, seed=seed, **GATE))
        if not said.startswith("caught"):
            passed.append(name)
            print(f"  not caught: {name}: {said.splitlines()[0][:90]}", flush=True)
    total = len(list(cheats())[:sample])
    print(f"cheats: {total - len(passed)} caught of {total}", flush=True)


def of_controls(sample: int | None, seed: int) -> None:
    """Right functions that look like cheats."""
    accused = 0
    for _, name, kernel in list(controls())[:sample]:
        said = apart(lambda kernel=kernel: judged(kernel, seed=seed, **GATE))
        if said != "passes":
            accused += 1
            print(f"  accused: {name}: " + "\n    ".join(said.splitlines()[:4]))
    print(f"controls: {accused} accused of {len(list(controls())[:sample])}", flush=True)


def of_right(sample: int, seed: int) -> None:
    """False alarms among random right functions."""
    comparisons, alarms = Counter[str](), Counter[str]()
    for number in range(seed, seed + sample):
        function, reference, inputs = random_right(number)
        result = check_function(
            function, reference, inputs, trials=2, seed=number, dtypes=("float32", "bfloat16", "float16")
        )
        for one in result.findings:
            comparisons[one.dtype] += 1
            alarms[one.dtype] += one.verdict == "disagrees"
            if one.verdict == "disagrees":
                print(f"  seed {number}: {one.quantity} {one.dtype} {one.configuration} {one.kind} {one.share:.2f}")
    print(f"right: {dict(alarms)} false alarms in {dict(comparisons)} comparisons", flush=True)


def of_rules(sample: int | None) -> None:
    """What other rules accept of the cheats and refuse of the controls."""
    for rule, accepts in RULES.items():
        caught = Counter[bool]()
        for cases in (cheats(), controls()):
            right = cases.__name__ == "controls"
            for _, _, kernel in list(cases)[:sample]:
                said = apart(
                    lambda kernel=kernel, accepts=accepts: (
                        "accepted" if accepts(kernel.call, kernel.reference, kernel.inputs) else "refused"
                    ),
                    6,
                )
                caught[right] += said not in ("accepted", "ended")
        print(f"rule {rule}: {caught[False]} cheats caught, {caught[True]} controls accused", flush=True)


def _twice(call: Callable[[], Any]) -> float:
    begun = time.process_time()
    call()
    return time.process_time() - begun


def of_cost() -> None:
    """CPU seconds and memory of realistic shapes, each in a process of its own."""

    def layer(x, w, b):
        return F.layer_norm(x, w.shape, w, b)

    shapes = {
        "linear 64 x 64": (F.linear, {"x": normal(64, 64), "w": normal(64, 64), "b": normal(64)}),
        "linear (16, 1024) x (1024, 1024)": (F.linear, {"x": normal(16, 1024), "w": normal(1024, 1024)}),
        "layer norm (512, 4096)": (layer, {"x": normal(512, 4096), "w": normal(4096), "b": normal(4096)}),
        "cross entropy (2048, 32000)": (
            F.cross_entropy,
            {"z": normal(2048, 32000), "t": integers(0, 32000, (2048,))},
        ),
        "attention (2, 8, 512, 64)": (
            F.scaled_dot_product_attention,
            {name: normal(2, 8, 512, 64) for name in "qkv"},
        ),
    }
    for name, (call, inputs) in shapes.items():

        def work(call=call, inputs=inputs) -> str:
            check_function(torch.relu, torch.relu, {"x": normal(3)})  # torch's lazy parts are loaded
            seconds = _twice(lambda: check_function(call, call, inputs))
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            return f"{seconds:.2f} CPU s, {memory:.1f} GiB"

        print(f"cost {name}: {apart(work, 600)}", flush=True)


def repeated(parts: Iterable[str], processes: int, arguments: argparse.Namespace) -> None:
    """Cheats and controls in new interpreters."""
    for number in range(processes):
        command = [sys.executable, "-m", "benchmarks.functions", *parts, "--seed", str(arguments.seed + number)]
        print(
            f"process {number}: " + subprocess.run(command, capture_output=True, text=True, check=False).stdout,
            flush=True,
        )


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="+", choices=["mistakes", "cheats", "controls", "right", "rules", "cost"])
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.processes > 1:
        repeated(arguments.parts, arguments.processes, arguments)
        return
    if "mistakes" in arguments.parts:
        of_mistakes(arguments.sample)
    if "cheats" in arguments.parts:
        of_cheats(arguments.sample, arguments.seed)
    if "controls" in arguments.parts:
        of_controls(arguments.sample, arguments.seed)
    if "right" in arguments.parts:
        of_right(arguments.sample or 150, arguments.seed)
    if "rules" in arguments.parts:
        of_rules(arguments.sample)
    if "cost" in arguments.parts:
        of_cost()


if __name__ == "__main__":
    main()
