"""Trying edits of a long body fast: what stands before the edited statement is run once, not for each of them."""

from __future__ import annotations

import ast
import bisect
import copy
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import Any

import numpy as np

from gradproof.repair.code.running import Counter, EndlessLoop, Trial, counted
from gradproof.repair.code.source import Source
from gradproof.repair.formulas.rewrite import Span, substituted

_RESULT, _EDITED = "__result__", "__edited__"
_GLOBALS = ast.Call(ast.Name("globals", ast.Load()), [], [])


@dataclass(frozen=True)
class Resuming:
    """The body of an equation's function in one trial.

    Attributes:
        source: The function.
        space: A namespace with a counter.
        counter: The counter.
        trial: The trial.
    """

    source: Source
    space: Mapping[str, Any]
    counter: Counter
    trial: Trial

    def refutes(self, spans: Sequence[Span], added: Sequence[str]) -> bool:
        """Whether an edit surely does not give the truth in the trial; false where that cannot be told here.

        Args:
            spans: The edit of the text.
            added: Quantities that it reads and that are no parameters.
        """
        number = self._statement(spans)
        if number is None or self._before is None or number >= len(self._before):
            return False
        node = self.source.function.body[number]
        inner = _innermost(self.source, node, spans)
        start = self.source.start(inner)
        moved = [Span(span.start - start, span.end - start, span.text) for span in spans]
        indent = " " * inner.col_offset
        text = indent + substituted(self.source.text[start : self.source.end(inner)], moved)
        try:
            edited = _compiled_text(text, inner)
        except SyntaxError:
            return True
        first = edited if inner is node else self._around(number, inner)
        names = self._before[number]
        names = _copied({**names, **{name: np.array(self.trial.values[name])[()] for name in added}})
        return not self.trial.allows(
            self._result({**self.space, **names, _EDITED: edited}, [first, *self._codes[number + 1 :]])
        )

    def _statement(self, spans: Sequence[Span]) -> int | None:
        """The number of the one statement that holds an edit."""
        first, last = min(span.start for span in spans), max(span.end for span in spans)
        number = bisect.bisect_right(self._starts, first) - 1
        return number if number >= 0 and last <= self.source.end(self.source.function.body[number]) else None

    @cached_property
    def _starts(self) -> list[int]:
        return [self.source.line_start(node) for node in self.source.function.body]

    def _around(self, number: int, inner: ast.stmt) -> CodeType:
        """A statement in which the place of one that it holds runs whatever is put there."""
        if inner.lineno not in self._holes:
            whole = copy.deepcopy(self.source.function.body[number])
            call = ast.Call(ast.Name("exec", ast.Load()), [ast.Name(_EDITED, ast.Load()), _GLOBALS], [])
            for holder in ast.walk(whole):
                for part in ("body", "orelse"):
                    body = getattr(holder, part, [])
                    for index, node in enumerate(body if isinstance(body, list) else []):
                        if (node.lineno, node.col_offset) == (inner.lineno, inner.col_offset):
                            body[index] = ast.copy_location(ast.Expr(call), node)
            self._holes[inner.lineno] = _compiled([whole])
        return self._holes[inner.lineno]

    @cached_property
    def _holes(self) -> dict[int, CodeType]:
        return {}

    @cached_property
    def _codes(self) -> list[CodeType]:
        return [_compiled([copy.deepcopy(node)]) for node in self.source.function.body]

    @cached_property
    def _before(self) -> list[dict[str, Any]] | None:
        """The local names before each statement; None where the body can be left before its end."""
        body = self.source.function.body
        returns = [node for node in ast.walk(self.source.function) if isinstance(node, (ast.Return, ast.Yield))]
        if len(returns) != 1 or returns[0] is not body[-1]:
            return None
        names = {a.arg: np.array(self.trial.values[a.arg])[()] for a in self.source.function.args.args}
        found = [_copied(names)]
        space = {**self.space, **names}
        hidden = {"__builtins__", *self.space} - set(names)
        for code in self._codes[:-1]:
            if self._failed(space, code):
                break
            found.append(_copied({key: value for key, value in space.items() if key not in hidden}))
        return found

    def _failed(self, space: dict[str, Any], code: CodeType) -> bool:
        self.counter.turns = 0
        try:
            with np.errstate(all="ignore"):
                exec(code, space)  # the user's own statement
        except (Exception, EndlessLoop):  # whatever it raises, nothing after it runs
            return True
        return False

    def _result(self, space: dict[str, Any], codes: Sequence[CodeType]) -> Any:
        return None if any(self._failed(space, code) for code in codes) else space.get(_RESULT)


def _innermost(source: Source, node: ast.stmt, spans: Sequence[Span]) -> ast.stmt:
    """The assignment in a loop that holds an edit; the statement itself where there is none."""
    first, last = min(span.start for span in spans), max(span.end for span in spans)
    if isinstance(node, ast.For):
        for part in ast.walk(node):
            if not isinstance(part, (ast.Assign, ast.AugAssign)):
                continue
            if source.start(part) <= first and last <= source.end(part):
                return part
    return node


def _compiled_text(text: str, node: ast.stmt) -> CodeType:
    """The edited text of a statement as code.

    Raises:
        SyntaxError: It is no statement.
    """
    if isinstance(node, (ast.Assign, ast.AugAssign)):
        return compile(text.lstrip(), "<edited>", "exec")
    return _compiled(ast.parse(textwrap.dedent(text)).body)


def _compiled(body: list[ast.stmt]) -> CodeType:
    """Statements, which are changed, as code that leaves what they return in a name."""
    made = []
    for node in body:
        if isinstance(node, ast.Return):
            value = node.value if node.value is not None else ast.Constant(None)
            node = ast.copy_location(ast.Assign([ast.Name(_RESULT, ast.Store())], value), node)
        made.append(counted(node))
    return compile(ast.fix_missing_locations(ast.Module(made, [])), "<edited>", "exec")


def _copied(names: Mapping[str, Any]) -> dict[str, Any]:
    """Names with copies of what can be written into; two names of one thing stay that."""
    memo: dict[int, Any] = {}
    plain = (np.generic, int, float, str, type(None))
    return {k: v if isinstance(v, plain) else _copy(v, memo) for k, v in names.items()}


def _copy(value: Any, memo: dict[int, Any]) -> Any:
    if id(value) not in memo:
        memo[id(value)] = value.copy() if isinstance(value, np.ndarray) else _deep(value)
    return memo[id(value)]


def _deep(value: Any) -> Any:
    return copy.deepcopy(value) if isinstance(value, (list, dict, tuple, set)) else value
