"""The functions of a case as calls: what each of their arguments is, in which object they are called."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from gradproof.case.project import suggestions
from gradproof.code.naming import family_of, is_upstream, stems_of, symbol_of
from gradproof.code.quantities import Quantities
from gradproof.code.spec import Structure, leaves_of
from gradproof.errors import GradproofError
from gradproof.truth.sources import Leaf

KEPT = frozenset({"cache", "ctx", "state", "saved", "context", "memory", "tape", "residuals", "caches", "aux"})
"""Names of the argument by which a backward function is handed what the forward function kept."""

TABLES = frozenset({"params", "parameters", "weights", "theta", "p", "model"})
"""Names of an argument that holds all parameters by their names."""


@dataclass(frozen=True)
class Given:
    """An argument that is a structure of quantities; a name alone is that quantity."""

    structure: Structure


@dataclass(frozen=True)
class Plain:
    """An argument that is a plain value."""

    value: Any


@dataclass(frozen=True)
class Kept:
    """An argument that is what an earlier call returned: all that is beside the result, or one part of it."""

    call: int
    part: Any = None


@dataclass(frozen=True)
class Length:
    """An argument that is a size, or a list of sizes: lengths of quantities along an axis.

    Attributes:
        places: For each size the quantity and the axis.
        listed: Whether it is a list.
    """

    places: tuple[tuple[str, int], ...]
    listed: bool = False

    def of(self, shapes: Mapping[str, tuple[int, ...]]) -> int | list[int]:
        """Its value where the quantities have these shapes."""
        sizes = [shapes[quantity][axis] for quantity, axis in self.places]
        return sizes if self.listed else sizes[0]


Argument = Given | Plain | Kept | Length


@dataclass(frozen=True)
class Call:
    """One function of a chain.

    Attributes:
        name: Its name with that of its class.
        function: What is called.
        owner: The class in whose object it is called; None for a plain function, a static or a class method.
        bound: The object whose method it is, where the case gives one.
        arguments: What each argument is, by its name.
    """

    name: str
    function: Callable[..., Any]
    owner: type | None
    bound: Any = None
    arguments: Mapping[str, Argument] = field(default_factory=dict)

    @property
    def plain(self) -> FunctionType | None:
        """The function behind it, whose text can be read; None where there is none."""
        found = inspect.unwrap(getattr(self.function, "__func__", self.function))
        return found if isinstance(found, FunctionType) else None


def found_in(module: ModuleType | None, path: str, case: str) -> Call:
    """A function by its name in a module.

    Raises:
        GradproofError: There is none.
    """
    owner: Any = module
    found: Any = module
    for part in path.split("."):
        owner, found = found, getattr(found, _mangled(part, found), None)
        if found is None:
            known = [key for key, value in vars(owner).items() if callable(value)] if owner is not None else []
            raise GradproofError(
                f'Code("{path}"): manual/{case}.py has no {path}{suggestions(part, known)}; '
                f"it has: {', '.join(known) or 'no functions'}",
                name=path,
                known=known,
            )
    if isinstance(owner, type):
        return _of_class(owner, path.rpartition(".")[2], found)
    return of_function(found)


def _mangled(name: str, owner: Any) -> str:
    private = name.startswith("__") and not name.endswith("__")
    return f"_{owner.__name__.lstrip('_')}{name}" if private and isinstance(owner, type) else name


def _of_class(owner: type, name: str, found: Any) -> Call:
    kind = inspect.getattr_static(owner, _mangled(name, owner))
    is_free = isinstance(kind, (staticmethod, classmethod))
    title = f"{owner.__name__}.{name}"
    return Call(title, found, None if is_free else owner)


def of_function(function: Callable[..., Any]) -> Call:
    """A function, a method of a class or of an object, or anything that can be called."""
    if inspect.ismethod(function) and not isinstance(function.__self__, type):
        owner = type(function.__self__)
        return Call(f"{owner.__name__}.{function.__name__}", function.__func__, owner, bound=function.__self__)
    name = getattr(function, "__qualname__", type(function).__name__).rpartition("<locals>.")[2]
    holder, _, short = name.rpartition(".")
    around = getattr(function, "__globals__", {}).get(holder)
    if isinstance(around, type) and vars(around).get(short) is function:
        return Call(name, function, around)
    return Call(name, function, None)


def parameters_of(call: Call) -> list[inspect.Parameter]:
    """The arguments that a caller gives.

    Raises:
        GradproofError: They cannot be seen.
    """
    try:
        found = list(inspect.signature(call.function).parameters.values())
    except (TypeError, ValueError) as error:
        raise GradproofError(
            f"the arguments of {call.name} cannot be seen; wrap it into a function whose arguments have names"
        ) from error
    return found[call.owner is not None :]


def returned_names(function: Callable[..., Any] | None) -> Any:
    """The variables in what a function returns at its last `return`: a name, a list, a dict of names; or None."""
    if function is None:
        return None
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return None
    if not tree.body:  # a piece of a script that begins with a remark
        return None
    nested = {
        id(part)
        for node in ast.walk(tree.body[0])
        if isinstance(node, (ast.FunctionDef, ast.Lambda)) and node is not tree.body[0]
        for part in ast.walk(node)
    }
    returns = [n for n in ast.walk(tree) if isinstance(n, ast.Return) and id(n) not in nested and n.value is not None]
    if not returns:
        return None
    last = max(returns, key=lambda node: node.lineno)
    return names_of(last.value)


def names_of(node: ast.AST | None) -> Any:
    """The variables that an expression hands on: a text, a list or dict of such, or None where it computes."""
    match node:
        case ast.Name() | ast.Attribute():
            return ast.unparse(node)
        case ast.Tuple() | ast.List():
            return [names_of(item) for item in node.elts]
        case ast.Dict():
            return {
                key.value: names_of(v)
                for key, v in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            }
        case ast.Call(func=ast.Name(id="dict"), args=[]):
            return {word.arg: names_of(word.value) for word in node.keywords if word.arg}
        case ast.Subscript(slice=ast.Constant()):
            return ast.unparse(node)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Name() as name):
            return ast.unparse(name)
    return None


class Binder:
    """What each argument of the functions is, found one function after the other.

    Args:
        quantities: The names of the reference.
    """

    def __init__(self, quantities: Quantities) -> None:
        self.quantities = quantities
        self.calls: list[Call] = []

    def add(self, call: Call) -> Call:
        """Bind the arguments of the next function.

        Raises:
            GradproofError: One of them has no meaning.
        """
        found: dict[str, Argument] = {}
        unknown: list[inspect.Parameter] = []
        for parameter in parameters_of(call):
            if parameter.kind is parameter.VAR_POSITIONAL:
                raise GradproofError(
                    f"{_place(call)}{call.name}({parameter}) takes any number of arguments, which cannot be bound to "
                    "quantities; write a function that names them and calls it"
                )
            if parameter.kind is parameter.VAR_KEYWORD:
                continue
            argument = self._argument(parameter, call)
            if argument is None:
                unknown.append(parameter)
            else:
                found[parameter.name] = argument
        found |= self._left(call, unknown, found)
        missing = [parameter.name for parameter in unknown if parameter.name not in found]
        if missing:
            raise self._ask(call, missing)
        bound = Call(call.name, call.function, call.owner, call.bound, found)
        self.calls.append(bound)
        return bound

    def _argument(self, parameter: inspect.Parameter, call: Call) -> Argument | None:
        name, quantities, code = parameter.name, self.quantities, self.quantities.code
        listed = quantities.listed(name, call.name)
        if listed is not None:
            if quantities.samples.of(listed) is None:
                why = quantities.binding.why_unknown(listed)
                raise GradproofError(f"{call.name}: {name} stands for {listed}, but {why}")
            return Given(listed)
        for key in (f"{call.name}.{name}", f"{call.name.rpartition('.')[2]}.{name}", name):
            if key in code.arguments:
                return Given(code.arguments[key])
            if key in code.values:
                return Plain(code.values[key])
        quantity = quantities.of_argument(name, call.name)
        earlier = self._earlier(name)
        if quantity is not None and (earlier is None or quantity in quantities.samples.leaves):
            return Given(quantity)
        if earlier is not None:
            return earlier
        if parameter.default is not parameter.empty:
            return Plain(parameter.default)
        if family := family_of(name, quantities.parameters):
            return Given(family)
        if table := self._table(name, call):
            return Given(table)
        if name in KEPT and self.calls:
            return Kept(len(self.calls) - 1)
        if self.calls and not quantities.binding.results and self._is_seed(name):
            return Plain(1.0)
        return None

    def _is_seed(self, name: str) -> bool:
        """Whether an argument's name says the derivative of the loss by the scalar that `forward` returns: 1."""
        reference = self.quantities.binding.reference
        by = {reference.loss, *([reference.output] if isinstance(reference.output, str) else ())}
        return is_upstream(name) or any(symbol_of(stem, by) for stem in stems_of(name))

    def _earlier(self, name: str) -> Kept | None:
        """What an earlier function returned under a name."""
        for place in reversed(range(len(self.calls))):
            names = returned_names(self.calls[place].plain)
            if isinstance(names, list) and name in names:
                return Kept(place, names.index(name))
            if isinstance(names, dict) and name in names:
                return Kept(place, name)
            if isinstance(names, dict) and name in names.values():
                return Kept(place, next(key for key, value in names.items() if value == name))
            if names == name:
                return Kept(place, ())
        return None

    def _table(self, name: str, call: Call) -> dict[str, str]:
        """The parameters by their symbols, for an argument that is a dict of them: `params["W1"]`."""
        binding = self.quantities.binding
        items: dict[str, str] = {}
        if name in TABLES:
            items = {
                symbol: symbol
                for symbol, source in binding.roots.items()
                if isinstance(source, Leaf) and source.path in binding.parameters and not source.index
            }
        for variable, quantity in self.quantities.code.names.items():
            holder, _, key = variable.replace('"', "'").partition("['")
            if holder in (name, f"{call.name}.{name}") and key.endswith("']") and quantity is not None:
                self.quantities.used.add(variable)
                items[key.removesuffix("']")] = quantity
        return items

    def _left(
        self, call: Call, unknown: Sequence[inspect.Parameter], found: Mapping[str, Argument]
    ) -> dict[str, Argument]:
        """What the one argument is that has no name of a quantity: what comes from above, or what was kept."""
        if len(unknown) != 1 or not self.calls:
            return {}
        given = {quantity for one in found.values() if isinstance(one, Given) for quantity in leaves_of(one.structure)}
        cotangent = self.quantities.binding.cotangent
        has_kept = any(isinstance(argument, Kept) for argument in found.values())
        if cotangent is not None and cotangent not in given:
            return {unknown[0].name: Given(cotangent)}
        beside = returned_names(self.calls[-1].plain)
        if not has_kept and isinstance(beside, list) and len(beside) > 1:
            return {unknown[0].name: Kept(len(self.calls) - 1)}
        return {}

    def _ask(self, call: Call, missing: Sequence[str]) -> GradproofError:
        roots = list(self.quantities.binding.roots)
        listed = ", ".join(f"{name}{suggestions(name, roots)}" for name in missing)
        first = next((name for name in missing if is_upstream(name)), missing[0])
        return GradproofError(
            f"{_place(call)}{call.name}: no meaning is known for the "
            f'arguments {listed}; say which quantity each is: Code(names={{"{first}": "X"}}), or which plain '
            f'value: Code(values={{"{first}": 2}}); the reference has: {", ".join(roots)}'
        )


def _place(call: Call) -> str:
    if call.plain is None:
        return ""
    code = call.plain.__code__
    path = Path(code.co_filename)
    return f"{path.parent.name}/{path.name}:{code.co_firstlineno}: "


def kept_of(returned: Any) -> Any:
    """What a function kept beside its result: the second of two, the one compound part of several, or all others."""
    if not isinstance(returned, (tuple, list)) or not returned:
        return returned
    if len(returned) == 2:
        return returned[1]
    compound = [part for part in returned if isinstance(part, (tuple, list, dict))]
    if len(compound) == 1:
        return compound[0]
    rest = returned[1:]
    return rest[0] if len(rest) == 1 else returned


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of an array or a number."""
    return tuple(np.shape(value))
