"""Turn approvals into decisions, each exactly once: collect, judge, record, close; set aside what cannot be taken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..model import Approval, Decision, Gate, Verb
from ..policy import approvers, gating, topics, unboxed
from ..policy.graph import phase_name
from ..policy.teams import compared
from ..store.approvals import given_at
from ..store.issue_status import issue_statuses, listed_commits, phase_findings
from .approvers import Rights

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from ..model import Finding, Milestone, Need
    from ..store import State


EVERYBODY = Rights()
"""Where the plan names nobody."""
UNPROVEN = (
    "a file does not prove who wrote it, and the plan does not say `local: true`; answer by a comment on the forge, "
    "or signed: `run-milestone decide … --sign`"
)


@dataclass(frozen=True, slots=True)
class Refused:
    """An approval that was not taken, and why."""

    approval: Approval
    why: str
    aside: str = ""
    """The file's name in `approvals/stale/`; empty for a comment."""


def take_approvals(
    milestone: Milestone,
    state: State,
    changes: Mapping[str, str | None],
    comments: Iterable[Approval] = (),
    others: AbstractSet[str] = frozenset(),
    rights: Rights = EVERYBODY,
) -> tuple[tuple[Decision, ...], tuple[Refused, ...]]:
    """Judge every approval that waits, files and `comments`; returns decisions and refusals, oldest first.

    `changes` are the changes that open gates are about, as they are now. Answers to gates of `others` are left to the
    runs that work on those issues. An answer by the wrong person does not stand in the way of others'.
    """
    _finish_interrupted(state)
    decisions, refused = list[Decision](), list[Refused]()
    approvals = [one for one in collect(state, comments) if one.gate not in others]
    spans = unboxed.spans(state.journal.entries()) if approvals else []
    wrong = {one: why for one in approvals if (why := by_whom(one, milestone, rights)) is not None}
    rivals = [one for one in approvals if one not in wrong]
    for approval in approvals:
        why = unboxed.refusal(approval, spans) or wrong.get(approval)
        why = why or gating.refusal(approval, milestone, situation(approval, rivals, milestone, state, changes))
        why = why or _given_before(approval, milestone, state, rights)
        if why is None:
            decisions.append(_decide(approval, milestone, state, rights))
        else:
            refused.append(Refused(approval, why, "" if approval.comment else state.refuse(approval, why)))
    return tuple(decisions), tuple(refused)


def collect(state: State, comments: Iterable[Approval] = ()) -> list[Approval]:
    """Return every approval that waits, oldest first."""
    return sorted([*state.approvals.all(), *comments], key=lambda approval: (approval.written, approval.file))


def situation(
    approval: Approval,
    approvals: Iterable[Approval],
    milestone: Milestone,
    state: State,
    changes: Mapping[str, str | None],
) -> gating.Situation:
    """Return what an approval is judged by, as things are now."""
    gate = state.gates.read(approval.gate) if approval.gate in gating.gate_names(milestone) else None
    return gating.Situation(
        topics.meant(gate, approval.verb, approval.topic),
        state.gates.since(approval.gate) if gate else 0,
        changes.get(approval.gate) if gate else None,
        gating.rivals(approval, approvals, gate),
        _skipped(milestone, state) if approval.verb == Verb.UNSKIP else frozenset(),
        gate,
    )


def _skipped(milestone: Milestone, state: State) -> frozenset[str]:
    """Return the issues and phases that are skipped now."""
    issues = {issue.number for issue in issue_statuses(milestone.issues, state) if issue.status == "skipped"}
    last = {one.gate: one.verb for one in state.decisions.all() if one.verb in {Verb.SKIP_PHASE, Verb.UNSKIP}}
    return frozenset(issues | {gate for gate, verb in last.items() if verb is Verb.SKIP_PHASE})


# ---- whose answers count ------------------------------------------------------------------------------------------


def by_whom(approval: Approval, milestone: Milestone, rights: Rights) -> str | None:
    """Return why an answer does not count because of who gave it, None where it may."""
    if approval.verb not in set(Verb) or approval.verb == Verb.ABORT:
        return None
    needed = rights.needs.get(approval.gate, ())
    if approval.source in rights.by_runner:
        return "people have to decide this" if needed and approval.verb in approvers.PASSING else None
    signer = rights.signers.get(approval)
    if isinstance(signer, str):
        return signer
    if approval.comment is None and signer is None and not approvers.is_local(milestone, needed):
        return UNPROVEN
    return approvers.refusal(needed, approval.verb, rights.names(approval), milestone.teams)


def _needed(approval: Approval, rights: Rights) -> tuple[Need, ...]:
    """Return whose answers are needed: nobody's to end a run, and no person's where the run itself answers."""
    is_free = approval.verb == Verb.ABORT or approval.source in rights.by_runner
    return () if is_free else rights.needs.get(approval.gate, ())


def _given_before(approval: Approval, milestone: Milestone, state: State, rights: Rights) -> str | None:
    """Return that the same person has given this answer, or that nothing is open in which several could agree."""
    needed, gate = _needed(approval, rights), state.gates.read(approval.gate)
    if not approvers.several(needed):
        return None
    if gate is None:
        return "several people have to agree on it, and nothing is asked yet"
    given = approvers.standing(gate, state.decisions.answers())
    who = approvers.name_of(rights.names(approval), needed, milestone.teams)
    person = rights.person(approval)
    if not any(one.verb == approval.verb and person & compared([one.who]) for one in given):
        return None
    return f"{who} has given this answer before; {approvers.waits_for(needed, given, milestone.teams)}"


# ---- record and close -----------------------------------------------------------------------------------------


def _decide(approval: Approval, milestone: Milestone, state: State, rights: Rights) -> Decision:
    """Record the decision before anything else changes; after a crash it is known by the approval's source.

    Where its gate needs the same answer of more people, it is recorded as one that waits for them.
    """
    gate = topics.meant(state.gates.read(approval.gate), approval.verb, approval.topic)
    needed = _needed(approval, rights)
    shown = _shown(approval, gate, milestone, state)
    is_phase = approval.gate.startswith("phase-")
    decision = state.decisions.record(
        Decision(
            0,
            approval.gate,
            Verb(approval.verb),
            approvers.name_of(rights.names(approval), needed, milestone.teams),
            given_at(approval),
            approval.why,
            gate.kind if gate else None,
            gate.digest if gate else None,
            gate.attempt if gate else 1,
            shown,
            gate.change if gate else "",
            approval.source,
            listed_commits(shown, state) if is_phase else {},
            waits=approvers.several(needed),
            digests=tuple(one.digest for one in gate.topics) if gate else (),
            signed=replace(approval.signed, signers=rights.policy) if approval.signed else None,
        )
    )
    _close(decision, approval, state)
    return decision


def _shown(approval: Approval, gate: Gate | None, milestone: Milestone, state: State) -> tuple[Finding, ...]:
    """Return what a decision is about: what its gate shows; a phase skipped or taken up again lists its issues."""
    phase = next((phase for phase in milestone.phases if phase_name(phase.number) == approval.gate), None)
    if gate is None and phase is not None and approval.verb in {Verb.SKIP_PHASE, Verb.UNSKIP}:
        return phase_findings(phase, state, skipping=approval.verb == Verb.SKIP_PHASE)
    return gate.findings if gate else ()


def _close(decision: Decision, approval: Approval, state: State) -> None:
    """Close the gate once all it asks is answered; the file is removed last.

    While the file is there, this is done again.
    """
    gate, made = state.gates.read(decision.gate), _standing(state.decisions.at(decision.gate))
    if not decision.waits and (gate is None or topics.is_answered(gate, decision, made)):
        state.gates.close(decision.gate)
    if approval.comment is None:
        state.approvals.take(approval)


def _finish_interrupted(state: State) -> None:
    """Complete what a crash left between a decision's record and its effect."""
    known = {entry.get("id"): entry for entry in state.journal.entries() if entry.get("event") == "decision"}
    made = {decision.source: known.get(decision.id) for decision in state.decisions.written()}
    waiting = {one.source: one for one in state.approvals.all() if not _is_replay(one, made.get(one.source))}
    is_new = state.journal.is_new()
    for decision in state.decisions.written():
        if decision.id not in known and (is_new or decision.source in waiting):  # an older version wrote the file first
            state.decisions.journal(decision)
        if decision.source in waiting:
            _close(decision, waiting[decision.source], state)
    for decision in _standing(state.decisions.all()):
        if _answered(state.gates.read(decision.gate), decision):
            state.gates.close(decision.gate)


def _is_replay(approval: Approval, entry: Mapping[str, Any] | None) -> bool:
    """Return whether a signed answer came back after its decision was recorded; a crash leaves it where it was."""
    recorded = datetime.fromisoformat(str(entry["at"])).timestamp() if entry else None
    return approval.signed is not None and recorded is not None and approval.came > recorded * 1e9


def _standing(decisions: tuple[Decision, ...]) -> tuple[Decision, ...]:
    """Return the decisions that no later one took back, after which the same question is asked again."""
    back = {one.gate: one.id for one in decisions if one.verb is Verb.UNSKIP}
    return tuple(decision for decision in decisions if decision.id > back.get(decision.gate, 0))


def _answered(gate: Gate | None, decision: Decision) -> bool:
    """Return whether a gate that stands is the one this decision was about; after an abort it is asked again."""
    if gate is None or decision.verb is Verb.ABORT:
        return False
    return (gate.digest, gate.attempt) == (decision.digest, decision.attempt)
