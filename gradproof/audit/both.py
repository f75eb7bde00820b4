"""An audit against a reference, and what the note says of itself beside it: two ways to know, one verdict each."""

from __future__ import annotations

from dataclasses import replace

from gradproof.audit.judging.results import Audit, Verdict
from gradproof.audit.own.beside.backing import Backing, is_backed
from gradproof.audit.own.judging import TRIALS, audit_itself
from gradproof.audit.own.names.families import symbols_in
from gradproof.audit.reading.names import form
from gradproof.audit.reading.tree import Call, Node, Symbol
from gradproof.audit.truth import Bounded

ALONE = "judged by the note's own equations: the reference does not know all that stands in it"
_DRAWN = "it gives a value to what the reference draws: a condition, or the begin of something else"
_OTHERWISE = "it holds by the note's own equations, which say something else of these names than the reference does"


def with_what_it_says_itself(found: Audit, provider: Bounded, *, seed: int) -> Audit:
    """An audit in which what the reference does not judge is judged by the note's own equations.

    What the reference calls wrong, and the note bears out as a claim on what it defines itself, is not judged: one of
    both means something else by a name. A first equation that defines a name bears nothing out, unless the reference
    reads the name as something else, or draws it.
    """
    if all(verdict.status == "holds" for verdict in found.verdicts):
        return found
    truth = replace(provider.truth, trials=TRIALS)
    own = audit_itself(found.text, seed=seed, backing=Backing(truth) if is_backed(truth) else None)
    places = {_place(own, verdict): verdict for verdict in own.verdicts}

    def merged(verdict: Verdict) -> Verdict:
        other = places.get(_place(found, verdict))
        if other is None or verdict.status == "holds" or other.status not in ("holds", "WRONG"):
            return verdict
        if other.kind == "update" and other.status == "WRONG":
            return verdict  # which step is taken is what the reference says
        defines = (other.statement, other.equality) in own.defining
        mine, its = (audit.statements[v.statement].sides[0].node for audit, v in ((found, verdict), (own, other)))
        bound = provider.names.resolve(mine) if isinstance(mine, Symbol) else None
        if verdict.status != "WRONG":
            if other.status == "holds" and defines and (bound is not None or not _is_used(own, other, its)):
                return verdict  # a claim on what the reference knows, or a name that nothing else is said of
        elif verdict.kind == "update" or other.status == "WRONG":
            return verdict
        elif not defines:
            return replace(verdict, status="not judged", reason=_OTHERWISE, mend=None, witness=None)
        elif mine == its and bool(verdict.case) == bool(other.case):
            if bound is None or provider.role(bound.key) not in ("parameter", "state", "input"):
                return verdict
            return replace(verdict, status="not judged", reason=_DRAWN, mend=None, witness=None)
        return replace(other, statement=verdict.statement, notes=(*other.notes, ALONE))

    return replace(found, verdicts=tuple(map(merged, found.verdicts)))


def _is_used(audit: Audit, verdict: Verdict, name: Node | None) -> bool:
    """Whether a name that a statement defines stands in another one, so that its definition is worth something."""
    others = (one for number, one in enumerate(audit.statements) if number != verdict.statement)
    trees = (side.node for statement in others for side in statement.sides if side.node is not None)
    name = name.name if isinstance(name, Call) else name
    return isinstance(name, Symbol) and any(form(each) == form(name) for tree in trees for each in symbols_in(tree))


def _place(audit: Audit, verdict: Verdict) -> tuple[int, int]:
    return audit.statements[verdict.statement].start, verdict.equality
