"""The issue_statuses: what the records tell of each issue, in one value apiece; a pure function of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..model import Finding, Implemented, Kind, Passed, Proposed, Reviewed, Severity, Step, Tested, Verb
from ..policy import budget
from ..policy.gating import asks_for_work
from ..policy.gating import skipped as skip_of
from ..policy.stops import LEFT_OUT, STOPS

if TYPE_CHECKING:
    from ..model import Milestone, Phase
    from . import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Decision, Gate, Issue, Milestone
    from . import State


@dataclass(frozen=True, slots=True)
class IssueStatus:
    """One issue, as the records tell it. `status` is done, skipped, waiting or open."""

    number: str
    title: str
    github: int | None
    phase: int
    status: str
    pr: int | None = None
    url: str | None = None
    labels: tuple[str, ...] = ()
    verdict: str | None = None
    """clean, fixed (after code review), approved or unreviewed; None without a finished PR."""
    tests: int | None = None
    attempts: int = 1
    seconds: float = 0.0
    cost: float | None = None
    decisions: tuple[int, ...] = ()
    reason: str | None = None
    merged: bool = False
    """Whether its pull request was merged."""


def issue_statuses(milestone: Milestone, state: State) -> tuple[IssueStatus, ...]:
    """Return every issue's story in plan order."""
    decisions, gates = state.decisions.all(), {gate.gate: gate for gate in state.gates.all()}
    return tuple(_story(issue, state, decisions, gates.get(issue.number)) for issue in milestone.issues)


def with_costs(told: tuple[IssueStatus, ...], entries: Iterable[dict[str, Any]]) -> tuple[IssueStatus, ...]:
    """Return every status with the cost of all attempts from the journal; a marker only knows the last one."""
    costs = budget.costs(entries)
    return tuple(replace(story, cost=costs.get(story.number, story.cost)) for story in told)


def _story(issue: Issue, state: State, decisions: tuple[Decision, ...], gate: Gate | None) -> IssueStatus:
    own = tuple(decision for decision in decisions if decision.gate == issue.number)
    proposed = state.markers.evidence(f"{issue.number}:pr", Proposed)
    tested = state.markers.evidence(f"{issue.number}:test", Tested)
    implemented = state.markers.evidence(f"{issue.number}:{Step.IMPLEMENT}", Implemented)
    finished = state.markers.read(f"{issue.number}:{Step.REVIEW_GATE}") is not None
    merged = proposed is not None and proposed.state == "merged"
    skip = skip_of(issue.number, issue.phase, decisions, finished=finished)
    status = "skipped" if skip else "waiting" if gate else "done" if finished or merged else "open"
    made = proposed if proposed and not proposed.problem else None
    return IssueStatus(
        issue.number,
        issue.title,
        issue.github,
        issue.phase,
        status,
        made.number if made else None,
        made.url if made else None,
        _labels_of(made, state, issue.number),
        _verdict(own, state, issue.number) if status == "done" and made else None,
        tested.passed if tested else None,
        1 + sum(map(asks_for_work, own)) if implemented else 0,
        round(sum(_took(state, issue.number)), 1),
        implemented.cost if implemented else None,
        decisions=tuple(decision.id for decision in own),
        reason=_reason(skip) if skip else None,
        merged=merged,
    )


def _labels_of(made: Proposed | None, state: State, issue: str) -> tuple[str, ...]:
    """Return the pull request's labels, with those that its review added."""
    reviewed = state.markers.evidence(f"{issue}:{Step.REVIEW_GATE}", Passed)
    return tuple(dict.fromkeys((*made.labels, *(reviewed.labels if reviewed else ())))) if made else ()


def _took(state: State, issue: str) -> Iterator[float]:
    for step in Step:
        marker = state.markers.read(f"{issue}:{step}")
        if marker is not None:
            yield marker.took


def _verdict(own: tuple[Decision, ...], state: State, issue: str) -> str:
    reviewed = state.markers.evidence(f"{issue}:{Step.REVIEW}", Reviewed)
    if reviewed is not None and any(finding.rule == LEFT_OUT for finding in reviewed.findings):
        return "unreviewed"
    if any(decision.verb is Verb.APPROVE for decision in own):
        return "approved"
    if any(decision.verb in {Verb.FIX, Verb.RESTART} for decision in own):
        return "fixed"
    return "clean"


def _reason(skip: Decision) -> str:
    return skip.why or (STOPS[skip.kind].title if skip.kind else "skipped by decision")


def phase_findings(phase: Phase, milestone: Milestone, state: State, *, skipping: bool = False) -> tuple[Finding, ...]:
    """Return what a phase's barrier asks about, by issue number: their order in the plan is no other list.

    A skipped issue is a warning; `skipping` lists what is unfinished as skipped.
    """
    told = [story for story in issue_statuses(milestone, state) if story.phase == phase.number]
    return tuple(_listed(story, skipping=skipping) for story in sorted(told, key=lambda story: story.number))


def _listed(story: IssueStatus, *, skipping: bool) -> Finding:
    if story.status == "skipped" or (skipping and story.status != "done"):
        return Finding(Kind.PHASE, Severity.WARNING, story.number, f"issue #{story.number} skipped")
    labels = f" [{', '.join(story.labels)}]" if story.labels else ""
    reviewed = ", not reviewed" if story.verdict == "unreviewed" else ""
    said = f"PR #{story.pr} of issue #{story.number}{labels}{reviewed}"
    return Finding(Kind.PHASE, Severity.INFO, story.number, said)
