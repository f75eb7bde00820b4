"""hypothesis."""

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from ops import softmax, square

sizes = st.integers(min_value=2, max_value=5)


@settings(max_examples=15, deadline=None)
@given(rows=sizes, columns=sizes, seed=st.integers(0, 99))
def test_softmax(rows, columns, seed):
    rng = np.random.default_rng(seed)
    x = torch.from_numpy(rng.normal(size=(rows, columns))).requires_grad_()
    z = x.detach().clone().requires_grad_()
    g = torch.from_numpy(rng.normal(size=(rows, columns)))
    softmax(x).backward(g)
    F.softmax(z, -1).backward(g)
    np.testing.assert_allclose(x.grad.numpy(), z.grad.numpy(), rtol=1e-6, atol=1e-9)


@settings(max_examples=10)
@given(st.lists(st.floats(-4, 4), min_size=1, max_size=6))
def test_square_of_ones(values):
    x = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    square(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.array(values))
