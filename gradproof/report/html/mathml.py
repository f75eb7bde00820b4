"""A tree of printed maths as MathML elements: one function for each kind of node, brackets where they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from html.entities import html5
from xml.etree.ElementTree import Element

from gradproof.audit.reading.tree import (
    Big,
    Call,
    Cases,
    Comparison,
    Derivative,
    Entry,
    Fraction,
    Inverse,
    Labels,
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

# How tightly a place binds: what stands there without brackets must bind as tightly.
_SUM, _TERM, _FACTOR, _BASE = range(4)
_APPLY, _TIMES, _MINUS, _PRIME = "\u2061", "\u2062", "\u2212", "\u2032"
_OPERATORS = {"juxt": _TIMES, "dot": "\u22c5", "times": "\u00d7", "slash": "/", "odot": "\u2299", "outer": "\u2297"}
_COMPARISONS = {"<": "<", ">": ">", "<=": "\u2264", ">=": "\u2265", "==": "=", "!=": "\u2260"}
_BIG = {"sum": "\u2211", "prod": "\u220f"}
_MARKS = {"hat": "^", "tilde": "~", "bar": "\u00af", "vec": "\u2192", "dot": "\u02d9"}
_DERIVATIVE_SIGNS = {"d": "d", "partial": "\u2202"}


def mathml(node: Node) -> Element:
    """The element that shows a tree.

    Raises:
        TypeError: A node is of a kind that has no element.
    """
    return _within(node, _SUM)


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


def _within(node: Node, place: int) -> Element:
    shown, binds = _plain(node)
    return shown if binds >= place else _fenced("(", shown, ")")


def _fenced(start: str, inner: Element, end: str) -> Element:
    return element("mrow", element("mo", text=start, fence="true"), inner, element("mo", text=end, fence="true"))


def _plain(node: Node) -> tuple[Element, int]:
    """A node without brackets around it, and how tightly it binds."""
    match node:
        case Number(text=text):
            return element("mn", text=text), _BASE
        case Symbol():
            return _symbol(node), _BASE
        case Sum():
            return _sum(node), _SUM
        case Product():
            return _product(node), _TERM
        case Fraction(top=top, bottom=bottom):
            return element("mfrac", mathml(top), mathml(bottom)), _FACTOR
        case Derivative():
            return _derivative(node), _FACTOR
        case Call():
            return _call(node), _FACTOR
        case Big():
            return element("mrow", _big(node), _within(node.body, _TERM)), _TERM
        case Norm(argument=argument, kind=kind):
            bar = "|" if kind == "abs" else "\u2016"
            return _fenced(bar, mathml(argument), bar), _FACTOR
        case Comparison():
            one = element("mn", text="\U0001d7d9")
            return element("mrow", one, _fenced("[", _comparison(node), "]")), _FACTOR
        case _:
            return _raised_or_tabular(node), _FACTOR


def _raised_or_tabular(node: Node) -> Element:
    match node:
        case Transpose(argument=argument):
            return element("msup", _within(argument, _BASE), element("mo", text="\u22a4"))
        case Inverse(argument=argument):
            minus_one = element("mrow", element("mo", text=_MINUS), element("mn", text="1"))
            return element("msup", _within(argument, _BASE), minus_one)
        case Power(base=base, exponent=exponent):
            return element("msup", _within(base, _BASE), mathml(exponent))
        case Entry(argument=argument, labels=labels):
            shown = _within(argument, _BASE)
            return element("msub", shown, _script(labels))
        case Cases(values=values, conditions=conditions):
            when = [_comparison(c) if c else element("mtext", text="otherwise") for c in conditions]
            rows = [
                element("mtr", element("mtd", mathml(value)), element("mtd", condition))
                for value, condition in zip(values, when, strict=True)
            ]
            table = element("mtable", *rows)
            table.set("class", "cases")
            return element("mrow", element("mo", text="{", fence="true", form="prefix"), table)
        case Matrix(rows=cells):
            lines = [element("mtr", *[element("mtd", mathml(cell)) for cell in row]) for row in cells]
            return _fenced("(", element("mtable", *lines), ")")
        case _:
            raise TypeError(f"no MathML for a {type(node).__name__}")


def _symbol(node: Symbol) -> Element:
    name = node.name.rstrip("'")
    primes = len(node.name) - len(name)
    base = element("mi", text=_letter(name) + _PRIME * primes)
    if node.mark:
        base = element("mover", base, element("mo", text=_MARKS.get(node.mark, "^")), accent="true")
    if node.sub and node.sup:
        return element("msubsup", base, _script(node.sub), _script(node.sup))
    if node.sub or node.sup:
        return element("msub" if node.sub else "msup", base, _script(node.sub or node.sup))
    return base


def _letter(name: str) -> str:
    """A name as it is printed: a command is the letter that it stands for."""
    return html5.get(f"{name[1:]};", name[1:]) if name.startswith("\\") else name


def _script(labels: Labels) -> Element:
    brackets = {"[": "[{}]", "(": "({})"}
    text = ",".join(brackets.get(label.bracket, "{}").format(_letter(label.text)) for label in labels)
    return element("mn" if text.isdecimal() else "mi", text=text)


def _sum(node: Sum) -> Element:
    row = element("mrow")
    for number, (sign, term) in enumerate(zip(node.signs, node.terms, strict=True)):
        if number or sign == "-":
            form = "infix" if number else "prefix"
            row.append(element("mo", text="+" if sign == "+" else _MINUS, form=form))
        row.append(_within(term, _TERM))
    return row


def _product(node: Product) -> Element:
    row = element("mrow")
    last = len(node.factors) - 1
    for number, factor in enumerate(node.factors):
        if number:
            operator = node.operators[number - 1]
            row.append(element("mo", text=_OPERATORS[operator]))
            if operator == "juxt" and _would_run_together(*node.factors[number - 1 : number + 1]):
                row.append(element("mspace", width="0.17em"))
        # A sum over an index reaches to the end of its term, so only the last factor can be one.
        row.append(_within(factor, _TERM if number == last and isinstance(factor, Big) else _FACTOR))
    return row


def _would_run_together(left: Node, right: Node) -> bool:
    """Whether two factors need a space between them: two bars would be one, a word and a letter another word."""
    if isinstance(left, Fraction | Derivative) and isinstance(right, Fraction | Derivative):
        return True
    words = [isinstance(one, Symbol) and len(_letter(one.name)) > 1 for one in (left, right)]
    return any(words) and all(isinstance(one, Symbol) for one in (left, right))


def _derivative(node: Derivative) -> Element:
    if node.style == "nabla":
        nabla = element("msub", element("mo", text="\u2207"), mathml(node.by))
        return element("mrow", nabla, _within(node.of, _FACTOR))
    below = element("mrow", _d(node), mathml(node.by))
    if isinstance(node.of, Symbol):
        return element("mfrac", element("mrow", _d(node), mathml(node.of)), below)
    return element("mrow", element("mfrac", _d(node), below), _within(node.of, _BASE))


def _d(node: Derivative) -> Element:
    return element("mi", text=_DERIVATIVE_SIGNS[node.style], mathvariant="normal")


def _call(node: Call) -> Element:
    if node.function == "sqrt" and len(node.arguments) == 1 and not node.primes:
        return element("msqrt", mathml(node.arguments[0]))
    name = element("mi", text=_letter((node.printed or node.function).lstrip("?")) + _PRIME * node.primes)
    inner = element("mrow")
    for number, argument in enumerate(node.arguments):
        if number:
            inner.append(element("mo", text=","))
        inner.append(mathml(argument))
    return element("mrow", name, element("mo", text=_APPLY), _fenced("(", inner, ")"))


def _big(node: Big) -> Element:
    sign = _BIG.get(node.operator)
    operator = element("mo", text=sign, movablelimits="false") if sign else element("mi", text=node.operator)
    below = element("mrow", element("mi", text=node.index))
    if node.low:
        below.extend([element("mo", text="="), element("mi", text=node.low)])
    elif node.items:
        below.extend([element("mo", text="\u2208"), element("mtext", text="{" + ", ".join(node.items) + "}")])
    if node.high:
        return element("munderover", operator, below, element("mi", text=node.high))
    return element("munder", operator, below)


def _comparison(node: Comparison) -> Element:
    sign = element("mo", text=_COMPARISONS[node.operator])
    return element("mrow", mathml(node.left), sign, mathml(node.right))
