"""Inverted dropout with a given mask: two functions and a cache.

The mask is drawn by the caller and handed in, so that a run can be repeated: 1 where an entry is kept, with the
probability `keep`, else 0. What is kept is scaled up by 1 / keep, so that nothing is to be done when a model is used.

    x, mask, dout (batch, features) -> out, dx of the same shape      keep ()

Source: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15 (2014),
section 10.
"""


def dropout_forward(x, mask, keep):
    out = x * mask / keep
    cache = (mask, keep)
    return out, cache


def dropout_backward(dout, cache):
    mask, keep = cache
    return dout * mask / keep
