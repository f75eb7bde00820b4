"""Steps that work entry by entry."""

from __future__ import annotations

from benchmarks.judgement_cases.graph import Builder, Pull, Value

# NumPy, torch, ways to write what goes back; {h} is the operand, {o} the result, {d} the gradient by the result.
UNARY: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "relu": (
        "np.maximum({h}, 0)",
        "torch.relu({h})",
        ("{d} * ({h} > 0)", "{d} * ({o} > 0)", "np.where({h} > 0, {d}, 0)"),
    ),
    "leaky": (
        "np.where({h} > 0, {h}, 0.1 * {h})",
        "torch.where({h} > 0, {h}, 0.1 * {h})",
        ("np.where({h} > 0, {d}, 0.1 * {d})",),
    ),
    "abs": ("np.abs({h})", "torch.abs({h})", ("{d} * np.sign({h})", "np.where({h} > 0, {d}, -{d})")),
    "tanh": ("np.tanh({h})", "torch.tanh({h})", ("{d} * (1 - {o}**2)", "{d} * (1 - np.tanh({h})**2)")),
    "sigmoid": ("1 / (1 + np.exp(-{h}))", "torch.sigmoid({h})", ("{d} * {o} * (1 - {o})",)),
    "gauss": ("np.exp(-0.5 * {h}**2)", "torch.exp(-0.5 * {h}**2)", ("-{d} * {h} * {o}",)),
    "exp": ("np.exp(0.1 * {h})", "torch.exp(0.1 * {h})", ("0.1 * {d} * {o}",)),
    "softplus": (
        "np.logaddexp(0, {h})",
        "torch.logaddexp({h}, torch.zeros_like({h}))",
        ("{d} / (1 + np.exp(-{h}))",),
    ),
    "square": ("{h}**2", "{h}**2", ("2 * {d} * {h}",)),
    "cube": ("0.1 * {h}**3", "0.1 * {h}**3", ("0.3 * {d} * {h}**2",)),
    "root": ("np.sqrt({h}**2 + 1)", "torch.sqrt({h}**2 + 1)", ("{d} * {h} / {o}",)),
    "inverse": ("1 / (1 + {h}**2)", "1 / (1 + {h}**2)", ("-2 * {d} * {h} * {o}**2",)),
    "log": ("np.log({h}**2 + 1)", "torch.log({h}**2 + 1)", ("2 * {d} * {h} / ({h}**2 + 1)",)),
    "sin": ("np.sin({h})", "torch.sin({h})", ("{d} * np.cos({h})",)),
    "cos": ("np.cos({h})", "torch.cos({h})", ("-{d} * np.sin({h})",)),
    "erf": ("_erf({h})", "torch.erf({h})", ("2 * {d} * np.exp(-{h}**2) / np.sqrt(np.pi)",)),
    "gelu": (
        "0.5 * {h} * (1 + _erf({h} / np.sqrt(2)))",
        "torch.nn.functional.gelu({h})",
        ("{d} * (0.5 * (1 + _erf({h} / np.sqrt(2))) + {h} * np.exp(-0.5 * {h}**2) / np.sqrt(2 * np.pi))",),
    ),
    "clip": (
        "np.clip({h}, -1, 1)",
        "torch.clamp({h}, -1, 1)",
        ("{d} * (({h} >= -1) & ({h} <= 1))", "{d} * (np.abs({h}) < 1)"),
    ),
    "huber": (
        "np.where(np.abs({h}) <= 1, 0.5 * {h}**2, np.abs({h}) - 0.5)",
        "torch.where({h}.abs() <= 1, 0.5 * {h}**2, {h}.abs() - 0.5)",
        ("{d} * np.clip({h}, -1, 1)", "np.where(np.abs({h}) <= 1, {d} * {h}, {d} * np.sign({h}))"),
    ),
    "hinge": ("np.maximum(0, 1 - {h})", "torch.clamp(1 - {h}, min=0)", ("-{d} * ({h} < 1)", "-{d} * ({o} > 0)")),
    "affine": ("2.5 * {h} - 0.3", "2.5 * {h} - 0.3", ("2.5 * {d}",)),
}

# NumPy, torch, what goes back to {h}, what goes back to {g}.
BINARY: dict[str, tuple[str, str, str, str]] = {
    "add": ("{h} + {g}", "{h} + {g}", "{d}", "{d}"),
    "subtract": ("{h} - {g}", "{h} - {g}", "{d}", "-{d}"),
    "multiply": ("{h} * {g}", "{h} * {g}", "{d} * {g}", "{d} * {h}"),
    "divide": ("{h} / (1 + {g}**2)", "{h} / (1 + {g}**2)", "{d} / (1 + {g}**2)", "-2 * {d} * {o} * {g} / (1 + {g}**2)"),
    "maximum": ("np.maximum({h}, {g})", "torch.maximum({h}, {g})", "{d} * ({h} > {g})", "{d} * ({h} <= {g})"),
    "choose": (
        "np.where({h} > 0, {h} * {g}, {g})",
        "torch.where({h} > 0, {h} * {g}, {g})",
        "np.where({h} > 0, {d} * {g}, 0)",
        "np.where({h} > 0, {d} * {h}, {d})",
    ),
    "gate": ("{h} * np.tanh({g})", "{h} * torch.tanh({g})", "{d} * np.tanh({g})", "{d} * {h} * (1 - np.tanh({g})**2)"),
}


def unary(b: Builder) -> bool:
    """A function of one value."""
    h = b.operand(lambda value: bool(value.shape))
    if h is None:
        return False
    kind = b.rng.choice([kind for kind in UNARY if not (h.ties and kind in ("clip", "hinge"))])
    numpy, torch, backs = UNARY[kind]
    names = {"h": h.name, "o": b.name(), "d": f"d{b.name()}"}
    back = b.rng.choice(backs).format(**names)
    b.add(kind, h.shape, numpy.format(**names), torch.format(**names), [Pull(h, back)])
    return True


def silu(b: Builder) -> bool:
    """x * sigmoid(x), its backward through a local variable."""
    h = b.operand(lambda value: bool(value.shape))
    if h is None:
        return False
    o, s = b.name(), f"s{b.name()[1:]}"
    b.add(
        "silu",
        h.shape,
        f"{h.name} / (1 + np.exp(-{h.name}))",
        f"torch.nn.functional.silu({h.name})",
        [Pull(h, f"d{o} * ({s} + {h.name} * {s} * (1 - {s}))")],
        [(s, f"1 / (1 + np.exp(-{h.name}))")],
    )
    return True


def binary(b: Builder) -> bool:
    """A function of two values of one shape."""
    h = b.operand(lambda value: bool(value.shape))
    g = h and b.operand(lambda value: value.shape == h.shape and value.name != h.name)
    if h is None or g is None:
        return False
    kind = b.rng.choice([kind for kind in BINARY if not (kind == "maximum" and (h.ties or g.ties))])
    numpy, torch, first, second = BINARY[kind]
    names = {"h": h.name, "g": g.name, "o": b.name(), "d": f"d{b.name()}"}
    pulls = [Pull(v, back.format(**names), fresh=back != "{d}") for v, back in ((h, first), (g, second))]
    b.add(kind, h.shape, numpy.format(**names), torch.format(**names), pulls)
    return True


def broadcast(b: Builder) -> bool:
    """A vector with a matrix: a bias, a gain, a column."""
    h = b.operand(lambda value: len(value.shape) == 2)
    if h is None:
        return False
    rows, columns = h.shape
    by_row = b.rng.random() < 0.5
    shape = (rows,) if by_row else (columns,)
    given = b.operand(lambda value: value.shape == shape) if b.rng.random() < 0.7 else None
    g = given or b.parameter(*shape)
    o, along, axis = b.name(), f"{g.name}[:, None]" if by_row else g.name, 1 if by_row else 0
    if b.rng.random() < 0.5:
        forward = f"{h.name} + {along}"
        pulls = [Pull(h, f"d{o}", fresh=False), Pull(g, f"d{o}.sum(axis={axis})")]
    else:
        forward = f"{h.name} * {along}"
        pulls = [Pull(h, f"d{o} * {along}"), Pull(g, f"(d{o} * {h.name}).sum(axis={axis})")]
    b.add("broadcast", h.shape, forward, forward, pulls)
    return True


def masked(b: Builder) -> bool:
    """A value times a drawn mask of zeros and ones."""
    h = b.operand(lambda value: len(value.shape) == 2)
    if h is None:
        return False
    m = _mask(b, h)
    o = b.name()
    b.add("mask", h.shape, f"{h.name} * {m.name}", f"{h.name} * {m.name}", [Pull(h, f"d{o} * {m.name}")])
    return True


def _mask(b: Builder, h: Value) -> Value:
    rows, columns = h.shape
    return b.input(f"one_hot({rows}, classes={columns})", *h.shape)
