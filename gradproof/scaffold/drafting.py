"""A draft of the case for code that exists: its arguments, what they seem to be, and what is left to fill in."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from importlib.resources import files
from os.path import relpath
from pathlib import Path, PurePosixPath

from jinja2 import Environment, StrictUndefined

from gradproof.case.project import suggestions
from gradproof.case.source_text import read_source
from gradproof.errors import GradproofError

_PARAMETER = re.compile(r"^(w|u|v|b|k|q|o|gamma|beta|weight|bias|scale|shift|theta|kernel)[\w]*$", re.IGNORECASE)
_UPSTREAM = re.compile(r"^(d_?(out|y|output)|grad_?(out|output|y)?|upstream\w*|g)$", re.IGNORECASE)
_KEPT = frozenset({"cache", "ctx", "state", "saved", "context", "memory", "tape", "residuals"})
_PLAIN = re.compile(r"^(lr|eps|epsilon|stride|padding|pad|training|train|mode|axis|dim|momentum|n_?\w+|num_\w+|size)$")


@dataclass(frozen=True)
class Argument:
    """An argument of existing code.

    Attributes:
        name: Its name.
        quantity: The quantity that it seems to be, as the draft calls it.
        default: The text of its default value, empty where it has none.
    """

    name: str
    quantity: str
    default: str = ""


@dataclass(frozen=True)
class Draft:
    """What a file's functions look like.

    Attributes:
        module: The name by which `manual/NAME.py` holds the file.
        functions: What is read, in order.
        parameters, inputs: Arguments that seem to be trained, and the others that seem to be arrays.
        upstream: The argument that seems to be the gradient from above, empty if there is none.
        values: Arguments that seem to be plain values.
        attributes: Attributes of the class that seem to be trained.
        constructor: Arguments of the class.
    """

    module: str
    functions: tuple[str, ...]
    parameters: tuple[Argument, ...]
    inputs: tuple[Argument, ...]
    upstream: str
    values: tuple[Argument, ...]
    attributes: tuple[Argument, ...]
    constructor: tuple[Argument, ...]


def drafted(sources: tuple[str, ...], root: Path, name: str) -> tuple[dict[str, str], list[str]]:
    """The two files of a case for existing code, and what is left to fill in.

    Args:
        sources: `FILE:FUNCTION` each, all of one file; a class stands for its forward and backward.
        root: The project's folder.
        name: The new case's name.

    Raises:
        GradproofError: The file or a function does not exist.
    """
    path, wanted = _sources(sources)
    draft = _draft(path, wanted)
    place = PurePosixPath(relpath(path, root / "manual").replace("\\", "/"))
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    folder = files("gradproof.scaffold") / "draft"
    texts = {}
    for part in ("manual", "reference"):
        template = environment.from_string((folder / f"{part}.py.j2").read_text(encoding="utf-8"))
        texts[f"{part}/{name}.py"] = template.render(draft=draft, place=place, file=path.name, name=name)
    return texts, _left(draft, name)


def _sources(sources: tuple[str, ...]) -> tuple[Path, list[str]]:
    found: list[tuple[Path, str]] = []
    for source in sources:
        file, _, function = source.rpartition(":")
        if not file or not function:
            raise GradproofError(f"--from takes FILE:FUNCTION, such as layers.py:backward, not {source!r}")
        found.append((Path(file).resolve(), function))
    paths = {path for path, _ in found}
    if len(paths) > 1:
        raise GradproofError("--from: the functions of one case stand in one file; these are of several")
    path = paths.pop()
    if path.is_dir():
        raise GradproofError(f"--from: {path.name} in {path.parent} is a folder; name the file in it")
    if not path.is_file():
        raise GradproofError(f"--from: there is no file {path.name} in {path.parent}")
    return path, [function for _, function in found]


def _draft(path: Path, wanted: list[str]) -> Draft:
    """What the functions take, sorted by what it seems to be: trained, plain, an input, what comes from above."""
    owners = _owners(path, wanted)
    functions = [named for name, owner in owners for named in _functions(path, name, owner)]
    constructors = [
        node
        for _, owner in owners
        for node in (owner.body if isinstance(owner, ast.ClassDef) else ())
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    ]
    arguments: dict[str, Argument] = {}
    for _, function in functions:
        arguments |= {argument.name: argument for argument in _arguments(function) if argument.name not in _KEPT}
    upstream = next((name for name in arguments if _UPSTREAM.match(name)), "")
    plain = [a for a in arguments.values() if a.default or _PLAIN.match(a.name)]
    rest = [a for a in arguments.values() if a not in plain and a.name != upstream]
    gradients = {a.name for a in rest if re.match(r"^d[A-Z_]", a.name)}
    trained = [a for a in rest if _PARAMETER.match(a.name)]
    return Draft(
        path.stem,
        tuple(f"{path.stem}.{name}" for name, _ in functions),
        tuple(trained),
        tuple(a for a in rest if a not in trained and a.name not in gradients),
        upstream,
        tuple(plain),
        tuple({argument.name: argument for made in constructors for argument in _attributes(made)}.values()),
        tuple(_arguments(constructors[-1])) if constructors else (),
    )


def _owners(path: Path, wanted: list[str]) -> list[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    """The functions and classes that are asked for, each under the name that was given."""
    try:
        body = ast.parse(read_source(path)).body
    except SyntaxError as error:
        raise GradproofError(f"{path.name}:{error.lineno}: this is not Python: {error.msg}") from error
    known = {node.name: node for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    for name in wanted:
        if name.partition(".")[0] not in known:
            listed = ", ".join(known) or "no functions"
            raise GradproofError(
                f"--from: {path.name} has no {name}{suggestions(name, list(known))}; it has: {listed}",
                name=name,
                known=known,
            )
    return [(name, known[name.partition(".")[0]]) for name in wanted]


def _functions(path: Path, name: str, owner: ast.FunctionDef | ast.ClassDef) -> list[tuple[str, ast.FunctionDef]]:
    """A function itself; of a class the method that is named, or its forward and backward."""
    if isinstance(owner, ast.FunctionDef):
        return [(name, owner)]
    methods = {node.name: node for node in owner.body if isinstance(node, ast.FunctionDef)}
    own = [name.partition(".")[2]] if "." in name else [m for m in ("forward", "backward") if m in methods]
    if not own or any(method not in methods for method in own):
        raise GradproofError(
            f"--from: the class {owner.name} has no {name.partition('.')[2] or 'forward or backward'}; it has: "
            f"{', '.join(methods)}; name a method: {path.name}:{owner.name}.METHOD"
        )
    return [(f"{owner.name}.{method}", methods[method]) for method in own]


def _arguments(function: ast.FunctionDef) -> list[Argument]:
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    defaults = [""] * (len(names) - len(function.args.defaults)) + [ast.unparse(d) for d in function.args.defaults]
    found = [Argument(n, n, d) for n, d in zip(names, defaults, strict=True) if n not in ("self", "cls")]
    words = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    return found + [Argument(a.arg, a.arg, ast.unparse(d) if d else "") for a, d in words]


def _attributes(constructor: ast.FunctionDef) -> list[Argument]:
    """The arrays that a constructor sets and that seem to be trained."""
    return [
        Argument(f"self.{target.attr}", target.attr.strip("_"))
        for node in ast.walk(constructor)
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.Call, ast.BinOp))
        for target in node.targets
        if isinstance(target, ast.Attribute) and _PARAMETER.match(target.attr)
    ]


def _left(draft: Draft, name: str) -> list[str]:
    left = [f"reference/{name}.py: write forward() with torch operations, as plain as can be"]
    shapes = ", ".join(a.quantity for a in (*draft.inputs, *draft.parameters, *draft.attributes))
    if shapes:
        left.append(f"reference/{name}.py: give the shapes of {shapes} as your code takes them, all sizes different")
    required = [a.name for a in draft.values if not a.default]
    if required:
        left.append(f"reference/{name}.py: Code(values=...): the plain values of {', '.join(required)}")
    if draft.constructor:
        needed = [a.name for a in draft.constructor if not a.default]
        if needed:
            left.append(f"reference/{name}.py: Code(constructor=...): {', '.join(needed)}")
    if not any("backward" in function for function in draft.functions):
        left.append("is there a backward function too? name it with another --from")
    left.append(f"then `gradproof check {name}`: it says which arguments and results have no meaning yet")
    return left
