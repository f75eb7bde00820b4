"""From an equation back to the statements that it was read from: their lines, and a mended statement in their words."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from gradproof.case.derivation import Equation
from gradproof.code.reading.steps import Origin
from gradproof.code.writing.merging import differing, in_variables, merged, names_in
from gradproof.operators import with_plain_powers

_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Statement:
    """A statement of the code behind a statement of an equation's body.

    Attributes:
        line: Its line in the file; 0 where the body's statement was added in reading.
        text: Its text.
        variables: Name in the body -> the text that means the same in the code.
        changed: Name in the body -> the line at which the code computed it.
        kept: Which statements of the loop's body are in the equation, where that leaves some out.
    """

    line: int = 0
    text: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    changed: Mapping[str, int] = field(default_factory=dict, repr=False)
    kept: tuple[int, ...] | None = None

    @classmethod
    def of(
        cls,
        origin: Origin | None,
        names: Mapping[int, str],
        own: Mapping[str, str],
        given: Mapping[str, str],
        kept: tuple[int, ...] | None = None,
    ) -> Statement:
        """The statement at an origin.

        Args:
            origin: Where the statement stands; None where it was added in reading.
            names: The names that steps have in the body, by their numbers.
            own: The names that variables of the statement itself have in the body -> the variables.
            given: The names that arguments have in the body -> the arguments, where no variable is one.
            kept: Which statements of a loop's body are left.
        """
        if origin is None:
            return cls()
        variables: dict[str, str] = dict(own)
        changed: dict[str, int] = {}
        words = set(_WORD.findall(origin.text))
        # Of several variables for one value the one that the statement itself has comes first.
        order = sorted(origin.scope.items(), key=lambda item: (item[0] not in words, "[" in item[0], "." in item[0]))
        for variable, step in order:
            name = names.get(step.number, step.quantity)
            if name is not None:
                variables.setdefault(name, variable)
                changed[name] = step.origin.line if step.origin is not None else 0
        return cls(origin.line, origin.text, {**given, **variables}, changed, kept)


@dataclass(frozen=True)
class Change:
    """A mended statement.

    Attributes:
        line: The line of the statement.
        old: The statement as it is.
        new: The statement as it should be; the same text where only its place is wrong, empty where it is too much.
        moved: The line before which it should stand, where its place is wrong; else 0.
        foreign: Quantities that the mended statement reads and the code has no variable for there.
        local: Name in the equation's text -> the local variable that has another name in the code.
    """

    line: int
    old: str
    new: str
    moved: int = 0
    foreign: tuple[str, ...] = ()
    local: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def in_words(self, sentence: str) -> str:
        """A sentence about the change with the code's names for its local variables."""
        return _WORD.sub(lambda word: self.local.get(word[0], word[0]), sentence)

    @property
    def before(self) -> str:
        """The statement as it is, on one line."""
        return _on_one_line(self.old)

    @property
    def after(self) -> str:
        """What to do with it, on one line."""
        if self.moved:
            return f"{self.before}  # before line {self.moved}"
        return _on_one_line(self.new) if self.new else f"# without {self.before}"


def _on_one_line(statement: str) -> str:
    """A statement's text; of one that holds others its head."""
    first, *rest = statement.splitlines()
    return f"{first} ..." if rest else first


@dataclass(frozen=True)
class Written:
    """The statements of the code that an equation was read from.

    Attributes:
        own: The statement that yields the quantity.
        statements: Those behind the statements of the equation's body, one for one.
        variable: The variable that holds the quantity after a loop or another statement with several results.
        part: The expression that yields it, where the statement is a tuple of several.
        wide: The equation with all that the code has computed by then, needed or not: what a slip may have left unused.
    """

    own: Origin
    statements: tuple[Statement, ...]
    variable: str = ""
    part: str = ""
    wide: Callable[[], Equation] | None = field(default=None, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The statement that yields the quantity, on one line."""
        first, *rest = self.own.text.splitlines()
        if rest and first.rstrip().endswith(":"):
            return f"{self.variable or 'a result'} after `{first.strip()} ...`"
        text = self.part or " ".join(self.own.text.split())
        return textwrap.shorten(text, 300, placeholder=" ...").removeprefix("return ")

    def change(self, old: str, new: str) -> Change | None:
        """The statement that differs between two texts of the equation, as it should be in the code.

        Args:
            old: The equation's text as it was read.
            new: Its text with a fix.
        """
        before, after = _body(old), _body(new)
        if len(before) != len(after):
            return None
        changed = [
            (statement, one, other)
            for statement, one, other in zip(self.statements, before, after, strict=True)
            if ast.dump(one) != ast.dump(other)
        ]
        if len(changed) != 1 or not changed[0][0].line:
            return None
        statement, one, other = changed[0]
        if statement is self.statements[-1]:
            statement = replace(statement, variables={**self._overwritten(old), **statement.variables})
        return self._changed(statement, one, other)

    def _overwritten(self, text: str) -> dict[str, str]:
        """What the variable that the equation's own statement writes was before it, where that is a quantity."""
        quantity, _, _ = ast.parse(text).body[0].name.partition("__")  # type: ignore[attr-defined]
        own = ast.parse(textwrap.dedent(self.own.text)).body[0]
        if not quantity.endswith("_new") or not isinstance(own, ast.Assign) or len(own.targets) != 1:
            return {}
        return {quantity.removesuffix("_new"): ast.unparse(own.targets[0])}

    def _changed(self, statement: Statement, one: ast.stmt, other: ast.stmt) -> Change | None:
        original = ast.parse(textwrap.dedent(statement.text)).body[0]
        line = statement.line
        if statement.kept is not None and isinstance(original, ast.For):
            original.body = [original.body[place] for place in statement.kept]
        while True:
            inner = differing(one, other)
            if inner is None:
                break
            path, index = inner
            one, other = getattr(one, path)[index], getattr(other, path)[index]
            original = getattr(original, path)[index]
            line = statement.line + original.lineno - 1
        moved = {
            name: statement.changed.get(name, 0)
            for name in names_in(one) - names_in(other)
            if statement.variables.get(name) in {statement.variables.get(n, n) for n in names_in(other) - names_in(one)}
        }
        new = merged(original, one, other, statement.variables)
        old = ast.unparse(original)
        if new is None:
            return None
        new = with_plain_powers(new) if with_plain_powers(new) != with_plain_powers(old) else new
        # The update of a parameter has the parameter's own name: the text is right, but it stands too late.
        late = next((n for name, n in moved.items() if n and name.endswith("_new")), 0)
        added = names_in(other) - names_in(one) - {"np", "numpy"}
        foreign = tuple(sorted(name for name in added if name not in statement.variables))
        if late and new == old:
            return Change(line, old, new, late)
        pairs = statement.variables.items()
        local = {name: variable for name, variable in pairs if name.rstrip("0123456789") == f"{variable}_"}
        return Change(line, old, "" if _is_idle(new) else new, 0, foreign, local)


def written_of(equation: Equation) -> Written | None:
    """The statements that an equation was read from; None where it was written as an equation."""
    return equation.code if isinstance(equation.code, Written) else None


def _is_idle(text: str) -> bool:
    """Whether a statement gives a variable its own value."""
    try:
        statement = ast.parse(text).body[0]
    except SyntaxError:
        return False  # whoever puts it into the file sees that it is none
    match statement:
        case ast.Assign(targets=[target], value=value):
            return ast.unparse(target) == ast.unparse(value)
    return False


def _body(text: str) -> list[ast.stmt]:
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    return function.body


def part_of_tuple(origin: Origin, expression: ast.expr, variables: Mapping[str, str]) -> str:
    """An expression in the code's own variables, where its statement has a tuple of several; else empty."""
    match ast.parse(textwrap.dedent(origin.text)).body:
        case [ast.Return(value=ast.Tuple()) | ast.Assign(value=ast.Tuple())]:
            return ast.unparse(in_variables(ast.Expr(expression), variables))
    return ""
