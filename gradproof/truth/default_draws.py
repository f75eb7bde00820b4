"""How a parameter is drawn where the reference does not say.

Standard normal numbers show a slip best while sums are short. The sums of a wide layer, and the products of many
layers, would carry them to where every softmax is one-hot and every sigmoid flat; there the numbers of a layer are
drawn as He et al. do ("Delving deep into rectifiers", ICCV 2015), which keeps their size from layer to layer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from gradproof.case.distributions import normal
from gradproof.case.kinds import Distribution

WIDE = 32
"""So many inputs of a unit are still few."""

DEEP = 8
"""So many layers with weights are still few."""


def default_draws(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Distribution]:
    """The distribution of each parameter by its name.

    Args:
        shapes: Of all parameters of a model: `(out, in, ...)` for a weight, one axis or none for a bias or a gain.
    """
    fans = {name: math.prod(shape[1:]) if len(shape) > 1 else 0 for name, shape in shapes.items()}
    deep = sum(fan > 0 for fan in fans.values()) > DEEP
    return {
        name: normal(*shape, std=math.sqrt(2 / fan)) if fan > WIDE or (deep and fan > 1) else normal(*shape)
        for (name, shape), fan in zip(shapes.items(), fans.values(), strict=True)
    }
