"""torch.nn.Embedding at three sets of sizes, and how the functions of manual/embedding.py are read."""

from torch import nn

from gradproof import Code, Reference, integers


def at_sizes(words, features, batch, length):
    """The reference for one choice of sizes, with more tokens than words, so that rows are looked up repeatedly."""
    return Reference(
        model=lambda: nn.Embedding(words, features),
        inputs={"input": integers(0, words, shape=(batch, length))},
        symbols={"table": "weight", "tokens": "input"},
    )


reference = [at_sizes(5, 3, 2, 4), at_sizes(4, 2, 3, 5), at_sizes(6, 5, 4, 3)]
code = Code("embedding_forward", "embedding_backward")
