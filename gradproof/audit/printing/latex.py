"""A tree printed as LaTeX; what is printed is read back as the same tree."""

from __future__ import annotations

from collections.abc import Sequence

from gradproof.audit.printing.walk import Printing
from gradproof.audit.reading.names import marked
from gradproof.audit.reading.tree import Big, Entry, Labels, Node, Product, Symbol
from gradproof.audit.reading.vocabulary import TRANSPOSES, WORDS, words

_OPERATORS = {
    "juxt": " ",
    "dot": r" \cdot ",
    "times": r" \times ",
    "slash": " / ",
    "odot": r" \odot ",
    "outer": r" \otimes ",
}
_COMPARISONS = {"<": "<", ">": ">", "<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne"}
_FENCES = {"\u2016": (r"\|", r"\|"), "<": (r"\langle ", r"\rangle"), "{": (r"\{", r"\}")}
_ROW_END = r" \\ "
_COMMANDS = words("log ln exp sin cos tanh max min")
_BIG = {"sum": r"\sum", "prod": r"\prod", "max": r"\max", "min": r"\min", "mean": r"\operatorname{mean}"}


def latex(node: Node) -> str:
    """The LaTeX of a tree, in its own order, with `\\left( \\right)` where brackets are needed."""
    return _LATEX.show(node)


def name_of(symbol: Symbol) -> str:
    """A symbol's base name with its mark and primes, without labels."""
    name = symbol.name.rstrip("'")
    primes = symbol.name[len(name) :]
    if len(name) > 1 and name[0] != "\\" and name.lower() not in WORDS:
        name = rf"\mathrm{{{name}}}"
    return marked(symbol.mark, name) + primes


def script(labels: Labels) -> str:
    """Labels as the content of a script."""
    brackets = {"[": "[{}]", "(": "({})"}
    return ",".join(brackets.get(label.bracket, "{}").format(label.text) for label in labels)


class _Latex(Printing[str]):
    def number(self, text: str) -> str:
        return text

    def symbol(self, node: Symbol) -> str:
        text = name_of(node) + (f"_{{{script(node.sub)}}}" if node.sub else "")
        return text + (f"^{{{script(node.sup)}}}" if node.sup else "")

    def fenced(self, fence: str, inner: str) -> str:
        start, end = _FENCES.get(fence[0], (fence[0], fence[1]))
        return rf"\left{start}{inner}\right{end}"

    def listed(self, parts: Sequence[str]) -> str:
        return ", ".join(parts)

    def sum(self, signs: Sequence[str], terms: Sequence[str]) -> str:
        first = terms[0] if signs[0] == "+" else f"-{terms[0]}"
        return first + "".join(f" {sign} {term}" for sign, term in zip(signs[1:], terms[1:], strict=True))

    def product(self, node: Product, factors: Sequence[str]) -> str:
        pairs = zip(node.operators, factors[1:], strict=True)
        return factors[0] + "".join(_OPERATORS[operator] + factor for operator, factor in pairs)

    def fraction(self, top: str, bottom: str) -> str:
        return rf"\frac{{{top}}}{{{bottom}}}"

    def gradient(self, by: str, of: str) -> str:
        return rf"\nabla_{{{by}}} {of}"

    def derivative(self, style: str, top: str | None, by: str, of: str | None) -> str:
        d = "d" if style == "d" else r"\partial "
        return rf"\frac{{{d}{top}}}{{{d}{by}}}" if of is None else rf"\frac{{{d.strip()}}}{{{d}{by}}} {of}"

    def root(self, inner: str) -> str:
        return rf"\sqrt{{{inner}}}"

    def call(self, name: str, primes: int, arguments: str) -> str:
        if name[0] != "\\" and len(name) > 1:
            name = f"\\{name}" if name in _COMMANDS else rf"\operatorname{{{name}}}"
        return rf"{name}{chr(39) * primes}{arguments}"

    def indicator(self, inner: str) -> str:
        return rf"\mathbb{{1}}{inner}"

    def comparison(self, left: str, operator: str, right: str) -> str:
        return f"{left} {_COMPARISONS[operator]} {right}"

    def transposed(self, node: Node, base: str) -> str:
        if isinstance(node, Symbol) and len(node.sup) == 1 and node.sup[0].bracket:
            return base[:-1] + r"\top}"  # W^{(1)\top}
        return rf"{_grouped(node, base)}^{{\top}}"

    def raised(self, node: Node, base: str, exponent: str) -> str:
        exponent = f"{{{exponent}}}" if exponent in TRANSPOSES else exponent
        return f"{_grouped(node, base)}^{{{exponent}}}"

    def entry(self, node: Entry) -> str:
        return rf"{self.fenced('()', self.show(node.argument))}_{{{script(node.labels)}}}"  # always in brackets

    def big(self, node: Big, below: Sequence[tuple[str, str, str]], body: str) -> str:
        ranges = ", ".join(self._range(*one) for one in below)
        return rf"{_BIG[node.operator]}_{{{ranges}}}" + (f"^{{{node.high}}}" if node.high else "") + f" {body}"

    def _range(self, left: str, operator: str, right: str) -> str:
        if operator == "in":
            return rf"{left} \in \{{{right}\}}"
        return f"{left}{operator}{right}" if operator in ("", "=") else self.comparison(left, operator, right)

    def cases(self, rows: Sequence[tuple[str, str | None]]) -> str:
        lines = [" & ".join((value, condition or r"\text{otherwise}")) for value, condition in rows]
        return r"\begin{cases} " + _ROW_END.join(lines) + r" \end{cases}"

    def matrix(self, rows: Sequence[Sequence[str]]) -> str:
        return r"\begin{pmatrix} " + _ROW_END.join(" & ".join(row) for row in rows) + r" \end{pmatrix}"


def _grouped(node: Node, base: str) -> str:
    """What a script is put on; a symbol that has labels above gets braces, as TeX allows one superscript."""
    return f"{{{base}}}" if isinstance(node, Symbol) and node.sup else base


_LATEX = _Latex()
