"""The smallest edit of a file with which the functions themselves give the truth, found by running them with it.

Which statements come into question is found first: one whose value is moved a little must move a wrong result, and no
right one. The edits of those are tried in the order of their cost; what agrees in the trials of the search is put into
the file's text, and that text, compiled, is run on fresh trials.
"""

from __future__ import annotations

import ast
import copy
import difflib
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from gradproof.case.source_text import read_source
from gradproof.repair.program.edits import Band, Edit, Pool, expression_edits, statement_edits
from gradproof.repair.program.judging import Bench
from gradproof.repair.program.patching import TextFile, edited
from gradproof.repair.program.running import Editable, editable_in

NUDGE = "_nudged_"
ALTERNATIVES = 3
MARGIN = 0.5
"""Edits that cost so much more than the first one found are no longer looked for."""

BANDS = tuple(Band(low, high) for low, high in ((0.0, 4.0), (4.0, 5.0), (5.0, 6.0), (6.0, 6.5), (6.5, 8.0)))


@dataclass(frozen=True)
class FileFix:
    """An edit of a file with which wrong results are right and no right one is wrong.

    Attributes:
        path: The file.
        line: The line of the statement.
        old, new: The file's text before and after.
        sentence: What was wrong.
        mends: The results that it makes right.
        trials, fresh_trials: In how many trials of the search, and in how many others, they are right: in all.
        sizes: At how many sets of sizes.
        alternatives: Other edits that do the same, as lines.
    """

    path: Path
    line: int
    old: str = field(repr=False)
    new: str = field(repr=False)
    sentence: str
    mends: tuple[str, ...]
    trials: int
    fresh_trials: int
    sizes: int
    alternatives: tuple[str, ...] = ()

    @property
    def before(self) -> str:
        """The lines that change, as they are."""
        return _changed(self.old, self.new)[0]

    @property
    def after(self) -> str:
        """The same as they should be."""
        return _changed(self.old, self.new)[1]


def _changed(old: str, new: str) -> tuple[str, str]:
    before, after = [], []
    for line in difflib.ndiff(old.splitlines(), new.splitlines()):
        if line.startswith("- "):
            before.append(line[2:].strip())
        elif line.startswith("+ "):
            after.append(line[2:].strip())
    return "; ".join(before), "; ".join(after) if after else f"# without {'; '.join(before)}"


class Search:
    """One search.

    Args:
        bench: The program, its results and the trials.
        files: The files that may be edited.
        wrong: The results that disagree.
        seconds: How long it may take, in the processor's time.
    """

    def __init__(self, bench: Bench, files: Sequence[Path], wrong: frozenset[str], seconds: float) -> None:
        self.bench, self.files, self.wrong = bench, files, wrong
        self.deadline = time.thread_time() + seconds
        self.right = bench.right_in_all(bench.trials, frozenset(bench.claims) - wrong)

    def fix(self) -> FileFix | None:
        """The cheapest edit that makes the most wrong results right, and all that were right stay so."""
        trial = self.bench.trials[0]
        try:
            functions = editable_in(lambda: self.bench.program.run(trial.inputs), self.files)
        except Exception:  # the user's own code
            return None
        found: list[tuple[Editable, Edit, frozenset[str]]] = []
        best = np.inf
        for function, edit in self._edits(functions):
            if time.thread_time() > self.deadline or (edit.bits > best + MARGIN and found):
                break
            mended = self._mended(function, edit)
            if mended:
                found.append((function, edit, mended))
                if mended == self.wrong:
                    best = min(best, edit.bits)
        if not found:
            return None
        most = max(len(mended) for _, _, mended in found)
        chosen = sorted((one for one in found if len(one[2]) == most), key=lambda one: one[1].bits)
        fixes = [fix for one in chosen[: 2 * ALTERNATIVES] if (fix := self._written(*one)) is not None]
        if not fixes:
            return None
        others = tuple(dict.fromkeys(f"line {fix.line}: {fix.after}" for fix in fixes[1:] if fix.new != fixes[0].new))
        return FileFix(**{**fixes[0].__dict__, "alternatives": others[:ALTERNATIVES]})

    # Where --------------------------------------------------------------------------------------------------------

    def _edits(self, functions: Sequence[Editable]) -> Iterator[tuple[Editable, Edit]]:
        """The edits of all statements that come into question, the likeliest first."""
        asked: list[tuple[float, Editable, Pool, list[ast.stmt], int]] = []
        for function in functions:
            module = ast.parse(read_source(function.path))
            pool = Pool.of(function.node, module, function.classes[-1] if function.classes else None)
            for block, place in list(_blocks(function.node.body)):
                if block[place].lineno in function.lines:
                    share = self._share(function, block, place)
                    if share is not None:
                        asked.append((share, function, pool, block, place))
        asked.sort(key=lambda one: one[0])
        for band in BANDS:
            for share, function, pool, block, place in asked:
                own = Band(band.low - share, band.high - share)
                targets = _targets(block[place]) if share == 0 else ()
                for edit in (
                    *expression_edits(block[place], pool, own),
                    *statement_edits(block, place, pool, targets, own),
                ):
                    yield function, replace(edit, bits=edit.bits + share)

    def _share(self, function: Editable, block: list[ast.stmt], place: int) -> float | None:
        """What an edit of a statement costs besides; None where it is out of the question."""
        statement = block[place]
        value = getattr(statement, "value", None)
        if not isinstance(statement, (ast.Assign, ast.AugAssign, ast.Return)) or value is None:
            return 1.0 if not isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.Pass)) else None
        nudged = ast.Call(ast.Name(NUDGE, ast.Load()), [value], [])
        statement.value = ast.copy_location(nudged, value)
        try:
            code = function.compiled()
        finally:
            statement.value = value
        if code is None:
            return None
        spaces = [one.__globals__ for one in function.functions]
        for space in spaces:
            space[NUDGE] = _nudge
        try:
            before = self.bench.values(self.bench.trials[0])
            with function.exchanged(code):
                after = self.bench.values(self.bench.trials[0])
        finally:
            for space in spaces:
                space.pop(NUDGE, None)
        if not after:
            return 1.5
        moved = {name for name, value in after.items() if before.get(name) != value}
        if moved & self.right:
            # What is handed on together may move a right result through another part of it.
            return 2.0 if isinstance(value, (ast.Tuple, ast.Dict)) and moved & self.wrong else None
        if moved & self.wrong:
            return 0.0
        return 1.0 if not moved else None

    # Whether ------------------------------------------------------------------------------------------------------

    def _mended(self, function: Editable, edit: Edit) -> frozenset[str]:
        """The wrong results that are right with an edit; none where it makes a right one wrong."""
        undo = edit.put()
        try:
            code = function.compiled()
        finally:
            undo()
        if code is None:
            return frozenset()
        with function.exchanged(code):
            return self._gained(self.bench.trials)

    def _gained(self, trials: Sequence[object]) -> frozenset[str]:
        first = self.bench.right(self.bench.trials[0])
        if not self.wrong & first or not self.right <= first:
            return frozenset()
        among = self.bench.right_in_all(self.bench.trials[1:], self.wrong & first | self.right)
        return among & self.wrong if self.right <= among else frozenset()

    # How ----------------------------------------------------------------------------------------------------------

    def _written(self, function: Editable, edit: Edit, mended: frozenset[str]) -> FileFix | None:
        """The fix as the file's text, confirmed with the functions of that text on fresh trials."""
        file = TextFile.read(function.path)
        undo = edit.put()
        try:
            tree = copy.deepcopy(function.node)
        finally:
            undo()
        text = edited(file, edit, tree)
        if text is None or not self.confirms(function, text, mended):
            return None
        line = edit.line
        sizes = len({tuple(np.shape(v) for v in trial.inputs.values()) for trial in self.bench.trials})
        counts = len(self.bench.trials), len(self.bench.fresh)
        return FileFix(function.path, line, file.text, text, edit.sentence, tuple(sorted(mended)), *counts, sizes)

    def gains(self, path: Path, text: str) -> frozenset[str]:
        """The wrong results that are right with another text of a file; none where it spoils a right one."""
        try:
            module = ast.parse(text)
            functions = editable_in(lambda: self.bench.program.run(self.bench.trials[0].inputs), [path])
        except Exception:  # the user's own code, or a text that is none
            return frozenset()
        new = {
            ".".join([*(c.name for c in classes), node.name]): (node, classes) for node, classes in _definitions(module)
        }
        with ExitStack() as stack:
            for function in functions:
                if function.name in new:
                    code = Editable(path, *new[function.name], function.functions).compiled()
                    if code is None:
                        return frozenset()
                    stack.enter_context(function.exchanged(code))
            every = (*self.bench.trials, *self.bench.fresh)
            among = self.bench.right_in_all(every, self.wrong | self.right)
        return among & self.wrong if self.right <= among else frozenset()

    def confirms(self, function: Editable, text: str, mended: frozenset[str]) -> bool:
        """Whether a file's text, with its own function of that name, makes results right on fresh trials."""
        for node, classes in _definitions(ast.parse(text)):
            if ".".join([*(one.name for one in classes), node.name]) == function.name:
                code = Editable(function.path, node, classes, function.functions).compiled()
                if code is None:
                    return False
                with function.exchanged(code):
                    wanted = mended | self.right
                    return self.bench.right_in_all(self.bench.fresh, wanted) == wanted
        return False


def _nudge(value: object) -> object:
    """A value moved a little, each entry by its own share."""
    if isinstance(value, tuple):
        return tuple(_nudge(part) for part in value)
    if isinstance(value, list):
        return [_nudge(part) for part in value]
    if isinstance(value, dict):
        return {key: _nudge(part) for key, part in value.items()}
    if isinstance(value, (np.ndarray, np.floating, float)) and np.asarray(value).dtype.kind == "f":
        array = np.asarray(value)
        return (array * (1 + 1e-3 * np.cos(1 + np.arange(array.size)).reshape(array.shape)))[()]
    return value


def _blocks(body: list[ast.stmt]) -> Iterator[tuple[list[ast.stmt], int]]:
    """Every statement of a function as a block and a place in it, those within loops and conditions too."""
    for place, node in enumerate(list(body)):
        yield body, place
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            continue
        for part in ("body", "orelse", "finalbody"):
            inner = getattr(node, part, None)
            if isinstance(inner, list):
                yield from _blocks(inner)


def _targets(node: ast.stmt) -> tuple[str, ...]:
    """The variables that a statement gives values to."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    found = []
    for target in targets:
        parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
        for part in parts:
            root: ast.expr = part
            while isinstance(root, ast.Subscript):
                root = root.value
            found.append(ast.unparse(root))
    return tuple(dict.fromkeys(found))


def _definitions(tree: ast.AST) -> Iterator[tuple[ast.FunctionDef, tuple[ast.ClassDef, ...]]]:
    def search(
        body: list[ast.stmt], classes: tuple[ast.ClassDef, ...]
    ) -> Iterator[tuple[ast.FunctionDef, tuple[ast.ClassDef, ...]]]:
        for node in body:
            if isinstance(node, ast.FunctionDef):
                yield node, classes
            elif isinstance(node, ast.ClassDef):
                yield from search(node.body, (*classes, node))
            elif isinstance(node, (ast.If, ast.Try, ast.With)):
                yield from search(node.body, classes)

    yield from search(getattr(tree, "body", []), ())
