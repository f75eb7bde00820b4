"""Reading a function statement by statement: what each variable is at each point, tried on the values of one trial."""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from gradproof.code.paths import part_or_none
from gradproof.code.reading.functions import Text, is_straight, text_of
from gradproof.code.reading.nodes import NOTHING, constant_of, name_of, short, without_sizes
from gradproof.code.reading.rewriting import Rewriter
from gradproof.code.reading.steps import PREFIX, Block, Compound, Instance, Origin, Ref, Step, idents_in, named_steps
from gradproof.errors import GradproofError


@dataclass
class Scope:
    """The variables of one call of a function, the statements that bound them last, and what its caller holds."""

    text: Text
    variables: dict[str, Ref]
    arguments: Mapping[str, Ref]
    returned: Ref | None = None
    done: bool = False
    bound: dict[str, Origin] = field(default_factory=dict)
    left: Origin | None = None
    held: dict[str, Ref] = field(default_factory=dict)


@dataclass(eq=False)
class Reader:
    """Runs functions on samples and notes how every value comes about.

    Attributes:
        attribute: What an attribute of an object is before the code has written it.
        meaning: The quantity that a variable of a function is by its name, or None.
        steps: All steps in order; blocks take numbers of the same count.
        scopes: Of every call, in order.
        instances: The objects whose methods are read.
    """

    attribute: Callable[[Reader, Instance, str], Ref]
    meaning: Callable[[str, str], str | None]
    steps: dict[int, Step] = field(default_factory=dict)
    scopes: list[Scope] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    globals: dict[str, Any] = field(default_factory=dict)
    count: int = 0

    # Steps --------------------------------------------------------------------------------------------------------

    def number(self) -> int:
        """The next place in the order."""
        self.count += 1
        return self.count

    def step(
        self,
        sample: Any,
        expression: ast.expr | None = None,
        origin: Origin | None = None,
        block: Block | None = None,
        *,
        static: bool = False,
    ) -> Step:
        """Note a step."""
        made = Step(self.number(), sample, expression, origin, block, static)
        self.steps[made.number] = made
        return made

    def value(self, expression: ast.expr, scope: Scope, origin: Origin) -> Any:
        """What an expression over steps gives in the sample.

        Raises:
            GradproofError: It fails.
        """
        names = {step.ident: step.sample for number in idents_in(expression) for step in [self.steps[number]]}
        code = compile(ast.fix_missing_locations(ast.Expression(copy.deepcopy(expression))), "<sample>", "eval")
        try:
            with np.errstate(all="ignore"):
                return eval(code, {**self.globals, **names})  # the user's own expression
        except Exception as error:
            raise GradproofError(
                f"{scope.text.place(origin.line)}: {short(origin.text)}: {type(error).__name__}: {error}"
            ) from error

    def ref(self, node: ast.expr, scope: Scope, origin: Origin) -> Ref:
        """What an expression is: a variable's own value, a display of such, or a new step."""
        found = self.resolved(node, scope, origin)
        if found is not None:
            return found
        return self.computed(self.rewritten(node, scope, origin), scope, origin)

    def computed(self, expression: ast.expr, scope: Scope, origin: Origin, block: Block | None = None) -> Ref:
        """A step for an expression over steps; one for each item where it gives a tuple."""
        sample = self.value(expression, scope, origin)
        whole = self.step(sample, expression, origin, block, static=self.is_static(expression))
        if isinstance(sample, (tuple, list, dict)) and not whole.static:
            return self.opened(whole, scope, origin)
        return whole

    def opened(self, whole: Step, scope: Scope, origin: Origin) -> Compound:
        """A compound value that is known as a whole, with a step for each of its items."""
        sample = whole.sample
        keys = list(sample) if isinstance(sample, dict) else list(range(len(sample)))
        kind = type(sample).__name__ if type(sample) in (tuple, list, dict) else "tuple"
        items: dict[Any, Ref] = {}
        # Of a shape the sizes are taken one by one: `N = X.shape[0]`.
        holder = whole.expression if whole.static and isinstance(whole.expression, ast.expr) else name_of(whole.ident)
        for key in keys:
            own = ast.Subscript(holder, ast.Constant(key), ast.Load())
            items[key] = self.computed(own, scope, origin)
        return Compound(kind, items, whole)

    def is_static(self, expression: ast.expr) -> bool:
        """Whether an expression depends on shapes and plain Python values alone."""
        return all(self.steps[number].static for number in idents_in(without_sizes(expression)))

    # Expressions --------------------------------------------------------------------------------------------------

    def resolved(self, node: ast.expr, scope: Scope, origin: Origin) -> Ref | None:
        """The value that an expression names without computing anything; None where it computes."""
        match node:
            case ast.Name():
                return scope.variables.get(node.id)
            case ast.Attribute():
                owner = self.resolved(node.value, scope, origin)
                if isinstance(owner, Instance):
                    if node.attr not in owner.attributes:
                        kind = inspect.getattr_static(type(owner.value), node.attr, None)
                        if isinstance(kind, property) and isinstance(kind.fget, FunctionType):
                            text = text_of(kind.fget)
                            return self.run(text, {text.parameters[0]: owner})
                        if isinstance(part_or_none(owner.value, node.attr), MethodType):
                            return None
                        owner.first[node.attr] = self.attribute(self, owner, node.attr)
                        owner.attributes[node.attr] = _copied(owner.first[node.attr])
                    return owner.attributes[node.attr]
                return None
            case ast.Subscript():
                owner = self.resolved(node.value, scope, origin)
                if not isinstance(owner, Compound):
                    return None
                key = self.key(node.slice, scope, origin)
                if key is not NOTHING:
                    if owner.kind != "dict" and isinstance(key, int) and key < 0:
                        key += len(owner.items)
                    if key in owner.items:
                        return owner.items[key]
                return None
            case ast.Tuple() | ast.List() if not any(isinstance(item, ast.Starred) for item in node.elts):
                kind = "tuple" if isinstance(node, ast.Tuple) else "list"
                return Compound(kind, {k: self.ref(item, scope, origin) for k, item in enumerate(node.elts)})
            case ast.Dict() if all(key is not None and constant_of(key) is not NOTHING for key in node.keys):
                items = zip(node.keys, node.values, strict=True)
                return Compound("dict", {constant_of(k): self.ref(v, scope, origin) for k, v in items if k is not None})
            case ast.Call(func=ast.Name(id="dict"), args=[]) if all(word.arg for word in node.keywords):
                return Compound("dict", {word.arg: self.ref(word.value, scope, origin) for word in node.keywords})
            case ast.Call():
                return self.inlined(node, scope, origin)
        return None

    def key(self, node: ast.expr, scope: Scope, origin: Origin) -> Any:
        """The index or key that an expression is at all sizes; `NOTHING` where it is none, or depends on arrays."""
        constant = constant_of(node)
        if constant is not NOTHING or isinstance(node, (ast.Slice, ast.Tuple)):
            return constant
        flat = _Lengths(lambda part: self.resolved(part, scope, origin)).visit(copy.deepcopy(node))
        if any(isinstance(part, ast.Call) and not _is_text(part) for part in ast.walk(flat)):
            return NOTHING
        text = self.rewritten(flat, scope, origin)
        if not self.is_fixed(text):
            return NOTHING
        value = self.value(text, scope, origin)
        return value if isinstance(value, (int, str)) and not isinstance(value, bool) else NOTHING

    def is_fixed(self, expression: ast.AST) -> bool:
        """Whether an expression is the same at all sizes: of constants alone, not of the shapes of arrays."""
        for part in ast.walk(expression):
            if isinstance(part, (ast.Attribute, ast.Subscript)) or (isinstance(part, ast.Call) and not _is_text(part)):
                return False
            if isinstance(part, ast.Name) and not part.id.startswith(PREFIX) and part.id not in _TEXTS:
                return False
        steps = [self.steps[number] for number in idents_in(expression)]
        return all(one.static and one.expression is not None and self.is_fixed(one.expression) for one in steps)

    def rewritten(self, node: ast.expr, scope: Scope, origin: Origin) -> ast.expr:
        """An expression with every variable replaced by the step that it is."""
        return Rewriter(lambda part: self.resolved(part, scope, origin), self.written).rewrite(node)

    def written(self, ref: Ref) -> ast.expr:
        """The text that makes a value out of steps."""
        match ref:
            case Step():
                return name_of(ref.ident)
            case Compound(whole=Step() as whole):
                return name_of(whole.ident)
            case Compound(kind="dict"):
                return ast.Dict([ast.Constant(key) for key in ref.items], [self.written(v) for v in ref.items.values()])
            case Compound():
                items = [self.written(item) for item in ref.items.values()]
                return ast.Tuple(items, ast.Load()) if ref.kind == "tuple" else ast.List(items, ast.Load())
        raise GradproofError(
            f"an object of the class {type(ref.value).__name__} is handed on as a whole, which cannot be followed; "
            "give Code(..., opaque=True) to compare only what the functions return"
        )

    # Calls --------------------------------------------------------------------------------------------------------

    def inlined(self, node: ast.Call, scope: Scope, origin: Origin) -> Ref | None:
        """What a call gives of a function of the same file, or of a method: read like the rest; else None."""
        owner: Ref | None = None
        function: object = None
        if isinstance(node.func, ast.Attribute):
            owner = self.resolved(node.func.value, scope, origin)
            if isinstance(owner, Instance) and isinstance(held := owner.attributes.get(node.func.attr), Instance):
                owner, function = held, _call_of(held.value)
            elif isinstance(owner, Instance):
                method = part_or_none(owner.value, node.func.attr)
                function = getattr(method, "__func__", method)
                if isinstance(_call_of(method), FunctionType):
                    owner = self.resolved(node.func, scope, origin)
                    function = _call_of(method)
        elif isinstance(node.func, (ast.Name, ast.Subscript)) and isinstance(
            called := self.resolved(node.func, scope, origin), Instance
        ):
            owner, function = called, _call_of(called.value)
        elif isinstance(node.func, ast.Name) and node.func.id not in scope.variables:
            function = self.globals.get(node.func.id)
        if not isinstance(function, FunctionType) or function.__code__.co_filename != str(scope.text.path):
            return None
        text = text_of(function)
        within = any(other.text.function is function for other in self.scopes if not other.done)
        if within or not is_straight(text, branches=isinstance(owner, Instance)):
            if isinstance(owner, Instance):
                raise GradproofError(
                    f"{scope.text.place(origin.line)}: {short(origin.text)}: the method {function.__name__} is not "
                    "written straight on, so what it does to the object cannot be followed; give "
                    "Code(..., opaque=True) to compare only what the functions return"
                )
            return None
        values: list[Ref] = [owner] if isinstance(owner, Instance) else []
        if any(isinstance(a, ast.Starred) for a in node.args) or any(word.arg is None for word in node.keywords):
            return None
        values += [self.ref(argument, scope, origin) for argument in node.args]
        arguments: dict[str, Ref] = dict(zip(text.parameters, values, strict=False))
        arguments |= {str(word.arg): self.ref(word.value, scope, origin) for word in node.keywords}
        for name, default in text.defaults.items():
            if name not in arguments:
                arguments[name] = self.step(default, ast.Constant(default), static=True)
        if len(values) > len(text.parameters) or set(arguments) != set(text.parameters):
            return None  # Python itself says what is wrong with the call
        return self.run(text, arguments)

    def run(self, text: Text, arguments: Mapping[str, Ref]) -> Ref:
        """Read a function's body with its parameters bound; what it returns."""
        scope = Scope(text, dict(arguments), dict(arguments), held=dict(arguments))
        self.scopes.append(scope)
        self.statements(text.body, scope)
        scope.done = True
        return scope.returned if scope.returned is not None else self.step(None, ast.Constant(None), static=True)

    # Statements ---------------------------------------------------------------------------------------------------

    def statements(self, body: Iterable[ast.stmt], scope: Scope) -> None:
        """Read statements in order, up to a return."""
        for statement in body:
            if scope.returned is not None:
                return
            self.statement(statement, scope)

    def statement(self, node: ast.stmt, scope: Scope) -> None:
        """Read one statement; what each kind of statement does is said in `statements`."""
        raise NotImplementedError

    def origin(self, node: ast.stmt, scope: Scope) -> Origin:
        """Where a statement stands, and what the variables are as it runs."""
        known: dict[str, Step] = {}
        for name, ref in scope.variables.items():
            known |= dict(named_steps(name, ref))
        return Origin(node.lineno, scope.text.segment(node), scope.text.name, known)


def _call_of(value: Any) -> object:
    """What calling an object of somebody's class runs; None where it cannot be called."""
    return inspect.getattr_static(type(value), "__call__", None)


_TEXTS = frozenset({"str", "int"})


def _is_text(call: ast.Call) -> bool:
    """Whether a call only turns a number into a text or back."""
    return isinstance(call.func, ast.Name) and call.func.id in _TEXTS


class _Lengths(ast.NodeTransformer):
    """The lengths of lists and dicts whose items are known, as numbers."""

    def __init__(self, resolve: Callable[[ast.expr], Ref | None]) -> None:
        self.resolve = resolve

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node:
            case ast.Call(func=ast.Name(id="len"), args=[inner], keywords=[]) if not isinstance(inner, ast.Call):
                found = self.resolve(inner)
                if isinstance(found, Compound) and found.whole is None:
                    return ast.Constant(len(found.items))
        return self.generic_visit(node)


def _copied(ref: Ref) -> Ref:
    """A compound of its own, so that what is stored into it later leaves the first one as it was."""
    if isinstance(ref, Compound):
        return Compound(ref.kind, {key: _copied(item) for key, item in ref.items.items()}, ref.whole)
    return ref
