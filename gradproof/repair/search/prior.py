"""How surprising a formula is: description length in bits, learnt from the equations that are right.

A two-part code (Rissanen, "Modeling by shortest data description", Automatica 1978): the slip that is assumed, and the
formula that results. Names are priced by what right equations of the same kind read, indices apart; by the chain rule,
under which `dA_dX` reads `dA_dC` for the consumers C of X and what those read; and by the indices they share with the
quantity that is computed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gradproof.case.names import Ends, ends
from gradproof.operators import number_bits
from gradproof.repair.formulas.formula import (
    Binary,
    Compare,
    Constant,
    Formula,
    Literally,
    Local,
    Name,
    Negate,
    Size,
    children,
    nodes,
)
from gradproof.repair.formulas.names import family, indices

_DOUBLED = 8.0
"""Nobody writes `a + a` for `2 * a`, however likely the name `a` is."""

SWAPPED = 0.5
"""Bits for two operands that are exchanged."""

_UNSEEN = 0.5
_SMOOTHING = 8.0


@dataclass(frozen=True)
class Target:
    """The equation that is priced.

    Attributes:
        name: Its name, with the label of its form.
        quantity: The quantity that it yields.
        own: The quantities that it reads as it is written.
    """

    name: str
    quantity: str
    own: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Expected:
    """What an equation is likely to read.

    Attributes:
        seen: How often right equations of its kind read each family of names.
        all_seen: How often in all.
        indices: The indices of what it yields.
        own: The ends of the derivative that it yields.
        factors: Derivatives by the consumers of what it is the derivative by.
        near: Those consumers and what they read.
    """

    seen: Counter[str]
    all_seen: int
    indices: frozenset[str]
    own: Ends | None
    factors: Counter[str]
    near: frozenset[str]

    def name_bits(self, name: str) -> float:
        """Bits to name a quantity."""
        bits = math.log2((self.all_seen + _SMOOTHING) / (self.seen[family(name)] + _UNSEEN)) + 0.01 * len(name)
        if not indices(name) <= self.indices:
            bits += 1.5
        bits -= 3.0 * self.factors[name]
        if name in self.near:
            bits -= 2.0
        elif self.own is not None and not self.seen and name in self.own:
            bits -= 1.5
        return bits


class Prior:
    """Prices of names and formulas in one derivation.

    Args:
        right: Equation's name -> what it reads, of the equations that are right.
        forward: Forward quantity -> what its equations read.
    """

    def __init__(self, right: Mapping[str, Iterable[str]], forward: Mapping[str, Iterable[str]]) -> None:
        self.counts: dict[str, Counter[str]] = {}
        for name, read in right.items():
            self.counts.setdefault(family(name), Counter()).update(family(other) for other in read)
        self.reads = {quantity: frozenset(read) for quantity, read in forward.items()}
        self.consumers: dict[str, list[str]] = {}
        for quantity, read in self.reads.items():
            for other in read:
                self.consumers.setdefault(other, []).append(quantity)
        self._bits: dict[tuple[str, Target], float] = {}
        self._wanted: dict[Target, _Expected] = {}

    def name_bits(self, name: str, target: Target) -> float:
        """Bits to name a quantity in an equation."""
        key = (name, target)
        if key not in self._bits:
            if target not in self._wanted:
                self._wanted[target] = self._expected(target)
            self._bits[key] = self._wanted[target].name_bits(name)
        return self._bits[key]

    def _expected(self, target: Target) -> _Expected:
        """What the right equations let expect that this one reads."""
        seen, own = self.counts.get(family(target.name), Counter()), ends(target.quantity)
        consumers = () if own is None else self.consumers.get(own.bottom, ())
        return _Expected(
            seen=seen,
            all_seen=seen.total(),
            indices=indices(target.quantity),
            own=own,
            factors=Counter() if own is None else Counter(f"d{own.top}_d{consumer}" for consumer in consumers),
            near=frozenset().union(*({consumer, *self.reads[consumer]} for consumer in consumers)),
        )

    def formula_bits(self, formula: Formula, target: Target) -> float:
        """Bits to write a formula as the body of an equation; a local name costs its definition once."""
        return sum(bits for _, bits in self._tokens(formula, target))

    def edit_bits(self, old: Formula, new: Formula, target: Target) -> float:
        """Bits of what an edit puts in; what it leaves where it was, or takes out, is free.

        With a prior over right formulas and slips that write anything at all, the bits of what is taken out cancel:
        the right formula is shorter by them, and the slip has to spell them.
        """
        if old == new:
            return 0.0
        before, after = children(old), children(new)
        wraps = any(part == old for part in nodes(new)) or any(part == new for part in nodes(old))
        if old.kind == new.kind and before and len(before) == len(after) and not wraps:
            inside = sum(self.edit_bits(a, b, target) for a, b in zip(before, after, strict=True))
            if inside and len(before) == 2:
                exchanged = sum(self.edit_bits(a, b, target) for a, b in zip(before, after[::-1], strict=True))
                return min(inside, SWAPPED + exchanged)
            return inside
        tokens = Counter(token for token, _ in self._tokens(old, target))
        put_in = 0.0
        for token, bits in self._tokens(new, target):
            if tokens[token] > 0:
                tokens[token] -= 1
            else:
                put_in += bits
        return put_in

    def _tokens(self, formula: Formula, target: Target) -> Iterator[tuple[tuple[object, ...], float]]:
        """Every node without its operands, and its price; a local name is priced with what it stands for, once."""
        open_nodes, defined = [formula], set()
        while open_nodes:
            node = open_nodes.pop()
            if isinstance(node, Local):
                yield ("local", node.id), 1.0
                if node in defined:
                    continue
                defined.add(node)
            elif isinstance(node, Size) and isinstance(node.operand, Name):
                # Many quantities have the same size; whose it is says little.
                yield ("size", node.operand), 2.0 if node.operand.id in target.own else 3.0
                continue
            elif isinstance(node, Compare) and node.right == Constant(0):
                yield (node.kind,), 0.0
                open_nodes.append(node.left)
                continue
            else:
                token = (node.kind,) if children(node) else tuple(node)
                yield token, self._node_bits(node, target)
            open_nodes.extend(children(node))

    def _node_bits(self, node: Formula, target: Target) -> float:
        match node:
            case Name():
                return self.name_bits(node.id, target)
            case Constant():
                return number_bits(node.value)
            case Literally():
                return 2.0
            case Compare():
                return 2.0
            case Binary(op="/"):
                return 1.5
            case Binary(op="+" | "-") if node.left == node.right:
                return _DOUBLED
            case Negate(operand=Constant()):
                return 0.0
        return 1.0
