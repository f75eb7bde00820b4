"""The sizes of a note's arrays: axes that its formulas bring together have one size, all others differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gradproof.audit.own.names.definitions import Definitions
from gradproof.audit.own.names.families import Families, binding
from gradproof.audit.own.shapes.axes import ONE, SMALLEST, Axes, Axis, Clash, Shape
from gradproof.audit.reading.names import form
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import (
    Big,
    Call,
    Cases,
    Comparison,
    Derivative,
    Entry,
    Fraction,
    Inverse,
    Label,
    Matrix,
    Node,
    Norm,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Transpose,
)
from gradproof.audit.values.grouping import by_quotients
from gradproof.audit.values.indices import index_value

ATOM = re.compile(r"([+-]?)(\\ell|[A-Za-z]|[0-9]+)")
_REDUCING = frozenset({"sum", "mean", "tr", "det", "rows", "columns", "contract"})


@dataclass
class Shapes:
    """The shapes of trees in terms of axes; `rank` says how many axes a leaf has."""

    definitions: Definitions
    families: Families
    rank: Callable[[Symbol], int]
    axes: Axes
    rows: bool = False
    reached: set[tuple[str, str]] = field(default_factory=set)  # names of which entries such as `x_{i+k}` are printed
    letters: dict[str, Axis] = field(default_factory=dict)
    layers: dict[str, int] = field(default_factory=dict)
    dummies: Mapping[object, Shape] = field(default_factory=dict)
    leaves: dict[object, Shape] = field(default_factory=dict)
    given: Callable[[Symbol], tuple[int, ...] | None] = lambda _: None  # sizes that a reference has
    _known: dict[object, Shape | None] = field(default_factory=dict)
    _shared: dict[object, Shape] = field(default_factory=dict)

    def of(self, node: Node) -> Shape:
        """The shape of a tree; raises `Clash`."""
        return _RULES[type(node)](self, node)

    def statement(self, statement: Statement) -> bool:
        """Join what the sides of a statement bring together; whether all of it fitted."""
        fitted = True
        for rows in (False, True):
            self.rows = rows
            self.letters = {}
            saved = (list(self.axes.parents), dict(self.axes.sizes), dict(self.axes.least))
            try:
                self._limits(statement)
                shapes = [self.of(side) for side in binding(statement, self.families.letters)]
                for other in shapes[1:]:
                    self.alike(shapes[0], other)
            except (Clash, RecursionError):
                self.axes.parents[: len(saved[0])] = saved[0]
                self.axes.sizes, self.axes.least = saved[1], saved[2]
                fitted = False
                continue
            self.rows = False
            return True
        self.rows = False
        return fitted

    def _limits(self, statement: Statement) -> None:
        for condition in statement.conditions:
            if condition.high and condition.right == "1" and condition.left not in self.families.letters.layered:
                self.letters[condition.left] = self._limit(condition.high)

    def _limit(self, text: str) -> Axis:
        if text.isdecimal() and 0 < int(text) < 20:
            axis = self.axes.new()
            self.axes.fix(axis, int(text))
            return axis
        if index_value(text, {}) is None and (text.isalpha() or text.startswith("\\") or "_" in text):
            return self.axes.name(text)
        return self.axes.new()

    def known(self) -> Iterator[tuple[object, Shape]]:
        """Every quantity whose shape is known, by form."""
        return ((key, shape) for key, shape in self._known.items() if shape is not None)

    def letter(self, name: str) -> Axis:
        """The axis that an index letter runs along in this statement."""
        if name not in self.letters:
            self.letters[name] = self.axes.new()
        return self.letters[name]

    def head(self, head: Symbol) -> Shape:
        """The shape of a whole quantity, its layers with numbers."""
        head = self._numbered(head)
        key = form(head)
        if key in self._known:
            known = self._known[key]
            if known is None:
                raise Clash
            return known
        self._known[key] = None
        if (sizes := self.given(head)) is not None:
            self._known[key] = tuple(self.axes.of_size(size) for size in sizes)
            return self._known[key] or ()
        for definition, values in self.definitions.matches(head):
            saved = self.letters, self.layers
            self.letters, self.layers = {}, {**self.layers, **values}
            try:
                whole = self.of(definition.tree)
                whole = (
                    *(
                        self.letter(text) if text.isalpha() or text == r"\ell" else self.axes.new()
                        for text in definition.axes
                    ),
                    *whole,
                )
            except (Clash, RecursionError):
                continue
            finally:
                self.letters, self.layers = saved
            self._known[key] = whole
            return whole
        family = self.families.of(head)
        steps = family is not None and family.layer_below and bool(self.families.letters.layered - {"l", r"\ell"})
        shared = (head.name, head.mark, len(head.sub), len(head.sup)) if steps else key
        if shared not in self._shared:  # every step in time has the shape of the others
            self._shared[shared] = tuple(self.axes.new() for _ in range(self.rank(head)))
        shape = self._shared[shared]
        self._known[key] = self.leaves[key] = shape
        return shape

    def _numbered(self, head: Symbol) -> Symbol:
        values = {**self.families.letters.fixed, **self.layers}

        def label(label: Label) -> Label:
            number = index_value(label.text, values) if self.families.letters.is_index(label.text) else None
            return label if number is None else Label(str(number), label.bracket)

        return replace(head, sub=tuple(map(label, head.sub)), sup=tuple(map(label, head.sup)))

    def symbol(self, node: Symbol) -> Shape:
        """The shape of a symbol."""
        if form(node) in self.dummies:
            return self.dummies[form(node)]
        letters = self.families.letters
        if not (node.sub or node.sup or node.mark):
            if node.name in letters.indices or node.name in letters.fixed or node.name in self.layers:
                return ()
            if node.name in self.axes.named:
                return ()
        if form(node) in self.definitions.functions:
            return ()
        split = self.families.split(node)
        if len(split.axes) == 2 and self.families.is_kronecker(node):
            return ()
        shape = self.head(split.head)
        if len(split.axes) > len(shape):
            raise Clash
        reached = (node.name, node.mark) in self.reached
        for text, axis in zip(split.axes, shape, strict=False):
            if reached and text.isalpha() and text not in self.layers and text not in letters.fixed:
                self.axes.spans.setdefault(axis, []).append(((self.letter(text),), 0))  # some of its entries
            else:
                self._along(text, axis)
        return shape[len(split.axes) :]

    def _along(self, text: str, axis: Axis) -> None:
        """What a label says of the axis whose entries it counts."""
        if text.isdecimal():
            root = self.axes.root(axis)
            self.axes.least[root] = max(self.axes.least.get(root, 0), int(text), SMALLEST)
        elif text in self.families.letters.fixed:
            root = self.axes.root(axis)
            self.axes.least[root] = max(self.axes.least.get(root, 0), self.families.letters.fixed[text] + 1)
        elif (text.isalpha() and len(text) == 1) or text == r"\ell":
            if text not in self.layers:
                self.axes.join(self.letter(text), axis)
        else:
            root = self.axes.root(axis)
            if not self._spanned(text, axis):
                self.axes.least[root] = max(self.axes.least.get(root, 0), 4)

    def _spanned(self, text: str, axis: Axis) -> bool:
        """`x_{i+k-1}` has as many entries as the largest `i` and `k` ask for; whether it is told by two letters."""
        atoms = ATOM.findall(text)
        letters = [(sign, atom) for sign, atom in atoms if not atom.isdecimal()]
        if len(letters) < 2 or any(atom in self.layers or atom in self.families.letters.fixed for _, atom in letters):
            return False
        number = sum(int(sign + atom) for sign, atom in atoms if atom.isdecimal())
        number -= sum(sign == "-" for sign, _ in letters)
        added = tuple(self.letter(atom) for sign, atom in letters if sign != "-")
        self.axes.spans.setdefault(axis, []).append((added, number))
        return True

    def entrywise(self, a: Shape, b: Shape, *, by_rows: bool = False) -> Shape:
        """A sum, an entrywise product, or two sides."""
        if not a or not b:
            return a or b
        if len(a) == len(b):
            return tuple(self._joined(x, y) for x, y in zip(a, b, strict=True))
        if len(a) < len(b):
            a, b = b, a
        if len(a) == 2 and len(b) == 1:
            rows, columns = a
            if self.axes.root(rows) == ONE:
                self.axes.join(columns, b[0])
            elif self.axes.root(columns) == ONE:
                self.axes.join(rows, b[0])
            elif self.axes.root(columns) == self.axes.root(b[0]):
                pass
            elif self.axes.root(rows) == self.axes.root(b[0]) or not by_rows:
                self.axes.join(rows, b[0])
            else:
                self.axes.join(columns, b[0])
            return a
        raise Clash

    def _joined(self, x: Axis, y: Axis) -> Axis:
        x, y = self.axes.root(x), self.axes.root(y)
        if ONE in (x, y) and self.axes.sizes.get(x) != self.axes.sizes.get(y):
            return y if x == ONE else x
        return self.axes.join(x, y)

    def alike(self, a: Shape, b: Shape) -> None:
        """Two sides of an equality."""
        if len(a) == len(b):
            for x, y in zip(a, b, strict=True):
                self.axes.join(x, y)
        elif {len(a), len(b)} == {1, 2}:
            vector, matrix = (a, b) if len(a) == 1 else (b, a)
            others = [axis for axis in matrix if self.axes.root(axis) != ONE]
            if len(others) != 1:
                raise Clash
            self.axes.join(vector[0], others[0])
        elif len(a) != len(b):
            raise Clash

    def product(self, operator: str, a: Shape, b: Shape) -> Shape:
        """A product."""
        if not a or not b:
            return a or b
        if operator in ("odot", "slash"):
            return self.entrywise(a, b)
        if operator == "outer":
            return (*a, *b)
        if len(a) == len(b) == 1:
            if operator == "juxt":
                raise Clash
            return (self.axes.join(a[0], b[0]),)
        if len(a) == 1 and len(b) == 2 and self.axes.root(b[0]) == ONE:
            return a[0], b[1]
        if len(a) == 2 and len(b) == 1 and self.axes.root(a[1]) == ONE:
            return a[0], b[0]
        if len(a) == len(b) == 2 and operator == "times" and self._may_be_equal(a, b):
            return self.entrywise(a, b)
        self.axes.join(a[-1], b[0])
        out = (*a[:-1], *b[1:])
        return () if out and all(self.axes.root(axis) == ONE for axis in out) else out

    def _may_be_equal(self, a: Shape, b: Shape) -> bool:
        """Whether two matrices have one shape as far as is known."""
        pairs = [(self.axes.root(x), self.axes.root(y)) for x, y in zip(a, b, strict=True)]
        return all(x == y or None in (self.axes.sizes.get(x), self.axes.sizes.get(y)) for x, y in pairs)

    def call(self, node: Call) -> Shape:
        """The shape of a call."""
        shapes = [self.of(argument) for argument in node.arguments]
        if node.name is not None:
            definition = self.definitions.function(node.name)
            if definition is None or definition.parameters is None or len(definition.parameters) != len(shapes):
                return shapes[0] if shapes else ()
            saved = self.dummies, self.letters
            self.dummies = {form(p): s for p, s in zip(definition.parameters, shapes, strict=True)}
            self.letters = {}
            try:
                return self.of(definition.tree)
            finally:
                self.dummies, self.letters = saved
        if node.function in ("max", "min") and len(shapes) == 2:
            return self.entrywise(*shapes)
        if node.function in _REDUCING or (node.function in ("max", "min") and len(shapes) == 1):
            return ()
        if node.function == "concat":
            axis = self.axes.new()
            ends = [shape[-1] if shape else ONE for shape in shapes]
            known = next(
                (
                    a
                    for a, parts in self.axes.sums.items()
                    if len(parts) == len(ends)
                    and all(self.axes.root(x) == self.axes.root(y) for x, y in zip(parts, ends, strict=True))
                ),
                None,
            )
            self.axes.sums[axis if known is None else known] = tuple(ends)
            return (*max(shapes, key=len)[:-1], axis if known is None else known)
        if node.function == "inner":
            self.alike(*shapes[:2])
            return ()
        if node.function == "diag":
            return (shapes[0][0],) * 2 if len(shapes[0]) == 1 else shapes[0][:1]
        return shapes[0] if shapes else ()


def _sum(s: Shapes, node: Sum) -> Shape:
    total: Shape = ()
    by_rows = any(_batch_first(term) for term in node.terms)
    for term in node.terms:
        total = s.entrywise(total, s.of(term), by_rows=by_rows)
    return total


def _batch_first(term: Node) -> bool:
    """Whether a term is `X W`, whose rows are examples, and not `W X`."""
    if not isinstance(term, Product) or not isinstance(term.factors[-1], Symbol):
        return False
    return term.factors[-1].name.rstrip("'").lower() in ("w", "u", "v", "\\theta", "a")


def _product(s: Shapes, node: Product) -> Shape:
    shapes = [s.of(factor) for factor in node.factors]
    operators = by_quotients(node, node.operators, list(map(len, shapes)), lambda below: len(s.of(below)))
    total = shapes[0]
    saved = list(s.axes.parents), dict(s.axes.sizes)
    try:
        for operator, shape in zip(operators, shapes[1:], strict=True):
            total = s.product(operator, total, shape)
        return total
    except Clash:
        s.axes.parents[: len(saved[0])] = saved[0]
        s.axes.sizes = saved[1]
    runs: list[Shape] = [shapes[0]]
    for operator, shape in zip(operators, shapes[1:], strict=True):
        if operator == "odot":
            runs.append(shape)
        else:
            runs[-1] = s.product(operator, runs[-1], shape)
    total = runs[0]
    for run in runs[1:]:
        total = s.entrywise(total, run)
    return total


def _power(s: Shapes, node: Power) -> Shape:
    exponent = s.of(node.exponent)
    return exponent if isinstance(node.base, Symbol) and node.base.name == "e" else s.of(node.base)


def _transpose(s: Shapes, node: Transpose) -> Shape:
    shape = s.of(node.argument)
    if len(shape) == 1:
        return (shape[0], ONE) if s.rows else (ONE, shape[0])
    return shape[::-1]


def _inverse(s: Shapes, node: Inverse) -> Shape:
    shape = s.of(node.argument)
    if len(shape) == 2:
        s.axes.join(*shape)
    if isinstance(node.argument, Product):
        left, right = node.argument.factors[0], node.argument.factors[-1]
        for turned, other in ((left, right), (right, left)):
            whole = s.of(turned)
            if isinstance(turned, Transpose) and turned.argument == other and len(whole) == 2:
                s.axes.taller.append(whole[::-1] if turned is left else whole)
    return shape


def _entry(s: Shapes, node: Entry) -> Shape:
    shape = s.of(node.argument)
    texts = [text for label in node.labels for text in (label.text if label.text.isalnum() else [label.text])]
    if len(texts) > len(shape):
        raise Clash
    for text, axis in zip(texts, shape, strict=False):
        s._along(text, axis)
    return shape[len(texts) :]


def _big(s: Shapes, node: Big) -> Shape:
    if node.index in s.families.letters.layered:
        saved_layers = dict(s.layers)
        shape: Shape = ()
        if node.high and index_value(node.high, s.families.letters.fixed) is None and node.high not in s.layers:
            s.axes.fix(s.axes.name(node.high), s.families.letters.count)
        for number in range(1, s.families.letters.count + 1):
            s.layers = {**saved_layers, node.index: number}
            shape = s.of(node.body)
        s.layers = saved_layers
        return shape
    outside = s.letters.get(node.index)
    if node.high:
        axis = s._limit(node.high) if node.low in ("1", "") else s.axes.new()
        s.letters[node.index] = axis
    else:
        s.letters.pop(node.index, None)
    try:
        return s.of(node.body)
    finally:  # other letters that were met inside go on to mean the same
        s.letters.pop(node.index, None)
        if outside is not None:
            s.letters[node.index] = outside


def _derivative(s: Shapes, node: Derivative) -> Shape:
    of, by = s.of(node.of), s.of(node.by)
    if len(of) + len(by) > 2:
        raise Clash
    return (*of, *by)


def _cases(s: Shapes, node: Cases) -> Shape:
    total: Shape = ()
    for value in node.values:
        total = s.entrywise(total, s.of(value))
    for condition in node.conditions:
        if condition is not None:
            s.of(condition)
    return total


def _matrix(s: Shapes, node: Matrix) -> Shape:
    for row in node.rows:
        for cell in row:
            s.of(cell)
    shape = []
    for size in (len(node.rows), len(node.rows[0])):
        if size > 1:
            shape.append(s.axes.new())
            s.axes.fix(shape[-1], size)
    return tuple(shape)


_RULES: dict[type, Callable[..., Shape]] = {
    Number: lambda s, node: (),
    Symbol: lambda s, node: s.symbol(node),
    Sum: _sum,
    Product: _product,
    Fraction: lambda s, node: s.entrywise(s.of(node.top), s.of(node.bottom)),
    Power: _power,
    Call: lambda s, node: s.call(node),
    Derivative: _derivative,
    Transpose: _transpose,
    Inverse: _inverse,
    Entry: _entry,
    Big: _big,
    Norm: lambda s, node: s.of(node.argument) if node.kind == "abs" else s.of(node.argument)[:0],
    Comparison: lambda s, node: s.entrywise(s.of(node.left), s.of(node.right)),
    Cases: _cases,
    Matrix: _matrix,
}
