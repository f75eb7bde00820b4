"""What an edit of a program may put in: variables, parts of its expressions, sizes, slopes, statements of the file."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from gradproof.repair.program.dialect import NUMPY, Dialect
from gradproof.repair.program.edit import loaded, parsed

LARGEST = 14
"""Expressions of the code with more nodes than this are not offered as pieces."""

_LENGTH = re.compile(r"([\w.]+)\.shape\[(\d)\]")
_SLOPES = ("(1 - {0})", "(1 - {0} ** 2)", "({0} * (1 - {0}))", "({0} > 0)", "({0} <= 0)", "{0}[:, None]")
_NAMED, _SLOPED, _SIZED, _PAIRED = 16, 12, 6, 8

Shape = tuple[int, ...]
Piece = tuple[str, ast.expr]
"""An expression with its text."""


@dataclass(frozen=True)
class Pool:
    """Pieces that an edit may read.

    Attributes:
        atoms: Variables, attributes and entries that the function has.
        idle: Those of them that it is given or computes and never reads: they may have been forgotten.
        phrases: Larger expressions of it.
        sizes: How many there are of something.
        counts: Products of lengths of one array: what a mean over several axes divides by.
        factors: Slopes and masks made of variables.
        compounds: Slopes with the factor of a mean of squares.
        products: Two variables multiplied.
        reduced: Sums and means of variables.
        functions: Functions of one argument that the file has.
        callables: The functions of the file and the methods of its classes, by name: how many arguments each may take.
        flags: The parameters of the file's functions that are true or false unless given, by the function's name.
        indices: What stands for the number of an entry somewhere.
        matches: What is true where a counter of a loop is an index of some entry: what a one-hot vector is made of.
        statements: Statements of the file's functions that may have been forgotten elsewhere.
        attributes: Names of attributes that the file's classes store into.
        fields: Attributes and entries by text key that the class or the file stores into, as texts.
        numbers: The variables that stand for a number which is no whole one, by their values.
        whole: The variables that stand for a whole number.
        shape: The shape of what a text stands for in the function; None where that is not known.
        value: The value of what a text stands for there; None where that is not known.
        dialect: The words of the library that the function is written in.
        given: The function's parameters: what is stored into one of them changes the caller's array.
    """

    atoms: tuple[Piece, ...]
    idle: tuple[Piece, ...]
    phrases: tuple[Piece, ...]
    sizes: tuple[Piece, ...]
    counts: tuple[Piece, ...]
    factors: tuple[Piece, ...]
    compounds: tuple[Piece, ...]
    products: tuple[Piece, ...]
    reduced: tuple[Piece, ...]
    functions: tuple[str, ...]
    callables: Mapping[str, range]
    flags: Mapping[str, Mapping[str, bool]]
    indices: tuple[str, ...]
    matches: tuple[Piece, ...]
    statements: tuple[ast.stmt, ...]
    attributes: tuple[str, ...]
    fields: tuple[str, ...]
    numbers: Mapping[float, str] = field(default_factory=dict)
    whole: tuple[str, ...] = ()
    shape: Callable[[str], Shape | None] = lambda text: None
    value: Callable[[str], Any] = lambda text: None
    dialect: Dialect = NUMPY
    given: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        function: ast.FunctionDef,
        module: ast.AST,
        owner: ast.ClassDef | None,
        shape: Callable[[str], Shape | None] = lambda text: None,
        value: Callable[[str], Any] = lambda text: None,
        dialect: Dialect = NUMPY,
    ) -> Pool:
        """The pieces of a function, of its class and of its file."""
        atoms = _atoms(function, module, owner, dialect)
        counters, indices = counters_of(function), _indices(function, value)
        passing = {*counters, *_stored_in_loops(function)}  # outside they are what the last turn leaves
        named = [text for text, node in atoms.items() if isinstance(node, (ast.Name, ast.Attribute))]
        plain = [text for text in named if value(text) is None or shape(text) is not None]
        sizes = [f"{name}.{what}" for name in plain[:_NAMED] for what in ("shape[0]", "shape[1]", "size")]
        sizes += [name for name in _unpacked(function) if name in atoms]
        slopes = [form.format(name) for name in atoms for form in _SLOPES]
        compounds = [
            f"(2 / {size}) * {slope.format(name)}"
            for name in plain[:_SLOPED]
            for slope in _SLOPES[:4]
            for size in _distinct([text for text in reversed(sizes) if _is_there(text, shape)], value)[:_SIZED]
        ]
        reduced = [form.format(name) for name in plain[:_NAMED] for form in dialect.reduced]
        pairs = [(one, other) for one in plain[:_PAIRED] for other in plain[:_PAIRED] if one <= other]
        reduced += [form.format(*pair) for pair in pairs for form in dialect.paired]
        reduced += [form.format(name) for name in plain[:_NAMED] for form in dialect.squares]
        both = [f"{one} * {other}" for one in plain[:20] for other in plain[:20] if one <= other]
        return cls(
            tuple(atoms.items()),
            tuple((name, atoms[name]) for name in _idle(function) if name in atoms),
            tuple(_phrases(function).items()),
            _pieces(_distinct([text for text in sizes if _is_there(text, shape)], value)),
            _pieces(_distinct([text for text in _counts(function, plain) if _is_there(text, shape)], value)),
            _pieces(slopes),
            _pieces(compounds),
            _pieces(both),
            _pieces(reduced),
            tuple(_of_one_argument(module)),
            dict(_callables(module)),
            dict(_flags(module)),
            tuple(indices),
            _pieces([f"({one} == {index})" for one in counters for index in indices if one != index]),
            tuple(_statements(module)),
            tuple(_attributes(module)),
            tuple(_fields(owner if owner is not None else module)),
            {number: name for name in reversed(plain) if isinstance(number := value(name), float)},
            tuple(name for name in plain if type(value(name)) is int and value(name) > 0 and name not in passing),
            cache(shape),
            cache(value),
            dialect,
            frozenset(one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)),
        )

    def replaces(self, old: str, new: str) -> bool:
        """Whether one text may stand for another: not where they are known to differ in kind or in shape."""
        before, after = self.shape(old), self.shape(new)
        return (before is None or after is None or before == after) and self._is_alike(old, new)

    def joins(self, old: str, new: str) -> bool:
        """Whether one text may be a factor or a term of another: it broadcasts to its shape, as far as is known."""
        if isinstance(self.value(new), bool):
            return False  # a flag counts nothing
        before, after = self.shape(old), self.shape(new)
        if before is None or after is None:
            return self._is_alike(old, new)
        return len(after) <= len(before) and all(a in (1, b) for a, b in zip(after[::-1], before[::-1], strict=False))

    def _is_alike(self, old: str, new: str) -> bool:
        """Whether two texts stand for numbers both, or for objects of one class, as far as is known of both."""
        one, other = self.value(old), self.value(new)
        if one is None or other is None or (self.shape(old) is not None and self.shape(new) is not None):
            return True
        return type(one) is type(other)


def _atoms(
    function: ast.FunctionDef, module: ast.AST, owner: ast.ClassDef | None, dialect: Dialect
) -> dict[str, ast.expr]:
    atoms: dict[str, ast.expr] = {}
    for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs):
        if argument.arg not in dialect.modules:
            atoms[argument.arg] = ast.Name(argument.arg, ast.Load())
    for node in ast.walk(function):
        if not isinstance(node, ast.expr):
            continue
        text = ast.unparse(node)
        if isinstance(node, ast.Name) and node.id not in dialect.modules:
            atoms.setdefault(text, ast.Name(node.id, ast.Load()))
        elif (isinstance(node, ast.Attribute) and text.partition(".")[0] in dialect.owners) or (
            isinstance(node, ast.Subscript) and _count(node) <= LARGEST
        ):
            atoms.setdefault(text, loaded(node))
    for node in getattr(module, "body", []):  # the file's own constants: STRIDE = 2
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and type(node.value.value) is int:
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id.isupper():
                    atoms.setdefault(target.id, ast.Name(target.id, ast.Load()))
    for node in ast.walk(owner) if owner is not None else ():
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in dialect.owners:
            atoms.setdefault(ast.unparse(node), loaded(node))
    called = {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
    names = {node.name for node in ast.walk(module) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    hidden = called | names | dialect.modules
    own = {argument.arg for argument in function.args.args}
    return {
        text: node
        for text, node in atoms.items()
        if text not in hidden and (text.partition(".")[0] != "ctx" or "ctx" in own)
    }


def _idle(function: ast.FunctionDef) -> list[str]:
    """Names of a function's own that have a value and are never read; `_` and its like are meant to be so."""
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    given = [one.arg for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
    own = dict.fromkeys([*given, *(node.id for node in names if isinstance(node.ctx, ast.Store))])
    return [name for name in own if name not in read and not name.startswith("_")]


def _phrases(function: ast.FunctionDef) -> dict[str, ast.expr]:
    phrases: dict[str, ast.expr] = {}
    for node in ast.walk(function):
        if isinstance(node, (ast.BinOp, ast.Call, ast.UnaryOp, ast.Compare)) and _count(node) <= LARGEST:
            phrases.setdefault(ast.unparse(node), node)
    return phrases


def _unpacked(function: ast.FunctionDef) -> list[str]:
    """Names that stand for lengths: `n, c = x.shape`, `n = len(x)`, `n = x.shape[0]`."""
    found: list[str] = []
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign):
            continue
        text = ast.unparse(node.value)
        if ".shape" in text or ".size" in text or text.startswith("len("):
            found += [part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)]
    return list(dict.fromkeys(found))


def _counts(function: ast.FunctionDef, plain: Sequence[str]) -> list[str]:
    found = []
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and ast.unparse(node.value).endswith(".shape"):
            names = [ast.unparse(part) for part in getattr(node.targets[0], "elts", [])]
            found += [" * ".join(some) for few in (2, 3) for some in combinations(names, few)]
    for name in plain[:_SIZED]:
        lengths = [f"{name}.shape[{axis}]" for axis in range(4)]
        found += [" * ".join(some) for few in (2, 3) for some in combinations(lengths, few)]
        found += [f"{name}.size // {name}.shape[{axis}]" for axis in range(2)]
    return [f"({text})" for text in found]


def _of_one_argument(module: ast.AST) -> Iterator[str]:
    for node in getattr(module, "body", []):
        if isinstance(node, ast.FunctionDef) and len(node.args.defaults) >= len(node.args.args) - 1 >= 0:
            yield node.name


def _callables(module: ast.AST) -> Iterator[tuple[str, range]]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("__"):
            names = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
            most = len(names) - (names[:1] in (["self"], ["cls"]))
            yield node.name, range(most - len(node.args.defaults), most + 1)


def _flags(module: ast.AST) -> Iterator[tuple[str, dict[str, bool]]]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            names = [one.arg for one in node.args.args][::-1]
            given = zip(names, node.args.defaults[::-1], strict=False)
            keyed = zip((one.arg for one in node.args.kwonlyargs), node.args.kw_defaults, strict=True)
            found = {name: value.value for name, value in (*given, *keyed) if isinstance(value, ast.Constant)}
            flags = {name: value for name, value in found.items() if isinstance(value, bool)}
            if flags:
                yield node.name, flags


def _stored_in_loops(function: ast.FunctionDef) -> Iterator[str]:
    """The variables that loops give values to."""
    for loop in (node for node in ast.walk(function) if isinstance(node, (ast.For, ast.While))):
        parts = (part for statement in loop.body for part in ast.walk(statement))
        yield from (p.id for p in parts if isinstance(p, ast.Name) and isinstance(p.ctx, ast.Store))


def counters_of(function: ast.FunctionDef) -> list[str]:
    """The variables that count the turns of a loop."""
    loops = (node.target for node in ast.walk(function) if isinstance(node, ast.For))
    return [part.id for target in loops for part in ast.walk(target) if isinstance(part, ast.Name)]


def _indices(function: ast.FunctionDef, value: Callable[[str], Any]) -> list[str]:
    """Variables and entries that stand for a whole number where something is indexed: `i`, `y[i]`."""
    read = (node.slice for node in ast.walk(function) if isinstance(node, ast.Subscript))
    parts = (part for index in read for part in (index.elts if isinstance(index, ast.Tuple) else [index]))
    texts = dict.fromkeys(ast.unparse(part) for part in parts if isinstance(part, (ast.Name, ast.Subscript)))
    return [text for text in texts if isinstance(value(text), (int, np.integer))]


def _statements(module: ast.AST) -> Iterator[ast.stmt]:
    for node in ast.walk(module):
        stores = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
        if isinstance(node, (ast.Assign, ast.AugAssign)) and (stores or isinstance(node, ast.AugAssign)):
            yield node


def _attributes(module: ast.AST) -> list[str]:
    """Names of attributes that are stored into, or that classes list as their fields: of any object, since another one
    may be read by the wrong name."""
    found: dict[str, None] = {}
    for node in ast.walk(module):
        match node:
            case ast.Attribute(attr=name, ctx=ast.Store()):
                found[name] = None
            case ast.ClassDef(body=body):  # a dataclass, a typed named tuple
                fields = (one.target for one in body if isinstance(one, ast.AnnAssign))
                found |= {target.id: None for target in fields if isinstance(target, ast.Name)}
            case ast.Call(func=ast.Name(id="namedtuple") | ast.Attribute(attr="namedtuple"), args=[_, listed, *_]):
                with contextlib.suppress(ValueError):
                    names = ast.literal_eval(listed)
                    found |= dict.fromkeys(names.replace(",", " ").split() if isinstance(names, str) else names)
    return list(found)


def _fields(owner: ast.AST) -> list[str]:
    """What is kept: attributes of `self`, and entries by a key that is a text."""
    return list(dict.fromkeys(ast.unparse(node) for node in ast.walk(owner) if _is_field(node)))


def _is_field(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return isinstance(node.value, ast.Name) and node.value.id == "self"
    return isinstance(node, ast.Subscript) and isinstance(getattr(node.slice, "value", None), str)


def _is_there(text: str, shape: Callable[[str], Shape | None]) -> bool:
    """Whether the arrays whose lengths a text names have so many axes, as far as is known."""
    named = ((shape(found[1]), int(found[2])) for found in _LENGTH.finditer(text))
    return all(known is None or axis < len(known) for known, axis in named)


def _distinct(texts: Sequence[str], value: Callable[[str], Any]) -> list[str]:
    """One text for each number that they stand for, the shortest; those whose number is not known are kept."""
    found: dict[Any, str] = {}
    for text in sorted(dict.fromkeys(texts), key=len):
        number = value(text)
        found.setdefault(number if isinstance(number, (int, float, np.integer)) else text, text)
    return list(found.values())


def _pieces(texts: Sequence[str]) -> tuple[Piece, ...]:
    bare = {text: text[1:-1] if text.count("(") == 1 and text[0] == "(" and text[-1] == ")" else text for text in texts}
    return tuple((said, parsed(text)) for text, said in bare.items())


def _count(node: ast.AST) -> int:
    return sum(1 for _ in ast.walk(node))
