"""How far the word of `check_function` can be trusted: planted mistakes, cheats, random right functions, other rules.

Usage: python -m benchmarks.functions PART ... [--sample N] [--seed N] [--rounds N] [--seconds N] [--record FILE]
Parts: mistakes, cheats, controls, right, scales, rules, cost
(`--sample` bounds the cases of each part; `--rounds` repeats cheats and controls with so many seeds. With `--record`
what a case said is kept in a file and is not asked again, and after `--seconds` no further case is begun: a long
battery is done in several turns, each of which says how many cases are left.)

Every case runs in a process of its own with a limit on its time. One that ends the process with status 0 before
anything was said is counted as not caught: a test run would be green.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import re
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from benchmarks.function_cases.cheats import cheats
from benchmarks.function_cases.controls import controls
from benchmarks.function_cases.kernels import KERNELS, Kernel
from benchmarks.function_cases.mistakes import NAMED, mistakes
from benchmarks.function_cases.random_right import random_right
from benchmarks.function_cases.record import Record
from benchmarks.function_cases.rules import RULES
from gradproof import check_function, integers, normal
from gradproof.case.kinds import Normal

LIMIT = 60
GATE_LIMIT = 120


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


def of_mistakes(sample: int | None, record: Record) -> None:
    """Planted mistakes: caught, and named."""
    caught, named, every = Counter[str](), Counter[str](), Counter[str]()
    chosen = mistakes()[:: 1 if sample is None else max(1, 120 // sample)]
    for one in chosen:
        said = record.of("mistakes", f"{one.kind}: {one.name}", 0, lambda one=one: apart(lambda: judged(one.kernel)))
        if said is None:
            continue
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
    print(
        f"mistakes: {caught.total()} caught, {named.total()} named, of {every.total()}; "
        f"{len(chosen) - every.total()} left",
        flush=True,
    )


def diagnoses(said: str) -> str:
    """The lines of a report that name a mistake, without its numbers."""
    _first, *rest = said.split("\n")
    return "\n".join(line for line in rest if not line.startswith("    inputs:") and " entry " not in line[:11])


Cases = Callable[[], Iterable[tuple[str, str, Kernel]]]


def _gated(part: str, cases: Cases, sample: int | None, seeds: range, record: Record) -> Iterable[tuple[str, int, str]]:
    """What the gate says of each case under each seed, each in a process of its own; ends with what is left."""
    done, chosen = 0, list(cases())[:sample]
    for seed in seeds:
        for _, name, kernel in chosen:
            said = record.of(
                part,
                name,
                seed,
                lambda kernel=kernel, seed=seed: apart(lambda: judged(kernel, seed=seed, depth="gate"), GATE_LIMIT),
            )
            if said is not None:
                done += 1
                yield name, seed, said
    print(f"{part}: {done} of {len(chosen) * len(seeds)} done in {len(seeds)} rounds of {len(chosen)}", flush=True)


def of_cheats(sample: int | None, seeds: range, record: Record) -> None:
    """Each cheat once for each seed; a line for each that passes."""
    passed = 0
    for name, seed, said in _gated("cheats", cheats, sample, seeds, record):
        if not said.startswith("caught"):
            passed += 1
            print(f"  not caught (seed {seed}): {name}: {said.splitlines()[0][:90]}", flush=True)
    print(f"cheats: {passed} not caught", flush=True)


def of_controls(sample: int | None, seeds: range, record: Record) -> None:
    """Right functions that look like cheats."""
    accused = 0
    for name, seed, said in _gated("controls", controls, sample, seeds, record):
        if said != "passes":
            accused += 1
            print(f"  accused (seed {seed}): {name}: " + "\n    ".join(said.splitlines()[:4]))
    print(f"controls: {accused} accused", flush=True)


def of_right(sample: int, seed: int, record: Record) -> None:
    """False alarms among random right functions."""
    comparisons, alarms = Counter[str](), Counter[str]()
    checked = 0
    for number in range(seed, seed + sample):

        def work(number=number) -> str:
            function, reference, inputs = random_right(number)
            result = check_function(
                function, reference, inputs, trials=2, seed=number, dtypes=("float32", "bfloat16", "float16")
            )
            counts = Counter(one.dtype for one in result.findings)
            wrong = [
                f"{one.dtype}: {one.quantity} {one.configuration} {one.kind} {one.share:.2f}" for one in result.wrong
            ]
            return json.dumps([counts, wrong])

        said = record.of("right", "random", number, work)
        if said is None:
            continue
        checked += 1
        counts, wrong = json.loads(said)
        comparisons.update(counts)
        alarms.update(one.partition(":")[0] for one in wrong)
        for one in wrong:
            print(f"  seed {number}: {one}")
    print(
        f"right: {alarms.total()} false alarms in {comparisons.total()} comparisons {dict(comparisons)} "
        f"of {checked} functions",
        flush=True,
    )


SCALES = (1e-3, 1.0, 30.0)


def scaled(inputs: Callable[..., dict[str, Any]], scale: float) -> Callable[..., dict[str, Any]]:
    """The same inputs, those that are normal so many times as large."""

    @functools.wraps(inputs)
    def larger(**sizes: int) -> dict[str, Any]:
        named = inputs(**sizes)
        return {n: replace(d, std=d.std * scale) if isinstance(d, Normal) else d for n, d in named.items()}

    return larger


def of_scales(sample: int | None, record: Record) -> None:
    """The right kernels at several scales of their inputs, in all dtypes."""
    for scale in SCALES:
        outcomes = Counter[str]()
        for name, kernel in list(KERNELS.items())[:sample]:

            def work(kernel=kernel, scale=scale) -> str:
                result = check_function(
                    kernel.call, kernel.reference, scaled(kernel.inputs, scale), trials=2, edges=False
                )
                overflows = any("overflow" in one.sentence or "infinite" in one.sentence for one in result.findings)
                if result.ok:
                    return "clean, overflow named" if overflows else "clean"
                return f"accused\n{result}" if result.wrong else f"inconclusive\n{result}"

            said = record.of("scales", f"{name} at {scale:g}", 0, lambda work=work: apart(work))
            if said is None:
                continue
            outcome, _, report = said.partition("\n")
            outcomes[outcome] += 1
            if report:
                print(f"  {name} at {scale:g}: {outcome}: {report[:400]}")
        print(f"scale {scale:g}: {dict(outcomes)}", flush=True)


def of_rules(sample: int | None, record: Record) -> None:
    """What other rules accept of the cheats and refuse of the controls."""
    for rule, accepts in RULES.items():
        caught, done = Counter[str](), Counter[str]()
        for part, cases in (("cheats", cheats), ("controls", controls)):
            for _, name, kernel in list(cases())[:sample]:
                said = record.of(
                    f"rule {rule}",
                    f"{part}: {name}",
                    0,
                    lambda kernel=kernel, accepts=accepts: apart(
                        lambda: "accepted" if accepts(kernel.call, kernel.reference, kernel.inputs) else "refused", 6
                    ),
                )
                if said is not None:
                    done[part] += 1
                    caught[part] += said not in ("accepted", "ended")
        print(
            f"rule {rule}: {caught['cheats']} of {done['cheats']} cheats caught, "
            f"{caught['controls']} of {done['controls']} controls accused",
            flush=True,
        )


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
            seconds = _twice(lambda: check_function(call, call, inputs))
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            return f"{seconds:.2f} CPU s, {memory:.1f} GiB"

        print(f"cost {name}: {apart(work, 600)}", flush=True)


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "parts", nargs="+", choices=["mistakes", "cheats", "controls", "right", "scales", "rules", "cost"]
    )
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--record", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    check_function(F.softplus, lambda x: x.exp().log1p(), {"x": normal(2, 3)})  # what is loaded late, once for all
    record = Record(arguments.record, arguments.seconds)
    seeds = range(arguments.seed, arguments.seed + arguments.rounds)
    if "mistakes" in arguments.parts:
        of_mistakes(arguments.sample, record)
    if "controls" in arguments.parts:
        of_controls(arguments.sample, seeds, record)
    if "cheats" in arguments.parts:
        of_cheats(arguments.sample, seeds, record)
    if "right" in arguments.parts:
        of_right(arguments.sample or 150, arguments.seed, record)
    if "scales" in arguments.parts:
        of_scales(arguments.sample, record)
    if "rules" in arguments.parts:
        of_rules(arguments.sample, record)
    if "cost" in arguments.parts:
        of_cost()


if __name__ == "__main__":
    main()
