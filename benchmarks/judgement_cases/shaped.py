"""Steps that change the shape: products, reductions, indices, pieces put together."""

from __future__ import annotations

from benchmarks.judgement_cases.graph import Builder, Pull, Value

AXES = ("N", "A", "B", "C")


def _matrix(value: Value) -> bool:
    return len(value.shape) == 2


def matmul(b: Builder) -> bool:
    """A matrix times a parameter, as it is or transposed, square now and then."""
    h = b.operand(_matrix)
    if h is None:
        return False
    rows, inner = h.shape
    outer = inner if b.rng.random() < 0.25 else b.rng.choice(AXES)
    o = b.name()
    if b.rng.random() < 0.5:
        w = b.parameter(inner, outer)
        text = f"{h.name} @ {w.name}"
        pulls = [Pull(h, f"d{o} @ {w.name}.T"), Pull(w, f"{h.name}.T @ d{o}")]
    else:
        w = b.parameter(outer, inner)
        text = f"{h.name} @ {w.name}.T"
        pulls = [Pull(h, f"d{o} @ {w.name}"), Pull(w, f"d{o}.T @ {h.name}")]
    b.add("matmul", (rows, outer), text, text, pulls)
    return True


def product(b: Builder) -> bool:
    """The product of two computed matrices that have an axis in common."""
    h = b.operand(_matrix)
    g = h and b.operand(lambda v: _matrix(v) and v.shape[0] == h.shape[0] and v.name != h.name)
    if h is None or g is None:
        return False
    o = b.name()
    pulls = [Pull(h, f"{g.name} @ d{o}.T"), Pull(g, f"{h.name} @ d{o}")]
    text = f"{h.name}.T @ {g.name}"
    b.add("product", (h.shape[1], g.shape[1]), text, text, pulls)
    return True


def outer(b: Builder) -> bool:
    """Two vectors to a matrix."""
    h = b.operand(lambda v: len(v.shape) == 1)
    g = h and b.operand(lambda v: len(v.shape) == 1 and v.name != h.name)
    if h is None or g is None:
        return False
    o = b.name()
    text = f"{h.name}[:, None] * {g.name}[None, :]"
    pulls = [Pull(h, f"d{o} @ {g.name}"), Pull(g, f"d{o}.T @ {h.name}")]
    b.add("outer", (h.shape[0], g.shape[0]), text, text, pulls)
    return True


def reduction(b: Builder) -> bool:
    """A sum, a mean, a largest entry, a length, a variance along one axis."""
    h = b.operand(_matrix)
    if h is None:
        return False
    axis = b.rng.randrange(2)
    o, x = b.name(), h.name
    d = f"d{o}[:, None]" if axis else f"d{o}"
    result = f"{o}[:, None]" if axis else o
    kinds = ("sum", "mean", "norm", "variance", "max", "argmax")
    kind = b.rng.choice(kinds[:4] if h.ties else kinds)
    count = f"{x}.shape[{axis}]"
    if kind == "sum":
        forward, torch = f"{x}.sum(axis={axis})", f"{x}.sum(dim={axis})"
        pull = Pull(h, f"np.broadcast_to({d}, {x}.shape)", d, fresh=False)
        if b.rng.random() < 0.5:
            pull = Pull(h, f"{d} * np.ones_like({x})", d)
    elif kind == "mean":
        forward, torch = f"{x}.mean(axis={axis})", f"{x}.mean(dim={axis})"
        pull = Pull(h, f"{d} * np.ones_like({x}) / {count}", f"{d} / {count}")
    elif kind == "max":
        forward, torch = f"{x}.max(axis={axis})", f"{x}.max(dim={axis}).values"
        pull = Pull(h, f"{d} * ({x} == {result})")
    elif kind == "argmax":
        forward, torch = f"{x}.max(axis={axis})", f"{x}.max(dim={axis}).values"
        other = f"np.arange({x}.shape[{1 - axis}])"
        where = f"{x}.argmax(axis={axis})"
        pull = Pull(h, f"d{o}", into=f"[{other}, {where}]" if axis else f"[{where}, {other}]")
    elif kind == "norm":
        forward, torch = f"np.sqrt(({x}**2).sum(axis={axis}) + 1e-6)", f"torch.sqrt(({x}**2).sum(dim={axis}) + 1e-6)"
        pull = Pull(h, f"{d} * {x} / {result}")
    else:
        forward, torch = f"{x}.var(axis={axis})", f"{x}.var(dim={axis}, unbiased=False)"
        pull = Pull(h, f"2 * {d} * ({x} - {x}.mean(axis={axis}, keepdims=True)) / {count}")
    b.add(kind, (h.shape[1 - axis],), forward, torch, [pull])
    return True


def piece(b: Builder) -> bool:
    """Some entries: a slice, a row of columns in another order, differences of neighbours, one column."""
    h = b.operand(_matrix)
    if h is None:
        return False
    rows, columns = h.shape
    o, x = b.name(), h.name
    kind = b.rng.choice(("tail", "head", "reversed", "neighbours", "column", "columns"))
    if kind in ("tail", "head"):
        index, shape = (
            ("[:, 1:]" if kind == "tail" else "[:-1]"),
            ((rows, f"{columns}-1") if kind == "tail" else (f"{rows}-1", columns)),
        )
        if "-1" in "".join(h.shape):
            return False  # no empty axis after several cuts
        b.add("slice", shape, f"{x}{index}", f"{x}{index}", [Pull(h, f"d{o}", into=index)])
    elif kind == "reversed":
        b.add("reversed", h.shape, f"{x}[:, ::-1]", f"{x}.flip(1)", [Pull(h, f"d{o}[:, ::-1]", fresh=False)])
    elif kind == "neighbours":
        if "-1" in "".join(h.shape):
            return False
        text = f"{x}[1:] - {x}[:-1]"
        pulls = [Pull(h, f"d{o}", into="[1:]"), Pull(h, f"-d{o}", into="[:-1]")]
        b.add("neighbours", (f"{rows}-1", columns), text, text, pulls)
    elif kind == "column":
        b.add("column", (rows,), f"{x}[:, 0]", f"{x}[:, 0]", [Pull(h, f"d{o}", into="[:, 0]")])
    else:
        if columns not in AXES:
            return False
        text = f"{x}[:, [1, 0, 1]]"
        b.add("columns", (rows, "3"), text, text, [Pull(h, f"d{o}", into="at (slice(None), [1, 0, 1])")])
    return True


def lookup(b: Builder) -> bool:
    """Rows of a table by drawn indices, some of them several times."""
    columns = b.rng.choice(AXES[1:])
    table, index = b.parameter("B", columns), b.input("integers(0, B)", "N")
    o = b.name()
    text = f"{table.name}[{index.name}]"
    b.add("lookup", ("N", columns), text, text, [Pull(table, f"d{o}", into=f"at {index.name}")])
    return True


def joined(b: Builder) -> bool:
    """Two matrices side by side."""
    h = b.operand(_matrix)
    g = h and b.operand(lambda v: _matrix(v) and v.shape[0] == h.shape[0] and v.name != h.name)
    if h is None or g is None or not {h.shape[1], g.shape[1]} <= set(AXES):
        return False
    o = b.name()
    cut = f"{h.name}.shape[1]"
    pulls = [Pull(h, f"d{o}[:, :{cut}]", fresh=False), Pull(g, f"d{o}[:, {cut}:]", fresh=False)]
    both = f"[{h.name}, {g.name}]"
    shape = (h.shape[0], f"{h.shape[1]}+{g.shape[1]}")
    b.add("joined", shape, f"np.concatenate({both}, axis=1)", f"torch.cat({both}, dim=1)", pulls)
    return True


def turned(b: Builder) -> bool:
    """The transpose, all entries in a row, running sums."""
    h = b.operand(_matrix)
    if h is None:
        return False
    o, x = b.name(), h.name
    kind = b.rng.choice(("transpose", "running", "running"))
    if kind == "transpose":
        b.add(kind, h.shape[::-1], f"{x}.T", f"{x}.T", [Pull(h, f"d{o}.T", fresh=False)])
    elif b.rng.random() < 0.5:
        back = f"np.cumsum(d{o}[:, ::-1], axis=1)[:, ::-1]"
        b.add(kind, h.shape, f"np.cumsum({x}, axis=1)", f"torch.cumsum({x}, dim=1)", [Pull(h, back)])
    else:
        back = f"np.cumsum(d{o}[::-1], axis=0)[::-1]"
        b.add(kind, h.shape, f"np.cumsum({x}, axis=0)", f"torch.cumsum({x}, dim=0)", [Pull(h, back)])
    return True
