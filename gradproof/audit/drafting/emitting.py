"""Formulas of a note as torch expressions; index letters become axes that are lined up and summed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from gradproof.audit.own.world import World
from gradproof.audit.reading.names import form, plain
from gradproof.audit.reading.tree import (
    Big,
    Call,
    Comparison,
    Fraction,
    Inverse,
    Node,
    Norm,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Transpose,
)
from gradproof.audit.values.indices import index_value, put_in
from gradproof.audit.values.provider import NotAvailable
from gradproof.errors import GradproofError

_CALLS = {
    "relu": "torch.relu({})",
    "sigmoid": "torch.sigmoid({})",
    "tanh": "torch.tanh({})",
    "exp": "torch.exp({})",
    "log": "torch.log({})",
    "sqrt": "torch.sqrt({})",
    "sin": "torch.sin({})",
    "cos": "torch.cos({})",
    "abs": "torch.abs({})",
    "sign": "torch.sign({})",
    "softmax": "torch.softmax({}, -1)",
}
_WHOLE = {"sum": "{}.sum()", "mean": "{}.mean()", "tr": "torch.trace({})", "det": "torch.linalg.det({})"}
_SUMS = {"sum": "sum", "prod": "prod", "max": "amax", "min": "amin", "mean": "mean"}


class NotDrafted(GradproofError):
    """A formula for which no torch expression is known."""


@dataclass(frozen=True)
class Term:
    """An expression whose first axes are index letters and whose last ones are those of a vector or a matrix.

    `binds`: how strongly it holds together: 0 a sum, 1 a product, 2 all else. `row`: a transposed vector.
    """

    code: str
    letters: tuple[str, ...] = ()
    rank: int = 0
    row: bool = False
    binds: int = 2

    def within(self, binds: int) -> str:
        """The code as a part of what binds so strongly."""
        return self.code if self.binds >= binds else f"({self.code})"


@dataclass
class Emitter:
    """Torch expressions on one world's names; `name` gives a quantity its identifier, and asks for its value."""

    world: World
    name: Callable[[str], str]
    dummies: Mapping[object, Term] = field(default_factory=dict)
    values: Mapping[str, int] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)

    def of(self, node: Node) -> Term:
        """The expression for a tree; raises `NotDrafted`."""
        rule = _RULES.get(type(node))
        if rule is None:
            raise NotDrafted(f"a {type(node).__name__.lower()} has no place in a draft")
        return rule(self, node)

    def symbol(self, node: Symbol) -> Term:
        """A symbol: a dummy, an index, a length, or a quantity with the entries that its labels count."""
        if form(node) in self.dummies:
            return self.dummies[form(node)]
        values = {**self.world.families.letters.fixed, **self.values}
        if not (node.sub or node.sup or node.mark) and node.name in values:
            return Term(str(values[node.name]))
        constant = self.world.names.constant(node)
        if constant is not None:
            return Term(str(int(constant)) if constant.denominator == 1 else str(float(constant)))
        split = self.world.families.split(node)
        key = plain(put_in(split.head, values))
        try:
            rank = len(self.world.value(key).shape)
        except NotAvailable as error:
            raise NotDrafted(str(error)) from error
        if len(split.axes) > rank or len(set(split.axes)) < len(split.axes):
            raise NotDrafted(f"the entries of {plain(node)}")
        places, letters = [], []
        for text in split.axes:
            number = index_value(text, values)
            if number is None and not text.isalpha():
                raise NotDrafted(f"the index arithmetic {text}")
            places.append(":" if number is None else str(number - 1))
            letters += [text] if number is None else []
        index = "" if all(place == ":" for place in places) else f"[{', '.join(places)}]"
        return Term(self.name(key) + index, tuple(letters), rank - len(split.axes))

    def combined(self, operator: str, a: Term, b: Term) -> Term:
        """Two terms entry by entry, their letters lined up."""
        letters = (*a.letters, *(letter for letter in b.letters if letter not in a.letters))
        binds = 0 if operator in "+-" else 1
        rank = max(a.rank, b.rank)
        left, right = (_lined_up(term, letters, rank) for term in (a, b))
        code = f"{left.within(binds)} {operator} {right.within(binds + (operator in '-/'))}"
        return Term(code, letters, rank, a.row if a.rank else b.row, binds)

    def product(self, operator: str, a: Term, b: Term) -> Term:
        """A product as matrix notation has it."""
        if not (a.rank and b.rank) or operator == "odot" or (a.rank == b.rank == 1 and not (a.row or b.row)):
            return self.combined("/" if operator == "slash" else "*", a, b)
        if a.letters or b.letters:
            if a.rank == b.rank == 1 and a.row and not b.row:
                both = self.combined("*", replace(a, row=False), b)
                return Term(f"{both.within(2)}.sum(-1)", both.letters)
            if a.rank == 2 and b.rank == 1 and not b.row:
                letters = (*a.letters, *(letter for letter in b.letters if letter not in a.letters))
                left, right = _lined_up(a, letters, 2), _lined_up(b, letters, 1)
                return Term(f"({left.within(2)} @ {right.within(2)}[..., None])[..., 0]", letters, 1)
            raise NotDrafted("a product of arrays that carry indices")
        if a.rank == b.rank == 1 and b.row:
            return Term(f"torch.outer({a.code}, {b.code})", (), 2)
        rank = a.rank + b.rank - 2
        return Term(f"{a.within(1)} @ {b.within(2)}", (), rank, row=a.row and rank == 1, binds=1)

    def called(self, node: Call) -> Term:
        """A function's value."""
        arguments = [self.of(argument) for argument in node.arguments]
        if node.primes:
            raise NotDrafted("a derivative in a forward equation")
        if node.name is not None:
            return self._own(node.name, arguments)
        only = arguments[0]
        if node.function in _CALLS and len(arguments) == 1:
            return replace(only, code=_CALLS[node.function].format(only.code), binds=2)
        if node.function in _WHOLE and len(arguments) == 1 and not only.letters:
            return Term(_WHOLE[node.function].format(only.within(2)))
        if node.function in ("max", "min") and len(arguments) == 2:
            a, b = (replace(t, code=f"torch.as_tensor({t.code})") if t.code.isdecimal() else t for t in arguments)
            both = self.combined("+", a, b)
            return Term(f"torch.{node.function}imum({a.code}, {b.code})", both.letters, both.rank)
        if node.function == "contract":
            weights = f"torch.linspace(0.5, 1.5, {only.within(2)}.numel()).reshape({only.within(2)}.shape)"
            return Term(f"({only.within(1)} * {weights}).sum()")
        raise NotDrafted(f"the function {node.function or 'without a name'}")

    def _own(self, name: Symbol, arguments: list[Term]) -> Term:
        definition = self.world.definitions.function(name)
        if len(arguments) != 1:
            raise NotDrafted(f"{plain(name)} of {len(arguments)} arguments")
        called = "".join(x for x in plain(name) if x.isalnum() or x == "_")
        if definition is None or definition.parameters is None:
            logistic = name.name == r"\sigma"
            self.functions[called] = f"    return torch.{'sigmoid' if logistic else 'tanh'}(x)"
            return replace(arguments[0], code=f"{called}({arguments[0].code})", binds=2)
        if called not in self.functions:
            inner = replace(self, dummies={form(definition.parameters[0]): Term("x")})
            body = inner.of(definition.tree)
            if body.rank or body.letters:
                raise NotDrafted(f"{plain(name)}, which is no function of one number")
            self.functions[called] = f"    return {body.code}"
        return replace(arguments[0], code=f"{called}({arguments[0].code})", binds=2)

    def summed(self, node: Big) -> Term:
        """A sum, product or extremum over an index, which may count layers."""
        letters = self.world.families.letters
        how = _SUMS.get(node.operator)
        if how is None or node.conditions or node.items or node.low not in ("", "1"):
            raise NotDrafted(f"the range of the index {node.index}")
        if node.index in letters.layered:
            if how != "sum":
                raise NotDrafted(f"a {node.operator} over layers or steps")
            terms = [
                replace(self, values={**self.values, node.index: n}).of(node.body) for n in range(1, letters.count + 1)
            ]
            total = terms[0]
            for term in terms[1:]:
                total = self.combined("+", total, term)
            return total
        body = self.of(node.body)
        if node.index not in body.letters:
            raise NotDrafted(f"a sum over {node.index}, on which nothing in it depends")
        at = body.letters.index(node.index)
        rest = tuple(letter for letter in body.letters if letter != node.index)
        return Term(f"{body.within(2)}.{how}({at})", rest, body.rank, body.row)


def _lined_up(term: Term, letters: tuple[str, ...], rank: int) -> Term:
    """A term whose first axes are those letters, new ones of length one where it lacks them."""
    if not (term.letters or term.rank) or (term.letters == letters and term.rank == rank):
        return term
    code = term.within(2)
    wanted = tuple(letter for letter in letters if letter in term.letters)
    if wanted != term.letters:
        axes = [term.letters.index(letter) for letter in wanted]
        code += f".permute({', '.join(map(str, [*axes, *range(len(axes), len(axes) + term.rank)]))})"
    places = [":" if letter in term.letters else "None" for letter in letters]
    if term.rank < rank and term.rank == 0:
        places += ["None"] * rank
    elif term.rank:
        places.append("...")
    if "None" in places:
        code += f"[{', '.join(places)}]"
    return replace(term, code=code, binds=2)


def _sum(e: Emitter, node: Sum) -> Term:
    first = e.of(node.terms[0])
    total = replace(first, code=f"-{first.within(1)}", binds=0) if node.signs[0] == "-" else first
    for sign, term in zip(node.signs[1:], node.terms[1:], strict=True):
        total = e.combined(sign, total, e.of(term))
    return total


def _product(e: Emitter, node: Product) -> Term:
    total = e.of(node.factors[0])
    for operator, factor in zip(node.operators, node.factors[1:], strict=True):
        total = e.product(operator, total, e.of(factor))
    return total


def _power(e: Emitter, node: Power) -> Term:
    exponent = e.of(node.exponent)
    if isinstance(node.base, Symbol) and node.base.name == "e" and not node.base.sub:
        return replace(exponent, code=f"torch.exp({exponent.code})", binds=2)
    base = e.of(node.base)
    if exponent.letters or exponent.rank:
        raise NotDrafted("a power that is an array")
    return replace(base, code=f"{base.within(2)} ** {exponent.within(2)}", binds=1)


def _transpose(e: Emitter, node: Transpose) -> Term:
    term = e.of(node.argument)
    if term.rank < 2:
        return replace(term, row=not term.row if term.rank else False)
    return replace(term, code=f"{term.within(2)}.mT", binds=2)


def _norm(e: Emitter, node: Norm) -> Term:
    term = e.of(node.argument)
    if node.kind == "abs":
        return replace(term, code=f"{term.within(2)}.abs()", binds=2)
    axes = "" if not term.letters else f"dim={tuple(range(-term.rank, 0))}"
    return Term(f"{term.within(2)}.norm({axes})", term.letters)


def _comparison(e: Emitter, node: Comparison) -> Term:
    both = e.combined("+", left := e.of(node.left), right := e.of(node.right))
    return replace(both, code=f"({left.within(1)} {node.operator} {right.within(1)}).double()", binds=2)


def _fraction(e: Emitter, node: Fraction) -> Term:
    return e.combined("/", e.of(node.top), e.of(node.bottom))


def _inverse(e: Emitter, node: Inverse) -> Term:
    term = e.of(node.argument)
    return replace(term, code=f"torch.linalg.inv({term.code})" if term.rank == 2 else f"1 / {term.within(2)}")


_RULES: dict[type, Callable[..., Term]] = {
    Number: lambda e, node: Term(node.text),
    Symbol: lambda e, node: e.symbol(node),
    Sum: _sum,
    Product: _product,
    Fraction: _fraction,
    Power: _power,
    Call: lambda e, node: e.called(node),
    Transpose: _transpose,
    Inverse: _inverse,
    Norm: _norm,
    Big: lambda e, node: e.summed(node),
    Comparison: _comparison,
}
