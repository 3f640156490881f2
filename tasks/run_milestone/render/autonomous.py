"""Renders the report that ends an autonomous run: what it attempted, skipped, and leaves to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.units import count
from ..model import Severity, Step, Verb
from ..policy.stops import AUTONOMOUS
from ..store.issue_status import issue_statuses
from .phrases import RULE, headlines, short_title

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..model import Decision, Milestone
    from ..store import State
    from ..store.issue_status import IssueStatus


def autonomous_report(milestone: Milestone, state: State, problems: Mapping[str, str], *, aborted: bool) -> list[str]:
    """Return the report. `problems` are the tasks that failed without a question, `aborted` whether this run was."""
    issues = issue_statuses(milestone.issues, state)
    decisions = [decision for decision in state.decisions.all() if decision.who == AUTONOMOUS]
    attempted = [issue for issue in issues if state.markers.read(f"{issue.number}:{Step.BRANCH}") or issue.decisions]
    done = [issue for issue in issues if issue.status == "done"]
    skipped = {issue.number for issue in issues if issue.status == "skipped"}
    skips = {one.gate: one for one in decisions if one.verb is Verb.SKIP and one.gate in skipped}.values()
    return [
        *("", RULE, f"Autonomous run of {milestone.id}", RULE, ""),
        f"Attempted: {count(len(attempted), 'issue')}",
        f"  ✅ Completed: {len(done)}" + (f" ({_numbers(done)})" if done else ""),
        f"  ⏭️ Auto-skipped: {len(skips)}",
        *(f"     #{one.gate}: {one.why.removeprefix('autonomous: ')}" for one in skips),
        "",
        *_manual(
            [
                *(_aborted(milestone, state.decisions.all()[-1]) if aborted else ()),
                *_waiting(milestone, state),
                *(f"{milestone.id}:{task} failed: {why}" for task, why in problems.items()),
                *_to_review(milestone, issues),
            ]
        ),
    ]


def _numbers(issues: list[IssueStatus]) -> str:
    return ", ".join(f"#{issue.number}" for issue in issues)


def _manual(steps: list[str]) -> list[str]:
    if not steps:
        return ["Manual action required: none"]
    return ["Manual action required:", *(f"{number}. {step}" for number, step in enumerate(steps, start=1))]


def _aborted(milestone: Milestone, last: Decision) -> Iterator[str]:
    why = last.why.removeprefix("autonomous: ")
    yield f"Gate {last.gate} ended the run ({why}); fix the cause, then `run-milestone {milestone.id}` resumes it"


def _waiting(milestone: Milestone, state: State) -> Iterator[str]:
    for gate in state.gates.all():
        what = headlines(gate)
        hint = "" if gate.findings[0].severity is not Severity.INFO else f": {gate.findings[0].message}"
        yield f"Gate {gate.gate} waits ({what}{hint}); `run-milestone gates {milestone.id}` lists what answers it"


def _to_review(milestone: Milestone, issues: tuple[IssueStatus, ...]) -> Iterator[str]:
    for planned, issue in zip(milestone.issues, issues, strict=True):
        if issue.status == "skipped":
            yield f"Look at skipped issue #{issue.number} {short_title(planned)}"
        needs = [label for label in issue.labels if label not in planned.labels]
        if issue.status == "done" and needs:
            yield f"Review PR #{issue.pr} for {', '.join(needs)}"
