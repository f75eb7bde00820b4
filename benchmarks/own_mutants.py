"""Whether the harness's own tests would notice a slip in the harness: single edits of the modules that judge.

    python -m benchmarks.own_mutants [--edits 150] [--seed 0] [--only compare] [--seconds 300]

An edit changes one operator, comparison, constant or call of `abs`, `minimum`, `maximum`, `isfinite`, `any`, `all` in
one module. The tests of that module are run on a copy of the package with the edit, until one fails. An edit that no
test notices is printed with its line: it asks for a test, or it changes nothing.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = {
    "check/compare.py": ("tests/check/test_compare.py", "tests/check/test_branches.py"),
    "check/resolution.py": ("tests/check/test_resolution.py", "tests/check/test_branches.py"),
    "check/bounds.py": ("tests/check/test_branches.py", "tests/check/test_crosscheck.py"),
    "check/judging.py": ("tests/check/test_branches.py", "tests/check/test_crosscheck.py"),
    "check/verdicts.py": ("tests/check/test_vacuity.py", "tests/check/test_crosscheck.py"),
    "check/vacuity.py": ("tests/check/test_vacuity.py",),
    "trials/draws.py": ("tests/trials",),
    "proof/identity.py": ("tests/proof",),
    "arrays/bounds": ("tests/arrays/test_branch_bounds.py", "tests/arrays", "tests/check/test_branches.py"),
}
"""The modules that judge, below `gradproof/`, and the tests that must notice a slip in each, the quickest first."""

COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.BitAnd: ast.BitOr}
OPERATORS |= {ast.BitOr: ast.BitAnd}
CALLS = {"minimum": "maximum", "maximum": "minimum", "fmin": "fmax", "any": "all", "all": "any", "max": "min"}
CALLS |= {"min": "max", "argmax": "argmin", "isfinite": "isnan"}
DROPPED = ("abs", "absolute", "magnitude", "settled", "logical_not")


@dataclass(frozen=True)
class Edit:
    """One edit of one module.

    Attributes:
        module: The file.
        line: Its line.
        what: What is changed, in words.
        text: The module's text with the edit.
    """

    module: Path
    line: int
    what: str
    text: str


def edits_of(module: Path) -> Iterator[Edit]:
    """All single edits of a module."""
    source = module.read_text(encoding="utf-8")
    count = sum(1 for _ in ast.walk(ast.parse(source)))
    for place in range(count):
        tree = ast.parse(source)
        node = list(ast.walk(tree))[place]
        if isinstance(node, ast.expr):
            for what, change in _changes(node):
                change()
                yield Edit(module, node.lineno, what, ast.unparse(ast.fix_missing_locations(tree)))


def _changes(node: ast.expr) -> Iterator[tuple[str, Callable[[], None]]]:
    """At most one way in which a slip of the hand changes an expression, in place."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        other = COMPARISONS[type(node.ops[0])]
        yield f"{type(node.ops[0]).__name__} -> {other.__name__}", lambda: node.ops.__setitem__(0, other())
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        swapped = OPERATORS[type(node.op)]
        yield f"{type(node.op).__name__} -> {swapped.__name__}", lambda: setattr(node, "op", swapped())
    elif isinstance(node, ast.BoolOp):
        turned = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield f"{type(node.op).__name__} -> {turned.__name__}", lambda: setattr(node, "op", turned())
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        value = node.value * 2 if node.value else 1
        yield f"{node.value} -> {value}", lambda: setattr(node, "value", value)
    elif isinstance(node, ast.Call):
        yield from _of_call(node)


def _of_call(node: ast.Call) -> Iterator[tuple[str, Callable[[], None]]]:
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in CALLS and isinstance(function, ast.Attribute):
        yield f"{name} -> {CALLS[name]}", lambda: setattr(function, "attr", CALLS[name])
    elif name in DROPPED and node.args and not any(one.arg == "out" for one in node.keywords):
        bare = node.args[0]

        def drop() -> None:
            node.func, node.args, node.keywords = ast.Name("__bare", ast.Load()), [bare], []

        yield f"{name} dropped", drop


def killed(edit: Edit, tests: tuple[str, ...], seconds: float) -> bool | None:
    """Whether a test fails on the package with the edit; None where they do not end in time."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("gradproof", "tests", "manual", "reference", "pyproject.toml"):
            source, target = ROOT / name, Path(folder) / name
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        text = edit.text.replace("__bare(", "(lambda value: value)(")
        (Path(folder) / edit.module.relative_to(ROOT)).write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *tests]
        environment = {**os.environ, "PYTHONPATH": folder, "OMP_NUM_THREADS": "1"}
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return None
        return done.returncode != 0


def modules() -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The modules that judge, each with its tests.

    Raises:
        FileNotFoundError: One of them is not there: the table is stale.
    """
    for name, tests in TESTS.items():
        path = ROOT / "gradproof" / name
        if not path.exists():
            raise FileNotFoundError(path)
        for module in sorted(path.glob("[!_]*.py")) if path.is_dir() else [path]:
            yield module, tests


def main() -> None:
    """Draw edits, run the tests on each, print what survives and the share that is killed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edits", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="only modules whose path has this in it")
    parser.add_argument("--seconds", type=float, default=300.0, help="how long the tests of an edit may take")
    options = parser.parse_args()
    found = [(edit, tests) for module, tests in modules() if options.only in str(module) for edit in edits_of(module)]
    drawn = random.Random(options.seed).sample(found, min(options.edits, len(found)))
    noticed = 0
    for edit, tests in drawn:
        outcome = killed(edit, tests, options.seconds)
        noticed += outcome is True
        if not outcome:
            word = "no answer in time" if outcome is None else "survives"
            print(f"{word}: {edit.module.relative_to(ROOT)}:{edit.line}: {edit.what}", flush=True)
    print(f"{noticed} of {len(drawn)} edits noticed, of {len(found)} possible ones")


if __name__ == "__main__":
    main()
