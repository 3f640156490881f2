"""The barrier at a phase's end: the list it shows, and what it asks about."""

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
    """Return the list that a phase's barrier shows."""
    told = {story.number: story for story in issue_statuses(milestone, state)}
    rows = [_row(issue, told[issue.number], state) for issue in phase.issues]
    ready = sum(1 for issue in phase.issues if told[issue.number].verdict)
    left_out = sum(1 for issue in phase.issues if told[issue.number].status == "skipped")
    skips = f", {left_out} skipped" if left_out else ""
    again = _again(phase, milestone, state)
    return [f"✓ Phase {phase.number} complete — {count(ready, 'PR')} ready{skips}", *again, "", *rows]


def _again(phase: Phase, milestone: Milestone, state: State) -> list[str]:
    """Return how the list of a phase that was approved before differs from the list that was."""
    answers = {Verb.CONTINUE, Verb.SKIP_PHASE}
    own = [one for one in state.decisions.all() if one.gate == phase_name(phase.number) and one.verb in answers]
    if not own:
        return []
    then, now = (
        {item.rule: item.message for item in items}
        for items in (own[-1].findings, phase_findings(phase, milestone, state))
    )
    new = [message for number, message in now.items() if then.get(number) != message]
    gone = [message for number, message in then.items() if number not in now]
    parts = [f"{what}: {', '.join(messages)}" for what, messages in (("new", new), ("gone", gone)) if messages]
    changed = f"Asked again: the list has changed since decision {own[-1].id} ({'; '.join(parts)})"
    return [changed] if parts else []


def _row(issue: Issue, story: IssueStatus, state: State) -> str:
    if story.status == "skipped":
        return f"* (Issue #{issue.number} skipped)"
    labels = f" [{', '.join(story.labels)}]" if story.labels else ""
    if story.verdict == "unreviewed":
        return f"* PR #{story.pr} — {short_title(issue)}{reference(issue)}{labels} ⚠️ Not reviewed"
    return f"* PR #{story.pr} — {short_title(issue)}{reference(issue)}{labels}{_accepted(issue, state)}"


def _accepted(issue: Issue, state: State) -> str:
    """Return what people accepted about a change, a tick where they had nothing to accept."""
    gates = (state.markers.evidence(f"{issue.number}:{step}", Passed) for step in (Step.INSPECT_GATE, Step.REVIEW_GATE))
    numbers = {number for passed in gates if passed for number in passed.decisions}
    kinds = {one.kind: None for one in state.decisions.all() if one.id in numbers and one.kind}
    if not kinds:
        return " ✓"
    if set(kinds) == {Kind.MIGRATION_BREAKING}:
        return " ⚠️ Breaking change approved"
    return f" ⚠️ Approved: {', '.join(STOPS[kind].title.lower() for kind in kinds)}"
