"""How surprising a formula is: description length in bits, learnt from the equations that are right.

A two-part code (Rissanen, "Modeling by shortest data description", Automatica 1978): the slip that is assumed, and the
formula that results. Names are priced by what right equations of the same kind read, indices apart; by the chain rule,
under which `dA_dX` reads `dA_dC` for the consumers C of X and what those read; and by the indices they share with the
quantity that is computed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gradproof.repair.formula import (
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
)
from gradproof.repair.names import Phase, ends, family, indices, phase

_CONSTANTS = {0: 2.0, 1: 2.0, 2: 2.0, -1: 2.0, 0.5: 3.25}
_OTHER_CONSTANT = 4.0
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

    def name_bits(self, name: str, target: Target) -> float:
        """Bits to name a quantity in an equation."""
        key = (name, target)
        if key not in self._bits:
            self._bits[key] = self._name_bits(name, target)
        return self._bits[key]

    def _name_bits(self, name: str, target: Target) -> float:
        seen = self.counts.get(family(target.name), Counter())
        bits = math.log2((seen.total() + _SMOOTHING) / (seen[family(name)] + _UNSEEN))
        bits += 0.01 * len(name)
        if not indices(name) <= indices(target.quantity):
            bits += 1.5
        own = ends(target.quantity)
        if own is None:
            return bits
        near: set[str] = set()
        for consumer in self.consumers.get(own.bottom, ()):
            near |= {consumer, *self.reads[consumer]}
            if name == f"d{own.top}_d{consumer}":
                bits -= 3.0
        if name in near:
            bits -= 2.0
        elif not seen and name in own:
            bits -= 1.5
        return bits

    def formula_bits(self, formula: Formula, target: Target) -> float:
        """Bits to write a formula as the body of an equation; a local name costs its definition once."""
        total, open_nodes, defined = 0.0, [formula], set()
        while open_nodes:
            node = open_nodes.pop()
            if isinstance(node, Local):
                total += 1.0
                if node in defined:
                    continue
                defined.add(node)
            total += self._node_bits(node, target)
            if isinstance(node, Size) and isinstance(node.operand, Name):
                # Many quantities have the same size; whose it is says little.
                total += 1.0 if node.operand.id in target.own else 2.0
            else:
                open_nodes.extend(children(node))
        return total

    def _node_bits(self, node: Formula, target: Target) -> float:
        match node:
            case Name():
                return self.name_bits(node.id, target)
            case Constant():
                return _CONSTANTS.get(node.value, _OTHER_CONSTANT)
            case Literally():
                return 2.0
            case Local():
                return 0.0
            case Compare():
                return 0.0 if node.right == Constant(0) else 2.0
            case Binary(op="/"):
                return 1.5
            case Negate(operand=Constant()):
                return 0.0
        return 1.0


def learn(right: Mapping[str, Iterable[str]], inputs: Mapping[str, Iterable[str]]) -> Prior:
    """The prior of a derivation.

    Args:
        right: Equation's name -> what it reads, of the equations that are right.
        inputs: Quantity -> what its equations read, of all.
    """
    return Prior(right, {name: read for name, read in inputs.items() if phase(name) == Phase.FORWARD})
