"""The graph of a derivation laid out in layers, from what is drawn on the left to what is updated on the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

SWEEPS = 8
"""So often the order within the layers is improved; more changes next to nothing."""

TALLEST = 40
"""A layer with more nodes than this is folded into several columns."""

WIDEST = 12
"""A graph with more columns than this goes on in a band below, as a text does in the next line."""


@dataclass(frozen=True)
class Node:
    """A node in its place: column and row count from 0, rows are centred and may be fractions."""

    name: str
    column: int
    row: float


@dataclass(frozen=True)
class Layout:
    """Nodes in their places, and the edges that do not follow from other edges.

    Attributes:
        nodes: By name.
        edges: From what is read to what reads it.
        columns: How many there are beside each other.
        rows: How many there are from top to bottom.
        bands: In how many bands below each other.
    """

    nodes: Mapping[str, Node]
    edges: tuple[tuple[str, str], ...]
    columns: int
    rows: int
    bands: int


def lay_out(
    inputs: Mapping[str, Sequence[str]], last: Sequence[str] = (), *, tallest: int = TALLEST, widest: int = WIDEST
) -> Layout:
    """Place equations and what they read.

    Args:
        inputs: By equation: what it reads. A name that is no equation is drawn, and stands in the first layer.
        last: Equations that stand in a layer of their own on the right.
        tallest: How many nodes a column has at most.
        widest: How many columns stand beside each other at most.

    Raises:
        CycleError: Some equations read each other in a circle, which no derivation does.
    """
    parents = {name: tuple(dict.fromkeys(read)) for name, read in inputs.items()}
    for read in inputs.values():
        for name in read:
            parents.setdefault(name, ())
    depth = _depths(parents, inputs, frozenset(last))
    edges = _reduced(parents)
    layers = _ordered(depth, edges)
    columns = [part for layer in layers for part in _folded(layer, tallest)]
    nodes, rows = _banded(columns, widest)
    return Layout(nodes, edges, min(len(columns), widest), rows, -(-len(columns) // widest))


def _depths(
    parents: Mapping[str, Sequence[str]], inputs: Mapping[str, Sequence[str]], last: frozenset[str]
) -> dict[str, int]:
    """The layer of each node: one more than the deepest that it reads; those of `last` right of all others."""
    depth: dict[str, int] = {}
    for name in TopologicalSorter(parents).static_order():
        depth[name] = max((depth[p] + 1 for p in parents[name]), default=1 if name in inputs else 0)
    right = max((d for name, d in depth.items() if name not in last), default=0) + 1
    depth.update(dict.fromkeys((name for name in depth if name in last), right))
    used = sorted(set(depth.values()))
    return {name: used.index(d) for name, d in depth.items()}


def _reduced(parents: Mapping[str, Sequence[str]]) -> tuple[tuple[str, str], ...]:
    """The edges without those that a longer way already says."""
    above: dict[str, frozenset[str]] = {}
    edges = []
    for name in TopologicalSorter(parents).static_order():
        beyond = frozenset[str]().union(*(above[parent] for parent in parents[name]))
        above[name] = beyond.union(parents[name])
        edges += [(parent, name) for parent in parents[name] if parent not in beyond]
    return tuple(edges)


def _ordered(depth: Mapping[str, int], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Each layer in an order with few crossings: by the middle of the neighbours, back and forth."""
    layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in depth:
        layers[depth[name]].append(name)
    left: dict[str, list[str]] = {name: [] for name in depth}
    right: dict[str, list[str]] = {name: [] for name in depth}
    for start, end in edges:
        left[end].append(start)
        right[start].append(end)
    for sweep in range(SWEEPS):
        forth = sweep % 2 == 0
        place = {name: _height(k, layer) for layer in layers for k, name in enumerate(layer)}
        for layer in layers if forth else reversed(layers):
            near = left if forth else right
            layer.sort(key=lambda name: _middle([place[other] for other in near[name]], place[name]))
            place.update((name, _height(k, layer)) for k, name in enumerate(layer))
    return layers


def _height(position: int, layer: Sequence[str]) -> float:
    return position - (len(layer) - 1) / 2


def _middle(places: Sequence[float], own: float) -> float:
    return sum(places) / len(places) if places else own


def _folded(layer: Sequence[str], tallest: int) -> list[Sequence[str]]:
    """A layer in as many columns as it needs, of about the same height."""
    count = max(1, -(-len(layer) // tallest))
    height = -(-len(layer) // count)
    return [layer[start : start + height] for start in range(0, len(layer), height)]


def _banded(columns: Sequence[Sequence[str]], widest: int) -> tuple[dict[str, Node], int]:
    """Places in bands of so many columns, a blank row between them, and the number of rows of all."""
    nodes: dict[str, Node] = {}
    top = 0
    for start in range(0, len(columns), widest):
        band = columns[start : start + widest]
        rows = max(map(len, band))
        for k, column in enumerate(band):
            nodes.update((name, Node(name, k, top + row + (rows - len(column)) / 2)) for row, name in enumerate(column))
        top += rows + 1
    return nodes, max(top - 1, 0)
