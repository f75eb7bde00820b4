"""What the commands of printed maths mean to the reader: one table for each part they play."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a table."""
    return frozenset(text.split())


RELATIONS = {
    "=": "=",
    r"\equiv": "=",
    r"\triangleq": "=",
    ":=": ":=",
    "=:": "=",
    r"\eqqcolon": "=",
    r"\doteq": "=",
    r"\coloneqq": ":=",
    r"\leftarrow": ":=",
    r"\gets": ":=",
    r"\approx": "~",
    r"\simeq": "~",
    r"\propto": "~",
}
COMPARISONS = {
    "<": "<",
    r"\lt": "<",
    ">": ">",
    r"\gt": ">",
    r"\le": "<=",
    r"\leq": "<=",
    r"\leqslant": "<=",
    r"\ge": ">=",
    r"\geq": ">=",
    r"\geqslant": ">=",
    r"\ne": "!=",
    r"\neq": "!=",
    "=": "==",
}
PRODUCTS = {
    ".": "dot",
    r"\cdot": "dot",
    r"\bullet": "dot",
    "*": "times",
    r"\ast": "times",
    r"\times": "times",
    "/": "slash",
    r"\div": "slash",
    r"\odot": "odot",
    r"\circ": "odot",
    r"\otimes": "outer",
}
SEPARATORS = words(
    r"""
    , ; \quad \qquad \Rightarrow \Longrightarrow \implies \iff \Leftrightarrow \therefore \because \land \in \to
    \rightarrow \longrightarrow \forall \sim \mid \mapsto \ni \subset
    """
)
REMARKS = words(
    """
    and where if for with so thus hence or otherwise forall then since as therefore also i.e. e.g. because when
    is are let we get have that gives yields from by using
    """
)
MARKS = words(r"\mathring \hat \bar \tilde \dot \ddot \check \widehat \widetilde \overline \underline \vec")
CALLIGRAPHIC = words(r"\mathcal \mathscr \mathfrak")
UPRIGHT = words(r"\text \textnormal \textrm \textbf \textit \textsf \texttt \mathrm \operatorname \mbox")
BOLD = words(r"\bold \mathbf \boldsymbol \bm \pmb \mathit \mathsf \mathtt \mathnormal \mathbb \mathds")
STYLES = MARKS | CALLIGRAPHIC | UPRIGHT | BOLD
FRACTIONS = words(r"\frac \dfrac \tfrac \cfrac")
ARGUMENTS = dict.fromkeys(FRACTIONS, 2) | dict.fromkeys({r"\sqrt", *STYLES}, 1)
GREEK = words(
    r"""
    \alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \vartheta \iota \kappa \lambda \mu \nu \xi
    \pi \varpi \rho \varrho \sigma \varsigma \tau \upsilon \phi \varphi \chi \psi \omega \Gamma \Delta \Theta
    \Lambda \Xi \Pi \Sigma \Upsilon \Phi \Psi \Omega \ell \hbar \imath \jmath
    """
)
TRANSPOSES = frozenset({r"\top", r"\intercal", "T", "t", r"\mathsf{T}", r"\mathrm{T}", r"\text{T}", r"\mathrm{t}"})
DOTS = words(r"\cdots \ldots \dots \vdots \ddots \dotsb \dotsc")
OPENERS = {"(": ")", "[": "]", r"\{": r"\}", r"\langle": r"\rangle"}
CLOSERS = {closer: opener for opener, closer in OPENERS.items()}
BIG_OPERATORS = {r"\sum": "sum", r"\prod": "prod", r"\max": "max", r"\min": "min"}
INDICATORS = frozenset({r"\mathbb{1}", r"\mathbf{1}", r"\mathds{1}", r"\mathbb{I}", r"\mathbf{I}", r"\mathrm{I}"})

# How a function is printed (in lower case) and which function it is.  Those of `PREFIX` need no brackets.
FUNCTIONS = {
    "relu": "relu",
    "log": "log",
    "ln": "log",
    "exp": "exp",
    "softmax": "softmax",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "sin": "sin",
    "cos": "cos",
    "arctan": "arctan",
    "sinh": "sinh",
    "cosh": "cosh",
    "max": "max",
    "min": "min",
    "sqrt": "sqrt",
    "diag": "diag",
    "tr": "tr",
    "trace": "tr",
    "det": "det",
    "sum": "sum",
    "mean": "mean",
    "abs": "abs",
    "sign": "sign",
    "sgn": "sign",
    "softplus": "softplus",
    "rows": "rows",
    "columns": "columns",
}
PREFIX = frozenset(
    {
        "arctan",
        "sinh",
        "cosh",
        "log",
        "exp",
        "sin",
        "cos",
        "tanh",
        "relu",
        "softmax",
        "sigmoid",
        "max",
        "min",
        "softplus",
        "det",
    }
)
MOMENTS = frozenset({"Var", "Cov", "Corr", "Std"})
# Letters that a reader takes for one word wherever they stand together.
WORDS = frozenset({"loss", "cost", "error"})
EXTREMA = {"max": "max", "min": "min", "mean": "mean", "sum": "sum"}

TRANSPARENT_ENVIRONMENTS = words(
    """
    aligned align align* split gathered gather gather* array alignedat alignat alignat* equation equation*
    eqnarray eqnarray* flalign flalign* multline multline* math displaymath
    """
)
MATRICES = words("matrix pmatrix bmatrix Bmatrix smallmatrix array")
