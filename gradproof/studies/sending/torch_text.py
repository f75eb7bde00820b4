"""The torch side of one trial as text: the model's run, every quantity that is read, and the truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from gradproof.studies.sending.own_source import NotAlone, literal
from gradproof.studies.sending.small_trial import SmallTrial
from gradproof.truth.optimizer import STEP
from gradproof.truth.sources import Derivative, Leaf, Output, Result, Source, Updated

ARRAY = """\
def array(tensor):
    return tensor.detach().numpy().copy()[()]
"""

GRADIENT = '''\
def gradient(top, bottom):
    """d(top)/d(bottom), of the shape of top followed by that of bottom."""
    rows = [
        torch.autograd.grad(entry, bottom, retain_graph=True, materialize_grads=True)[0] for entry in top.reshape(-1)
    ]
    return torch.stack(rows).reshape(top.shape + bottom.shape)
'''

OUTPUTS = """\
outputs = {}


def keep(path):
    def hook(module, arguments, output):
        outputs[path, sum(1 for other in outputs if other[0] == path)] = output

    return hook


for path, module in model.named_modules():
    module.register_forward_hook(keep(path))
"""


class TorchText:
    """What the file has torch compute: what the equation reads, and what it should give."""

    def __init__(self, small: SmallTrial) -> None:
        self.small, self.case, self.equation = small, small.case, small.equation
        self.binding = small.case.bindings[0]
        self.reference = self.binding.reference
        self.dtype = small.case.dtype
        self.sources = {
            name: None if name in self.equation.forms else self.case.sources.get(name) for name in self.equation.inputs
        }
        self.target = self.case.sources[self.equation.quantity]

    def forward(self) -> str:
        """The model with the trial's parameters, run on its inputs."""
        state = [name for name in self.small.numbers if name in self.binding.parameters]
        state += [name for name, _ in self.binding.model.named_buffers() if name in self.small.numbers]
        lines = [f"model = model.to(torch.{self.dtype})"]
        if state:
            lines.append(
                f"model.load_state_dict({{name: torch.tensor(numbers[name]) for name in {state!r}}}, strict=False)"
            )
        inputs = list(self.reference.inputs)
        lines.append(f"inputs = {{name: torch.tensor(numbers[name]) for name in {inputs!r}}}")
        lines.append("for value in inputs.values():\n    value.requires_grad_(value.is_floating_point())")
        lines.append("leaves = {**inputs, **dict(model.named_parameters())}")
        needs = [*self.sources.values(), self.target, *self._below()]
        if any(isinstance(source, Output) for source in needs):
            lines.append(OUTPUTS)
        lines.append("result = model(**inputs)")
        loss, names = self.reference.loss, self.binding.cotangents
        if not names:
            lines.append(f"results = {{{loss!r}: result}}")
            return "\n".join(lines)
        made = "result" if len(names) > 1 else "(result,)"
        terms = " + ".join(
            f"(torch.tensor(numbers[{leaf!r}]) * results[{name!r}]).sum()" for name, leaf in names.items()
        )
        lines.append(f"results = dict(zip({list(names)!r}, {made}))")
        lines.append(f"results[{loss!r}] = {terms}")
        return "\n".join(lines)

    def _below(self) -> list[Source | None]:
        """What the derivatives are of and by."""
        found: list[Source | None] = []
        for source in (*self.sources.values(), self.target):
            if isinstance(source, Derivative):
                found += [self.binding.roots.get(source.top), self.binding.roots.get(source.bottom)]
        return found

    def read(self) -> str:
        """What the equation reads, each with its true value."""
        lines = []
        for name, source in self.sources.items():
            if source is None or isinstance(source, Updated):
                lines.append(f"    {name!r}: {literal(np.asarray(self.small.values.inputs[name]))},")
            else:
                lines.append(f"    {name!r}: {self._value(source)},")
        differentiates = any(isinstance(source, Derivative) for source in (*self.sources.values(), self.target))
        helpers = f"{GRADIENT}\n\n{ARRAY}" if differentiates else ARRAY
        return f"\n{helpers}\n\n# What the equation reads, by torch.\nread = {{\n" + "\n".join(lines) + "\n}"

    def _value(self, source: Source) -> str:
        """The text of a quantity as a NumPy value."""
        if isinstance(source, Leaf) and source.path not in {*self.reference.inputs, *self.binding.parameters}:
            return f"np.asarray(numbers[{source.path!r}])[{_index(source.index)}]"
        return f"array({self._tensor(source)})"

    def _tensor(self, source: Source) -> str:
        if isinstance(source, Leaf):
            return f"leaves[{source.path!r}]{_at(source.index)}"
        if isinstance(source, Output):
            return f"outputs[{source.call[0]!r}, {source.call[1]}]{_at(source.index)}"
        if isinstance(source, Result):
            return f"results[{source.name!r}]"
        if isinstance(source, Derivative):
            return self._derivative(source)
        raise NotAlone("it reads a value after the step")

    def _derivative(self, source: Derivative) -> str:
        """Autograd's derivative by the whole tensor below, of which an entry may be meant."""
        top, bottom = self.binding.roots[source.top], self.binding.roots[source.bottom]
        index = () if isinstance(bottom, Result) else bottom.index
        whole = bottom if isinstance(bottom, Result) else replace(bottom, index=())
        factor = self.reference.gradient_factor
        times = f"{factor!r} * " if factor != 1 and source.top == self.reference.loss else ""
        entry = f"[..., {_index(index)}]" if index else ""
        return f"{times}gradient({self._tensor(top)}, {self._tensor(whole)}){entry}"

    def _optimizer(self) -> str:
        recipe = self.binding.recipe
        if recipe is None or not getattr(recipe.factory, "__module__", "").startswith("torch.optim"):
            raise NotAlone("the optimizer is not one of torch.optim")
        numbers = {path: float(self.small.numbers[path]) for path in recipe.examples if path in self.small.numbers}
        settings = ", ".join(f"{name}={literal(value)}" for name, value in recipe.settings(numbers).items())
        lines = [f"optimizer = torch.optim.{recipe.factory.__name__}(model.parameters(), {settings})"]
        for name, entries in recipe.states.items():
            given = [
                f"{key!r}: torch.tensor({f'numbers[{path!r}]' if path in self.small.numbers else '0.0'}"
                f"{', dtype=torch.float32' if key == STEP else ''})"
                for key, path in entries.items()
            ]
            lines.append(f"optimizer.state[leaves[{name!r}]] = {{{', '.join(given)}}}")
        return "\n".join([*lines, f"results[{self.reference.loss!r}].backward()", "optimizer.step()"])

    def truth(self) -> str:
        """The text that sets `truth`."""
        target = self.target
        assert target is not None
        if not isinstance(target, Updated):
            return f"truth = {self._value(target)}"
        return f"{self._optimizer()}\ntruth = array({self._stepped(target)})"

    def _stepped(self, target: Updated) -> str:
        if target.path in self.binding.parameters:
            return f"leaves[{target.path!r}]{_at(target.index)}"
        for name, entries in self.binding.recipe.states.items() if self.binding.recipe else ():
            for key, path in entries.items():
                if path == target.path:
                    return f"optimizer.state[leaves[{name!r}]][{key!r}]{_at(target.index)}"
        raise NotAlone(f"{target.path} is no state of the optimizer")


def _index(index: tuple[Any, ...]) -> str:
    """An index as a tuple's text."""
    parts = [
        ":".join("" if end is None else str(end) for end in (part.start, part.stop, part.step)).removesuffix(":") or ":"
        if isinstance(part, slice)
        else "..."
        if part is Ellipsis
        else str(part)
        for part in index
    ]
    return ", ".join(parts) if parts else "()"


def _at(index: tuple[Any, ...]) -> str:
    return f"[{_index(index)}]" if index else ""
