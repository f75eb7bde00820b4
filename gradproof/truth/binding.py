"""Which quantity each name of a derivation is: names bound to the tensors of a reference.

One trial of the model is run to see which submodules are called, how often, and with what shapes; then every name
is a leaf, a submodule's output, a result, a derivative `dA_dB`, or an updated parameter `B_new`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import torch

from gradproof.case.kinds import Distribution, Normal
from gradproof.case.names import derivative_splits
from gradproof.case.project import suggestions
from gradproof.case.reference import Reference, Symbol, parse_symbol
from gradproof.errors import GradproofError
from gradproof.truth.default_draws import default_draws
from gradproof.truth.first_run import Shape, buffers_of, build, named_results, run_once
from gradproof.truth.optimizer_state import recipe_of, state_leaves, state_names
from gradproof.truth.sources import Derivative, Leaf, Output, Result, Source, Updated, named_gradient

PLAIN = Normal(())
"""How parameters and cotangents are drawn where nothing else is said."""


class Binding:
    """The names that one reference gives a meaning to.

    Attributes:
        reference: The reference itself.
        model: One instance of its module, in the dtype of the run.
        parameters: Shape of every parameter of the model, by name.
        buffers: The numbers of the model's buffers that a symbol names or that are given, by name.
        recipe: How the optimizer is made; None where there is none.
        leaves: The distribution of every drawn array, in the order in which they are drawn.
        calls: Shape of the output of every call of every submodule.
        results: Shape of each tensor that `forward` returns, by name; empty where it returns the loss itself.
    """

    def __init__(self, reference: Reference, place: str, dtype: torch.dtype) -> None:
        self.reference = reference
        self.place = place
        self.model = build(reference, place, dtype)
        self.parameters = {name: tuple(value.shape) for name, value in self.model.named_parameters()}
        self.buffers = buffers_of(self.model, reference)
        self.recipe = recipe_of(reference, place, self.parameters, dtype)
        draws = self._parameter_draws()
        self.calls, self.results = run_once(self.model, reference, place, dtype, draws)
        self.leaves = self._leaves(draws)
        self.symbols = {symbol: self._place(symbol, parse_symbol(text)) for symbol, text in reference.symbols.items()}

    def named_results(self, result: Any) -> dict[str, torch.Tensor]:
        """What `forward` returned by name: the loss where it is one scalar, else the outputs."""
        return named_results(self.reference, self.place, result)

    @property
    def cotangents(self) -> dict[str, str]:
        """The leaf that each tensor result is contracted with, by the result's name; none for a scalar result."""
        return {name: f"d{self.reference.loss}_d{name}" for name in self.results}

    @property
    def cotangent(self) -> str | None:
        """The leaf that the only tensor result is contracted with; None where there is none, or are several."""
        leaves = list(self.cotangents.values())
        return leaves[0] if len(leaves) == 1 else None

    def _parameter_draws(self) -> dict[str, Distribution]:
        """How every parameter is drawn."""
        given = self.reference.parameters
        if not isinstance(given, Distribution):
            for name in given:
                if name not in self.parameters and name not in self.buffers:
                    raise GradproofError(
                        f"{self.place}: Reference(parameters=...) names {name!r}, which the model does not have"
                        f"{suggestions(name, list(self.parameters))}; it has: {', '.join(self.parameters)}",
                        name=name,
                        known=self.parameters,
                    )
        draws, defaults = {}, default_draws(self.parameters)
        for name, shape in self.parameters.items():
            own = given if isinstance(given, Distribution) else given.get(name, defaults[name])
            try:
                draws[name] = own.with_shape(shape)
            except GradproofError as error:
                raise GradproofError(f"{self.place}: Reference(parameters=...): {name!r}: {error}") from error
        return draws

    @property
    def shrunk(self) -> tuple[str, ...]:
        """The parameters that are drawn smaller than standard normal numbers because the model is wide or deep."""
        given = self.reference.parameters
        if isinstance(given, Distribution):
            return ()
        draws = default_draws(self.parameters)
        return tuple(name for name, one in draws.items() if name not in given and one != PLAIN.with_shape(one.shape))

    def _leaves(self, parameters: Mapping[str, Distribution]) -> dict[str, Distribution]:
        leaves = {**parameters, **self.reference.inputs, **self.buffers}
        for name, leaf in self.cotangents.items():
            leaves[leaf] = PLAIN.with_shape(self.results[name])
        leaves.update((argument.path, argument.distribution) for argument in self.reference.arguments)
        leaves.update(self.state)
        return leaves

    @cached_property
    def state(self) -> dict[str, Distribution]:
        """How each entry of the optimizer's state before the step is drawn, by its path."""
        return {} if self.recipe is None else state_leaves(self.recipe, self.reference)

    def _place(self, name: str, symbol: Symbol) -> Leaf | Output:
        """What a symbol stands for.

        Raises:
            GradproofError: It names nothing, or more than one thing, or an entry that does not exist.
        """
        where = f"{self.place}: symbol {name!r}"
        path, counts = symbol.path, sum(1 for call in self.calls if call[0] == symbol.path)
        entry = f"{path}[{symbol.index[0]}]" if len(symbol.index) == 1 else ""
        if entry in self.leaves:  # of a tuple of hyperparameters
            return Leaf(entry)
        is_leaf = path in self.leaves
        if is_leaf and counts:
            raise GradproofError(f"{where}: {path!r} is both a leaf and a submodule; rename one of them")
        if is_leaf:
            self._check_index(where, path, self.leaves[path].shape, symbol.index)
            return Leaf(path, symbol.index)
        if counts > 1 and symbol.call is None:
            calls = ", ".join(f"{path}#{k}" for k in range(counts))
            raise GradproofError(f"{where}: {path!r} is called {counts} times; say which call is meant: {calls}")
        call = (path, symbol.call or 0)
        if call not in self.calls:
            known = [*self.leaves, *dict.fromkeys(call[0] for call in self.calls)]
            raise GradproofError(
                f"{where}: {path + ('' if symbol.call is None else f'#{symbol.call}')!r} names nothing"
                f"{suggestions(path, known)}; there are: {', '.join(known)}",
                name=path,
                known=known,
            )
        self._check_index(where, path, self.calls[call], symbol.index)
        return Output(call, symbol.index)

    def _check_index(self, where: str, path: str, shape: Shape, index: tuple[Any, ...]) -> None:
        try:
            np.empty(shape, dtype=bool)[index]
        except IndexError as error:
            raise GradproofError(
                f"{where}: {path!r} has the shape {shape}, so it has no entry {list(index)}"
            ) from error

    @cached_property
    def roots(self) -> dict[str, Leaf | Output | Result]:
        """Every name with a value of its own: symbols, then inputs, parameters, hyperparameters, results.

        A parameter within a module or a list that no symbol names has its path for a name: `weights.0` is `weights_0`.
        """
        table: dict[str, Leaf | Output | Result] = {}
        for name in [*self.reference.inputs, *(p for p in self.parameters if p.isidentifier())]:
            table[name] = Leaf(name)
        table.update((argument.name, Leaf(argument.path)) for argument in self.reference.arguments)
        for name, leaf in self.cotangents.items():
            table[leaf] = Leaf(leaf)
            table[name] = Result(name, is_loss=False)
        table[self.reference.loss] = Result(self.reference.loss, is_loss=True)
        for name, source in self.symbols.items():
            if name in table and table[name] != source:
                raise GradproofError(
                    f"{self.place}: symbol {name!r} is ambiguous: it is also the name of "
                    f"{'a result' if isinstance(table[name], Result) else 'a leaf'}; rename one of them"
                )
            table[name] = source
        held = {source.path for source in table.values() if isinstance(source, Leaf)}
        for path in self.parameters:
            if path not in held:
                table.setdefault(path.replace(".", "_"), Leaf(path))
        for name, state in self._state_names(table).items():
            table.setdefault(name, state)
        return table

    def _state_names(self, table: Mapping[str, Leaf | Output | Result]) -> dict[str, Leaf]:
        """The optimizer's state by the names that it has without a symbol of its own."""
        if self.recipe is None:
            return {}
        parameters = {
            name: (source.path, source.index)
            for name, source in table.items()
            if isinstance(source, Leaf) and source.path in self.parameters
        }
        found = state_names(self.recipe, self.reference, parameters)
        leaves = {name: Leaf(path, index) for name, (path, index) in found.items()}
        return {name: leaf for name, leaf in leaves.items() if leaf not in self.symbols.values()}

    def find(self, name: str) -> Source | None:
        """What a name of the derivation means here, or None where the reference has no such quantity.

        Raises:
            GradproofError: `dA_dB` can be split in more than one way.
        """
        if name in self.roots:
            return self.roots[name]
        if name.endswith("_new"):
            old = self.roots.get(name.removesuffix("_new"))
            if self.recipe is not None and isinstance(old, Leaf) and old.path in {*self.parameters, *self.state}:
                return Updated(old.path, old.index)
            return None
        splits = [(top, bottom) for top, bottom in derivative_splits(name) if self._differentiable(top, bottom)]
        if len(splits) > 1:
            ways = " or ".join(f"d({top})/d({bottom})" for top, bottom in splits)
            raise GradproofError(f"{self.place}: {name!r} can be read as {ways}; rename a symbol")
        if splits:
            return Derivative(*splits[0])
        loss = self.reference.loss
        below = named_gradient(name, [root for root in self.roots if self._differentiable(loss, root)])
        return None if below is None else Derivative(loss, below)

    def _differentiable(self, top: str, bottom: str) -> bool:
        """Whether autograd can give d(top)/d(bottom): a computed value over a real leaf or a computed value."""
        above, below = self.roots.get(top), self.roots.get(bottom)
        if not isinstance(above, (Output, Result)) or below is None:
            return False
        if isinstance(below, Leaf):
            return below.path in self.parameters or (
                below.path in self.reference.inputs and not self.reference.inputs[below.path].is_integer
            )
        return isinstance(below, Output) or not below.is_loss

    def why_unknown(self, name: str) -> str:
        """Why `find` gives None: the part of the name that the reference does not have, with close matches."""
        known = list(self.roots)
        if name.endswith("_new"):
            parameter = name.removesuffix("_new")
            if parameter not in self.roots:
                return f"the reference has no {parameter}{suggestions(parameter, known)}"
            return (
                "the reference has no optimizer"
                if self.reference.optimizer is None
                else f"{parameter} is neither a parameter nor state of the optimizer"
            )
        if any(name == buffer for buffer, _ in self.model.named_buffers()):
            return f"{name} is a buffer of the model: name it, symbols={{{name!r}: {name!r}}}"
        for top, bottom in derivative_splits(name):
            odd = [part for part in (top, bottom) if part not in self.roots]
            if odd:
                return "; ".join(f"the reference has no {part}{suggestions(part, known)}" for part in odd)
            return f"{top} cannot be differentiated with respect to {bottom}"
        return f"the reference has no {name}{suggestions(name, known)}"
