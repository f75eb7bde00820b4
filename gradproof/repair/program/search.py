"""The smallest edit of a file with which the functions themselves give the truth, found by running them with it.

Which statements come into question is found first: one whose value is moved a little must move a wrong result, and no
right one. The edits of those are tried in the order of their cost; what agrees in the trials of the search is put into
the file's text, and that text, compiled, is run on fresh trials. Where one edit makes only some of the wrong results
right, another one is looked for in the text with it.
"""

from __future__ import annotations

import ast
import copy
import difflib
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gradproof.case.depth import Endless, ending
from gradproof.case.source_text import read_source
from gradproof.repair.budget import CALL, EDIT, LINE, SECOND, Budget
from gradproof.repair.program.chain.inner import Inner, inner_of
from gradproof.repair.program.chain.paths import path_edits, returned_roots, tangent_edits
from gradproof.repair.program.chain.slopes import Slopes
from gradproof.repair.program.dialect import NUMPY, Dialect
from gradproof.repair.program.edit import Band, Edit, default_slots, slots
from gradproof.repair.program.expressions import expression_edits, number_edits
from gradproof.repair.program.insertions import accumulations, insertions
from gradproof.repair.program.judging import Judge, right_in_all
from gradproof.repair.program.parallels import parallels
from gradproof.repair.program.patching import TextFile, edited, typed
from gradproof.repair.program.pool import Pool, counters_of
from gradproof.repair.program.running import Editable, Kept, definitions, traced
from gradproof.repair.program.statements import BESIDE, Place, beside_gradients, places, statement_edits, targets_of

NUDGE = "_nudged_"
ALTERNATIVES = 3
MARGIN = 0.5
"""Edits that cost so much more than the first one found are no longer looked for."""

DEFAULT = 1.5
"""The bits by which another value of a parameter is dearer than another number in a formula: many do by chance."""

ENDLESS, ROOM = 1.0, 10
"""A program with an edit is stopped when it takes a second of processor time and so many times what its runs cost: a
loop may have no end any more."""

UNNAMED = 1.0
"""The bits by which a whole number is dearer for which the function has a variable: the variable may be meant."""

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

    def followed_by(self, other: FileFix) -> FileFix:
        """Both edits as one; the other is of the text that this one leaves."""
        sentence = f"{self.sentence}; at line {other.line}: {other.sentence}"
        mends = tuple(sorted({*self.mends, *other.mends}))
        return replace(self, new=other.new, sentence=sentence, mends=mends, alternatives=())


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
        budget: How much work may be done.
        texts: Texts of files with what has been mended in them already.
        dialect: The words of the library that they are written in.
        for_all: Whether only one edit is looked for that makes all of the wrong results right.
    """

    def __init__(
        self,
        bench: Judge,
        files: Sequence[Path],
        wrong: frozenset[str],
        budget: Budget,
        texts: Mapping[Path, str] | None = None,
        dialect: Dialect = NUMPY,
        *,
        for_all: bool = False,
    ) -> None:
        self.dialect, self._for_all = dialect, for_all
        self.bench, self.files, self.wrong, self.budget = bench, files, wrong, budget
        self.texts = dict(texts or {})
        with self.with_texts(self.texts) as is_run:
            claims = frozenset(bench.claims)
            self.right = right_in_all(bench, bench.trials, claims - wrong) if is_run else frozenset()

    def fix(self) -> FileFix | None:
        """The cheapest edits that make the most wrong results right, and all that were right stay so; two at most."""
        first = self._fix()
        if first is None or first.mends == tuple(sorted(self.wrong)):
            return first
        if self._for_all:
            return None
        rest = self.wrong - set(first.mends)
        second = Search(
            self.bench, self.files, rest, self.budget, {**self.texts, first.path: first.new}, self.dialect
        )._fix()
        return first if second is None or second.path != first.path else first.followed_by(second)

    def _fix(self) -> FileFix | None:
        with warnings.catch_warnings(), self.with_texts(self.texts) as is_run:
            warnings.simplefilter("ignore")  # of what edits look like, and of what they compute
            return self._found() if is_run else None

    def _found(self) -> FileFix | None:
        functions = self._functions()
        kept = Kept(functions)
        found: list[tuple[Editable, Edit, FileFix]] = []
        best = np.inf
        for function, edit in self._edits(functions):
            if self.budget.is_spent or (edit.bits > best + MARGIN and found):
                break
            mended = self._mended(function, edit)
            kept.put_back()
            fix = self._written(function, edit, mended) if mended else None
            if fix is not None:
                if _whole_numbers(edit) & _named_numbers(function) or _fits_a_length(edit, self._shapes):
                    edit = replace(edit, bits=edit.bits + UNNAMED)
                found.append((function, edit, fix))
                if mended == self.wrong:
                    best = min(best, edit.bits)
        if not found:
            return None
        most = max(len(fix.mends) for _, _, fix in found)
        # Of edits alike that comes first which the files have elsewhere, then that where a value is computed before
        # those where it is used, and then the plainest.
        rank = {id(function): number for number, function in enumerate(functions)}
        written_there = self._expressions()
        chosen = sorted(
            (one for one in found if len(one[2].mends) == most),
            key=lambda one: (
                one[1].bits,
                one[1].new is None or ast.unparse(one[1].new) not in written_there,
                rank[id(one[0])],
                _order(one[1]),
                _length(one[1]),
            ),
        )
        fixes = [fix for _, _, fix in chosen]
        others = tuple(dict.fromkeys(f"line {fix.line}: {fix.after}" for fix in fixes[1:] if fix.new != fixes[0].new))
        return replace(fixes[0], alternatives=others[:ALTERNATIVES])

    def _expressions(self) -> frozenset[str]:
        """The operations that the files are made of."""
        trees = [ast.parse(self._text(path)) for path in self.files]
        return frozenset(ast.unparse(n) for tree in trees for n in ast.walk(tree) if isinstance(n, ast.BinOp))

    def inner(self) -> Inner:
        """What is known of the statements that give variables of the backward pass their values."""
        with warnings.catch_warnings(), self.with_texts(self.texts) as is_run:
            warnings.simplefilter("ignore")  # of what is computed on the way
            if not is_run:
                return Inner()
            functions = self._functions()
            return self._inner(self._slopes(functions), functions)

    def _inner(self, slopes: Slopes | None, functions: Sequence[Editable]) -> Inner:
        def moves_right(function: Editable, statement: ast.stmt) -> bool:
            value = getattr(statement, "value", None)
            moved = self._moved(function, statement, value) if value is not None else None
            return moved is None or bool(moved & self.right)

        return inner_of(slopes, functions, moves_right) if slopes is not None else Inner()

    def _slopes(self, functions: Sequence[Editable]) -> Slopes | None:
        """What measures derivatives; None where the program has no loss of its own."""
        known = self.bench.loss(self.bench.trials[0]) is not None
        return Slopes(self.bench, Kept(functions)) if known else None

    def named_numbers(self) -> frozenset[int]:
        """The whole numbers that variables of the program's functions stand for."""
        return frozenset().union(*map(_named_numbers, self._functions()))

    # Where --------------------------------------------------------------------------------------------------------

    def _functions(self) -> tuple[Editable, ...]:
        """The functions of the files that the program calls; and what one run of it costs is known from then on."""
        trial = self.bench.trials[0]
        run = traced(lambda: self.bench.run(trial), self.files, self.texts)
        numbers = sum(np.size(value) for value in trial.inputs.values())
        self._cost = run.steps * (LINE + CALL / 2 + numbers / 16) + 3 * CALL * len(self.bench.claims)
        return run.functions

    def _edits(self, functions: Sequence[Editable]) -> Iterator[tuple[Editable, Edit]]:
        """The edits of all statements that come into question, the likeliest first."""
        modules = {function.path: ast.parse(self._text(function.path)) for function in functions}
        asked: list[tuple[float, Editable, Pool, Place]] = []
        pools: list[tuple[Editable, Pool]] = []
        slopes = self._slopes(functions)
        inner = self._inner(slopes, functions)
        roots = (*inner.roots, *returned_roots(functions, self.bench.returned(self.wrong)))
        paths = list(path_edits(slopes, functions, roots)) if slopes is not None else []
        for function in functions:
            module = modules[function.path]
            owner = function.classes[-1] if function.classes else None
            pool = Pool.of(function.node, module, owner, function.shape, function.value, self.dialect)
            pools.append((function, pool))
            beside = beside_gradients(place.statement for place in places(function.node.body))
            for place in list(places(function.node.body)):
                if place.statement.lineno in function.lines and not place.is_of_while:
                    line = function.path, place.statement.lineno
                    share = self._share(function, place)
                    if share is not None:
                        share += inner.dearer(line) + (BESIDE if place.statement.lineno in beside else 0.0)
                        asked.append((share + self.dialect.dearer(function.node.name), function, pool, place))
        asked.sort(key=lambda one: one[0])
        in_question = {id(place.statement) for _, _, _, place in asked}
        paths += [(f, edit) for f, statement, edit in tangent_edits(functions) if id(statement) in in_question]
        lines = frozenset().union(*(one.lines for one, _ in inner.roots)) if self._for_all else frozenset()
        if lines:
            asked = [one for one in asked if (one[1].path, one[3].statement.lineno) in lines]
        for function in functions:
            own_asked = [place.statement for share, other, _, place in asked if other is function and share <= 0.5]
            if own_asked:
                yield from ((function, edit) for edit in parallels(function.node, modules[function.path], own_asked))
        for band in BANDS:
            yield from (one for one in paths if band.has(one[1].bits))
            for function in functions if not self._for_all else ():
                for slot in default_slots(function.node):
                    for edit in number_edits(slot, Band(band.low - DEFAULT, band.high - DEFAULT), slot.node.lineno):
                        yield function, replace(edit, bits=edit.bits + DEFAULT)
            for function, pool in pools if not self._for_all else ():
                begun = _begun(function.node)
                for place in places(function.node.body) if begun else ():
                    if place.is_last and not place.is_of_while and place.statement.lineno in function.lines:
                        for edit in accumulations(place, begun, pool, band):
                            yield function, edit
            for share, function, pool, place in asked:
                own = Band(band.low - share, band.high - share)
                targets = targets_of(place.statement) if share <= 0.5 else ()
                for edit in (
                    *expression_edits(place.statement, pool, own),
                    *statement_edits(place, pool, own),
                    *insertions(place, targets, pool, own),
                ):
                    yield function, replace(edit, bits=edit.bits + share)

    def _share(self, function: Editable, place: Place) -> float | None:
        """What an edit of a statement costs besides; None where it is out of the question."""
        statement = place.statement
        value = getattr(statement, "value", None)
        if not isinstance(statement, (ast.Assign, ast.AugAssign, ast.Return)) or value is None:
            is_none = self._for_all or isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.Pass))
            return None if is_none else 1.0
        moved = self._moved(function, statement, value)
        if self._for_all:
            return 0.0 if moved and self.wrong <= moved and not moved & self.right else None
        if moved is None:
            return 1.5
        if moved & self.right:
            if not moved & self.wrong:
                return None
            if function.lines[statement.lineno] > 1:
                return 1.0  # what is run for several results may be right for one of them
            return self._share_of_parts(function, statement, value)
        if moved & self.wrong:
            return 0.0
        return 0.5 if not moved else None  # a value that moves nothing may be the one that should

    def _share_of_parts(self, function: Editable, statement: ast.stmt, value: ast.expr) -> float | None:
        """The same of what hands on several values together: one of them may move wrong results alone."""
        parts = value.elts if isinstance(value, ast.Tuple) else value.values if isinstance(value, ast.Dict) else ()
        for part in parts:
            moved = self._moved(function, statement, part)
            if moved and moved & self.wrong and not moved & self.right:
                return 0.5
        return 2.0 if parts else None

    def _moved(self, function: Editable, statement: ast.stmt, part: ast.expr) -> frozenset[str] | None:
        """The results that move when a value of a statement, or a part of it, does; None where the run then fails."""
        slot = next((one for one in slots(statement) if one.node is part), None)
        if slot is None:
            return frozenset()
        plain = ast.BinOp(part, ast.Mult(), ast.Constant(1.0)) if isinstance(statement, ast.AugAssign) else part
        undo = slot.put(ast.Call(ast.Name(NUDGE, ast.Load()), [plain], []))()
        try:
            version = function.compiled()
        finally:
            undo()
        if version is None:
            return frozenset()
        spaces = [one.__globals__ for one in function.functions]
        for space in spaces:
            space[NUDGE] = _nudge
        try:
            before = self.bench.values(self.bench.trials[0])
            with function.exchanged(version):
                after = self.bench.values(self.bench.trials[0])
        finally:
            for space in spaces:
                space.pop(NUDGE, None)
        return frozenset(name for name, value in after.items() if before.get(name) != value) if after else None

    # Whether ------------------------------------------------------------------------------------------------------

    def _mended(self, function: Editable, edit: Edit) -> frozenset[str]:
        """The wrong results that are right with an edit; none where it makes a right one wrong."""
        undo = edit.put()
        try:
            version = function.compiled()
        finally:
            undo()
        self.budget.spend(EDIT + self._cost)
        if version is None:
            return frozenset()
        most = ENDLESS + ROOM * self._cost * len(self.bench.trials) / SECOND
        try:
            with function.exchanged(version), ending(most):
                return self._gained()
        except Endless:
            self.budget.spend(most * SECOND)
            return frozenset()

    def _gained(self) -> frozenset[str]:
        first = self.bench.right(self.bench.trials[0])
        if not self.wrong & first or not self.right <= first:
            return frozenset()
        self.budget.spend(self._cost * (len(self.bench.trials) - 1))
        among = right_in_all(self.bench, self.bench.trials[1:], self.wrong & first | self.right)
        return among & self.wrong if self.right <= among else frozenset()

    @cached_property
    def _shapes(self) -> frozenset[tuple[tuple[int, ...], ...]]:
        """The shapes of the inputs, of all trials."""
        every = (*self.bench.trials, *self.bench.fresh)
        return frozenset(tuple(np.shape(value) for value in trial.inputs.values()) for trial in every)

    # How ----------------------------------------------------------------------------------------------------------

    def _text(self, path: Path) -> str:
        return self.texts.get(path) or read_source(path)

    def _written(self, function: Editable, edit: Edit, mended: frozenset[str]) -> FileFix | None:
        """The fix as the file's text, confirmed with the functions of that text on fresh trials."""
        file = TextFile.read(function.path)
        if function.path in self.texts:
            file = replace(file, text=self.texts[function.path])
        undo = edit.put()
        try:
            tree = copy.deepcopy(function.node)
        finally:
            undo()
        text = edited(file, edit, tree, function.piece)
        if text is None:
            return None
        wanted = mended | self.right
        with self.with_texts({**self.texts, function.path: text}) as is_run:
            if not is_run or right_in_all(self.bench, self.bench.fresh, wanted) != wanted:
                return None
        sizes = 1 if _fits_a_length(edit, self._shapes) else len(self._shapes)
        counts = len(self.bench.trials), len(self.bench.fresh)
        sentence = typed(edit.sentence, file.text)
        return FileFix(function.path, edit.line, file.text, text, sentence, tuple(sorted(mended)), *counts, sizes)

    def gains(self, texts: Mapping[Path, str]) -> frozenset[str]:
        """The wrong results that are right with other texts of files; none where they spoil a right one."""
        with self.with_texts({**self.texts, **texts}) as is_run:
            every = (*self.bench.trials, *self.bench.fresh)
            among = right_in_all(self.bench, every, self.wrong | self.right) if is_run else frozenset()
        return among & self.wrong if self.right <= among else frozenset()

    @contextmanager
    def with_texts(self, texts: Mapping[Path, str]) -> Iterator[bool]:
        """The program with the functions of other texts, for the time of a block; whether those could be made."""
        with ExitStack() as stack:
            yield not texts or self._is_exchanged(texts, stack)

    def _is_exchanged(self, texts: Mapping[Path, str], stack: ExitStack) -> bool:
        try:
            modules = {path: ast.parse(text) for path, text in texts.items()}
        except SyntaxError:
            return False
        run = traced(lambda: self.bench.run(self.bench.trials[0]), list(texts), self.texts)
        for function in run.functions:
            piece, text = function.piece, texts[function.path]
            made = [(piece.function(text), (), ())] if piece else definitions(modules[function.path].body)
            for node, classes, within in made:
                one = Editable(function.path, node, classes, function.functions, within=within)
                if one.name == function.name:
                    version = one.compiled()
                    if version is None:
                        return False
                    stack.enter_context(function.exchanged(version))
        return True


def _fits_a_length(edit: Edit, shapes: Collection[tuple[tuple[int, ...], ...]]) -> bool:
    """Whether an edit puts in a number that may stand for a length, or a part of one, that all trials have."""
    numbers = [node.value for node in ast.walk(edit.new) if isinstance(node, ast.Constant)] if edit.new else []
    whole = [number for number in numbers if isinstance(number, int) and number > 2]
    lengths = set.intersection(*({size for shape in one for size in shape} for one in shapes)) if shapes else set()
    return any(length % number == 0 for number in whole for length in lengths)


def _whole_numbers(edit: Edit) -> frozenset[int]:
    """The whole numbers that an edit puts in."""
    old, new = (
        {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) is int}
        if tree is not None
        else set()
        for tree in (edit.old, edit.new)
    )
    return frozenset(new - old)


def _named_numbers(function: Editable) -> frozenset[int]:
    """The whole numbers for which a function, or its file, has a name."""
    names = {node.id for node in ast.walk(function.node) if isinstance(node, ast.Name)}
    values = [function.value(name) for name in names - set(counters_of(function.node))]
    values += [value for name, value in function.functions[0].__globals__.items() if name.isupper()]
    return frozenset(value for value in values if type(value) is int)


def _order(edit: Edit) -> int:
    """Of edits alike the first line comes first; of statements that are put in the last, nearest to the gradients."""
    return edit.line if edit.old is not None else -edit.line


def _length(edit: Edit) -> int:
    """How long what an edit puts in is: of edits alike the plainest comes first."""
    return len(ast.unparse(edit.new)) if edit.new is not None else 0


def _begun(function: ast.FunctionDef) -> dict[str, bool]:
    """Variables that begin as zeros; and whether something is added to them afterwards."""
    begun, changed = list[str](), set[str]()
    for node in ast.walk(function):
        targets = targets_of(node) if isinstance(node, ast.stmt) else ()
        if isinstance(node, ast.Assign) and "zeros" in ast.unparse(node.value):
            begun += targets
        else:
            changed.update(targets)
    return {name: name in changed for name in begun}


def _nudge(value: Any) -> Any:
    """A value moved a little, each entry by its own share; what is 0 is moved by as much as what is 1."""
    if isinstance(value, tuple):
        return tuple(_nudge(part) for part in value)
    if isinstance(value, list):
        return [_nudge(part) for part in value]
    if isinstance(value, dict):
        return {key: _nudge(part) for key, part in value.items()}
    if isinstance(value, torch.Tensor):
        if value.is_complex():
            return torch.view_as_complex(_nudge(torch.view_as_real(value.resolve_conj())))
        if not value.is_floating_point():
            return value
        array = value.detach().double().numpy()
        return value + torch.from_numpy(_nudge(array) - array).to(value)
    if isinstance(value, (np.ndarray, np.floating, float)) and np.asarray(value).dtype.kind == "f":
        array = np.asarray(value)
        step = 1e-3 * np.cos(1 + np.arange(array.size)).reshape(array.shape)
        return np.where(array == 0, step, array * (1 + step))[()]
    return value
