"""Whether the harness's own tests would notice a slip in the harness: single edits of the modules that judge.

    python benchmarks/own_mutants.py --into found.jsonl [--edits 150] [--seed 0] [--only compare] [--seconds 300]

An edit changes one operator, comparison, constant or call of `abs`, `minimum`, `maximum`, `isfinite`, `any`, `all` in
one module. The tests of that module are run on the package with the edit, the quickest first, until one fails. An edit
that no test notices is printed with its line: it asks for a test, or it changes nothing. What was found is appended to
a file, and a later run goes on where that file ends.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import random
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path

import pytest

for heavy in ("torch", "torch.fx", "torch._subclasses.fake_tensor", "pandas", "numpy"):
    importlib.import_module(
        heavy
    )  # once for all edits; nothing of gradproof, and no plugin of pytest, may be imported here

ROOT = Path(__file__).resolve().parent.parent
CHECK, ARRAYS, PROOF = "tests/check/test_", "tests/arrays/test_", "tests/proof/test_proof_"
BRANCHES, RESOLUTION, VERDICT = f"{CHECK}branches.py", f"{CHECK}resolution.py", f"{CHECK}verdict.py"
RUNS = (f"{CHECK}overflow.py", f"{CHECK}drawn_indices.py", f"{CHECK}screening.py")
TESTS = {
    "check/compare.py": (f"{CHECK}compare.py", RESOLUTION, VERDICT, BRANCHES, *RUNS),
    "check/facts/resolution.py": (RESOLUTION, VERDICT, BRANCHES, *RUNS),
    "check/bounds": (RESOLUTION, BRANCHES, *RUNS),
    "check/judging.py": (RESOLUTION, BRANCHES, *RUNS),
    "check/verdicts.py": (VERDICT, RESOLUTION, f"{CHECK}vacuity.py", BRANCHES, *RUNS),
    "check/vacuity.py": (f"{CHECK}vacuity.py", BRANCHES, *RUNS),
    "trials/draws.py": ("tests/trials",),
    "proof/identity.py": (f"{PROOF}edges.py", f"{PROOF}identities.py"),
    "arrays/bounds": (
        *(f"{ARRAYS}{name}.py" for name in ("branch_bounds", "partial_bounds", "equal_values_sorted", "contraction")),
        BRANCHES,
        f"{ARRAYS}bound_array.py",
    ),
}
"""The modules that judge, below `gradproof/`, and the tests that must notice a slip in each, the quickest first."""

COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.BitAnd: ast.BitOr}
OPERATORS |= {ast.BitOr: ast.BitAnd}
CALLS = {"minimum": "maximum", "maximum": "minimum", "fmin": "fmax", "any": "all", "all": "any", "max": "min"}
CALLS |= {"min": "max", "argmax": "argmin", "isfinite": "isnan"}
DROPPED = ("abs", "absolute", "magnitude", "settled", "logical_not")


CONTROL = "no edit"
"""With it the tests pass, or nothing that is found of them means anything."""

PROFILE = "one failure"
"""The name of the settings that Hypothesis has meanwhile."""

BROKEN = 70
"""The exit status of a child that did not come to its end."""


@dataclass(frozen=True)
class Edit:
    """One edit of one module.

    Attributes:
        module: The file.
        line, column: Where.
        what: What is changed, in words.
        place, number: Which node of the module's tree, and which of its changes.
    """

    module: Path
    line: int
    column: int
    what: str
    place: int
    number: int

    @property
    def text(self) -> str:
        """The module's text with the edit."""
        tree = ast.parse(self.module.read_text(encoding="utf-8"))
        node = list(ast.walk(tree))[self.place]
        assert isinstance(node, ast.expr)
        list(_changes(node))[self.number][1]()
        return ast.unparse(ast.fix_missing_locations(tree)).replace("__bare(", "(lambda value: value)(")

    @property
    def name(self) -> str:
        """The place and the change, in one line."""
        return f"{self.module.relative_to(ROOT).as_posix()}:{self.line}:{self.column}: {self.what}"


def edits_of(module: Path) -> Iterator[Edit]:
    """All single edits of a module."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    for place, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.expr):
            for number, (what, _) in enumerate(_changes(node)):
                yield Edit(module, node.lineno, node.col_offset, what, place, number)


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


def verdict(edit: Edit, tests: tuple[str, ...], seconds: float) -> str:
    """`noticed` where a test fails on the package with the edit, `survives`, or `no answer`: they do not end in time.

    The tests run in a child of this process, so that torch and pytest are imported once for all edits.
    """
    child = os.fork()
    if not child:
        status = BROKEN
        try:
            status = _tried(edit, tests, seconds)
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "no answer" if os.WTERMSIG(status) == signal.SIGXCPU else "noticed"
    return {0: "survives", 1: "noticed", 2: "noticed"}.get(os.WEXITSTATUS(status), "the tests could not be run")


def _tried(edit: Edit, tests: tuple[str, ...], seconds: float) -> int:
    """In the child: pytest's exit status with the edited module in the place of the real one."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(_spent() + seconds), resource.RLIM_INFINITY))
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    name = ".".join(edit.module.relative_to(ROOT).with_suffix("").parts)
    if edit.what != CONTROL:
        sys.meta_path.insert(0, _Edited(name, edit.module, edit.text))
    os.chdir(ROOT)
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(  # the tests' own, but the first example that fails is enough: none smaller is looked for
        PROFILE,
        derandomize=True,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        phases=(Phase.explicit, Phase.generate),
    )
    options = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", f"--hypothesis-profile={PROFILE}"]
    return int(pytest.main([*options, "-W", "ignore::pytest.PytestAssertRewriteWarning", *tests]))


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime + 1


class _Edited(MetaPathFinder, SourceLoader):
    """Finds one module, with another text than its file has."""

    def __init__(self, name: str, path: Path, text: str) -> None:
        self.name, self.path, self.text = name, path, text

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """The edited module, by its full name."""
        return spec_from_file_location(fullname, self.path, loader=self) if fullname == self.name else None

    def get_filename(self, fullname: str) -> str:
        """The file that it stands for."""
        return str(self.path)

    def get_data(self, path: str) -> bytes:
        """The edited text; nothing that was compiled before."""
        if path.endswith(".pyc"):
            raise OSError(path)
        return self.text.encode()


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
    """Draw edits, run the tests on those that the file does not know, print what survives and the share noticed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edits", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="only modules whose path has this in it")
    parser.add_argument("--into", type=Path, required=True, help="where results are kept, a line each")
    parser.add_argument("--seconds", type=float, default=300.0, help="processor time of this slice")
    parser.add_argument("--each", type=float, default=120.0, help="how long the tests of an edit may take")
    parser.add_argument("--again", action="store_true", help="try those again that survived")
    options = parser.parse_args()
    found = [(edit, tests) for module, tests in modules() if options.only in str(module) for edit in edits_of(module)]
    drawn = random.Random(options.seed).sample(found, min(options.edits, len(found)))
    lines = options.into.read_text(encoding="utf-8").splitlines() if options.into.exists() else []
    known = {line["edit"]: line["verdict"] for line in map(json.loads, lines)}
    with options.into.open("a", encoding="utf-8") as file:
        for edit, tests in drawn:
            if children() > options.seconds:
                break
            for one in (Edit(ROOT / tests[0], 0, 0, CONTROL, 0, 0), edit):
                if known.get(one.name) in (
                    (None, "survives", "no answer") if options.again and one is edit else (None,)
                ):
                    known[one.name] = verdict(one, tests, options.each)
                    file.write(json.dumps({"edit": one.name, "verdict": known[one.name]}) + "\n")
                    file.flush()
                if one is not edit and known[one.name] != "survives":
                    raise SystemExit(f"without an edit {known[one.name]}: {' '.join(tests)}")
    tried = {edit.name: known[edit.name] for edit, _ in drawn if edit.name in known}
    for name, word in tried.items():
        if word != "noticed":
            print(f"{word}: {name}")
    noticed = sum(word == "noticed" for word in tried.values())
    print(f"{noticed} of {len(tried)} edits noticed; {len(drawn)} drawn of {len(found)} possible ones")


def children() -> float:
    """The processor time of the tests so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
