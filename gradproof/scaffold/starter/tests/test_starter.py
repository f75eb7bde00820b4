"""The check of starter as a test: it fails with the list of all wrong equations."""

import pytest

from gradproof import crosscheck


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_starter_agrees_with_autograd(dtype):
    crosscheck("starter", trials=1000, dtype=dtype).raise_on_disagreement()
