"""The torch side as its author writes it: one `Reference` value beside a plain `nn.Module`.

This module imports neither torch nor pandas: it only holds what the author says. `gradproof.truth.truth` runs it.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradproof.case.kinds import Constant, Distribution
from gradproof.case.project import Project, load_module
from gradproof.case.values import given
from gradproof.errors import GradproofError

Index = tuple[Any, ...]


@dataclass(frozen=True)
class Symbol:
    """Where a quantity is found on the torch side.

    Attributes:
        path: An input, a parameter, a submodule whose output is meant, or a hyperparameter: `hidden.weight`.
        call: Which call of the submodule, counted from 0, where the path has `#n`; else None.
        index: The entry of that tensor, empty for the whole of it.
    """

    path: str
    call: int | None = None
    index: Index = ()


@dataclass(frozen=True)
class Argument:
    """A number among the optimizer's arguments.

    Attributes:
        path: The argument, with a place where it is a tuple: `lr`, `betas[0]`.
        name: What the derivation calls it: the distribution's symbol, or `lr`, `beta1`.
        distribution: How it is drawn; a constant where it is given as a number.
    """

    path: str
    name: str
    distribution: Distribution


@dataclass(frozen=True)
class Reference:
    """A torch model and which of its tensors each symbol of the derivation is.

    Attributes:
        model: What makes the module when called with no arguments: its class or a function; or a module, of which a
            copy is used.
        inputs: The arguments of `forward` for ONE trial, by name: distributions, or values of your own, which are the
            same in every trial: a number, an array, a tensor.
        symbols: The derivation's symbols: `"W13": "hidden.weight[0, 0]"`. A submodule's name means its output;
            `cell#1` the output of its second call. Inputs, parameters without a dot, and hyperparameters may
            also be used by their own names.
        optimizer: A class of `torch.optim`; its step on the true gradients gives `B_new`.
        hyperparameters: The optimizer's arguments: numbers, or distributions where each trial draws one, or tuples of
            these. The derivation may use their names; `betas=(0.9, 0.999)` are `beta1` and `beta2`.
        state: The optimizer's state before the step, drawn in the shape of each parameter: `"exp_avg": normal()`; for
            the parameter `W` it is the leaf `exp_avg_W`, after the step `exp_avg_W_new`, and a symbol may name it:
            `"m": "W.exp_avg"`. `"step": integers(0, 9, symbol="t")` is how many steps were taken before (0 if not
            given). Without a state the optimizer is fresh.
        parameters: How parameters are drawn: one distribution for all, or by name; by default standard normal,
            and smaller in a wide or deep model: N(0, 2/inputs of a unit). A `state_dict` gives them, and buffers, the
            values of a trained model.
        loss: The name of a scalar result of `forward`, or of a tensor result contracted with the cotangent.
        output: The name of a tensor result of `forward`, or the names of the tensors of a tuple in their order; the
            cotangent of each is the leaf `dLoss_d<output>`, and the loss is the sum of all contractions.
        latex: How a note prints a symbol, where that is not the usual way: `"W1": "W^{(1)}"`; several ways as a list.
        constants: Numbers that a note prints as letters: `{"N": 5}`.
        functions: Functions that a note names and does not define: `{"f": torch.tanh}`, or by name, `{"f": "sigmoid"}`.
        gradient_factor: What the derivation's gradients are multiplied by, by convention: 5 where they are of five
            times the loss, such as a sum over five samples whose mean is the loss. Updates take true gradients.

    Example:
        >>> import torch
        >>> from gradproof import Reference, normal, uniform
        >>> layer = Reference(
        ...     model=lambda: torch.nn.Linear(3, 2),
        ...     inputs={"input": normal(5, 3)},
        ...     symbols={"x": "input", "W": "weight", "b": "bias"},
        ...     optimizer=torch.optim.SGD,
        ...     hyperparameters={"lr": uniform(0.01, 1.0)},
        ...     output="Y",
        ... )
        >>> layer.loss
        'Loss'
    """

    model: Callable[..., Any]
    inputs: Mapping[str, Any]
    symbols: Mapping[str, str] = field(default_factory=dict)
    optimizer: Callable[..., Any] | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Distribution | float] = field(default_factory=dict)
    parameters: Distribution | Mapping[str, Any] = field(default_factory=dict)
    loss: str = "Loss"
    output: str | Sequence[str] = "Y"
    latex: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    constants: Mapping[str, int | float] = field(default_factory=dict)
    functions: Mapping[str, str | Callable[..., Any]] = field(default_factory=dict)
    gradient_factor: int | float = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be a reference, in the words of whoever wrote it."""
        if not callable(self.model):
            raise GradproofError(f"Reference(model=...) takes the module's class or a function, not {self.model!r}")
        if hasattr(self.model, "named_parameters") and not isinstance(self.model, type):
            object.__setattr__(self, "model", _Copies(self.model))
        object.__setattr__(self, "inputs", _all_given("inputs", self.inputs))
        if not isinstance(self.parameters, Distribution):
            object.__setattr__(self, "parameters", _all_given("parameters", self.parameters))
        if self.optimizer is not None and not callable(self.optimizer):
            raise GradproofError(
                "Reference(optimizer=...) takes a class of torch.optim, such as torch.optim.SGD, "
                f"not {self.optimizer!r}"
            )
        if self.optimizer is None and self.hyperparameters:
            raise GradproofError(
                "Reference(hyperparameters=...) belongs to an optimizer: give optimizer=torch.optim.SGD"
            )
        self._check_state()
        outputs = self.outputs
        if not outputs or not all(isinstance(name, str) and name.isidentifier() for name in outputs):
            raise GradproofError(
                f"Reference(output=...): {self.output!r} is neither the name of one result nor the names of several: "
                '"Y", ("Y", "H_new")'
            )
        if len({*outputs, self.loss}) < len(outputs) + 1:
            raise GradproofError(
                f"Reference(output=...): {', '.join(outputs)} and the loss {self.loss} need different names"
            )
        factor = self.gradient_factor
        if isinstance(factor, bool) or not isinstance(factor, (int, float)) or not factor:
            raise GradproofError(f"Reference(gradient_factor=...) is a number other than 0, not {factor!r}")
        for symbol, path in self.symbols.items():
            if not symbol.isidentifier():
                raise GradproofError(
                    f"Reference(symbols=...): {symbol!r} is no name that a parameter of a function can have"
                )
            parse_symbol(path)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the results of `forward`, where they are tensors."""
        return (self.output,) if isinstance(self.output, str) else tuple(self.output)

    def _check_state(self) -> None:
        if self.state and self.optimizer is None:
            raise GradproofError("Reference(state=...) belongs to an optimizer: give optimizer=torch.optim.Adam")
        for name, value in self.state.items():
            if number_or_draw(value) is None or (isinstance(value, Distribution) and value.shape):
                raise GradproofError(
                    f"Reference(state=...): {name!r} is {value!r}, but a state is a number or a distribution without "
                    "a shape, which is drawn in that of each parameter: normal(), uniform(0.1, 1.0)"
                )

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """The numbers among the optimizer's arguments, in their order; flags and words are none."""
        found = []
        for name, value in self.hyperparameters.items():
            is_tuple = isinstance(value, tuple)
            for k, part in enumerate(value if is_tuple else (value,)):
                distribution = number_or_draw(part)
                if distribution is not None:
                    path, own = (f"{name}[{k}]", f"{name.removesuffix('s')}{k + 1}") if is_tuple else (name, name)
                    found.append(Argument(path, distribution.symbol or own, distribution))
        return tuple(found)


@dataclass(frozen=True)
class _Copies:
    """What makes copies of a module that was given itself, so that no run changes the user's own."""

    module: Any

    def __call__(self) -> Any:
        return copy.deepcopy(self.module)


def _all_given(argument: str, values: object) -> dict[str, Distribution]:
    """Distributions and values by name, each as a distribution.

    Raises:
        GradproofError: There are no names, or a value is none of these.
    """
    if not isinstance(values, Mapping):
        example = "{'x': normal(2, 3)}" if argument == "inputs" else "normal(std=0.5), or {'weight': normal(std=0.5)}"
        raise GradproofError(f"Reference({argument}=...) is given by name, as in {example}; not {_brief(values)}")
    found = {}
    for name, value in values.items():
        drawn = given(value, f"Reference({argument}=...): {name!r}")
        if drawn is None:
            raise GradproofError(
                f"Reference({argument}=...): {name!r} is {_brief(value)}, which is neither a distribution, such as "
                "normal(2), uniform(0, 1, 3), integers(0, 5, 4), one_hot(4, classes=3), nor a number, an array or a "
                "tensor"
            )
        found[str(name)] = drawn
    return found


def _brief(value: object) -> str:
    """A value on one line of a message."""
    text = " ".join(repr(value).split())
    return text if len(text) < 80 else f"{text[:76]} ..."


def number_or_draw(value: object) -> Distribution | None:
    """A distribution as it is, a number as a constant; None for anything else."""
    if isinstance(value, Distribution):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Constant((), float(value))
    return None


_SYMBOL = re.compile(r"(?P<path>[A-Za-z_][\w.]*)(?:#(?P<call>\d+))?\s*(?:\[(?P<index>[^\]]*)\])?")


def parse_symbol(text: str) -> Symbol:
    """Read `hidden.weight[0, 1]`, `relu`, `cell#1[:, 0]`.

    Raises:
        GradproofError: The text is none of these.
    """
    match = _SYMBOL.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise GradproofError(
            f"Reference(symbols=...): {text!r} names no tensor; write a parameter, an input or a submodule, "
            'with an index where one entry is meant: "hidden.weight[0, 1]", "relu", "cell#1[:, 0]"'
        )
    call = match["call"]
    return Symbol(match["path"], None if call is None else int(call), _index(match["index"], text))


def _index(inside: str | None, text: str) -> Index:
    """The entries of an index: whole numbers, slices of whole numbers, `...`."""
    if inside is None:
        return ()
    try:
        node = ast.parse(f"_[{inside}]", mode="eval").body
    except SyntaxError:
        node = None
    if not isinstance(node, ast.Subscript):
        raise GradproofError(f"Reference(symbols=...): the index of {text!r} is not Python")
    entries = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return tuple(_entry(entry, text) for entry in entries)


def _entry(node: ast.expr, text: str) -> Any:
    if isinstance(node, ast.Slice):
        ends = (node.lower, node.upper, node.step)
        return slice(*(None if end is None else _entry(end, text) for end in ends))
    try:
        value = ast.literal_eval(node)
    except ValueError:
        value = None
    if value is Ellipsis or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise GradproofError(f"Reference(symbols=...): the index of {text!r} has {ast.unparse(node)!r}; use whole numbers")


def load_references(project: Project, name: str) -> tuple[Reference, ...]:
    """Read `reference/NAME.py`: its value `reference`, one `Reference` or a list of them of different sizes.

    Raises:
        GradproofError: The file does not exist, does not run, or has no such value.
    """
    project.reference_path(name)
    module = load_module(project.root, "reference", name)
    return as_references(getattr(module, "reference", None), f"reference/{name}.py")


def _found(value: object) -> str:
    """What is given where a reference should be, and what would make it one."""
    if value is None:
        return "none"
    module = callable(value) and (hasattr(value, "forward") or hasattr(value, "named_parameters"))
    way = "; a model is wrapped with what it is called with: Reference(model=..., inputs={...})" if module else ""
    return f"{getattr(value, '__name__', type(value).__name__)}{way}"


def as_references(value: object, place: str) -> tuple[Reference, ...]:
    """One reference or several as a tuple.

    Raises:
        GradproofError: The value is neither, or the references name different symbols.
    """
    references = (value,) if isinstance(value, Reference) else tuple(value) if isinstance(value, (list, tuple)) else ()
    if not references or not all(isinstance(reference, Reference) for reference in references):
        raise GradproofError(
            f"{place}: the value `reference` must be a Reference, or a list of them of different sizes; "
            f"found {_found(value)}"
        )
    for other in references[1:]:
        if set(other.symbols) != set(references[0].symbols):
            odd = sorted(set(other.symbols) ^ set(references[0].symbols))
            raise GradproofError(
                f"{place}: all references of a case name the same symbols; these differ: {', '.join(odd)}"
            )
    return references
