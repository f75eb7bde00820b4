"""What a case of the battery is: code in somebody's style, its torch reference, and mistakes as small edits of it."""

from __future__ import annotations

from dataclasses import dataclass

CODE_PREAMBLE = "import numpy as np\n\n\n"
REFERENCE_PREAMBLE = (
    "import numpy as np\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
    "from gradproof import Code, Reference, integers, log_uniform, normal, one_hot, uniform\n\n\n"
)


@dataclass(frozen=True)
class Mistake:
    """A real kind of mistake, as an edit of the right code.

    Attributes:
        label: What kind it is.
        old: The text that is replaced; it stands in the code exactly once.
        new: What stands there instead.
        root: Texts of further lines of the edited code that may be named as the root as well.
        all_lines: Whether every occurrence of `old` is replaced: one slip of the mind made several times.
    """

    label: str
    old: str
    new: str
    root: tuple[str, ...] = ()
    all_lines: bool = False


@dataclass(frozen=True)
class Case:
    """A backward pass, right as it stands.

    Attributes:
        name: Of the case.
        code: The file `manual/NAME.py`, after `CODE_PREAMBLE`.
        reference: The file `reference/NAME.py`, after `REFERENCE_PREAMBLE`: what a user has to write.
        mistakes: Edits that make it wrong.
    """

    name: str
    code: str
    reference: str
    mistakes: tuple[Mistake, ...]

    @property
    def lines(self) -> int:
        """The lines that a user writes."""
        return sum(bool(line.strip()) for line in self.reference.splitlines())

    def edited(self, mistake: Mistake) -> tuple[str, frozenset[int]]:
        """The code with a mistake, and the lines that are its root, counted from 1.

        Raises:
            ValueError: The text to be replaced does not stand there exactly once.
        """
        count = self.code.count(mistake.old)
        if count != 1 and not (mistake.all_lines and count):
            raise ValueError(f"{self.name}: {mistake.label}: {mistake.old!r} stands there {count} times")
        text = CODE_PREAMBLE + self.code
        new = CODE_PREAMBLE + self.code.replace(mistake.old, mistake.new)
        before, after = text.splitlines(), new.splitlines()
        if len(before) == len(after):
            roots = {k for k, (one, other) in enumerate(zip(before, after, strict=True), 1) if one != other}
        else:
            first = next(k for k, (one, other) in enumerate(zip(before, [*after, ""], strict=False)) if one != other)
            same = 0
            while same < min(len(before), len(after)) - first and before[-1 - same] == after[-1 - same]:
                same += 1
            # What was left out shows at the lines around it.
            roots = set(range(first, len(after) - same + 2))
        for text_of_root in mistake.root:
            found = [k for k, line in enumerate(after, 1) if text_of_root in line]
            if not found:
                raise ValueError(f"{self.name}: {mistake.label}: no line has {text_of_root!r}")
            roots.update(found)
        return new, frozenset(roots)
