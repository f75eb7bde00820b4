"""What holds a test back: its code, the fact in words, and the line.

A test is judged by the gradients that it compares. One that compares none is told apart by what it does compare: by
which side of its comparisons a planted mistake has moved, and by what came of them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradproof.mutation.facts import GREEN, RED, VOID, Comparison, Findings, Gradient, Test, Trial
from gradproof.mutation.kinds import BY_NAME, EXISTS_ONLY, KINDS

COARSE = 0.1
"""A gradient that may be off by more than this is hardly compared."""

UNITS = 32
"""In half precision so many units of rounding, where that is more."""

SOUND = ""


@dataclass(frozen=True)
class Hold:
    """What holds a test back.

    Attributes:
        code: A word for programs; empty where nothing does.
        words: The fact.
        line: Where it stands; 0 where it stands nowhere.
    """

    code: str = SOUND
    words: str = ""
    line: int = 0


_NONE = Trial("")


@dataclass(frozen=True)
class View:
    """One gradient as one test sees it."""

    gradient: Gradient
    seen: Mapping[str, object]
    trials: Mapping[str, Trial]
    resolution: float | None

    @property
    def is_compared(self) -> bool:
        """Whether a mistake in its value fails the test."""
        values = (trial.outcome == RED for kind, trial in self.trials.items() if _is_of_value(kind))
        return any(values) or (self.resolution is not None and self.resolution < float("inf"))

    def is_red(self, kind: str) -> bool:
        """Whether the test fails for it."""
        return kind in self.trials and self.trials[kind].outcome == RED

    def is_green(self, kind: str) -> bool:
        """Whether the gradient was moved and the test passed."""
        return kind in self.trials and self.trials[kind].outcome == GREEN

    @property
    def asks_for_form(self) -> bool:
        """Whether the test asks if the gradient is there or finite; that it stumbles over None is no question."""
        asked = ("AssertionError", "AttributeError", "Failed")
        missing = self.trials.get("missing", _NONE)
        return self.is_red("not a number") or (missing.outcome == RED and missing.message.startswith(asked))

    @property
    def survivors(self) -> tuple[str, ...]:
        """The kinds that passed unseen."""
        return tuple(kind for kind in self.trials if self.is_green(kind))


def views(findings: Findings, test: Test) -> list[View]:
    """Every gradient that is computed in a test and was planted."""
    return [
        View(gradient, seen, findings.outcomes(gradient, test), findings.resolution(gradient, test))
        for gradient, seen in test.gradients.items()
    ]


def diagnosed(findings: Findings, test: Test) -> Hold:
    """What holds a test back."""
    found = views(findings, test)
    if not found:
        return _forward_only(test)
    if not any(view.trials for view in found):
        return Hold("not planted", "the budget was spent before a mistake was planted here")
    compared = [view for view in found if view.is_compared]
    if compared:
        holds = [_of_compared(test, view) for view in compared]
        return next((hold for hold in holds if hold.code), Hold())
    if any(view.is_red("detached") for view in found):
        return Hold()
    return _of_blind(test, found)


def _is_of_value(kind: str) -> bool:
    return kind not in EXISTS_ONLY and kind != "detached"


def _forward_only(test: Test) -> Hold:
    names = ", ".join(target.rpartition(":")[2] for target in test.forward)
    line = next((one.line for one in test.comparisons if one.file == test.path), test.line)
    return Hold("forward only", f"it runs only the forward of {names}: no gradient is computed", line)


def _of_compared(test: Test, view: View) -> Hold:
    if view.is_red("detached"):  # it asks for second derivatives: those of a wrong gradient may well be consistent
        return Hold()
    seen, line = view.seen, _line_of(test, view)
    backward = _number(seen["line"])
    if seen["constant"] and seen["zero"] and (view.is_green("zero") or view.trials.get("zero", _NONE).outcome == VOID):
        same = "all ones" if seen["all_ones"] else "the same in every entry"
        return Hold(
            "zero gradient",
            f"its cotangent is {same}, under which the true gradient is zero: any multiple passes",
            backward,
        )
    if view.is_green("too large") != view.is_green("too small") and (
        view.is_red("too large") or view.is_red("too small")
    ):
        which = "large" if view.is_green("too large") else "small"
        return Hold(
            "missing abs", f"a gradient that is too {which} passes: the difference is compared without abs", line
        )
    if _is_one_number(view):
        return Hold(
            "one number", "it compares one number of the gradient (a sum, a mean, a norm): others may be wrong", line
        )
    if (coarse := _coarse(test, view)) is not None:
        return coarse
    if view.is_green("not a number"):
        return Hold("nan passes", "a gradient that is not a number passes: the comparison is false for NaN", line)
    ignored = view.trials.get("upstream ignored", _NONE).outcome in (GREEN, VOID)
    if seen["all_ones"] and not seen["scalar"] and ignored:
        return Hold("all ones", "its cotangent is all ones: a backward that ignores it passes", backward)
    return Hold()


def _is_one_number(view: View) -> bool:
    """Whether entries may change places, or signs, though every other change is seen."""
    if view.resolution is None or not (view.is_red("too large") or view.is_red("doubled")):
        return False
    moved = view.trials["shifted"].moved if view.is_green("shifted") else 0.0
    if view.is_green("sign") and (view.is_red("doubled") or view.is_red("zero")):
        return True
    return moved > 10 * min(view.resolution, COARSE)


def _coarse(test: Test, view: View) -> Hold | None:
    limit = max(COARSE, UNITS * float(str(view.seen["epsilon"])))
    if view.resolution is None or view.resolution <= limit:
        return None
    line = _line_of(test, view)
    words = f"a gradient that is off by {view.resolution:g} times itself would be the first to be seen"
    top = float(str(view.seen["largest"]))
    compared = _widest(one for one in test.comparisons if one.atol is not None)
    if compared is not None and compared.atol and top:
        times = compared.atol / top
        if times > COARSE:
            words = f"its tolerance (atol={compared.atol:g}) is {times:.2g} times the largest gradient ({top:.2g})"
            line = compared.line
        elif compared.rtol is not None and compared.rtol > COARSE:
            words, line = f"its tolerance is rtol={compared.rtol:g}", compared.line
    elif compared is not None and compared.rtol is not None and compared.rtol > COARSE:
        words, line = f"its tolerance is rtol={compared.rtol:g}", compared.line
    return Hold("tolerance", words, line)


def _widest(comparisons: Iterator[Comparison]) -> Comparison | None:
    return max(comparisons, key=lambda one: (one.atol or 0.0, one.rtol or 0.0), default=None)


def _line_of(test: Test, view: View) -> int:
    """The line that compares the gradient: the one that failed most often under plants."""
    lines = [
        trial.line for kind, trial in view.trials.items() if trial.outcome == RED and trial.line and _is_of_value(kind)
    ]
    return max(lines, key=lines.count, default=test.line)


def _of_blind(test: Test, found: Sequence[View]) -> Hold:
    """What a test does that computes gradients and fails for no mistake in a value."""
    moved = [change for view in found for kind in view.survivors for change in _changes(test, view.trials[kind])]
    unheard = next((now for _, now in moved if not now.ok and now.returns), None)
    if unheard is not None:
        return Hold(
            "not asserted", f"what {unheard.name} says is not asserted: it said no, and the test passed", unheard.line
        )
    itself = _compared_with_itself(test, moved)
    if itself is not None:
        return itself
    loose = next((now for then, now in moved if now.name != "assert" and (then.a != now.a) != (then.b != now.b)), None)
    if loose is not None:
        tolerance = "" if loose.atol is None else f" (atol={loose.atol:g})"
        return Hold("tolerance", f"its tolerance{tolerance} is above every mistake that was planted", loose.line)
    if any(view.asks_for_form for view in found) or _asks_for_form(test):
        line = next((line for view in found for line in _lines_of_form(view)), test.line)
        return Hold("form only", "it only asks whether the gradient is there, of the right shape, or finite", line)
    gradient = found[0]
    return Hold(
        "not compared", "the backward runs, and nothing that it gives is compared", _number(gradient.seen["line"])
    )


def _lines_of_form(view: View) -> Iterator[int]:
    for kind in EXISTS_ONLY:
        if view.is_red(kind) and view.trials[kind].line:
            yield view.trials[kind].line


def _changes(test: Test, trial: Trial) -> Iterator[tuple[Comparison, Comparison]]:
    """Comparisons of the plain run beside those of a planted one, of one place and turn, where a side has changed."""
    before = _turns(test.comparisons)
    for key, now in _turns(trial.comparisons).items():
        then = before.get(key)
        if then is not None and (then.a, then.b, then.ok) != (now.a, now.b, now.ok):
            yield then, now


def _turns(comparisons: Sequence[Comparison]) -> dict[tuple[object, int], Comparison]:
    found: dict[tuple[object, int], Comparison] = {}
    counts: dict[object, int] = {}
    for one in comparisons:
        turn = counts.get(one.place, 0)
        counts[one.place] = turn + 1
        found[one.place, turn] = one
    return found


def _compared_with_itself(test: Test, moved: Sequence[tuple[Comparison, Comparison]]) -> Hold | None:
    for then, now in moved:
        if now.name != "assert" and then.a != now.a and then.b != now.b and now.a == now.b:
            words = "it compares a tensor with itself" if now.same else "both sides come from the same backward"
            return Hold("itself", words, now.line)
    for one in test.comparisons:
        if one.name == "assert" and (side := _difference_with_itself(one.text)):
            return Hold("itself", f"it compares {side} with itself", one.line)
    return None


def _difference_with_itself(text: str) -> str:
    """The text of what is compared with, or subtracted from, itself; empty where nothing is."""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return ""
    for node in ast.walk(tree):
        sides: tuple[ast.expr, ast.expr] | None = None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
            sides = node.left, node.right
        elif isinstance(node, ast.Compare) and len(node.comparators) == 1:
            sides = node.left, node.comparators[0]
        elif isinstance(node, ast.Call) and len(node.args) >= 2:
            sides = node.args[0], node.args[1]
        if sides and not isinstance(sides[0], ast.Constant) and ast.unparse(sides[0]) == ast.unparse(sides[1]):
            return ast.unparse(sides[0])
    return ""


def _asks_for_form(test: Test) -> bool:
    words = ("is not None", ".shape", ".size()", "isfinite", "isnan", ".dtype")
    return any(word in one.text for one in test.comparisons for word in words)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def in_words(kinds: Sequence[str]) -> str:
    """Kinds as they read in a sentence, in the order of the table."""
    return ", ".join(kind.words for kind in KINDS if kind.name in kinds and kind.name in BY_NAME)
