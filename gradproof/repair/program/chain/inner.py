"""Variables of a backward pass held to what they are named after: `dz` to the derivative by the forward pass's `z`.

That never judges: a name may mean something else, a part of the derivative, or one without its mean. It only says where
an edit is likely. A statement whose variable is what its name says is right; one that reads a variable that is not what
its name says inherits the mistake more often than it makes one.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradproof.code.naming import stems_of
from gradproof.repair.program.chain.slopes import Line, Slopes, Variable, variables
from gradproof.repair.program.running import Editable
from gradproof.repair.program.statements import places, targets_of


@dataclass(frozen=True)
class Inner:
    """What is known of the statements of a backward pass.

    Attributes:
        right: Lines of statements whose variable is what its name says, and that of another one that reads it too.
        last: Such lines of which no other that is right reads the variable: a factor may be missing there all the same.
        inheriting: Lines of statements that read, directly or not, a variable that is not what its name says.
        roots: Variables that are not what their names say though all that they read is, each with its namesakes.
    """

    right: frozenset[Line] = frozenset()
    last: frozenset[Line] = frozenset()
    inheriting: frozenset[Line] = frozenset()
    roots: tuple[tuple[Variable, tuple[Variable, ...]], ...] = ()

    def dearer(self, line: Line) -> float:
        """The bits by which an edit of a statement is less likely than of one of which nothing is known."""
        return 3.0 * (line in self.right) + 1.0 * (line in self.last) + 1.0 * (line in self.inheriting)


def inner_of(slopes: Slopes, functions: Sequence[Editable], moves_right: Callable[[Editable, ast.stmt], bool]) -> Inner:
    """Hold every variable that is named after another one to the derivative by that.

    Args:
        slopes: What measures derivatives.
        functions: The functions of the program, with the values of their variables in the first trial.
        moves_right: Whether a right result depends on a statement: then that is not at fault, whatever its name.
    """
    own = [one for function in functions if function.node.name != "__init__" for one in variables(function)]
    by_stem: dict[str, list[Variable]] = {}
    for one in own:
        if not one.is_handed_on:
            by_stem.setdefault(_folded(one.text), []).append(one)
    right: set[Variable] = set()
    wrong: list[tuple[Variable, tuple[Variable, ...]]] = []
    for one in own:
        value, named = one.value, tuple(_namesakes(one, by_stem)) if one.places else ()
        if value is None or not value.any():
            continue
        told = [(forward, slopes.is_derivative(value, forward)) for forward in named]
        unlike = tuple(forward for forward, is_it in told if is_it is False)
        if any(is_it for _, is_it in told):
            right.add(one)
        elif unlike and not any(moves_right(one.function, place.statement) for place in one.places):
            wrong.append((one, unlike))
    unknown = frozenset().union(*(one.lines for one in own if one not in right))
    lines = {one: one.lines - unknown for one in right}
    known = frozenset().union(*lines.values())
    last = frozenset().union(*(own for one, own in lines.items() if not known & {*_readers(one, deep=False)}))
    inheriting = frozenset(line for one, _ in wrong for line in _readers(one)) - known
    roots = tuple(pair for pair in wrong if not pair[0].lines & inheriting)
    return Inner(known - last, last, inheriting, roots)


def _namesakes(one: Variable, by_stem: Mapping[str, Sequence[Variable]]) -> Iterator[Variable]:
    """The variables that another one may be named after: of its whole name, or with its name as their last word."""
    every = [other for own in by_stem.values() for other in own if not _is_named_after(other, by_stem)]
    for stem in map(_folded, _stems(one.text)):
        for named in (by_stem.get(stem, ()), [other for other in every if _last_word(other.text) == stem]):
            found = [other for other in named if other.places] or list(named)
            if one not in found and all(_is_same(found[0], other) for other in found[1:]):
                yield from found


def _is_same(one: Variable, other: Variable) -> bool:
    """Whether two arguments are one value, handed from one function to another."""
    first, second = one.value, other.value
    return not one.places and first is not None and second is not None and np.array_equal(first, second)


def _readers(one: Variable, *, deep: bool = True) -> Iterator[Line]:
    """The lines behind the last statement of a variable that read it, or, where asked, what was computed from it."""
    names, begin = {one.text}, one.places[-1].statement.lineno
    for place in places(one.function.node.body):
        node = place.statement
        if node.lineno <= begin or hasattr(node, "body"):
            continue
        loads = (part for part in ast.walk(node) if isinstance(getattr(part, "ctx", None), ast.Load))
        if any(ast.unparse(part) in names for part in loads if isinstance(part, (ast.Name, ast.Attribute))):
            yield one.function.path, node.lineno
            names.update(targets_of(node) if deep else ())


def _stems(text: str) -> Iterator[str]:
    """What a variable is named after: `W` of `dW`, of `grads['W']`, and of `grads['dW']`."""
    holder, _, key = text.removesuffix("']").partition("['")
    yield from stems_of(key or holder)
    if key and _folded(holder).startswith(("grad", "d")):
        yield key


def _is_named_after(one: Variable, by_stem: Collection[str]) -> bool:
    """Whether a variable is itself named after another one."""
    return any(_folded(stem) in by_stem for stem in _stems(one.text))


def _last_word(text: str) -> str:
    """`c` of `next_c`; nothing of a name of one word."""
    before, _, last = text.rpartition(".")[2].rstrip("_").rpartition("_")
    return last.lower() if before else ""


def _folded(text: str) -> str:
    return text.rpartition(".")[2].rpartition("['")[2].removesuffix("']").replace("_", "").lower()
