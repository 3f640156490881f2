"""Derives the status of each issue from the records: done, skipped, waiting or open, with its pull request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ..model import Finding, Implemented, Kind, Passed, Proposed, Reviewed, Severity, Step, Tested, Verb
from ..policy import budget
from ..policy.graph import phase_name
from ..policy.phase_answers import ACCEPTED
from ..policy.rework import rework_requested
from ..policy.skips import skipped as skip_of
from ..policy.stops import LEFT_OUT, STOPS
from ..policy.topics import kinds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Decision, Gate, Issue, Phase
    from . import State


RISKS = (Step.INSPECT_GATE, Step.REVIEW_GATE, Step.PEOPLE_GATE)
"""The gates at which a person accepts a risk."""


@dataclass(frozen=True, slots=True)
class IssueStatus:
    """What the records hold about one issue. `status` is done, skipped, waiting or open."""

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


def issue_statuses(issues: Iterable[Issue], state: State) -> tuple[IssueStatus, ...]:
    """Return the status of each of these issues, in their order."""
    known = state.steady.derived if state.steady.derived is not None else {}
    gates = {gate.gate: gate for gate in state.gates.all()}
    named = [((IssueStatus, issue.number), issue) for issue in issues]
    for name, issue in named:
        if name not in known:
            known[name] = _status(issue, state, gates.get(issue.number))
    return tuple(known[name] for name, _ in named)


def with_costs(issues: tuple[IssueStatus, ...], entries: Iterable[dict[str, Any]]) -> tuple[IssueStatus, ...]:
    """Return the statuses with the cost of all attempts, as the journal has it. A marker only knows the last one."""
    costs = budget.costs(entries)
    return tuple(replace(issue, cost=costs.get(issue.number, issue.cost)) for issue in issues)


def _status(issue: Issue, state: State, gate: Gate | None) -> IssueStatus:
    number = issue.number
    answers = state.decisions.at(number)
    proposed = state.markers.evidence(f"{number}:{Step.PR}", Proposed)
    tested = state.markers.evidence(f"{number}:{Step.TEST}", Tested)
    implemented = state.markers.evidence(f"{number}:{Step.IMPLEMENT}", Implemented)
    finished = state.markers.read(f"{number}:{Step.REVIEW_GATE}") is not None
    merged = proposed is not None and proposed.state == "merged"
    skip = skip_of(number, issue.phase, state.decisions.at(number, phase_name(issue.phase)), finished=finished)
    status = "skipped" if skip else "waiting" if gate else "done" if finished or merged else "open"
    pull = proposed if proposed and not proposed.problem else None
    return IssueStatus(
        number=number,
        title=issue.title,
        github=issue.github,
        phase=issue.phase,
        status=status,
        pr=pull.number if pull else None,
        url=pull.url if pull else None,
        labels=_labels(pull, state, number) if pull else (),
        verdict=_verdict(answers, state, number) if status == "done" and pull else None,
        tests=tested.passed if tested else None,
        attempts=1 + len(rework_requested(answers)) if implemented else 0,
        seconds=round(sum(_seconds_of_steps(state, number)), 1),
        cost=implemented.cost if implemented else None,
        decisions=tuple(decision.id for decision in answers),
        reason=_reason(skip) if skip else None,
        merged=merged,
    )


def _labels(pull: Proposed, state: State, issue: str) -> tuple[str, ...]:
    """Return the pull request's labels, with those that its review added."""
    reviewed = state.markers.evidence(f"{issue}:{Step.REVIEW_GATE}", Passed)
    return tuple(dict.fromkeys((*pull.labels, *(reviewed.labels if reviewed else ()))))


def _seconds_of_steps(state: State, issue: str) -> Iterator[float]:
    for step in Step:
        marker = state.markers.read(f"{issue}:{step}")
        if marker is not None:
            yield marker.took


def _verdict(answers: tuple[Decision, ...], state: State, issue: str) -> str:
    reviewed = state.markers.evidence(f"{issue}:{Step.REVIEW}", Reviewed)
    if reviewed is not None and any(finding.rule == LEFT_OUT for finding in reviewed.findings):
        return "unreviewed"
    if any(decision.verb is Verb.APPROVE for decision in answers):
        return "approved"
    if any(decision.verb in {Verb.FIX, Verb.RESTART} for decision in answers):
        return "fixed"
    return "clean"


def _reason(skip: Decision) -> str:
    return skip.why or (STOPS[skip.kind].title if skip.kind else "skipped by decision")


def phase_findings(phase: Phase, state: State, *, skipping: bool = False) -> tuple[Finding, ...]:
    """Return what a phase's barrier asks about, ordered by issue number, so that a reordered plan asks nothing new.

    A skipped issue is a warning. With `skipping`, unfinished issues are listed as skipped.
    """
    issues = sorted(issue_statuses(phase.issues, state), key=attrgetter("number"))
    return tuple(_phase_finding(issue, state, skipping=skipping) for issue in issues)


def _phase_finding(issue: IssueStatus, state: State, *, skipping: bool) -> Finding:
    if issue.status == "skipped" or (skipping and issue.status != "done"):
        return Finding(Kind.PHASE, Severity.WARNING, issue.number, f"issue #{issue.number} skipped")
    labels = f" [{', '.join(issue.labels)}]" if issue.labels else ""
    reviewed = ", not reviewed" if issue.verdict == "unreviewed" else ""
    risks = ", ".join(STOPS[kind].title.lower() for kind in accepted_risks(issue.number, state))
    accepted = f"{ACCEPTED}{risks}" if risks else ""
    message = f"PR #{issue.pr} of issue #{issue.number}{labels}{reviewed}{accepted}"
    return Finding(Kind.PHASE, Severity.INFO, issue.number, message, change=_reviewed(issue.number, state).change)


def _reviewed(issue: str, state: State) -> Reviewed:
    """Return what was reviewed of an issue; nothing where it was merged before."""
    return state.markers.evidence(f"{issue}:{Step.REVIEW}", Reviewed) or Reviewed("", "")


def accepted_risks(issue: str, state: State) -> tuple[Kind, ...]:
    """Return the kinds of stops that people approved in an issue's change, in the order of their decisions."""
    gates = (state.markers.evidence(f"{issue}:{step}", Passed) for step in RISKS)
    numbers = {number for passed in gates if passed for number in passed.decisions}
    decisions = state.decisions.all() if numbers else ()
    return tuple(dict.fromkeys(kind for one in decisions if one.id in numbers for kind in kinds(one)))


def listed_commits(findings: Iterable[Finding], state: State) -> dict[str, str]:
    """Return the commit at which each change that a phase lists was reviewed, by the change's identity."""
    reviewed = (_reviewed(finding.rule, state) for finding in findings if finding.change)
    return {one.change: one.head for one in reviewed if one.change}
