"""One call of a function with its backward, and everything that can be seen of it from outside.

Torch alone is used here: a child process runs the text of this module, and of those that it imports, under another
name. A function that looks at who calls it sees there what it sees in a training script.
"""

from __future__ import annotations

import hashlib
import linecache
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from gradproof.functions.running.layouts import applies, laid_out
from gradproof.functions.running.roundings import RandomRounding, precision
from gradproof.functions.running.watching import Watching

Tensors = list[torch.Tensor]

_SHORT = 2**25
"""Memory of so many bytes is kept whole to be compared."""

_ROW = 2**15
"""Of longer memory the sums of its whole numbers along rows of so many bytes, and across them, are kept instead."""

_hash = hashlib.blake2b  # bound now: what a function does to hashlib later is no matter


def called(target: Any, values: Mapping[str, Any]) -> Tensors:
    """The outputs of a target, then the buffers of a module that are compared; numbers as tensors, no None.

    Raises:
        TypeError: It returns something else.
    """
    given = {name: _rebuilt(node, values) for name, node in target.skeleton.items()}
    keywords = {**target.kwargs, **{name: given.pop(name) for name in target.keywords}}
    if not isinstance(target.function, torch.nn.Module):
        return _flat(target.function(*given.values(), **keywords), target.what)
    own = dict(target.function.named_parameters())
    state: dict[str, Any] = {name: value for name, value in given.items() if name in own}
    rest = [value for name, value in given.items() if name not in own]
    like = next((v for v in values.values() if isinstance(v, torch.Tensor) and v.is_floating_point()), None)
    for name, buffer in target.function.named_buffers():
        real = like is not None and buffer.is_floating_point()
        state[name] = buffer.detach().clone().to(like if real else buffer)
    result = torch.func.functional_call(target.function, state, tuple(rest), keywords)
    return _flat(result, target.what) + [state[name].detach() for name in target.buffers]


def _rebuilt(node: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(node, str):
        return values[node]
    if isinstance(node, dict):
        return {name: _rebuilt(part, values) for name, part in node.items()}
    return type(node)(_rebuilt(part, values) for part in node)


def _flat(result: Any, what: str) -> Tensors:
    if isinstance(result, Mapping):
        result = tuple(result.values())
    if isinstance(result, tuple | list):
        return [tensor for part in result for tensor in _part(part, what)]
    if isinstance(result, torch.Tensor):
        return [result]
    raise TypeError(f"{what} must return a tensor or a tuple of tensors; it returned {type(result).__name__}")


def _part(part: Any, what: str) -> Tensors:
    if part is None:
        return []
    return [torch.tensor(part)] if isinstance(part, bool | int | float) else _flat(part, what)


def perform(target: Any, request: Mapping[str, Any], memory: dict[str, Any]) -> dict[str, Any]:
    """Call the target as a request says.

    Args:
        target: `function`, `kwargs`, `keywords`, `skeleton`, `buffers`, `what`.
        request: `values` (in their dtypes), `needs` (the names that need gradients), `layouts`, `cotangents` (None
            where there is to be none), `cotangent_layout`; `watched`: with fresh memory filled, by
            `fill` or NaN; `rounded`: a dtype's name and a seed, as which every operation is rounded at random; `twice`:
            two backwards;
            `accumulated`: into an existing `.grad`; `again`: in the tensors of the call before; `kept`: the results
            stay alive; `repeat`: so many further calls, within `seconds`.
        memory: What is kept between calls.

    Returns:
        `outputs`, `gradients`, `returned`, `changed`, `second`, `casts`, `made`, `others`, `calls`, and `error` with
        its `stage` where there is no result; `refused` where the function itself says that it takes no such layout.
    """
    given = _arguments(request, memory)
    watch = _Watch()
    watch.keep("the input", given)
    reply: dict[str, Any] = {"error": "", "stage": "forward", "changed": watch.changed}
    mode = _mode(request)
    names = [name for name in given if name in request["needs"]]
    leaves = [given[name] for name in names]
    try:
        if mode is None:
            outputs = called(target, given)
        else:
            with mode:
                outputs = called(target, given)
        reply["stage"] = "backward"
        reply["outputs"] = [plain(output) for output in outputs]
        above = _cotangents(request, outputs)
        watch.look("forward")
        watch.keep("the cotangent of", {f"output {k}": c for k, c in enumerate(above)})
        watch.keep("", {f"output {k}": output for k, output in enumerate(outputs)})
        returned: dict[str, torch.Tensor] = {}
        reply["returned"] = returned
        _listen(outputs, dict(zip(names, leaves, strict=True)), returned)
        if mode is None:
            kept = not request.get("shared")
            found = gradients(outputs, leaves, above, accumulated=bool(request.get("accumulated")), kept=kept)
        else:
            with mode:
                found = gradients(outputs, leaves, above, accumulated=False)
        reply["gradients"] = dict(zip(names, found, strict=True)) if request.get("shared") else _named(names, found)
        watch.look("backward")
        if request.get("twice") and not watch.changed:
            reply["second"] = _named(names, gradients(outputs, leaves, above, accumulated=False))
    except (Exception, SystemExit, GeneratorExit) as error:  # the function is the user's: what it raises is a fact
        reply["error"], reply["refused"] = words(error), _refuses(error)
        return reply
    reply["stage"] = ""
    if isinstance(mode, Watching):
        reply["casts"], reply["made"] = sorted(mode.casts), sorted(mode.made)
        if mode.spilled:
            watch.changed.append(("forward", "it writes beyond memory that it asked for"))
    if request.get("kept"):
        own = {_address(value) for value in given.values() if isinstance(value, torch.Tensor)}
        apart = [None if _address(output) in own else output.detach() for output in outputs]  # not views of inputs
        memory.setdefault("kept", []).append((apart, list(found)))
    if request.get("repeat") and not watch.changed:
        _repeat(target, given, leaves, above, request, reply)
    return reply


def _mode(request: Mapping[str, Any]) -> Watching | RandomRounding | None:
    if request.get("watched"):
        return Watching(request.get("fill", torch.nan))
    if not request.get("rounded"):
        return None
    name, seed = request["rounded"]
    return RandomRounding(precision(getattr(torch, name)), torch.Generator().manual_seed(seed))


def look_again(memory: dict[str, Any]) -> list[dict[str, Any]]:
    """The results that were kept alive, as they are now."""
    kept = memory.pop("kept", [])
    return [
        {
            "outputs": [None if o is None else plain(o) for o in outputs],
            "gradients": [None if d is None else plain(d) for d in found],
        }
        for outputs, found in kept
    ]


def second(target: Any, request: Mapping[str, Any], memory: dict[str, Any]) -> dict[str, Any]:
    """The gradients of sum(second * gradient) by the inputs and by the cotangents."""
    given = _arguments(request, memory)
    names = [name for name in given if name in request["needs"]]
    try:
        outputs = called(target, given)
        above = [None if c is None else c.clone().requires_grad_() for c in _cotangents(request, outputs)]
        found = second_gradients(outputs, [given[name] for name in names], above, request["tangents"])
    except (Exception, SystemExit, GeneratorExit) as error:  # as above
        return {"error": words(error), "found": []}
    return {"error": "", "found": [None if value is None else plain(value) for value in found]}


def second_gradients(
    outputs: Sequence[torch.Tensor],
    leaves: Sequence[torch.Tensor],
    above: Sequence[torch.Tensor | None],
    seconds: Sequence[torch.Tensor],
) -> list[torch.Tensor | None]:
    """By the leaves, then by the cotangents that there are."""
    used = [(o, c) for o, c in zip(outputs, above, strict=True) if c is not None and o.requires_grad]
    tails = [c for c in above if c is not None]
    nothing: list[torch.Tensor | None] = [None] * (len(leaves) + len(tails))
    if not used:
        return nothing
    firsts = torch.autograd.grad(
        [o for o, _ in used], leaves, [c for _, c in used], create_graph=True, allow_unused=True
    )
    pairs = [(d, s) for d, s in zip(firsts, seconds, strict=True) if d is not None and d.requires_grad]
    if not pairs:
        return nothing
    return list(torch.autograd.grad([d for d, _ in pairs], [*leaves, *tails], [s for _, s in pairs], allow_unused=True))


def plain(value: torch.Tensor) -> torch.Tensor:
    """A copy on the CPU that is a tensor and nothing more."""
    with torch._C.DisableTorchFunctionSubclass():
        return torch.Tensor.as_subclass(value, torch.Tensor).detach().clone().cpu()


def words(error: BaseException) -> str:
    """An exception on one line."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def _refuses(error: BaseException) -> bool:
    """Whether it is raised on purpose, for how an input lies in memory: a check that speaks of it, no `.view`."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    line = linecache.getline(trace.tb_frame.f_code.co_filename, trace.tb_lineno).strip() if trace is not None else ""
    own = line.startswith(("raise ", "assert "))
    compiled = "must be contiguous" in str(error) or "expected contiguous" in str(error).lower()
    return compiled or (own and any(word in f"{line} {error}".lower() for word in ("contiguous", "stride")))


def _address(value: torch.Tensor) -> int:
    return value.untyped_storage().data_ptr()


def _named(names: Sequence[str], found: Sequence[torch.Tensor | None]) -> dict[str, torch.Tensor | None]:
    return {name: None if d is None else plain(d) for name, d in zip(names, found, strict=True)}


def _arguments(request: Mapping[str, Any], memory: dict[str, Any]) -> dict[str, Any]:
    """New tensors laid out as asked, or those of the call before with new values, where the shape is the same."""
    device = torch.device(request.get("device", "cpu"))
    before = memory.get("given", {}) if request.get("again") else {}
    made: dict[str, Any] = {}
    for name, value in request["values"].items():
        if isinstance(value, torch.Tensor) and name in before and before[name].shape == value.shape:
            made[name] = before[name]
            with torch.no_grad():
                made[name].copy_(value)
        elif isinstance(value, torch.Tensor):
            layout = request["layouts"].get(name, "contiguous")
            tensor = value.to(device)
            if not (request.get("shared") and layout == "contiguous" and tensor.is_contiguous()):
                tensor = laid_out(tensor, layout)
            tensor = tensor.detach()
            made[name] = tensor.requires_grad_(name in request["needs"])
        else:
            made[name] = value
    if not request.get("shared"):
        memory["given"] = made
    return made


def _cotangents(request: Mapping[str, Any], outputs: Sequence[torch.Tensor]) -> list[torch.Tensor | None]:
    made: list[torch.Tensor | None] = []
    for cotangent, output in zip(request["cotangents"], outputs, strict=True):
        if cotangent is None or not (output.is_floating_point() or output.is_complex()):
            made.append(None)
            continue
        layout = request["cotangent_layout"]
        value = cotangent.to(output.dtype).to(output.device)
        made.append(laid_out(value, layout if applies(value, layout) else "contiguous"))
    return made


def gradients(
    outputs: Sequence[torch.Tensor],
    inputs: Sequence[torch.Tensor],
    cotangents: Sequence[torch.Tensor | None],
    *,
    accumulated: bool,
    kept: bool = True,
) -> tuple[torch.Tensor | None, ...]:
    """By the inputs, under cotangents of which some may be absent; None where there is none."""
    used = [(o, c) for o, c in zip(outputs, cotangents, strict=True) if c is not None and o.requires_grad]
    if not used or not inputs:
        return (None,) * len(inputs)
    heads, above = zip(*used, strict=True)
    if not accumulated:
        return torch.autograd.grad(heads, inputs, above, retain_graph=kept, allow_unused=True)
    for value, there in zip(inputs, torch.autograd.grad(heads, inputs, above, True, allow_unused=True), strict=True):
        value.grad = torch.zeros_like(value) if there is None else torch.empty_like(value).copy_(there / -2)
    torch.autograd.backward(heads, above, inputs=list(inputs))
    return tuple(None if value.grad is None else value.grad * 2 for value in inputs)  # half is left, exactly


def _repeat(
    target: Any,
    given: Mapping[str, Any],
    leaves: Sequence[torch.Tensor],
    above: Sequence[torch.Tensor | None],
    request: Mapping[str, Any],
    reply: dict[str, Any],
) -> None:
    """Call again and again, and keep each result whose bits are new."""
    names = [name for name in given if name in request["needs"]]
    met = {_marks([*reply["outputs"], *reply["gradients"].values()])}
    reply["others"], reply["calls"] = [], 1
    end = time.monotonic() + request["seconds"]
    for _ in range(request["repeat"]):
        try:
            outputs = called(target, given)
            found = gradients(outputs, leaves, above, accumulated=False, kept=not request.get("shared"))
        except (Exception, SystemExit, GeneratorExit) as error:  # as above
            reply["others"].append({"error": words(error), "outputs": [], "gradients": {}})
            return
        reply["calls"] += 1
        marks = _marks([*outputs, *found])
        if marks not in met and len(reply["others"]) < 8:
            met.add(marks)
            copies = [plain(output) for output in outputs], _named(names, found)
            reply["others"].append({"error": "", "outputs": copies[0], "gradients": copies[1]})
        if time.monotonic() > end:
            return


def _marks(values: Sequence[torch.Tensor | None]) -> bytes:
    return _hash(b"".join(b"-" if value is None else mark(value) for value in values), digest_size=16).digest()


def mark(value: torch.Tensor) -> bytes:
    """All the memory that a tensor is a view of, in whatever way it is a view, or sums where that is long."""
    raw = torch.empty(0, dtype=torch.uint8, device=value.device).set_(value.untyped_storage()).cpu().numpy()
    if raw.nbytes <= _SHORT:
        return raw.tobytes()
    rows = raw[: raw.nbytes // _ROW * _ROW].view("uint64").reshape(-1, _ROW // 8)
    return b"".join(part.tobytes() for part in (rows.sum(0), rows.sum(1), raw[rows.nbytes :]))


class _Watch:
    """Memory that a call has no business to change, with fingerprints to tell."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, torch.Tensor, bytes]] = []
        self.changed: list[tuple[str, str]] = []

    def keep(self, what: str, tensors: Mapping[str, Any]) -> None:
        for name, tensor in tensors.items():
            if isinstance(tensor, torch.Tensor):
                with torch._C.DisableTorchFunctionSubclass():
                    view = torch.Tensor.as_subclass(tensor, torch.Tensor).detach()
                self.kept.append((f"{what} {name}".strip(), view, mark(view)))

    def look(self, stage: str) -> None:
        for what, tensor, before in self.kept:
            if mark(tensor) != before:
                self.changed.append((what, f"{stage} changes {what} in place"))


def _listen(
    outputs: Sequence[torch.Tensor], leaves: Mapping[str, torch.Tensor], found: dict[str, torch.Tensor]
) -> None:
    """Fill a dictionary, as the backward runs, with what `Function`s return in a wrong shape or dtype.

    Autograd sums and casts a returned gradient before any hook sees it, so the node's own `apply`, which calls the
    static `backward`, is wrapped on the instance.
    """
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
                    found[name] = plain(value)
        return returned

    return listening
