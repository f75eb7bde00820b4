"""From an equation back to the statements that it was read from: their lines, and a mended statement in their words."""

from __future__ import annotations

import ast
import copy
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gradproof.code.steps import Origin

if TYPE_CHECKING:
    from gradproof.derivation import Equation


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
        first, *rest = self.old.splitlines()
        return f"{first} ..." if rest else first

    @property
    def after(self) -> str:
        """What to do with it, on one line."""
        if self.moved:
            return f"{self.before}  # before line {self.moved}"
        return " ".join(self.new.split()) or f"# without {self.before}"


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
            inner = _differing(one, other)
            if inner is None:
                break
            path, index = inner
            one, other = getattr(one, path)[index], getattr(other, path)[index]
            original = getattr(original, path)[index]
            line = statement.line + original.lineno - 1
        moved = {
            name: statement.changed.get(name, 0)
            for name in _read(one) - _read(other)
            if statement.variables.get(name) in {statement.variables.get(n, n) for n in _read(other) - _read(one)}
        }
        new = _mended(original, one, other, statement.variables)
        old = ast.unparse(original)
        if new is None:
            return None
        # The update of a parameter has the parameter's own name: the text is right, but it stands too late.
        late = next((n for name, n in moved.items() if n and name.endswith("_new")), 0)
        added = _read(other) - _read(one) - {"np", "numpy"}
        foreign = tuple(sorted(name for name in added if name not in statement.variables))
        if late and new == old:
            return Change(line, old, new, late)
        pairs = statement.variables.items()
        local = {name: variable for name, variable in pairs if name.rstrip("0123456789") == f"{variable}_"}
        return Change(line, old, "" if _is_idle(new) else new, 0, foreign, local)


def _is_idle(text: str) -> bool:
    """Whether a statement gives a variable its own value."""
    match ast.parse(text).body[0]:
        case ast.Assign(targets=[target], value=value):
            return ast.unparse(target) == ast.unparse(value)
    return False


def _body(text: str) -> list[ast.stmt]:
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    return function.body


def _read(node: ast.AST) -> set[str]:
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}


def _differing(one: ast.stmt, other: ast.stmt) -> tuple[str, int] | None:
    """Where in a loop or a condition the one statement is that differs; None where it is the statement itself."""
    if type(one) is not type(other):
        return None
    found = []
    for part in ("body", "orelse"):
        a, b = getattr(one, part, None), getattr(other, part, None)
        if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
            pairs = enumerate(zip(a, b, strict=True))
            found += [(part, index) for index, (left, right) in pairs if ast.dump(left) != ast.dump(right)]
    return found[0] if len(found) == 1 else None


def _mended(original: ast.stmt, one: ast.stmt, other: ast.stmt, variables: Mapping[str, str]) -> str | None:
    """The original statement with the change that leads from one text over quantities to another."""
    old, new = (_value(in_variables(node, variables)) for node in (one, other))
    if old is None or new is None:
        return None
    if isinstance(original, ast.AugAssign) and not isinstance(one, ast.AugAssign):
        if isinstance(new, ast.BinOp) and ast.dump(_load(original.target)) == ast.dump(new.left):
            return ast.unparse(ast.AugAssign(original.target, new.op, new.right))
        return ast.unparse(ast.Assign([original.target], new, lineno=0))
    if type(original) is type(one) and isinstance(one, (ast.Assign, ast.AugAssign)) and not _same_head(one, other):
        return ast.unparse(in_variables(other, variables))
    unnamed = {name for name in _read(old) if name not in variables.values() and name not in _read(original)}
    for holder, name, index, part in _expressions(original):
        found: dict[str, ast.AST] = {}
        if _is_same(old, part, unnamed, found):
            new = _Filled(found).visit(copy.deepcopy(new))
            changed = copy.copy(getattr(holder, name))
            if index is None:
                changed = new
            else:
                changed[index] = new
            setattr(holder, name, changed)
            text = ast.unparse(original)
            if index is None:
                setattr(holder, name, part)
            else:
                changed[index] = part
            return text
    return None


def _is_same(pattern: object, node: object, unnamed: set[str], found: dict[str, ast.AST]) -> bool:
    """Whether a text is another, in which names without a variable of their own stand for what is computed there."""
    if isinstance(pattern, ast.Name) and pattern.id in unnamed and isinstance(node, ast.AST):
        return ast.dump(found.setdefault(pattern.id, node)) == ast.dump(node)
    if isinstance(pattern, ast.AST) and isinstance(node, ast.AST):
        pairs = zip(ast.iter_fields(pattern), ast.iter_fields(node), strict=False)
        return type(pattern) is type(node) and all(
            one[0] == "ctx" or _is_same(one[1], other[1], unnamed, found) for one, other in pairs
        )
    if isinstance(pattern, list) and isinstance(node, list):
        pairs = zip(pattern, node, strict=False)
        return len(pattern) == len(node) and all(_is_same(one, other, unnamed, found) for one, other in pairs)
    return pattern == node


class _Filled(ast.NodeTransformer):
    def __init__(self, found: Mapping[str, ast.AST]) -> None:
        self.found = found

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.found.get(node.id, node)


def _same_head(one: ast.stmt, other: ast.stmt) -> bool:
    """Whether two statements differ in their right sides only."""
    first, second = copy.deepcopy(one), copy.deepcopy(other)
    if type(first) is not type(second):
        return False
    for node in (first, second):
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            node.value = ast.Constant(0)
    return ast.dump(first) == ast.dump(second)


def _value(node: ast.stmt) -> ast.expr | None:
    match node:
        case ast.Assign(value=value) | ast.AugAssign(value=value) | ast.Expr(value=value):
            return value
        case ast.Return(value=value) if value is not None:
            return value
        case ast.For(iter=value) | ast.While(test=value) | ast.If(test=value):
            return value
    return None


def _load(node: ast.expr) -> ast.expr:
    made = copy.deepcopy(node)
    for part in ast.walk(made):
        if hasattr(part, "ctx"):
            part.ctx = ast.Load()
    return made


def _expressions(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.expr]]:
    """Every expression with the node and the field that hold it, the outermost first."""
    for name, value in ast.iter_fields(node):
        children: Sequence[Any] = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if isinstance(child, ast.expr):
                yield node, name, index if isinstance(value, list) else None, child
            if isinstance(child, ast.AST):
                yield from _expressions(child)


class _Named(ast.NodeTransformer):
    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables

    def visit_Name(self, node: ast.Name) -> ast.AST:
        text = self.variables.get(node.id)
        return node if text is None else ast.parse(text, mode="eval").body


def part_of_tuple(origin: Origin, expression: ast.expr, variables: Mapping[str, str]) -> str:
    """An expression in the code's own variables, where its statement has a tuple of several; else empty."""
    match ast.parse(textwrap.dedent(origin.text)).body:
        case [ast.Return(value=ast.Tuple()) | ast.Assign(value=ast.Tuple())]:
            return ast.unparse(in_variables(ast.Expr(expression), variables))
    return ""


def in_variables(node: ast.stmt, variables: Mapping[str, str]) -> ast.stmt:
    """A statement over quantities in the code's own variables."""
    made: ast.stmt = _Named(variables).visit(copy.deepcopy(node))
    return made
