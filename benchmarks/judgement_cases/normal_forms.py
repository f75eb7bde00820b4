"""Steps with statistics of their own: softmax and its relatives, normalisations, attention weights."""

from __future__ import annotations

from benchmarks.judgement_cases.graph import Builder, Pull


def softmax(b: Builder) -> bool:
    """Softmax along one axis, mostly with the maximum subtracted."""
    h = b.operand(lambda v: len(v.shape) == 2)
    if h is None:
        return False
    axis, o, x, k = b.rng.randrange(2), b.name(), h.name, b.name()[1:]
    shift = f" - {x}.max(axis={axis}, keepdims=True)" if b.rng.random() < 0.85 else ""
    forward = [(f"e{k}", f"np.exp({x}{shift})"), (o, f"e{k} / e{k}.sum(axis={axis}, keepdims=True)")]
    if b.rng.random() < 0.5:
        locals, back = [(f"s{k}", f"(d{o} * {o}).sum(axis={axis}, keepdims=True)")], f"{o} * (d{o} - s{k})"
    else:
        locals, back = [], f"{o} * (d{o} - (d{o} * {o}).sum(axis={axis}, keepdims=True))"
    b.add("softmax", h.shape, forward, f"torch.softmax({x}, dim={axis})", [Pull(h, back)], locals)
    return True


def log_softmax(b: Builder) -> bool:
    """The logarithm of a softmax."""
    h = b.operand(lambda v: len(v.shape) == 2)
    if h is None:
        return False
    axis, o, x, k = b.rng.randrange(2), b.name(), h.name, b.name()[1:]
    forward = [
        (f"c{k}", f"{x} - {x}.max(axis={axis}, keepdims=True)"),
        (o, f"c{k} - np.log(np.exp(c{k}).sum(axis={axis}, keepdims=True))"),
    ]
    back = f"d{o} - np.exp({o}) * d{o}.sum(axis={axis}, keepdims=True)"
    b.add("log_softmax", h.shape, forward, f"torch.log_softmax({x}, dim={axis})", [Pull(h, back)])
    return True


def log_sum_exp(b: Builder) -> bool:
    """The logarithm of a sum of exponentials along one axis."""
    h = b.operand(lambda v: len(v.shape) == 2)
    if h is None:
        return False
    axis, o, x, k = b.rng.randrange(2), b.name(), h.name, b.name()[1:]
    one = "[:, 0]" if axis else "[0]"
    forward = [
        (f"m{k}", f"{x}.max(axis={axis}, keepdims=True)"),
        (o, f"m{k}{one} + np.log(np.exp({x} - m{k}).sum(axis={axis}))"),
    ]
    along = "[:, None]" if axis else ""
    back = f"d{o}{along} * np.exp({x} - {o}{along})"
    b.add("log_sum_exp", (h.shape[1 - axis],), forward, f"torch.logsumexp({x}, dim={axis})", [Pull(h, back)])
    return True


def normalised(b: Builder) -> bool:
    """Mean 0 and variance 1: along rows (layer norm) or along the batch (batch norm), an epsilon in the root."""
    h = b.operand(lambda v: len(v.shape) == 2)
    if h is None:
        return False
    axis, o, x, k = b.rng.randrange(2), b.name(), h.name, b.name()[1:]
    forward = [
        (f"r{k}", f"1 / np.sqrt({x}.var(axis={axis}, keepdims=True) + 1e-5)"),
        (o, f"({x} - {x}.mean(axis={axis}, keepdims=True)) * r{k}"),
    ]
    torch = (
        f"({x} - {x}.mean(dim={axis}, keepdim=True)) "
        f"/ torch.sqrt({x}.var(dim={axis}, keepdim=True, unbiased=False) + 1e-5)"
    )
    mean = f".mean(axis={axis}, keepdims=True)"
    back = f"r{k} * (d{o} - d{o}{mean} - {o} * (d{o} * {o}){mean})"
    locals = [] if b.rng.random() < 0.5 else [(f"p{k}", f"(d{o} * {o}){mean}")]
    if locals:
        back = f"r{k} * (d{o} - d{o}{mean} - {o} * p{k})"
    b.add("normalised", h.shape, forward, torch, [Pull(h, back)], locals)
    return True


def of_length_one(b: Builder) -> bool:
    """Each row divided by its length, or by its root mean square."""
    h = b.operand(lambda v: len(v.shape) == 2)
    if h is None:
        return False
    o, x, k = b.name(), h.name, b.name()[1:]
    forward = [(f"n{k}", f"np.sqrt(({x}**2).sum(axis=1, keepdims=True) + 1e-6)"), (o, f"{x} / n{k}")]
    torch = f"{x} / torch.sqrt(({x}**2).sum(dim=1, keepdim=True) + 1e-6)"
    back = f"(d{o} - {o} * (d{o} * {o}).sum(axis=1, keepdims=True)) / n{k}"
    b.add("length one", h.shape, forward, torch, [Pull(h, back)])
    return True


def attention(b: Builder) -> bool:
    """Weights of a causal attention: scores of all pairs of rows, the later ones masked, a softmax over the rest."""
    h = b.operand(lambda v: len(v.shape) == 2)
    g = h and b.operand(lambda v: v.shape == h.shape and v.name != h.name)
    if h is None or g is None:
        return False
    o, q, key, k = b.name(), h.name, g.name, b.name()[1:]
    never = b.rng.choice(("-np.inf", "-1e30", "-1e9"))
    forward = [
        (f"a{k}", f"{q} @ {key}.T / np.sqrt({q}.shape[1])"),
        (f"a{k}", f"np.where(np.tri(len({q})) > 0, a{k}, {never})"),
        (f"e{k}", f"np.exp(a{k} - a{k}.max(axis=1, keepdims=True))"),
        (o, f"e{k} / e{k}.sum(axis=1, keepdims=True)"),
    ]
    torch = (
        f"torch.softmax(({q} @ {key}.T / {q}.shape[1]**0.5)"
        f".masked_fill(torch.ones(len({q}), len({q})).tril() == 0, {never.replace('np', 'torch')}), dim=1)"
    )
    locals = [(f"s{k}", f"{o} * (d{o} - (d{o} * {o}).sum(axis=1, keepdims=True)) / np.sqrt({q}.shape[1])")]
    pulls = [Pull(h, f"s{k} @ {key}"), Pull(g, f"s{k}.T @ {q}")]
    b.add("attention", (h.shape[0], h.shape[0]), forward, torch, pulls, locals)
    return True
