"""Renders the barrier at the end of a phase: its list of pull requests and skipped issues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.units import count
from ..model import Kind, Passed, Step, Verb
from ..policy.graph import phase_name
from ..policy.stops import STOPS
from ..store.issue_status import issue_statuses, phase_findings
from .phrases import reference, short_title

if TYPE_CHECKING:
    from ..model import Issue, Milestone, Phase
    from ..store import State
    from ..store.issue_status import IssueStatus


def listing(phase: Phase, milestone: Milestone, state: State) -> list[str]:
    """Return the list that a phase's barrier shows, with what changed since the phase was last approved."""
    statuses = {status.number: status for status in issue_statuses(milestone, state)}
    rows = [_row(issue, statuses[issue.number], state) for issue in phase.issues]
    ready = sum(1 for issue in phase.issues if statuses[issue.number].verdict)
    skipped = sum(1 for issue in phase.issues if statuses[issue.number].status == "skipped")
    skips = f", {skipped} skipped" if skipped else ""
    changed = _changed(phase, milestone, state)
    return [f"✓ Phase {phase.number} complete — {count(ready, 'PR')} ready{skips}", *changed, "", *rows]


def _changed(phase: Phase, milestone: Milestone, state: State) -> list[str]:
    """Return how the list differs from the one that was approved before, empty where it does not."""
    name, verbs = phase_name(phase.number), {Verb.CONTINUE, Verb.SKIP_PHASE}
    answers = [one for one in state.decisions.all() if one.gate == name and one.verb in verbs]
    if not answers:
        return []
    before = {item.rule: item.message for item in answers[-1].findings}
    now = {item.rule: item.message for item in phase_findings(phase, milestone, state)}
    new = [message for number, message in now.items() if before.get(number) != message]
    gone = [message for number, message in before.items() if number not in now]
    parts = [f"{what}: {', '.join(messages)}" for what, messages in (("new", new), ("gone", gone)) if messages]
    changed = f"Asked again: the list has changed since decision {answers[-1].id} ({'; '.join(parts)})"
    return [changed] if parts else []


def _row(issue: Issue, status: IssueStatus, state: State) -> str:
    if status.status == "skipped":
        return f"* (Issue #{issue.number} skipped)"
    labels = f" [{', '.join(status.labels)}]" if status.labels else ""
    if status.verdict == "unreviewed":
        return f"* PR #{status.pr} — {short_title(issue)}{reference(issue)}{labels} ⚠️ Not reviewed"
    return f"* PR #{status.pr} — {short_title(issue)}{reference(issue)}{labels}{_accepted(issue, state)}"


def _accepted(issue: Issue, state: State) -> str:
    """Return the risks that people accepted in a change, a tick where there was none."""
    gates = (state.markers.evidence(f"{issue.number}:{step}", Passed) for step in (Step.INSPECT_GATE, Step.REVIEW_GATE))
    numbers = {number for passed in gates if passed for number in passed.decisions}
    kinds = {one.kind: None for one in state.decisions.all() if one.id in numbers and one.kind}
    if not kinds:
        return " ✓"
    if set(kinds) == {Kind.MIGRATION_BREAKING}:
        return " ⚠️ Breaking change approved"
    return f" ⚠️ Approved: {', '.join(STOPS[kind].title.lower() for kind in kinds)}"
