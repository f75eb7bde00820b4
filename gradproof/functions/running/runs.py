"""One call of a function with its backward, and everything that can be seen of it from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from gradproof.errors import GradproofError
from gradproof.functions.running.configurations import Configuration
from gradproof.functions.running.inputs import is_real
from gradproof.functions.running.layouts import applies, laid_out
from gradproof.functions.running.target import Target, Tensors

Cotangents = Sequence[torch.Tensor | None]


@dataclass(frozen=True)
class Outcome:
    """What a call did.

    Attributes:
        outputs: Copies of the outputs, made before the backward.
        gradients: Input -> its gradient, None where there is none.
        returned: Input -> what a `Function`'s own backward returned for it, before autograd sums it to the input's
            shape and casts it to its dtype; only where it differs from what it should be.
        changed: What the call changed that it must not.
        error: Why there is no result.
        stage: Where that happened: `forward`, `backward` or empty.
    """

    outputs: Tensors = ()
    gradients: dict[str, torch.Tensor | None] = field(default_factory=dict)
    returned: dict[str, torch.Tensor] = field(default_factory=dict)
    changed: tuple[tuple[str, str], ...] = ()
    error: str = ""
    stage: str = ""


def arguments(values: Mapping[str, Any], configuration: Configuration, dtype: torch.dtype) -> dict[str, Any]:
    """New tensors of these values in the dtype, laid out and marked as the configuration says."""
    made: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, torch.Tensor):
            own = configuration.layout
            layout = own[1] if own is not None and own[0] == name else "contiguous"
            tensor = laid_out(value.to(dtype) if is_real(value) else value, layout)
            made[name] = tensor.requires_grad_(name in configuration.needs)
        else:
            made[name] = value
    return made


def cotangents_of(cotangents: Sequence[torch.Tensor], configuration: Configuration, outputs: Tensors) -> Cotangents:
    """New cotangents in the outputs' dtypes, laid out as the configuration says; None where there is to be none."""
    made: list[torch.Tensor | None] = []
    for k, (cotangent, output) in enumerate(zip(cotangents, outputs, strict=True)):
        if not output.is_floating_point() or configuration.only_output not in (None, k):
            made.append(None)
            continue
        layout = configuration.cotangent_layout if applies(cotangent, configuration.cotangent_layout) else "contiguous"
        made.append(laid_out(cotangent.to(output.dtype), layout))
    return made


def execute(
    target: Target,
    values: Mapping[str, Any],
    configuration: Configuration,
    dtype: torch.dtype,
    cotangents: Sequence[torch.Tensor],
) -> Outcome:
    """Call the target, run its backward, and look at what it returned and changed; what it raises is recorded.

    Raises:
        GradproofError: Its outputs are none, or not of the cotangents' number and shapes, which are the reference's.
    """
    given = arguments(values, configuration, dtype)
    watch = _Watch()
    watch.keep("the input", given)
    try:
        outputs = target(given)
    except GradproofError:
        raise
    except Exception as error:  # the function is the user's: whatever it raises is a fact about it
        return Outcome(error=words(error), stage="forward")
    _check_shapes(outputs, cotangents)
    copies = tuple(output.detach().clone() for output in outputs)
    above = cotangents_of(cotangents, configuration, outputs)
    watch.look("forward")
    watch.keep("the cotangent of", {f"output {k}": c for k, c in enumerate(above)})
    watch.keep("", {f"output {k}": output for k, output in enumerate(outputs)})
    names = [name for name in given if name in configuration.needs]
    returned = _listen(outputs, {name: given[name] for name in names})
    try:
        found = _gradients(outputs, [given[name] for name in names], above)
        gradients = [None if value is None else value.detach().clone() for value in found]
        watch.look("backward")
        if not watch.changed:
            again = _gradients(outputs, [given[name] for name in names], above)
            watch.compare_runs(names, gradients, again)
    except Exception as error:  # as above
        return Outcome(copies, {}, returned, tuple(watch.changed), words(error), "backward")
    return Outcome(copies, dict(zip(names, gradients, strict=True)), returned, tuple(watch.changed))


def _check_shapes(outputs: Tensors, cotangents: Sequence[torch.Tensor]) -> None:
    shapes, true = [tuple(output.shape) for output in outputs], [tuple(one.shape) for one in cotangents]
    if shapes != true:
        raise GradproofError(
            f"the function returns tensors of the shapes {shapes}, the reference of {true}: both must compute the same "
            "outputs, in the same order"
        )


def _gradients(
    outputs: Tensors, inputs: Sequence[torch.Tensor], cotangents: Cotangents
) -> tuple[torch.Tensor | None, ...]:
    used = [(o, c) for o, c in zip(outputs, cotangents, strict=True) if c is not None and o.requires_grad]
    if not used:
        return (None,) * len(inputs)
    heads, above = zip(*used, strict=True)
    return torch.autograd.grad(heads, inputs, above, retain_graph=True, allow_unused=True)


class _Watch:
    """Tensors that a call has no business to change, with copies to tell."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, torch.Tensor, torch.Tensor]] = []
        self.changed: list[tuple[str, str]] = []

    def keep(self, what: str, tensors: Mapping[str, Any]) -> None:
        for name, tensor in tensors.items():
            if isinstance(tensor, torch.Tensor):
                self.kept.append((f"{what} {name}".strip(), tensor, tensor.detach().clone()))

    def look(self, stage: str) -> None:
        for what, tensor, copy in self.kept:
            if not same_bits(tensor.detach(), copy):
                self.changed.append((what, f"{stage} changes {what} in place"))

    def compare_runs(
        self, names: Sequence[str], first: Sequence[torch.Tensor | None], again: Sequence[torch.Tensor | None]
    ) -> None:
        for name, one, other in zip(names, first, again, strict=True):
            same = one is other if one is None or other is None else same_bits(one, other)
            if not same:
                self.changed.append((name, "a second backward through the same graph gives another gradient"))


def same_bits(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Whether two tensors have equal entries; NaN equals NaN."""
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    return torch.equal(torch.nan_to_num(first, nan=1.25), torch.nan_to_num(second, nan=1.25)) and torch.equal(
        torch.isnan(first), torch.isnan(second)
    )


def _listen(outputs: Tensors, leaves: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Fill a dictionary, as the backward runs, with what `Function`s return in a wrong shape or dtype.

    Autograd sums and casts a returned gradient before any hook sees it, so the node's own `apply`, which calls the
    static `backward`, is wrapped on the instance.
    """
    found: dict[str, torch.Tensor] = {}
    by_id = {id(leaf): name for name, leaf in leaves.items()}
    pending = [output.grad_fn for output in outputs if output.grad_fn is not None]
    seen: set[Any] = set()
    while pending:
        node: Any = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        following = [next_node for next_node, _ in node.next_functions if next_node is not None]
        pending += following
        if isinstance(node, torch.autograd.function.BackwardCFunction):
            names = [by_id.get(id(getattr(next_node, "variable", None))) for next_node in following]
            node.apply = _heard(node.apply, _placed(node.needs_input_grad, names), leaves, found)  # type: ignore[method-assign]
    return found


def _placed(needs: Sequence[bool], names: Sequence[str | None]) -> list[str | None]:
    """The leaf behind each argument of a `Function`: those that need gradients have the next nodes, in order."""
    left = iter(names)
    return [next(left, None) if need else None for need in needs]


def _heard(
    backward: Callable[..., Any],
    names: Sequence[str | None],
    leaves: Mapping[str, torch.Tensor],
    found: dict[str, torch.Tensor],
) -> Callable[..., Any]:
    def listening(*cotangents: Any) -> Any:
        returned = backward(*cotangents)
        for name, value in zip(names, returned if isinstance(returned, tuple) else (returned,), strict=False):
            if name is not None and isinstance(value, torch.Tensor):
                leaf = leaves[name]
                if (value.shape, value.dtype, value.device) != (leaf.shape, leaf.dtype, leaf.device):
                    found[name] = value.detach().clone()
        return returned

    return listening


def words(error: Exception) -> str:
    """An exception on one line."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
