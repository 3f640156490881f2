"""The closing report of a run that decided alone: what it tried, what came of it, what is left to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.units import count
from ..model import Severity, Step, Verb
from ..policy.stops import AUTONOMOUS
from ..store.issue_status import issue_statuses
from .phrases import RULE, headline, short_title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Decision, Milestone
    from ..store import State
    from ..store.issue_status import IssueStatus


def autonomous_report(milestone: Milestone, state: State, *, aborted: bool) -> list[str]:
    """Return the report, made from records alone; `aborted` where this run was."""
    told, decisions = issue_statuses(milestone, state), [one for one in state.decisions.all() if one.who == AUTONOMOUS]
    tried = [story for story in told if state.markers.read(f"{story.number}:{Step.BRANCH}") or story.decisions]
    done = [story for story in told if story.status == "done"]
    skipped = {story.number for story in told if story.status == "skipped"}
    skips = {one.gate: one for one in decisions if one.verb is Verb.SKIP and one.gate in skipped}.values()
    return [
        *("", RULE, f"Autonomous run of {milestone.id}", RULE, ""),
        f"Attempted: {count(len(tried), 'issue')}",
        f"  ✅ Completed: {len(done)}" + (f" ({_numbers(done)})" if done else ""),
        f"  ⏭️ Auto-skipped: {len(skips)}",
        *(f"     #{one.gate}: {one.why.removeprefix('autonomous: ')}" for one in skips),
        "",
        *_manual(
            [
                *(_aborted(milestone, state.decisions.all()[-1]) if aborted else ()),
                *_waiting(milestone, state),
                *_left(milestone, told),
            ]
        ),
    ]


def _numbers(told: list[IssueStatus]) -> str:
    return ", ".join(f"#{story.number}" for story in told)


def _manual(steps: list[str]) -> list[str]:
    if not steps:
        return ["Manual action required: none"]
    return ["Manual action required:", *(f"{number}. {step}" for number, step in enumerate(steps, start=1))]


def _aborted(milestone: Milestone, last: Decision) -> Iterator[str]:
    why = last.why.removeprefix("autonomous: ")
    yield f"Gate {last.gate} ended the run ({why}); mend that, then `run-milestone {milestone.id}` resumes it"


def _waiting(milestone: Milestone, state: State) -> Iterator[str]:
    for gate in state.gates.all():
        what = headline(gate.kind, gate.findings)
        hint = "" if gate.findings[0].severity is not Severity.INFO else f": {gate.findings[0].message}"
        yield f"Gate {gate.gate} waits ({what}{hint}); `run-milestone gates {milestone.id}` lists what answers it"


def _left(milestone: Milestone, told: tuple[IssueStatus, ...]) -> Iterator[str]:
    issues = {issue.number: issue for issue in milestone.issues}
    for story in told:
        if story.status == "skipped":
            yield f"Look at skipped issue #{story.number} {short_title(issues[story.number])}"
        needs = [label for label in story.labels if label not in issues[story.number].labels]
        if story.status == "done" and needs:
            yield f"Review PR #{story.pr} for {', '.join(needs)}"
