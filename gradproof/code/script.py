"""A piece of a script as a function: what it reads is what it is given, what it computes is what it returns."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from gradproof.case.source_text import read_source
from gradproof.code.naming import gradient_of, is_loss
from gradproof.errors import GradproofError

NAME = "script"
"""What the function is called."""

LOSS = "Loss"
"""What the loss is called in names of gradients that are looked for; a reference may call its own otherwise."""

_MADE = "__gradproof_script__"
_EMPTY = frozenset({"[]", "{}", "list()", "dict()", "set()"})
_LOOPS = (ast.For, ast.While)


@dataclass(frozen=True)
class Piece:
    """Which lines of a file are the piece; the last one is counted from the file's end, so that it may grow.

    Attributes:
        path: The file.
        first: Its first line; 0 for what stands in the file's only loop, or for the whole file where it has none.
        after: How many lines of the file follow its last one.
        names: Variable -> quantity, for the names of what is returned.
    """

    path: Path
    first: int
    after: int
    names: tuple[tuple[str, str], ...] = ()

    def function(self, text: str) -> ast.FunctionDef:
        """The piece as a definition, its statements those of the file.

        Args:
            text: The file's text, as it was or edited.

        Raises:
            GradproofError: There is no such piece.
            SyntaxError: It is no Python.
        """
        module = ast.parse(text)
        body = self._statements(module, _lines(text) - self.after)
        reads = _Reads(defined=frozenset(_defined(module)) | frozenset(vars(builtins)))
        reads.block(body)
        literals = {name: node for name, node in _literals(module, body) if name in reads.free}
        before = [*_empty(module, body, reads), *_lengths(module, body, reads)]
        given = [name for name in reads.free if name not in literals]
        arguments = ast.arguments(
            [], [ast.arg(name) for name in (*given, *literals)], None, [], [], None, list(literals.values())
        )
        called = dict(self.names)
        symbols = [called.get(name, name) for name in reads.free]
        results: dict[str, str] = {}
        for name in _bound(body):
            if name in reads.free:
                results[f"{called.get(name, name)}_new"] = name
            elif name in called or is_loss(name, LOSS) or gradient_of(name, symbols, LOSS, None):
                results[called.get(name, name)] = name
        returned = ast.Return(
            ast.Dict([ast.Constant(key) for key in results], [ast.Name(name, ast.Load()) for name in results.values()])
        )
        ast.copy_location(returned, body[-1])
        made = ast.FunctionDef(NAME, arguments, [*before, *body, returned], [], None, None)
        ast.copy_location(made, body[0])
        return ast.fix_missing_locations(made)

    def _statements(self, module: ast.Module, last: int) -> list[ast.stmt]:
        place = f"{self.path.parent.name}/{self.path.name}"
        if self.first:
            found = [one for one in next(_within(module.body, self.first, last), []) if not _is_definition(one)]
            if not found:
                raise GradproofError(f"{place}: no whole statement stands in lines {self.first} to {last}")
            return _quiet(found)
        loops = [node for node in module.body if isinstance(node, _LOOPS)]
        if len(loops) > 1:
            first, *others = [f"({node.body[0].lineno}, {node.end_lineno})" for node in loops]
            raise GradproofError(
                f"{place} has {len(loops)} loops; say which lines are one step: Code.script{first}, or "
                f"{', or '.join(others)}"
            )
        steps = loops[0].body if loops else [node for node in module.body if not _is_setting(node)]
        if not steps:
            raise GradproofError(f"{place} has no statements to check")
        return _quiet(steps)


def script_module(path: Path, lines: Sequence[int], names: Collection[tuple[str, str]], name: str) -> ModuleType:
    """A module with a piece of a script as its function `script`; the script itself is not run.

    What it imports, defines and sets to plain numbers is there.

    Args:
        path: The file.
        lines: Its first and its last line; empty for the body of the file's only loop.
        names: Variable -> quantity.
        name: The module's name.

    Raises:
        GradproofError: The file is no Python, does not import what it needs, or has no such piece.
    """
    text = read_source(path)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise GradproofError(
            f"{path.parent.name}/{path.name}:{error.lineno}: this is not Python: {error.msg}"
        ) from error
    first, last = lines if lines else (0, 0)
    piece = Piece(path, first, _lines(text) - last if lines else 0, tuple(names))
    module = ModuleType(name, ast.get_docstring(tree))
    module.__file__ = str(path)
    kept: list[ast.stmt] = [node for node in tree.body if _is_definition(node)]
    function = piece.function(text)
    try:
        exec(compile(ast.Module([*kept, function], []), str(path), "exec"), module.__dict__)
    except Exception as error:
        raise GradproofError(f"{path.parent.name}/{path.name} does not run: {type(error).__name__}: {error}") from error
    setattr(getattr(module, NAME), _MADE, piece)
    return module


def piece_of(function: FunctionType) -> Piece | None:
    """The piece of a script that a function was made of; None where it is any other function."""
    found = getattr(function, _MADE, None)
    return found if isinstance(found, Piece) else None


def _lines(text: str) -> int:
    return text.count("\n") + 1


def _within(body: Sequence[ast.stmt], first: int, last: int) -> Iterator[list[ast.stmt]]:
    """The statements of a block that lie in some lines; the outermost block with any comes first."""
    found = [node for node in body if first <= node.lineno and (node.end_lineno or node.lineno) <= last]
    if found:
        yield found
    for node in body:
        for part in ("body", "orelse"):
            inner = getattr(node, part, None)
            if isinstance(inner, list) and not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                yield from _within(inner, first, last)


def _quiet(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements without those that only print."""
    return [node for node in body if not _only_prints(node)]


def _only_prints(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):
        return all(_only_prints(one) for one in (*node.body, *node.orelse))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return ast.unparse(node.value.func).partition(".")[0] in ("print", "plt")
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_definition(node: ast.stmt) -> bool:
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)):
        return True
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda)


def _is_setting(node: ast.stmt) -> bool:
    """Whether a statement at the file's top is no part of a step: a definition, a text, a plain number."""
    is_plain = isinstance(node, ast.Assign) and isinstance(node.value, (ast.Constant, ast.UnaryOp))
    return _is_definition(node) or is_plain or _only_prints(node)


def _defined(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((one.asname or one.name).partition(".")[0] for one in node.names)
        elif _is_definition(node):
            yield from _stored(node)


def _literals(module: ast.Module, body: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """What the file sets to plain numbers and texts outside the piece, and where its loops begin to count."""
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and node not in body and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            if isinstance(target, ast.Name) and _is_plain(value):
                yield target.id, value
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Name) and body[0] in node.body:
            yield node.target.id, ast.Constant(0)


def _is_plain(node: ast.expr) -> bool:
    try:
        return isinstance(ast.literal_eval(node), (int, float, str))
    except (ValueError, TypeError):
        return False


def _empty(module: ast.Module, body: Sequence[ast.stmt], reads: _Reads) -> list[ast.stmt]:
    """Statements outside the piece that begin what it fills, such as `history = []`: it begins anew in every run."""
    nodes = [node for node in ast.walk(module) if isinstance(node, (ast.Assign, ast.AnnAssign)) and node not in body]
    begun = [node for node in nodes if node.value is not None and ast.unparse(node.value) in _EMPTY]
    begun = [node for node in begun if set(_stored(node)) & set(reads.free)]
    reads.free[:] = [name for name in reads.free if all(name not in _stored(node) for node in begun)]
    return list(begun)


def _lengths(module: ast.Module, body: Sequence[ast.stmt], reads: _Reads) -> Iterator[ast.stmt]:
    """Statements before the piece that give names to lengths of what it is given: `n, d = X.shape`, `m = len(y)`."""
    for node in module.body:
        if isinstance(node, ast.Assign) and node not in body and set(_stored(node)) & set(reads.free):
            text = ast.unparse(node.value)
            named = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)} - set(vars(builtins))
            if (".shape" in text or ".size" in text or text.startswith("len(")) and not named & reads.defined:
                reads.free[:] = [name for name in reads.free if name not in _stored(node)]
                reads.free += [name for name in sorted(named) if name not in reads.free]
                yield node


def _bound(body: Sequence[ast.stmt]) -> list[str]:
    """The variables that the statements of a block give values to, those in conditions and loops left out."""
    names = (
        name for node in body if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)) for name in _stored(node)
    )
    inside = (
        name
        for node in body
        if isinstance(node, _LOOPS)
        for part in ast.walk(node)
        if isinstance(part, ast.AugAssign)
        for name in _stored(part)
    )
    return list(dict.fromkeys((*names, *inside)))


def _stored(node: ast.stmt) -> list[str]:
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, (ast.AugAssign, ast.AnnAssign))
        else []
    )
    found: list[str] = []
    for target in targets:
        for part in target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]:
            root: Any = part
            while isinstance(root, (ast.Subscript, ast.Attribute)):
                root = root.value
            found += [root.id] if isinstance(root, ast.Name) else []
    return found


@dataclass
class _Reads:
    """The variables that some statements read before they give them a value, in the order of their first use."""

    defined: frozenset[str]
    free: list[str] = field(default_factory=list)
    bound: set[str] = field(default_factory=set)

    def block(self, body: Sequence[ast.stmt]) -> None:
        """Follow the statements of a block."""
        for node in body:
            match node:
                case ast.For(target=target, iter=over, body=inner, orelse=other):
                    self._read(over)
                    self._bind(target)
                    self.block([*inner, *other])
                case ast.While(test=test, body=inner, orelse=other) | ast.If(test=test, body=inner, orelse=other):
                    self._read(test)
                    self.block([*inner, *other])
                case ast.With(body=inner):
                    self.block(inner)
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    self.bound.add(name)
                case ast.AugAssign(target=target, value=value):
                    self._read(value)
                    self._read(target)
                    self._bind(target)
                case _:
                    self._read(node)
                    self._bind(node)

    def _read(self, node: ast.AST) -> None:
        own = {
            part.id
            for each in ast.walk(node)
            if isinstance(each, ast.comprehension)
            for part in ast.walk(each.target)
            if isinstance(part, ast.Name)
        }
        own |= {part.arg for each in ast.walk(node) if isinstance(each, ast.Lambda) for part in each.args.args}
        is_target = isinstance(node, (ast.Name, ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store)
        for part in ast.walk(node):
            if not isinstance(part, ast.Name) or not (isinstance(part.ctx, ast.Load) or is_target):
                continue
            if part.id not in {*self.bound, *self.defined, *own, *self.free}:
                self.free.append(part.id)

    def _bind(self, node: ast.AST) -> None:
        self.bound |= {
            part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
        }
