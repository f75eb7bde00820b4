"""Hypothesis strategies for formulas of scalars."""

from __future__ import annotations

from hypothesis import strategies as st

from gradproof.repair.formulas.formula import Binary, Call, Compare, Constant, Formula, Name, Negate, Where

leaves: st.SearchStrategy[Formula] = st.one_of(
    st.sampled_from([Name(name) for name in "abcd"]),
    st.sampled_from([Constant(value) for value in (0, 1, 2, 0.5, 3.25, -1, -2.5)]),
)


def _larger(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    binary = st.builds(Binary, st.sampled_from(["+", "-", "*", "/"]), inner, inner)
    power = st.builds(Binary, st.just("**"), inner, st.sampled_from([Constant(2), Constant(3), Constant(-1)]))
    # A mask is a factor or a test: NumPy's arithmetic of two booleans is logic, and is left to NumPy.
    mask = st.builds(Compare, st.sampled_from([">", "<", ">=", "<="]), inner, inner)
    masked = st.builds(lambda test, value: Binary("*", value, test), mask, inner)
    unary = st.builds(lambda f, x: Call(f, (x,)), st.sampled_from(["exp", "tanh", "abs", "square"]), inner)
    largest = st.builds(lambda x, y: Call("maximum", (x, y)), inner, inner)
    negated = inner.filter(lambda node: not isinstance(node, Constant)).map(Negate)
    return st.one_of(binary, power, masked, unary, largest, negated, st.builds(Where, mask, inner, inner))


formulas: st.SearchStrategy[Formula] = st.recursive(leaves, _larger, max_leaves=12)
