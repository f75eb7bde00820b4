"""Statements that several equations share, as they do where existing code was read into equations.

A statement that an equation shares with one that agrees is right, or the other would disagree: it is not edited. A
statement that several wrong equations share is the likeliest to be at fault, and an edit of it is one for all of them.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from gradproof.code.writing.places import Place, carried, needed, places
from gradproof.repair.code.running import namespace_of
from gradproof.repair.code.slip import ORDER
from gradproof.repair.equation import Equation
from gradproof.repair.evidence.confirm import compiled
from gradproof.repair.program.chain.inner import Inner
from gradproof.repair.results import Fix


@dataclass(frozen=True)
class Sharing:
    """The equations of a derivation with the statements of the code that they were read from.

    Attributes:
        equations: The equations.
        passing: Names of those that agree.
        inner: What is known of the statements of existing code.
    """

    equations: Sequence[Equation]
    passing: frozenset[str]
    inner: Inner = field(default_factory=Inner)

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Place, ...]]:
        return {equation.name: _places(equation) for equation in self.equations}

    def _of(self, equation: Equation) -> tuple[Place, ...]:
        known = any(equation is each for each in self.equations)
        return self._by_name[equation.name] if known else _places(equation)

    @cached_property
    def _needed(self) -> Mapping[str, frozenset[tuple[int, str]]]:
        """What each equation's result may depend on."""
        found = {}
        for equation in self.equations:
            placed = self._by_name[equation.name]
            lines = needed(equation.source) if placed else frozenset()
            found[equation.name] = frozenset(place.key for place in placed if place.node.lineno in lines)
        return found

    @cached_property
    def _right(self) -> frozenset[tuple[int, str]]:
        return frozenset().union(*(keys for name, keys in self._needed.items() if name in self.passing))

    @cached_property
    def _wrong(self) -> Counter[tuple[int, str]]:
        return Counter(key for name, keys in self._needed.items() if name not in self.passing for key in keys)

    def settled(self, equation: Equation) -> frozenset[int]:
        """The lines of an equation's text with statements that equations that agree have, too."""
        return frozenset(place.node.lineno for place in self._of(equation) if place.key in self._right)

    def dearer(self, equation: Equation) -> Mapping[int, float]:
        """Lines of an equation's text -> the bits by which an edit of them is less likely than of others."""
        path = getattr(equation, "path", None)
        return (
            {place.node.lineno: self.inner.dearer((path, place.line)) for place in self._of(equation)} if path else {}
        )

    def suspicion(self, equation: Equation) -> Mapping[int, float]:
        """Lines of an equation's text -> the share of the wrong equations that have their statements, of the most."""
        counts = {place.node.lineno: self._wrong[place.key] for place in self._of(equation)}
        settled = self.settled(equation)
        most = max((count for line, count in counts.items() if line not in settled), default=1)
        return {line: count / max(most, 1) for line, count in counts.items()}

    def edits_settled(self, equation: Equation, fix: Fix) -> bool:
        """Whether a fix edits a statement that an equation that agrees has, too, other than in its order.

        What is summed up does not depend on it.
        """
        if fix.kind == ORDER:
            return False
        lines = {fix.source.count("\n", 0, edit.start) + 1 for edit in fix.edits}
        return bool(lines & self.settled(equation))

    def rank(self, equation: Equation, fix: Fix) -> tuple[int, bool]:
        """What decides between fixes before how likely they are: how many equations it mends, whether it is code's own.

        Args:
            equation: The wrong equation.
            fix: A fix of its text, or of a helper's.
        """
        return -len(fix.mends), not is_written(equation, fix)

    def others(self, equation: Equation, fix: Fix) -> Iterator[Fix]:
        """The same edit for each other wrong equation that has the edited statement.

        Args:
            equation: The equation that the fix edits.
            fix: The fix.
        """
        before = {place.node.lineno: place for place in self._of(equation)}
        after = _statements(fix.body)
        changed = [line for line, node in _statements(equation.source).items() if _differs(node, after.get(line))]
        if len(changed) != 1 or changed[0] not in before:
            return
        at, edited = before[changed[0]], after[changed[0]]
        for other in self.equations:
            shares = any(place.key == at.key for place in self._by_name[other.name])
            if shares and other.name != equation.name and other.name not in self.passing:
                made = _carried(fix, edited, at, other) or _carried(fix, edited, at, widened(other))
                if made is not None:
                    yield made


def widened(equation: Equation) -> Equation | None:
    """An equation with all that its code has computed by then; None where it was read from no code."""
    written = getattr(equation, "code", None)
    wide: Equation | None = written.wide() if written is not None and written.wide is not None else None
    return wide


def edited_by(equation: Equation, fix: Fix) -> Equation:
    """The equation in the text that a fix edits: its own, or the one with all that the code has computed."""
    wide = None if fix.source == equation.source else widened(equation)
    return equation if wide is None else wide


def _carried(fix: Fix, edited: ast.stmt, at: Place, other: Equation | None) -> Fix | None:
    to = next((place for place in _places(other) if place.key == at.key), None) if other is not None else None
    made = carried(edited, at, to, other.source) if other is not None and to is not None else None
    return _fix(fix, other, *made) if other is not None and made is not None else None


def is_written(equation: Equation, fix: Fix) -> bool:
    """Whether a fix can be put into the code that an equation was read from; true where it edits no such."""
    written = getattr(equation, "code", None)
    if written is None or fix.equation != equation.name:
        return True
    change = written.change(equation.source, fix.body)
    return change is not None and not change.foreign


def _fix(fix: Fix, other: Equation, text: str, names: tuple[str, ...]) -> Fix:
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    bound = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    added = [name for name in dict.fromkeys(names) if name not in bound and name not in other.inputs]
    function.args.args += [ast.arg(name) for name in added]
    text = ast.unparse(function) + "\n"
    return replace(
        fix,
        equation=other.name,
        line=other.line,
        source=other.source,
        body=text,
        parameters=(*other.inputs, *added),
        edits=(),
        function=compiled(text, function.name, namespace_of(other.function)),
    )


def _places(equation: Equation) -> tuple[Place, ...]:
    written = getattr(equation, "code", None)
    return places(written, equation.source) if written is not None else ()


def _statements(text: str) -> dict[int, ast.stmt]:
    function = ast.parse(text).body[0]
    return {node.lineno: node for node in ast.walk(function) if isinstance(node, ast.stmt) and node is not function}


def _differs(node: ast.stmt, other: ast.stmt | None) -> bool:
    return other is None or ast.dump(_bare(node)) != ast.dump(_bare(other))


def _bare(node: ast.stmt) -> ast.stmt:
    """A statement without those that it holds."""
    if not hasattr(node, "body"):
        return node
    fields = {name: [] if name in ("body", "orelse") else value for name, value in ast.iter_fields(node)}
    return type(node)(**fields)
