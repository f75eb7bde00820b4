"""Looking up rows of a table, and the gradient that goes back to them.

A row that is looked up several times collects the gradients of all its uses; `table_grad[tokens] += dout` would keep
only the last one of them.

    table (words, features)      tokens (batch, length) whole numbers      out, dout (batch, length, features)

Source: Y. Bengio et al., "A neural probabilistic language model", JMLR 3 (2003), section 2; torch.nn.Embedding.
"""

import numpy as np


def embedding_forward(tokens, table):
    out = table[tokens]
    cache = {"tokens": tokens, "shape": table.shape}
    return out, cache


def embedding_backward(dout, cache):
    d_table = np.zeros(cache["shape"])
    np.add.at(d_table, cache["tokens"], dout)
    return d_table
