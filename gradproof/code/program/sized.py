"""What objects hold that is another value at other sizes: `self.dk = d_model // heads`, `self.m = np.zeros(d_model)`.

An object whose constructor is given sizes is made at one of the sizes of the case. What differs in an object that is
made at another of them is no constant: it is found again from the shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradproof.code.paths import part_of
from gradproof.code.program.calls import Length
from gradproof.code.program.running import Program
from gradproof.code.quantities import Quantities

Shape = tuple[int, ...]


class SizedObjects:
    """The objects of a program at the sizes of all its references.

    Args:
        program: The calls with the values of objects bound.
        quantities: The names of the reference at the size that the code is tried on, with those of the others.
    """

    def __init__(self, program: Program, quantities: Quantities) -> None:
        self._program, self._quantities = program, quantities
        self._made: dict[type, list[Any]] = {}

    def lengths(self, owner: type, path: str, value: Any) -> tuple[str, ...]:
        """The quantities whose shapes decide a value within an object; none where it is the same at all sizes."""
        sized = [one for one in self._program.constructor.get(owner, {}).values() if isinstance(one, Length)]
        if not sized or callable(value) or not any(_differ(value, path, made) for made in self._elsewhere(owner)):
            return ()
        return tuple(dict.fromkeys(quantity for one in sized for quantity, _ in one.places))

    def maker(self, owner: type, path: str, lengths: tuple[str, ...]) -> Callable[..., Any]:
        """A function of the shapes of these quantities that gives what stands at a path of the object."""

        def made(*shapes: Shape) -> Any:
            return part_of(self._object(owner, self._quantities, dict(zip(lengths, shapes, strict=True))), path)

        return made

    def _elsewhere(self, owner: type) -> list[Any]:
        if owner not in self._made:
            self._made[owner] = [self._object(owner, other, {}) for other in self._quantities.others]
        return self._made[owner]

    def _object(self, owner: type, quantities: Quantities, shapes: dict[str, Shape]) -> Any:
        """The object at the sizes of a reference, but for quantities of given shapes."""
        given = {name: np.array(quantities.samples.of(name))[()] for name in self._program.inputs}
        given |= {name: np.zeros(shape) for name, shape in shapes.items()}
        state = np.random.get_state()  # noqa: NPY002 - the user's class may draw from it
        try:
            return self._program.object_of(next(c for c in self._program.calls if c.owner is owner), given)
        finally:
            np.random.set_state(state)  # noqa: NPY002


def _differ(value: Any, path: str, made: Any) -> bool:
    try:
        other = part_of(made, path)
    except LookupError:
        return False
    if isinstance(value, np.ndarray):  # what it holds may be drawn
        return bool(np.shape(other) != value.shape)
    try:
        return bool(other != value)
    except (TypeError, ValueError):  # values that cannot be compared
        return False
