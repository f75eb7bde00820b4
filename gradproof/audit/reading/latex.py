"""A tree printed as LaTeX; what is printed is read back as the same tree."""

from __future__ import annotations

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
from gradproof.audit.reading.vocabulary import TRANSPOSES, WORDS, words

# How tightly a place binds: what stands there without brackets must bind as tightly.
_SUM, _TERM, _FACTOR, _BASE = range(4)
_OPERATORS = {
    "juxt": " ",
    "dot": r" \cdot ",
    "times": r" \times ",
    "slash": " / ",
    "odot": r" \odot ",
    "outer": r" \otimes ",
}
_COMPARISONS = {"<": "<", ">": ">", "<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne"}
_LISTS = {"concat": ("[", "]"), "inner": (r"\langle ", r"\rangle"), "set": (r"\{", r"\}")}
_ROW_END = r" \\ "
_COMMANDS = words("log ln exp sin cos tanh max min")
_BIG = {"sum": r"\sum", "prod": r"\prod", "max": r"\max", "min": r"\min", "mean": r"\operatorname{mean}"}


def latex(node: Node) -> str:
    """The LaTeX of a tree, in its own order, with `\\left( \\right)` where brackets are needed."""
    return _print(node, _SUM)


def name_of(symbol: Symbol) -> str:
    """A symbol's base name with its mark and primes, without labels."""
    name = symbol.name.rstrip("'")
    primes = symbol.name[len(name) :]
    if len(name) > 1 and name[0] != "\\" and name.lower() not in WORDS:
        name = rf"\mathrm{{{name}}}"
    return (f"\\{symbol.mark}{{{name}}}" if symbol.mark else name) + primes


def script(labels: Labels) -> str:
    """Labels as the content of a script."""
    brackets = {"[": "[{}]", "(": "({})"}
    return ",".join(brackets.get(label.bracket, "{}").format(label.text) for label in labels)


def _print(node: Node, place: int) -> str:
    text, binds = _plain(node)
    return text if binds >= place else rf"\left({text}\right)"


def _plain(node: Node) -> tuple[str, int]:
    """The text of a node without brackets around it, and how tightly it binds."""
    match node:
        case Number(text=text):
            return text, _BASE
        case Symbol(sub=sub, sup=sup):
            text = name_of(node) + (f"_{{{script(sub)}}}" if sub else "")
            return text + (f"^{{{script(sup)}}}" if sup else ""), _BASE
        case Sum():
            return _sum(node), _SUM
        case Product():
            return _product(node), _TERM
        case Fraction(top=top, bottom=bottom):
            return rf"\frac{{{latex(top)}}}{{{latex(bottom)}}}", _FACTOR
        case Derivative():
            return _derivative(node), _FACTOR
        case Call():
            return _call(node), _FACTOR
        case Big():
            return rf"{_big(node)} {_print(node.body, _TERM)}", _TERM
        case Norm(argument=argument, kind=kind):
            bar = "|" if kind == "abs" else r"\|"
            return rf"\left{bar}{latex(argument)}\right{bar}", _BASE
        case Comparison():
            return rf"\mathbb{{1}}\left[{_comparison(node)}\right]", _FACTOR
        case _:
            return _raised_or_tabular(node), _FACTOR


def _raised_or_tabular(node: Node) -> str:
    match node:
        case Transpose(argument=Symbol(sup=sup) as symbol) if len(sup) == 1 and sup[0].bracket:
            return latex(symbol)[:-1] + r"\top}"  # W^{(1)\top}
        case Transpose(argument=argument):
            return rf"{_base(argument)}^{{\top}}"
        case Inverse(argument=argument):
            return f"{_base(argument)}^{{-1}}"
        case Power(base=base, exponent=exponent):
            inner = latex(exponent)
            return f"{_base(base)}^{{{{{inner}}}}}" if inner in TRANSPOSES else f"{_base(base)}^{{{inner}}}"
        case Entry(argument=argument, labels=labels):
            return rf"\left({latex(argument)}\right)_{{{script(labels)}}}"
        case Cases(values=values, conditions=conditions):
            when = [_comparison(c) if c else r"\text{otherwise}" for c in conditions]
            rows = [f"{latex(value)} & {condition}" for value, condition in zip(values, when, strict=True)]
            return r"\begin{cases} " + _ROW_END.join(rows) + r" \end{cases}"
        case Matrix(rows=cells):
            lines = [" & ".join(latex(cell) for cell in row) for row in cells]
            return r"\begin{pmatrix} " + _ROW_END.join(lines) + r" \end{pmatrix}"
        case _:
            raise TypeError(f"no LaTeX for a {type(node).__name__}")


def _base(node: Node) -> str:
    """What a script is put on; a symbol that has labels above gets braces, as TeX allows one superscript."""
    text = _print(node, _BASE)
    return f"{{{text}}}" if isinstance(node, Symbol) and node.sup else text


def _sum(node: Sum) -> str:
    out = ""
    for number, (sign, term) in enumerate(zip(node.signs, node.terms, strict=True)):
        text = _print(term, _TERM)
        out += (text if sign == "+" else f"-{text}") if number == 0 else f" {sign} {text}"
    return out


def _product(node: Product) -> str:
    last = len(node.factors) - 1
    out = ""
    for number, factor in enumerate(node.factors):
        # A sum over an index reaches to the end of its term, so only the last factor can be one.
        text = _print(factor, _TERM if number == last and isinstance(factor, Big) else _FACTOR)
        out += (_OPERATORS[node.operators[number - 1]] if number else "") + text
    return out


def _derivative(node: Derivative) -> str:
    if node.style == "nabla":
        return rf"\nabla_{{{latex(node.by)}}} {_print(node.of, _FACTOR)}"
    d = "d" if node.style == "d" else r"\partial "
    if isinstance(node.of, Symbol):
        return rf"\frac{{{d}{latex(node.of)}}}{{{d}{latex(node.by)}}}"
    return rf"\frac{{{d.strip()}}}{{{d}{latex(node.by)}}} {_print(node.of, _BASE)}"


def _call(node: Call) -> str:
    if node.function in _LISTS:
        opener, closer = _LISTS[node.function]
        return rf"\left{opener}{', '.join(latex(argument) for argument in node.arguments)}\right{closer}"
    if node.function == "sqrt" and len(node.arguments) == 1 and not node.primes:
        return rf"\sqrt{{{latex(node.arguments[0])}}}"
    name = (node.printed or node.function).lstrip("?")
    if name[0] != "\\" and len(name) > 1:
        name = f"\\{name}" if name in _COMMANDS else rf"\operatorname{{{name}}}"
    arguments = ", ".join(latex(argument) for argument in node.arguments)
    return rf"{name}{chr(39) * node.primes}\left({arguments}\right)"


def _big(node: Big) -> str:
    below = node.index
    if node.low:
        below += f"={node.low}"
    elif node.items:
        below += rf" \in \{{{', '.join(node.items)}\}}"
    for number, (left, operator, right) in enumerate(node.conditions):
        plain = number == 0 and left == node.index and below == node.index
        below = (
            f"{left} {_COMPARISONS[operator]} {right}" if plain else f"{below}, {left} {_COMPARISONS[operator]} {right}"
        )
    return rf"{_BIG[node.operator]}_{{{below}}}" + (f"^{{{node.high}}}" if node.high else "")


def _comparison(node: Comparison) -> str:
    return f"{latex(node.left)} {_COMPARISONS[node.operator]} {latex(node.right)}"
