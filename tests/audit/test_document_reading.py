"""Printed formulas to trees: one row for each way of writing, and one for each thing that is not read."""

from __future__ import annotations

import pytest

from gradproof.audit.printing.latex import latex
from gradproof.audit.reading.limits import Limits
from gradproof.audit.reading.names import Names
from gradproof.audit.reading.read import Statement, read_document, read_formula
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
from gradproof.audit.values.declare import declare

NAMES = declare(
    ["W35", "W1", "b1", "X", "T", "P5", "Y3", "Loss", "eta", "Z"],
    written={"W1": ["W^{[1]}", "W^{(1)}"], "b1": "b^{[1]}"},
    functions={r"\sigma": "sigmoid", "g": "relu"},
    indices={"l": [1, 2]},
)


def sym(name: str, sub: str = "", sup: str = "", mark: str = "") -> Symbol:
    return Symbol(name, (Label(sub),) if sub else (), (Label(sup),) if sup else (), mark)


A, B, C, X, W, Z = (sym(letter) for letter in "abcXWZ")
ONE, TWO = Number("1"), Number("2")
W35, W_1 = sym("W", "35"), sym("W", "", "1")


def side(text: str, names: Names = NAMES) -> Node:
    statement = read_formula(text, names)
    (only,) = statement.sides
    assert only.node is not None, only.problem
    return only.node


READ: list[tuple[str, Node]] = [
    ("W_{35}", W35),
    ("W_{3 5}", W35),
    (r"\mathbf{W}_{35}", W35),
    ("W^{[1]}", W_1),
    ("W^{(1)}", W_1),
    (r"W^{[1]\top}", Transpose(W_1)),
    (r"W^{[1]T} X", Product((Transpose(W_1), X), ("juxt",))),
    (r"{W^{[1]}}^{\top}", Transpose(W_1)),
    ("(a b)^T", Transpose(Product((A, B), ("juxt",)))),
    ("X^{-1}", Inverse(X)),
    ("x_i^2", Power(sym("x", "i"), TWO)),
    ("x^2_i", Power(sym("x", "i"), TWO)),
    ("Y_3.P_5", Product((sym("Y", "3"), sym("P", "5")), ("dot",))),
    (r"\eta.a.(P_5-1)", Product((sym(r"\eta"), A, Sum(("+", "-"), (sym("P", "5"), ONE))), ("dot", "dot"))),
    ("2.5a", Product((Number("2.5"), A), ("juxt",))),
    ("P_5(1 - P_5)", Product((sym("P", "5"), Sum(("+", "-"), (ONE, sym("P", "5")))), ("juxt",))),
    (r"a \odot b \times c", Product((A, B, C), ("odot", "times"))),
    (r"a / b", Product((A, B), ("slash",))),
    (r"\frac12 a", Product((Fraction(ONE, TWO), A), ("juxt",))),
    ("-a + b - c", Sum(("-", "+", "-"), (A, B, C))),
    (r"a \cdot (-b)", Product((A, Sum(("-",), (B,))), ("dot",))),
    ("WX", Product((W, X), ("juxt",))),
    ("WLoss", Product((W, sym("Loss")), ("juxt",))),
    (r"\frac{dLoss}{dW_{35}}", Derivative(sym("Loss"), W35)),
    (r"\frac{dloss}{dW_{35}}", Derivative(sym("loss"), W35)),
    (r"\frac{\mathrm{d}Loss}{\mathrm{d}W_{35}}", Derivative(sym("Loss"), W35)),
    (r"\frac{\partial Loss}{\partial W_{35}}", Derivative(sym("Loss"), W35)),
    (r"\frac{\partial}{\partial W_{35}} Loss", Derivative(sym("Loss"), W35)),
    (r"\partial Loss / \partial W_{35}", Derivative(sym("Loss"), W35)),
    ("dLoss/dW_{35}", Derivative(sym("Loss"), W35)),
    (r"\nabla_{W^{[1]}} Loss", Derivative(sym("Loss"), W_1)),
    (r"\nabla_W Loss", Derivative(sym("Loss"), W)),
    (r"\log P_5", Call("log", 0, (sym("P", "5"),))),
    (r"\ln(a)", Call("log", 0, (A,))),
    (r"Relu\{a\}", Call("relu", 0, (A,))),
    (r"\text{Relu}(a)", Call("relu", 0, (A,))),
    ("Relu'(a).b", Product((Call("relu", 1, (A,)), B), ("dot",))),
    (r"\sigma^{\prime}(Z)", Call("sigmoid", 1, (Z,))),
    ("g^{[1]}(Z)", Call("relu", 0, (Z,))),
    (r"\max\{0, a\}", Call("max", 0, (Number("0"), A))),
    (r"\tanh^2(a)", Power(Call("tanh", 0, (A,)), TWO)),
    (r"e^{-a}", Power(sym("e"), Sum(("-",), (A,)))),
    (r"\sum_{k=1}^{3} a_k b", Big("sum", "k", Product((sym("a", "k"), B), ("juxt",)), "1", "3")),
    (r"\sum_{k \in \{5,6\}} a_k", Big("sum", "k", sym("a", "k"), items=("5", "6"))),
    (r"\sum_k a_k + b", Sum(("+", "+"), (Big("sum", "k", sym("a", "k")), B))),
    (r"\underset{j}{\max} a_j", Big("max", "j", sym("a", "j"))),
    (r"\operatorname{mean}_{n} a_n", Big("mean", "n", sym("a", "n"))),
    (r"-\log \sum_k a_k", Sum(("-",), (Call("log", 0, (Big("sum", "k", sym("a", "k")),)),))),
    ("|a|", Norm(A, "abs")),
    (r"2|a|b", Product((TWO, Norm(A, "abs"), B), ("juxt", "juxt"))),
    (r"\left\| a \right\|_2", Norm(A, "norm")),
    (r"\mathbb{1}[a > 0]", Comparison(">", A, Number("0"))),
    (r"\mathbf{1}_{\{a \ge 0\}}", Comparison(">=", A, Number("0"))),
    ("(a > 0)", Comparison(">", A, Number("0"))),
    (
        r"\begin{cases} a, & \text{if } a > 0, \\ 0 & \text{otherwise} \end{cases}",
        Cases((A, Number("0")), (Comparison(">", A, Number("0")), None)),
    ),
    (
        r"\left\{ \begin{array}{ll} 1 & a > 0 \\ 0 & a \le 0 \end{array} \right.",
        Cases((ONE, Number("0")), (Comparison(">", A, Number("0")), Comparison("<=", A, Number("0")))),
    ),
    (r"\begin{bmatrix} a & b \\ c & 1 \end{bmatrix}", Matrix(((A, B), (C, ONE)))),
    (r"(a b)_{1,2}", Entry(Product((A, B), ("juxt",)), (Label("1"), Label("2")))),
    (r"\hat{y}_i", sym("y", "i", "", "hat")),
    (r"\hat{y_i}", sym("y", "i", "", "hat")),
    (r"\mathcal{L}", sym("L", "", "", "mathcal")),
    (r"W^{(t+1)}", sym("W", "", "t+1")),
    ("W^{new}", sym("W", "", "new")),
    ("W^{(1),new}", Symbol("W", (), (Label("1"), Label("new")))),
    (r"W^{(1)\text{new}}", Symbol("W", (), (Label("1"), Label("new")))),
    ("W^{[1](t+1)}", Symbol("W", (), (Label("1"), Label("t+1")))),
    (r"\underbrace{a + b}_{c} ", Sum(("+", "+"), (A, B))),
    (r"\textcolor{red}{a} \, b \label{x}", Product((A, B), ("juxt",))),
    ("a ⊙ b", Product((A, B), ("odot",))),
    ("\N{GREEK SMALL LETTER SIGMA}'(Z)", Call("sigmoid", 1, (Z,))),
]


@pytest.mark.parametrize(("text", "expected"), READ, ids=[text for text, _ in READ])
def test_read_formula_each_way_of_writing_gives_its_tree(text: str, expected: Node) -> None:
    assert side(text) == expected


@pytest.mark.parametrize("text", [text for text, _ in READ], ids=[text for text, _ in READ])
def test_latex_of_what_was_read_is_read_as_the_same_tree(text: str) -> None:
    tree = side(text)
    assert side(latex(tree)) == tree


UNREAD = [
    (r"a + \cdots + b", "stands for terms that are not printed", 4),
    (r"a \pm b", "has two values", 2),
    ("a!", "a factorial", 1),
    (r"\sqrt[3]{a}", "a root with an index", 0),
    (r"\log_2 a", "a logarithm with a base", 4),
    (r"\frac{d^3 L}{dW^3}", "a mixed or higher derivative", 0),
    (r"\int a", r"'\int' is not understood here", 0),
    (r"(a | b)", "'|' is not closed", 6),
    (r"\left. a \right|_0", "'evaluated at' is not read", 5),
    ("(a", "'(' is not closed", 0),
    ("a)", "')' closes nothing", 1),
    ("(a]", "'(' is closed by ']'", 2),
    (r"\frac{a}", "an argument is missing here", 8),
    ("a +", "the formula ends too early", 3),
    ("a_1_2", "two subscripts", 3),
    (r"\begin{tabular} a \end{tabular}", "the environment 'tabular' is not read", 0),
    (r"\begin{pmatrix} a & b \\ c \end{pmatrix}", "a matrix whose rows differ in length", 0),
    (r"\nabla a", "without what it is taken by", 0),
    (r"\text{what is it} a", "the text 'whatisit' inside of a formula", 0),
]


@pytest.mark.parametrize(("text", "reason", "position"), UNREAD, ids=[text for text, *_ in UNREAD])
def test_read_formula_says_why_and_where_it_ends(text: str, reason: str, position: int) -> None:
    problem = read_formula(text, NAMES).sides[0].problem
    assert problem is not None
    assert reason in problem.reason
    assert problem.position == position


def statements(text: str, names: Names = NAMES) -> tuple[Statement, ...]:
    return read_document(text, names).statements


def printed(text: str) -> list[list[str]]:
    return [[latex(s.node) if s.node else "?" for s in statement.sides] for statement in statements(text)]


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("$a = b = c$", [["a", "b", "c"]]),
        (r"$$\begin{aligned} a &= b \\ &= c \end{aligned}$$", [["a", "b", "c"]]),
        (r"$$\begin{aligned} a &= b \\ &\quad + c \\ x &= 1 \end{aligned}$$", [["a", "b + c"], ["x", "1"]]),
        (r"$a = b, \quad c = 1$", [["a", "b"], ["c", "1"]]),
        (r"$a = b \text{ where } c = 1$", [["a", "b"], ["c", "1"]]),
        (r"$a = b \text{ (by the chain rule)} = c$", [["a", "b", "c"]]),
        (r"$a = b \Rightarrow c = 1$", [["a", "b"], ["c", "1"]]),
        (r"$$a = \left( b \right. \\ \left. + c \right)$$", [["a", "b + c"]]),
        ("$a := b$", [["a", "b"]]),
        (r"$a \leftarrow b$", [["a", "b"]]),
        (r"$$a = b \tag{1}$$", [["a", "b"]]),
        (r"$a = b.$", [["a", "b"]]),
        (r"$a \overset{!}{=} b$", [["a", "b"]]),
        ("$a + b$", []),
        (r"$a = \int b = c$", [["a", "?", "c"]]),
    ],
)
def test_read_document_splits_statements_and_sides(text: str, sides: list[list[str]]) -> None:
    assert printed(text) == sides


def test_read_document_script_without_braces_is_one_token_and_says_so() -> None:
    (statement,) = statements("$Y_35 = 1$")
    assert statement.sides[0].node == Product((sym("Y", "3"), Number("5")), ("juxt",))
    assert "only the 3 is a script" in statement.notes[0][1]


def test_read_document_function_without_brackets_before_a_product_says_how_far_it_reaches() -> None:
    (statement,) = statements(r"$a = \log b \cdot c$")
    assert statement.sides[1].node == Product((Call("log", 0, (B,)), C), ("dot",))
    assert "applied to one factor" in statement.notes[0][1]


def test_read_document_empty_side_is_a_problem_of_that_side() -> None:
    (statement,) = statements("$= b$")
    assert statement.sides[0].problem is not None
    assert statement.sides[1].node == B


def test_read_document_macros_are_expanded_with_and_without_arguments() -> None:
    text = (
        r"\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}} \def\w{W_{35}} \DeclareMathOperator{\relu}{ReLU}"
        r" $\pd{Loss}{\w} = \relu(a)$"
    )
    (statement,) = statements(text)
    assert [part.node for part in statement.sides] == [Derivative(sym("Loss"), W35), Call("relu", 0, (A,))]
    assert text[statement.sides[0].start :].startswith(r"\pd{Loss}")


def test_read_document_endless_macro_is_one_unread_side_not_a_hang() -> None:
    (statement,) = statements(r"\def\x{\x + 1} $a = \x$")
    assert statement.problem is not None or statement.sides[1].problem is not None


@pytest.mark.parametrize(
    ("limits", "text", "message"),
    [
        (Limits(statement_tokens=5), "$a = b + c + d$", "a statement of 7 tokens, the limit is 5"),
        (Limits(chain_members=2), "$a = b = c$", "a chain of 3 sides, the limit is 2"),
        (Limits(document_tokens=4), "$a = b$ and $c = 1$", "not more than 4 tokens of maths"),
    ],
)
def test_read_document_caps_on_a_statement_have_their_messages(limits: Limits, text: str, message: str) -> None:
    found = read_document(text, NAMES, limits=limits).statements
    assert any(s.problem is not None and message in s.problem.reason for s in found)


@pytest.mark.parametrize(
    ("limits", "text", "message"),
    [
        (Limits(depth=3), "a = ((((b))))", "nested deeper than 3 levels"),
        (Limits(number_characters=5), "a = 123456", "a number of 6 characters, the limit is 5"),
        (Limits(word_characters=5), "a = abcdef", "a word of 6 characters, the limit is 5"),
    ],
)
def test_read_formula_caps_on_a_side_have_their_messages(limits: Limits, text: str, message: str) -> None:
    problem = read_formula(text, NAMES, limits).sides[1].problem
    assert problem is not None
    assert message in problem.reason


def test_read_formula_operator_is_read_as_one_where_a_quantity_has_its_name() -> None:
    names = declare(["mean", "x"])
    assert side(r"\operatorname{mean}_{n} x_n", names) == Big("mean", "n", sym("x", "n"))
    assert side(r"\mathrm{mean} x", names) == Product((sym("mean"), X_SMALL), ("juxt",))


X_SMALL = sym("x")
