"""Whether the harness's own tests would notice a slip in the harness: single edits of the modules that judge.

    python benchmarks/own_mutants.py --into found.jsonl [--edits 150] [--seed 0] [--only compare] [--seconds 300]

An edit changes one operator, comparison, constant or call of `abs`, `minimum`, `maximum`, `isfinite`, `any`, `all` in
one module. First all tests are run once on the package as it is, and which of them run which line is kept beside the
results (`FILE.reach`). Then those that run the edited line are run on the package with the edit, the quickest first,
until one fails. An edit that no test notices is printed with its line: it asks for a test, or it changes nothing. What
was found is appended to a file, and a later run goes on where that file ends.
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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path

import coverage
import pytest

for heavy in ("torch", "torch.fx", "torch._subclasses.fake_tensor", "pandas", "numpy"):
    importlib.import_module(
        heavy
    )  # once for all edits; nothing of gradproof, and no plugin of pytest, may be imported here

ROOT = Path(__file__).resolve().parent.parent
MODULES = (
    *("check/compare.py", "check/facts/resolution.py", "check/bounds", "check/judging.py", "check/verdicts.py"),
    *("check/vacuity.py", "trials/draws.py", "proof/identity.py", "arrays/bounds"),
)
"""The modules that judge, below `gradproof/`."""

CHECK = ("compare", "resolution", "verdict", "branches", "overflow", "drawn_indices", "screening", "vacuity")
TESTS = (
    *(f"tests/check/test_{name}.py" for name in CHECK),
    *("tests/trials", "tests/arrays", "tests/proof/test_proof_edges.py", "tests/proof/test_proof_identities.py"),
)
"""The tests that must notice a slip in one of them."""

COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.BitAnd: ast.BitOr}
OPERATORS |= {ast.BitOr: ast.BitAnd}
CALLS = {"minimum": "maximum", "maximum": "minimum", "fmin": "fmax", "any": "all", "all": "any", "max": "min"}
CALLS |= {"min": "max", "argmax": "argmin", "isfinite": "isnan"}
DROPPED = ("abs", "absolute", "magnitude", "settled", "logical_not")


PROFILE = "one failure"
"""The name of the settings that Hypothesis has meanwhile."""

NOTICED = 1
"""The exit status of pytest where a test fails."""

BROKEN = 70
"""The exit status of a child that did not come to its end."""


@dataclass(frozen=True)
class Edit:
    """One edit of one module.

    Attributes:
        module: The file.
        line, column, end: Where it begins, and its last line.
        what: What is changed, in words.
        place, number: Which node of the module's tree, and which of its changes.
    """

    module: Path
    line: int
    column: int
    end: int
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
    """All single edits of a module; none of an annotation, which nothing runs."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    annotations = [getattr(node, name, None) for node in ast.walk(tree) for name in ("annotation", "returns")]
    idle = {id(inner) for one in annotations if one is not None for inner in ast.walk(one)}
    for place, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.expr) and id(node) not in idle:
            for number, (what, _) in enumerate(_changes(node)):
                yield Edit(module, node.lineno, node.col_offset, node.end_lineno or node.lineno, what, place, number)


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


class Reach:
    """Which tests run which lines, and how long each takes: a plugin of the pytest that it watches."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.coverage = coverage.Coverage(data_file=None, include=[str(module) for module in modules()])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Note the lines of one test under its name."""
        self.coverage.switch_context(item.nodeid)
        before = _spent()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = _spent() - before

    def watch(self, into: Path) -> int:
        """Run all tests, write down what they reach, and say whether they pass."""
        self.coverage.start()
        status = _run(TESTS, plugins=[self])
        self.coverage.stop()
        data = self.coverage.get_data()
        files = {Path(file).relative_to(ROOT).as_posix(): file for file in data.measured_files()}
        lines = {name: data.contexts_by_lineno(file) for name, file in files.items()}
        into.write_text(json.dumps({"seconds": self.seconds, "lines": lines}), encoding="utf-8")
        return status


@dataclass(frozen=True)
class Reached:
    """What was written down of a watched run."""

    seconds: dict[str, float]
    lines: dict[str, dict[str, list[str]]]

    def tests_of(self, edit: Edit) -> list[str]:
        """The tests that run the edited expression, the quickest first; all of the module where it is run at import."""
        lines = self.lines.get(edit.module.relative_to(ROOT).as_posix(), {})
        found = {test for line in range(edit.line, edit.end + 1) for test in lines.get(str(line), [])}
        if "" in found:
            found = {test for tests in lines.values() for test in tests if test}
        return sorted(found, key=self.seconds.__getitem__)


def verdict(edit: Edit, tests: list[str], seconds: float) -> str:
    """`noticed` where a test fails on the package with the edit, `survives`, or `no answer`: not in time."""
    status = apart(lambda: _tried(edit, tests, seconds)) if tests else 0
    if status < 0:
        return "no answer" if -status == signal.SIGXCPU else "noticed"
    return {0: "survives", 1: "noticed", 2: "noticed"}.get(status, "the tests could not be run")


def apart(run: Callable[[], int]) -> int:
    """What `run` says in a child of this process, so that torch and pytest are imported once for all; -N: signal N."""
    child = os.fork()
    if not child:
        status = BROKEN
        try:
            status = run()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _tried(edit: Edit, tests: list[str], seconds: float) -> int:
    """pytest's exit status with the edited module in the place of the real one."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(_spent() + seconds) + 1, resource.RLIM_INFINITY))
    edited = _Edited(edit)
    sys.meta_path.insert(0, edited)
    try:
        importlib.import_module(edited.name)  # before pytest, which would read it from its file to rewrite its asserts
    except Exception:  # an edit that the package cannot be imported with
        return NOTICED
    return _run(tests)


def _run(tests: Sequence[str], plugins: Sequence[object] = ()) -> int:
    """pytest's exit status, in silence; of a hypothesis that fails no smaller example is looked for."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    os.chdir(ROOT)
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        PROFILE,
        derandomize=True,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        phases=(Phase.explicit, Phase.generate),
    )
    options = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", f"--hypothesis-profile={PROFILE}"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return int(pytest.main([*options, *tests], plugins=list(plugins)))


def _spent() -> float:
    """The processor time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class _Edited(MetaPathFinder, SourceLoader):
    """Finds one module, with another text than its file has."""

    def __init__(self, edit: Edit) -> None:
        self.name = ".".join(edit.module.relative_to(ROOT).with_suffix("").parts)
        self.path, self.text = edit.module, edit.text

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


def modules() -> Iterator[Path]:
    """The modules that judge.

    Raises:
        FileNotFoundError: One of them is not there: the table is stale.
    """
    for name in MODULES:
        path = ROOT / "gradproof" / name
        if not path.exists():
            raise FileNotFoundError(path)
        yield from sorted(path.glob("[!_]*.py")) if path.is_dir() else [path]


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
    reach = options.into.with_suffix(".reach")
    if not reach.exists() and apart(lambda: Reach().watch(reach)):
        reach.unlink(missing_ok=True)
        raise SystemExit("without an edit the tests do not pass")
    reached = Reached(**json.loads(reach.read_text(encoding="utf-8")))
    found = [edit for module in modules() if options.only in str(module) for edit in edits_of(module)]
    drawn = random.Random(options.seed).sample(found, min(options.edits, len(found)))
    lines = options.into.read_text(encoding="utf-8").splitlines() if options.into.exists() else []
    known = {line["edit"]: line["verdict"] for line in map(json.loads, lines)}
    untold = (None, "survives", "no answer") if options.again else (None,)
    with options.into.open("a", encoding="utf-8") as file:
        for edit in drawn:
            if children() > options.seconds:
                break
            if known.get(edit.name) in untold:
                tests = reached.tests_of(edit)
                known[edit.name] = verdict(edit, tests, options.each)
                file.write(json.dumps({"edit": edit.name, "verdict": known[edit.name], "tests": len(tests)}) + "\n")
                file.flush()
    tried = {edit.name: known[edit.name] for edit in drawn if edit.name in known}
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
