"""Documents from strangers: hostile inputs by name, and mutations of honest ones."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

_TEX = r"""{ } ( ) [ ] \{ \} $ $$ \[ \] _ ^ ' = & \\ . , | \frac \sqrt \left \right \left. \right. \sum
\sum_{k=1}^{3} \text{ \hat \begin{cases} \end{cases} \begin{aligned} \end{aligned} \begin{pmatrix} \end{pmatrix}
\nabla \partial \odot \cdot ^\top \mathbb{1} \underset \newcommand \def\x{ dLoss Relu W_{35} Y_3 P_5 0 1 99999999
\log \max e^{ \| \ % `"""
_PIECES = [*_TEX.split(), "\n\n"]


def _maths(text: str) -> str:
    return f"$${text}$$"


HOSTILE: dict[str, Callable[[], str]] = {
    "deep round brackets": lambda: _maths("P_5 = " + "(" * 50_000 + "1" + ")" * 50_000),
    "deep braces": lambda: _maths("P_5 = " + "{" * 50_000 + "1" + "}" * 50_000),
    "deep fractions": lambda: _maths("P_5 = " + r"\frac{1}{" * 20_000 + "1" + "}" * 20_000),
    "deep roots without braces": lambda: _maths("P_5 = " + r"\sqrt" * 100_000 + "1"),
    "deep scripts": lambda: _maths("P_5 = " + "x^{" * 30_000 + "1" + "}" * 30_000),
    "deep subscripts": lambda: _maths("P_5 = " + "x_{" * 30_000 + "1" + "}" * 30_000),
    "deep functions": lambda: _maths("P_5 = " + r"\log" * 100_000 + " 2"),
    "deep cases": lambda: _maths("P_5 = " + r"\begin{cases}" * 20_000 + r"\end{cases}" * 20_000),
    "brackets beyond the depth": lambda: _maths("P_5 = " + "(" * 900 + "1" + ")" * 900),
    "fractions beyond the depth": lambda: _maths("P_5 = " + r"\frac{1}{" * 600 + "1" + "}" * 600),
    "roots below the cap": lambda: _maths("P_5 = " + r"\sqrt" * 900 + "2"),
    "functions below the cap": lambda: _maths("P_5 = " + r"\log" * 3_000 + " 2"),
    "signs below the cap": lambda: _maths("P_5 = " + "-" * 3_900 + "1"),
    "primes below the cap": lambda: _maths("P_5 = P" + "'" * 3_900),
    "cases below the cap": lambda: _maths("P_5 = " + r"\begin{cases} 1 & " * 40 + "1" + r"\end{cases}" * 40),
    "depth below the cap": lambda: _maths("P_5 = " + "(" * 49 + "P_5" + ")" * 49),
    "many signs": lambda: _maths("P_5 = " + "-" * 300_000 + "1"),
    "200,000 terms": lambda: _maths("P_5 = " + "+".join(["1"] * 200_000)),
    "200,000 factors": lambda: _maths("P_5 = " + " ".join(["Y"] * 200_000)),
    "terms below the cap": lambda: _maths("P_5 = " + "+".join(["Y"] * 1_990)),
    "known terms below the cap": lambda: _maths("P_5 = " + "+".join(["P_5"] * 660)),
    "known factors below the cap": lambda: _maths("P_5 = " + " ".join(["P_5"] * 790)),
    "a million digits": lambda: _maths("P_5 = " + "9" * 999_000),
    "a million letters": lambda: _maths("P_5 = " + "a" * 999_000),
    "a million primes": lambda: _maths("P_5 = P" + "'" * 999_000),
    "a long command": lambda: _maths("P_5 = \\" + "a" * 999_000),
    "too large": lambda: "x" * 1_000_001,
    "tower of powers": lambda: _maths("P_5 = 9^{9^{9^{9^{9}}}}"),
    "high power": lambda: _maths("P_5 = P_5^{999999999}"),
    "power of a quantity": lambda: _maths("P_5 = 9^{9^{Y_3}}"),
    "factorial": lambda: _maths("P_5 = 99999!"),
    "python code": lambda: _maths(r"P_5 = \text{__import__('os').system('true')}"),
    "python names": lambda: _maths("P_5 = __class__.__bases__"),
    "macro bomb": lambda: (
        "\\def\\za{1+1}"
        + "".join(f"\\def\\z{b}{{\\z{a}\\z{a}\\z{a}}}" for a, b in pairwise("abcdefghijk"))
        + _maths("P_5 = \\zk")
    ),
    "macro loop": lambda: "\\def\\x{\\x + 1}" + _maths("P_5 = \\x"),
    "macro loop in its argument": lambda: "\\newcommand{\\x}[1]{\\x{#1#1}}" + _maths("P_5 = \\x{1}"),
    "many macros": lambda: "\\def\\q{1}" * 60_000 + _maths("P_5 = \\q"),
    "macros without an end": lambda: "\\def\\q{" * 60_000 + _maths("P_5 = 1"),
    "blanks behind a macro": lambda: "\\def" + " " * 900_000 + _maths("P_5 = 1"),
    "nested sums": lambda: _maths("P_5 = " + "".join(rf"\sum_{{{c}=1}}^{{9999}}" for c in "abcdefgh") + "1"),
    "long sum": lambda: _maths(r"P_5 = \sum_{k=1}^{999999999} k"),
    "many sums": lambda: "\n\n".join([_maths(r"P_5 = \sum_{k=1}^{9999} P_5")] * 2_000),
    "inferred indices": lambda: _maths(r"P_i = \sum_{j}\sum_{k}\sum_{l} W_{jk} W_{kl} W_{li} P_i"),
    "many dollars": lambda: "$" * 100_000,
    "100,000 display openers": lambda: "\\[" * 100_000,
    "100,000 openers and an '='": lambda: "\\[ = " * 100_000,
    "100,000 environments": lambda: "\\begin{align}" * 70_000,
    "100,000 left": lambda: _maths("P_5 = " + r"\left(" * 100_000),
    "100,000 closers": lambda: _maths("P_5 = " + ")" * 100_000),
    "many fences": lambda: "```\n" * 100_000,
    "many code spans": lambda: "`" * 1_000 + " ``" * 100_000,
    "many wrong statements": lambda: "\n\n".join([_maths("P_5 = P_6 + Y_3 W_{35} - 2")] * 15_000),
    "many chains": lambda: _maths("P_5" + " = P_6" * 1_900),
    "chains below the cap": lambda: "\n\n".join([_maths("P_5" + " = P_6" * 60)] * 1_000),
    "many rows": lambda: "$$\\begin{aligned}" + r"P_5 &= P_5 \\ " * 60_000 + "\\end{aligned}$$",
    "a large matrix": lambda: _maths("P_5 = \\begin{pmatrix}" + (r"1 & 2 & 3 \\" * 600) + "\\end{pmatrix}"),
    "unicode": lambda: _maths("P_5 = " + "∑⊙∇∂√\U0001d499" * 30_000),
    "nulls": lambda: _maths("P_5 = " + "\0" * 300_000),
    "backslashes": lambda: _maths("P_5 = " + "\\" * 300_000),
    "long lines of ampersands": lambda: _maths("P_5 = " + "&" * 500_000),
    "scripts on nothing": lambda: _maths("P_5 = " + "^{1}_{2}" * 400),
    "bars": lambda: _maths("P_5 = " + "|" * 3_000),
}


def mutated(text: str, chance: random.Random) -> str:
    """A stretch of a document with a few random changes: pieces inserted, removed, doubled or exchanged."""
    start = chance.randrange(max(1, len(text) - 600))
    text = text[start : start + chance.randrange(100, 1_200)]
    for _ in range(chance.randrange(1, 9)):
        at = chance.randrange(len(text) + 1)
        kind = chance.randrange(5)
        if kind == 0:
            text = text[:at] + chance.choice(_PIECES) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + chance.randrange(1, 12) :]
        elif kind == 2:
            text = text[:at] + text[at : at + chance.randrange(1, 30)] + text[at:]
        elif kind == 3:
            other = chance.randrange(len(text) + 1)
            text = text[:at] + text[other : other + 20] + text[at + 20 :]
        else:
            text = text[:at] + "".join(chance.choices(_PIECES, k=chance.randrange(1, 6))) + text[at:]
    return text
