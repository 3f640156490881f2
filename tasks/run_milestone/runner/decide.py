"""settling: approval files become decisions, exactly once, or are set aside with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Approval, Decision, Gate, Verb
from ..policy import budget, gating
from ..policy.graph import BOOTSTRAP, PLAN_REVIEW, phase_name
from ..render.transcript import refused
from ..store.approvals import LONGEST, given_at
from ..store.issue_status import issue_statuses, phase_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from collections.abc import Set as AbstractSet

    from ..model import Finding, Milestone
    from ..store import State


def gate_names(milestone: Milestone) -> frozenset[str]:
    """Return every name that a gate of this milestone can have."""
    phases = (phase_name(phase.number) for phase in milestone.phases)
    return frozenset((BOOTSTRAP, PLAN_REVIEW, budget.GATE, *phases, *(issue.number for issue in milestone.issues)))


def settle(
    milestone: Milestone,
    state: State,
    change_now: Callable[[Gate], str | None],
    say: Callable[[Iterable[str]], None],
    others: AbstractSet[str] = frozenset(),
) -> tuple[Decision, ...]:
    """Judge every approval file there is; returns the decisions made, oldest first.

    `change_now` tells the identity of the change that a gate is about as it is at this moment; what answers a gate of
    `others` is left to the runs that are about those.
    """
    _finish_interrupted(state)
    made, found = [], [one for one in state.approvals.all() if one.gate not in others]
    for approval in found:
        rivals = [other.verb for other in found if _rivals(approval, other)]
        why = refusal(approval, rivals, milestone, state, change_now)
        if why is None:
            made.append(_decide(approval, milestone, state))
        else:
            say([refused(approval.file, why, state.refuse(approval, why))])
    return tuple(made)


def refusal(
    approval: Approval,
    rivals: list[str],
    milestone: Milestone,
    state: State,
    change_now: Callable[[Gate], str | None],
) -> str | None:
    """Return why an approval cannot be taken as things are, None where it can; `rivals` are other answers' verbs."""
    if not approval.gate:
        return f"it is not named after a gate and a verb, like {milestone.issues[0].number}.fix"
    if approval.gate not in gate_names(milestone):
        return f"{milestone.id} has no gate called {approval.gate!r}"
    if not approval.verb:
        return f"it is no text file of at most {LONGEST >> 10} KiB that is named after a gate and a verb, like 03.fix"
    gate = state.gates.read(approval.gate)
    opened = state.gates.since(approval.gate) if gate else 0
    change = change_now(gate) if gate else None
    refused = gating.refusal(approval, gate, opened, change, rivals) or no_skip(milestone, state, approval)
    return refused or budget.refusal(gate, approval.verb, approval.why)


def _rivals(approval: Approval, other: Approval) -> bool:
    return other.gate == approval.gate and other.file != approval.file and other.verb in set(Verb)


def no_skip(milestone: Milestone, state: State, approval: Approval) -> str | None:
    """Return why there is no skip that an answer could take back, None where there is or it takes none back."""
    if approval.verb != Verb.UNSKIP:
        return None
    left_out = {story.number for story in issue_statuses(milestone, state) if story.status == "skipped"}
    if approval.gate in left_out or _skips_phase(approval.gate, state.decisions.all()):
        return None
    return f"{approval.gate} is not skipped, so there is no skip to take back"


def _skips_phase(gate: str, decisions: tuple[Decision, ...]) -> bool:
    verbs = [one.verb for one in decisions if one.gate == gate and one.verb in {Verb.SKIP_PHASE, Verb.UNSKIP}]
    return verbs[-1:] == [Verb.SKIP_PHASE]


def _shown(approval: Approval, gate: Gate | None, milestone: Milestone, state: State) -> tuple[Finding, ...]:
    """Return what a decision is about: what its gate shows; a phase skipped or taken up again lists its issues."""
    phase = next((phase for phase in milestone.phases if phase_name(phase.number) == approval.gate), None)
    if gate is None and phase is not None and approval.verb in {Verb.SKIP_PHASE, Verb.UNSKIP}:
        return phase_findings(phase, milestone, state, skipping=approval.verb == Verb.SKIP_PHASE)
    return gate.findings if gate else ()


def _decide(approval: Approval, milestone: Milestone, state: State) -> Decision:
    """Record the decision before anything else changes; a crash after that finds it by the file it was made from."""
    gate = state.gates.read(approval.gate)
    decision = state.decisions.record(
        Decision(
            0,
            approval.gate,
            Verb(approval.verb),
            approval.who,
            given_at(approval),
            approval.why,
            gate.kind if gate else None,
            gate.digest if gate else None,
            gate.attempt if gate else 1,
            _shown(approval, gate, milestone, state),
            gate.change if gate else "",
            approval.source,
        )
    )
    _tell(decision, state)
    _take_effect(decision, approval, state)
    return decision


def _tell(decision: Decision, state: State) -> None:
    state.journal.add("decision", id=decision.id, gate=decision.gate, verb=decision.verb, who=decision.who)


def _take_effect(decision: Decision, approval: Approval, state: State) -> None:
    """Close what was answered and remove the file, last of all: while it is there, this is done again."""
    state.gates.close(decision.gate)
    state.approvals.take(approval)


def _finish_interrupted(state: State) -> None:
    """Complete what a crash left between a decision's record and its effect."""
    waiting = {approval.source: approval for approval in state.approvals.all()}
    known = {entry.get("id") for entry in state.journal.entries() if entry.get("event") == "decision"}
    for decision in state.decisions.written():
        if decision.id not in known:
            _tell(decision, state)
        if decision.source in waiting:
            _take_effect(decision, waiting[decision.source], state)
    for decision in _standing(state.decisions.all()):
        if _answered(state.gates.read(decision.gate), decision):
            state.gates.close(decision.gate)


def _standing(decisions: tuple[Decision, ...]) -> tuple[Decision, ...]:
    """Return the decisions that no later one took back, after which the same question is asked again."""
    back = {one.gate: one.id for one in decisions if one.verb is Verb.UNSKIP}
    return tuple(decision for decision in decisions if decision.id > back.get(decision.gate, 0))


def _answered(gate: Gate | None, decision: Decision) -> bool:
    """Return whether a gate that stands is the one this decision was about; after an abort it is asked again."""
    if gate is None or decision.verb is Verb.ABORT:
        return False
    return (gate.digest, gate.attempt) == (decision.digest, decision.attempt)
