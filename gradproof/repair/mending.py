"""Explain and mend the wrong equations of a checked case, and write the fixes into its files."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gradproof import defaults
from gradproof.case.derivation import Derivation, Equation
from gradproof.case.names import ends
from gradproof.case.source_text import read_source
from gradproof.check.case import Case
from gradproof.check.facts.failures import Failure, contained
from gradproof.check.facts.result import OVERFLOWS, CheckResult, EquationResult
from gradproof.check.facts.verdict import Verdict
from gradproof.code.writing.patching import patched
from gradproof.code.writing.written import Change, written_of
from gradproof.errors import GradproofError
from gradproof.repair import Context, Fix, Repair, Workbench, mend_all, patch, unified_diff
from gradproof.repair.budget import SECOND, Budget
from gradproof.repair.code.scope import substituted_names
from gradproof.repair.derive import Oracle
from gradproof.repair.evidence.resized import elsewhere, zeroed
from gradproof.repair.evidence.strata import fresh, stratified
from gradproof.repair.formulas.formula import Formula, names_in
from gradproof.repair.formulas.printing import show
from gradproof.repair.program.chain.inner import Inner
from gradproof.repair.program.judging import Bench
from gradproof.repair.program.mending import at_roots, bench_of, held
from gradproof.repair.program.numbers import fixed_numbers, puts_in_values
from gradproof.repair.program.patching import TextFile
from gradproof.repair.program.search import FileFix
from gradproof.repair.sharing import edited_by
from gradproof.truth.ancestors import ancestors_of

FIRST_SECONDS = 2.5
"""What of its work the search for equations of existing code may do before edits of the whole are looked for."""

LOOK_SECONDS = 1.0
"""The same where such an edit is known: an equation's own fix of the same line can be proved."""

_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class FilePatch:
    """The fixes of one file: its path, and its text before and after."""

    path: Path
    old: str
    new: str

    @property
    def diff(self) -> str:
        """The unified diff, with paths as seen from the project's root."""
        return unified_diff(self.old, self.new, f"{self.path.parent.name}/{self.path.name}")


def mend_case(
    case: Case,
    result: CheckResult,
    *,
    seed: int,
    failures: list[Failure] | None = None,
    budget_seconds: float = defaults.REPAIR_SECONDS,
) -> dict[str, Repair]:
    """Search for the simplest fix of every wrong equation.

    Args:
        case: The case that was checked.
        result: What the check has found.
        seed: For the trials that the search works on.
        failures: Where it is noted that a search raised, the others going on; without it the exception is passed on.
        budget_seconds: How much work the search for each equation may do: what an ordinary core does in so many
            seconds.

    Returns:
        The outcomes by the equations' names; nothing where there are no trials in which every quantity is finite.
    """
    disagreeing = {
        one.equation
        for one in result.results
        if one.verdict == Verdict.DISAGREES and not one.diagnosis.startswith(OVERFLOWS)  # the formula is right
    }
    wrong = [equation for equation in case.derivation.equations if equation.name in disagreeing]
    if not wrong:
        return {}
    whole = case.derivation.whole is not None
    quick = min(budget_seconds, FIRST_SECONDS) if whole else budget_seconds
    inner, patch_at_root, bench = Inner(), None, None
    if whole:
        with contained(failures, "what the forward pass says of the variables of the backward pass"):
            bench = bench_of(case, seed)
            inner, patch_at_root = at_roots(case, bench)
    first = Budget((quick if patch_at_root is None else min(quick, LOOK_SECONDS)) * SECOND) if whole else None
    repairs, workbench = _mend_equations(case, result, wrong, seed, quick, failures, first, inner)
    if not whole:
        return repairs
    if patch_at_root is not None and not _is_one_at(case, repairs, patch_at_root):
        return {equation.name: Repair(None, (), None, None, patch=patch_at_root) for equation in wrong}
    found = _held(case, repairs, bench, failures)
    left = [one for one in wrong if found[one.name].fix is None and found[one.name].patch is None]
    if left and budget_seconds > quick:
        again, workbench = _mend_equations(case, result, left, seed, budget_seconds, failures, inner=inner)
        found |= _held(case, again, bench, failures, searched=True)
    if workbench is None:
        return found
    for equation in wrong:
        repair = found[equation.name]
        if repair.fix is None and repair.patch is None and repair.derived is None:
            with contained(failures, f"the true formula of {equation.name}"):
                found[equation.name] = replace(repair, derived=workbench.derived(equation))
    return found


def _is_one_at(case: Case, repairs: Mapping[str, Repair], patch: FileFix) -> bool:
    """Whether all wrong equations have a fix of their own, and each is of the line that an edit of the file changes."""
    changes = [
        change
        for one in repairs.values()
        if one.fix is not None and (change := _change(case.derivation.by_name[one.fix.equation], one.fix)) is not None
    ]
    return len(changes) == len(repairs) and all(one.line == patch.line for one in changes)


def _held(
    case: Case,
    repairs: Mapping[str, Repair],
    bench: Bench | None,
    failures: list[Failure] | None,
    *,
    searched: bool = False,
) -> dict[str, Repair]:
    """Repairs of existing code, held to what the code as a whole gives with them."""
    texts = {name: _text_with(case, name, repair) for name, repair in repairs.items() if repair.fix is not None}
    fixed = fixed_numbers(case)
    hard = {name for name, text in texts.items() if text is not None and puts_in_values(*text, fixed)}
    repairs = {name: replace(one, fix=None) if name in hard else one for name, one in repairs.items()}
    known = {name: text for name, text in texts.items() if text is not None and name not in hard}
    found = {name: replace(repair, fix=None, alternatives=()) for name, repair in repairs.items()}

    def written(some: Mapping[str, Repair]) -> dict[Path, str]:
        return {one.path: one.new for one in patches(case, some)}

    with contained(failures, "the repair of the code as a whole"):
        found = held(case, repairs, bench, known, written, searched=searched)
    return found  # noqa: RET504  what a failing search leaves


def _text_with(case: Case, name: str, repair: Repair) -> tuple[Path, str] | None:
    """A file's text with one fix; None where it cannot be written."""
    try:
        found = patches(case, {name: repair})
    except (GradproofError, SyntaxError):
        return None
    return (found[0].path, found[0].new) if len(found) == 1 and found[0].new != found[0].old else None


def _mend_equations(
    case: Case,
    result: CheckResult,
    wrong: list[Equation],
    seed: int,
    budget_seconds: float,
    failures: list[Failure] | None,
    together: Budget | None = None,
    inner: Inner = Inner(),  # noqa: B008  a frozen one
) -> tuple[dict[str, Repair], Workbench | None]:
    """What is found for each equation from its own text, and on which trials; nothing is tried where there is none."""
    none = {equation.name: Repair(None, (), None, None) for equation in wrong}
    wrong = [equation for equation in wrong if equation.source]
    if not wrong:
        return none, None
    if case.dtype != "float64" or case.forgotten:
        case = replace(case, dtype="float64", unread=case.forgotten)  # a mistake shows best where rounding is small
    evidence, others = stratified(case, seed), fresh(case, seed)
    if not all(group.trials for group in (*evidence, *others)):
        return none, None
    passing = frozenset(one.equation for one in result.results if one.verdict in (Verdict.AGREES, Verdict.INHERITS))
    ancestors = ancestors_of(case.truths[0], case.draw_trials([0], seed))
    context = Context(
        case.derivation.equations,
        passing,
        ancestors,
        inner=inner,
    )
    at_edges = elsewhere(case, seed), zeroed(case, seed)
    workbench = Workbench(evidence, others, context, seed, *at_edges, Oracle(case, seed))
    return none | mend_all(
        wrong, workbench, failures=failures, budget=together, most=budget_seconds * SECOND
    ), workbench


def with_repairs(result: CheckResult, repairs: Mapping[str, Repair], derivation: Derivation) -> CheckResult:
    """A check's result with diagnosis and fix of every equation that was looked into."""
    return result.with_results(
        tuple(
            _explained(one, repairs[one.equation], derivation) if one.equation in repairs else one
            for one in result.results
        )
    )


def _explained(one: EquationResult, repair: Repair, derivation: Derivation) -> EquationResult:
    parts = [repair.diagnosis.sentence] if repair.diagnosis is not None else [one.diagnosis] if one.diagnosis else []
    if repair.patch is not None:
        return _patched(one, repair.patch)
    if repair.fix is None:
        parts.append(repair.refusal or "no fix found")
        if repair.derived is not None:
            parts.append(_true_formula(derivation.by_name[one.equation], repair.derived))
        return replace(one, diagnosis="; ".join(parts))
    fix = repair.fix
    edited = derivation.by_name[fix.equation]
    place = _place_of(fix, edited)
    is_helper = fix.equation != one.equation
    before, after = fix.before, _line(fix, one.equation)
    alternatives = [_line(other, one.equation) for other in repair.alternatives]
    change = _change(edited, fix)
    foreign = change.foreign if change is not None else _unknown_words(edited, fix)
    if foreign:
        lacking = ", ".join(foreign)
        parts.append(f"what is right needs {lacking}, which the code has no variable for there: no fix can be written")
        return replace(one, diagnosis="; ".join(parts))
    if change is not None:
        before, after = change.before, change.after
        place = f"{place.rpartition(':')[0]}:{change.line}"
        parts = [change.in_words(part) for part in parts]
        others = [_change(edited, other) for other in repair.alternatives if other.equation == fix.equation]
        alternatives = [f"line {other.line}: {other.after}" for other in others if other and not other.foreign]
    elif edited.code is not None:
        before = ""  # of no one statement of the code
    lengths = max(before.count("shape"), 0 if fix.one_size else after.count("shape"))
    alternatives = [text for text in alternatives if text.count("shape") <= lengths]  # a length may fit by chance
    where = f"the slip is in the helper {fix.equation} ({place}): " if is_helper else ""
    if before and not is_helper and place != one.place:
        where = f"at {place}: "
    before = before or (f"{fix.equation} = {edited.written}" if is_helper else "")
    return replace(
        one,
        diagnosis=where + "; ".join(parts),
        fix=after,
        fix_before=before,
        fix_place=place if before else "",
        fix_of=fix.equation if is_helper else "",
        fix_one_size=fix.one_size,
        fix_trials=fix.trials,
        fresh_trials=fix.fresh_trials,
        alternatives=tuple(dict.fromkeys(alternatives)),
    )


def _unknown_words(edited: Equation, fix: Fix) -> tuple[str, ...]:
    """Names in a fix of existing code that stand nowhere in the statements it was read from."""
    written = written_of(edited)
    if written is None:
        return ()
    texts = [written.own.text, *(statement.text for statement in written.statements)]
    texts += [text for statement in written.statements for text in statement.variables.values()]
    known = {word for text in texts for word in _WORD.findall(text)} | {"np", "numpy"}
    try:
        names = [node.id for node in ast.walk(ast.parse(fix.expression)) if isinstance(node, ast.Name)]
    except SyntaxError:
        return ()  # a piece of a line
    return tuple(dict.fromkeys(name for name in names if name not in known))


def _true_formula(equation: Equation, formula: Formula) -> str:
    """What a quantity truly is, in the code's own variables where it has one for each name."""
    what = "the true gradient" if ends(equation.quantity) is not None else "the true value"
    written = written_of(equation) if equation.code is not None else None
    variables = written.statements[-1].variables if written is not None and written.statements else {}
    names = {name: variables.get(name, "") for name in names_in(formula)}
    if written is None or not all(names.values()):
        return f"{what} is {equation.quantity} = {show(formula)}"
    return f"{what} is {substituted_names(show(formula), names)}"


def _patched(one: EquationResult, patch: FileFix) -> EquationResult:
    """A result with an edit of the file that makes the code as a whole right."""
    place = f"{patch.path.parent.name}/{patch.path.name}:{patch.line}"
    where = f"at {place}: " if place != one.place else ""
    return replace(
        one,
        diagnosis=f"{where}{patch.sentence}",
        fix=patch.after,
        fix_before=patch.before or patch.after,
        fix_place=place,
        fix_one_size=patch.sizes == 1,
        fix_trials=patch.trials,
        fresh_trials=patch.fresh_trials,
        alternatives=patch.alternatives,
    )


def _change(equation: Equation, fix: Fix) -> Change | None:
    """What a fix makes of the code that an equation was read from; None where it was read from none."""
    edited = edited_by(equation, fix)
    written = written_of(edited) if isinstance(edited, Equation) else None
    return written.change(fix.source, fix.body) if written is not None else None


def _line(fix: Fix, equation: str) -> str:
    """What a fix makes of an equation, of a helper, or of a statement."""
    return fix.expression if fix.before or fix.equation == equation else f"{fix.equation} = {fix.expression}"


def _place_of(fix: Fix, edited: Equation) -> str:
    """Folder, file and line of what a fix edits; the noted line is that of the `def`, below any decorators."""
    file = edited.place.rpartition(":")[0]
    if not fix.statement_line:
        return edited.place
    lines = edited.source.splitlines()
    head = next((number for number, line in enumerate(lines) if line.startswith("def ")), 0)
    return f"{file}:{edited.line + fix.statement_line - 1 - head}"


def mended_case(case: Case, repairs: Mapping[str, Repair]) -> Case:
    """The case with every fix in the place of the equation that it mends."""
    fixes = {fix.equation: fix for fix in _fixes(repairs)}
    equations = tuple(
        replace(equation, inputs=fix.parameters, function=fix.function, source=fix.body)
        if (fix := fixes.get(equation.name)) is not None
        else equation
        for equation in case.derivation.equations
    )
    return replace(case, derivation=replace(case.derivation, equations=equations))


def patches(case: Case, repairs: Mapping[str, Repair]) -> tuple[FilePatch, ...]:
    """What the fixes make of the files that the wrong equations stand in.

    Raises:
        GradproofError: A file was changed after it was read.
    """
    by_file: dict[Path, list[Fix]] = {}
    for fix in _fixes(repairs):
        by_file.setdefault(case.derivation.by_name[fix.equation].path, []).append(fix)
    found = []
    for path, fixes in by_file.items():
        text = read_source(path)
        changes = [(fix, case.derivation.by_name[fix.equation]) for fix in fixes]
        statements = [change for fix, equation in changes if (change := _change(equation, fix)) is not None]
        mended = patch(text, [fix for fix, equation in changes if equation.code is None])
        found.append(FilePatch(path, text, patched(mended, statements, f"{path.parent.name}/{path.name}")))
    whole = {repair.patch.path: repair.patch for repair in repairs.values() if repair.patch is not None}
    beside = [FilePatch(one.path, one.old, one.new) for path, one in whole.items() if path not in by_file]
    # An edit of a file beside fixes of its equations was found in the text with them.
    return (*(_followed(one, whole.get(one.path)) for one in found), *beside)


def _followed(fixes: FilePatch, edit: FileFix | None) -> FilePatch:
    return replace(fixes, new=edit.new) if edit is not None and edit.old == fixes.new else fixes


def _fixes(repairs: Mapping[str, Repair]) -> tuple[Fix, ...]:
    """All fixes; that of a helper, which several equations may share, once."""
    return tuple({repair.fix.equation: repair.fix for repair in repairs.values() if repair.fix is not None}.values())


def write(patch: FilePatch) -> bytes:
    """Put a patched text into its file, with the line ends and the encoding that it has.

    Returns:
        What the file held.

    Raises:
        GradproofError: The file cannot be written, or was changed since it was read.
    """
    try:
        original = patch.path.read_bytes()
        file = TextFile.read(patch.path)
        if file.plain != patch.old.replace("\r\n", "\n"):
            raise GradproofError(f"{patch.path.name} was changed meanwhile; nothing was written: check it again")
        new = patch.new.replace("\r\n", "\n").replace("\n", file.end)
        patch.path.write_bytes(new.encode(file.encoding))
    except OSError as error:
        raise GradproofError(f"{patch.path.name} cannot be written: {error.strerror}") from error
    return original


def put_back(path: Path, original: bytes) -> None:
    """Give a file back what it held.

    Raises:
        GradproofError: It cannot be written.
    """
    try:
        path.write_bytes(original)
    except OSError as error:
        raise GradproofError(f"{path.name} cannot be written: {error.strerror}") from error
