"""A tree of printed maths as MathML elements."""

from __future__ import annotations

from collections.abc import Sequence
from html.entities import html5
from xml.etree.ElementTree import Element

from gradproof.audit.printing.walk import BASE, Printing
from gradproof.audit.reading.tree import Big, Derivative, Entry, Fraction, Labels, Node, Product, Symbol

_APPLY, _TIMES, _MINUS, _PRIME = "\u2061", "\u2062", "\u2212", "\u2032"
_OPERATORS = {"juxt": _TIMES, "dot": "\u22c5", "times": "\u00d7", "slash": "/", "odot": "\u2299", "outer": "\u2297"}
_COMPARISONS = {"<=": "\u2264", ">=": "\u2265", "==": "=", "!=": "\u2260", "in": "\u2208"}
_BIG = {"sum": "\u2211", "prod": "\u220f"}
_MARKS = {"hat": "^", "tilde": "~", "bar": "\u00af", "vec": "\u2192", "dot": "\u02d9"}
_FENCES = {"<": ("\u27e8", "\u27e9")}
_DERIVATIVE_SIGNS = {"d": "d", "partial": "\u2202"}


def mathml(node: Node) -> Element:
    """The element that shows a tree.

    Raises:
        TypeError: A node is of a kind that has no element.
    """
    return _MATHML.show(node)


def equations(pairs: Sequence[tuple[Node, Node]]) -> Element:
    """Left and right sides as a `math` element: one line, or a table whose equals signs stand under each other."""
    if len(pairs) == 1:
        left, right = pairs[0]
        return element("math", mathml(left), element("mo", text="="), mathml(right))
    rows = [
        element(
            "mtr",
            element("mtd", mathml(left)),
            element("mtd", element("mo", text="=", form="infix")),
            element("mtd", mathml(right)),
        )
        for left, right in pairs
    ]
    return element("math", element("mtable", *rows))


def element(tag: str, *below: Element, text: str = "", **attributes: str) -> Element:
    """An element with its content."""
    made = Element(tag, attributes)
    made.text = text or None
    made.extend(below)
    return made


class _MathML(Printing[Element]):
    def number(self, text: str) -> Element:
        return element("mn", text=text)

    def symbol(self, node: Symbol) -> Element:
        name = node.name.rstrip("'")
        base = element("mi", text=_letter(name) + _PRIME * (len(node.name) - len(name)))
        if node.mark:
            base = element("mover", base, element("mo", text=_MARKS.get(node.mark, "^")), accent="true")
        if node.sub and node.sup:
            return element("msubsup", base, _script(node.sub), _script(node.sup))
        if node.sub or node.sup:
            return element("msub" if node.sub else "msup", base, _script(node.sub or node.sup))
        return base

    def fenced(self, fence: str, inner: Element) -> Element:
        start, end = (element("mo", text=one, fence="true") for one in _FENCES.get(fence[0], fence))
        return element("mrow", start, inner, end)

    def listed(self, parts: Sequence[Element]) -> Element:
        row = element("mrow", *parts[:1])
        for part in parts[1:]:
            row.extend([element("mo", text=","), part])
        return row

    def sum(self, signs: Sequence[str], terms: Sequence[Element]) -> Element:
        row = element("mrow")
        for number, (sign, term) in enumerate(zip(signs, terms, strict=True)):
            if number or sign == "-":
                form = "infix" if number else "prefix"
                row.append(element("mo", text="+" if sign == "+" else _MINUS, form=form))
            row.append(term)
        return row

    def product(self, node: Product, factors: Sequence[Element]) -> Element:
        row = element("mrow", factors[0])
        for number, (operator, factor) in enumerate(zip(node.operators, factors[1:], strict=True)):
            row.append(element("mo", text=_OPERATORS[operator]))
            if operator == "juxt" and _would_run_together(*node.factors[number : number + 2]):
                row.append(element("mspace", width="0.17em"))
            row.append(factor)
        return row

    def fraction(self, top: Element, bottom: Element) -> Element:
        return element("mfrac", top, bottom)

    def gradient(self, by: Element, of: Element) -> Element:
        return element("mrow", element("msub", element("mo", text="\u2207"), by), of)

    def derivative(self, style: str, top: Element | None, by: Element, of: Element | None) -> Element:
        above, d = (element("mi", text=_DERIVATIVE_SIGNS[style], mathvariant="normal") for _ in range(2))
        quotient = element("mfrac", above if top is None else element("mrow", above, top), element("mrow", d, by))
        return quotient if of is None else element("mrow", quotient, of)

    def root(self, inner: Element) -> Element:
        return element("msqrt", inner)

    def call(self, name: str, primes: int, arguments: Element) -> Element:
        return element(
            "mrow", element("mi", text=_letter(name) + _PRIME * primes), element("mo", text=_APPLY), arguments
        )

    def indicator(self, inner: Element) -> Element:
        return element("mrow", element("mn", text="\U0001d7d9"), inner)

    def comparison(self, left: Element, operator: str, right: Element) -> Element:
        return element("mrow", left, element("mo", text=_COMPARISONS.get(operator, operator)), right)

    def transposed(self, node: Node, base: Element) -> Element:
        return element("msup", base, element("mo", text="\u22a4"))

    def raised(self, node: Node, base: Element, exponent: Element) -> Element:
        return element("msup", base, exponent)

    def entry(self, node: Entry) -> Element:
        return element("msub", self.within(node.argument, BASE), _script(node.labels))

    def big(self, node: Big, below: Sequence[tuple[str, str, str]], body: Element) -> Element:
        sign = _BIG.get(node.operator)
        operator = element("mo", text=sign, movablelimits="false") if sign else element("mi", text=node.operator)
        ranges = self.listed([self._range(*one) for one in below])
        if node.high:
            return element("mrow", element("munderover", operator, ranges, element("mi", text=node.high)), body)
        return element("mrow", element("munder", operator, ranges), body)

    def _range(self, left: str, operator: str, right: str) -> Element:
        if not operator:
            return element("mi", text=left)
        shown = element("mtext", text=f"{{{right}}}") if operator == "in" else element("mi", text=right)
        return self.comparison(element("mi", text=left), operator, shown)

    def cases(self, rows: Sequence[tuple[Element, Element | None]]) -> Element:
        otherwise = element("mtext", text="otherwise")
        lines = [(value, otherwise if condition is None else condition) for value, condition in rows]
        table = element("mtable", *(element("mtr", *(element("mtd", cell) for cell in line)) for line in lines))
        table.set("class", "cases")
        return element("mrow", element("mo", text="{", fence="true", form="prefix"), table)

    def matrix(self, rows: Sequence[Sequence[Element]]) -> Element:
        return self.fenced(
            "()", element("mtable", *(element("mtr", *(element("mtd", cell) for cell in row)) for row in rows))
        )


def _letter(name: str) -> str:
    """A name as it is printed: a command is the letter that it stands for."""
    return html5.get(f"{name[1:]};", name[1:]) if name.startswith("\\") else name


def _script(labels: Labels) -> Element:
    brackets = {"[": "[{}]", "(": "({})"}
    text = ",".join(brackets.get(label.bracket, "{}").format(_letter(label.text)) for label in labels)
    return element("mn" if text.isdecimal() else "mi", text=text)


def _would_run_together(left: Node, right: Node) -> bool:
    """Whether two factors need a space between them: two bars would be one, a word and a letter another word."""
    if isinstance(left, Fraction | Derivative) and isinstance(right, Fraction | Derivative):
        return True
    words = [isinstance(one, Symbol) and len(_letter(one.name)) > 1 for one in (left, right)]
    return any(words) and all(isinstance(one, Symbol) for one in (left, right))


_MATHML = _MathML()
