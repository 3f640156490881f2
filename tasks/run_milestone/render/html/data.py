"""Gathers what the report shows from the records of a milestone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...model import Bootstrapped, Implemented, Inspected, PlanReviewed, Proposed, Reviewed, Step, Tested, Verb
from ...policy.approvers import progress
from ...policy.criteria import about, named
from ...policy.graph import BOOTSTRAP, PLAN_REVIEW, phase_name
from ...policy.stops import AUTONOMOUS
from ...store.issue_status import issue_statuses, with_costs
from ...store.summary import history, summarise
from ...store.timeline import questions, spans

if TYPE_CHECKING:
    from ...model import Criterion, Decision, Gate, Issue, Milestone, Phase
    from ...store import State
    from ...store.issue_status import IssueStatus
    from ...store.timeline import Span


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """A criterion, whether the test that it names passed, and what else speaks for it."""

    text: str
    proven: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IssueRow:
    """An issue of the plan, its outcome, and the evidence in its markers."""

    issue: Issue
    outcome: IssueStatus
    branch: str
    pull_state: str
    criteria: tuple[CriterionRow, ...]
    tested: Tested | None
    inspected: Inspected | None
    implemented: Implemented | None

    @property
    def proven(self) -> int:
        """How many criteria a test proved; none of a skipped issue."""
        return 0 if self.outcome.status == "skipped" else sum(criterion.proven for criterion in self.criteria)

    @property
    def to_prove(self) -> int:
        """How many criteria a test should prove; none of a skipped issue."""
        return 0 if self.outcome.status == "skipped" else len(self.criteria)

    @property
    def to_look_at(self) -> tuple[str, ...]:
        """Labels that ask people to look at a finished pull request, without those of the plan."""
        asks = self.outcome.status == "done" and self.outcome.verdict != "unreviewed"
        return tuple(label for label in self.outcome.labels if label not in self.issue.labels) if asks else ()


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """A phase, its issues, the decision that passed its barrier, and whether the barrier waits for one."""

    phase: Phase
    rows: tuple[IssueRow, ...]
    passed_by: Decision | None
    waits: bool

    @property
    def done(self) -> int:
        """How many of its issues are done."""
        return sum(row.outcome.status == "done" for row in self.rows)


@dataclass(frozen=True, slots=True)
class Bar:
    """A span of the timeline; `left` and `width` are in percent of the time shown."""

    left: float
    width: float
    seconds: float
    waiting: bool


@dataclass(frozen=True, slots=True)
class Track:
    """The line of one issue or phase in the timeline."""

    name: str
    seconds: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that page.html shows."""

    milestone: Milestone
    facts: dict[str, Any]
    """As in `summary.json`."""
    issues: dict[str, IssueRow]
    phase_titles: dict[str, str]
    """By the name of the phase's gate."""
    phases: tuple[PhaseRow, ...]
    gates: tuple[Gate, ...]
    progress: dict[str, str]
    """How far the answers of those are whose count, by gate: `1 of 2, waits for @acme/dba`."""
    decisions: tuple[Decision, ...]
    automatic: int
    """Decisions taken by an autonomous run."""
    waited: dict[int, float]
    """Seconds that a question waited, by the number of the decision that answered it."""
    seconds_waited: float
    tracks: tuple[Track, ...]
    shown_from: datetime | None
    shown_to: datetime | None
    period: tuple[datetime, datetime] | None
    baseline: Tested | None
    plan_review: PlanReviewed | None
    entries: int
    broken: str | None
    """Where the journal's chain breaks."""
    asked: datetime | None
    """When the remote and the forge were last asked."""


def gather(milestone: Milestone, state: State) -> Report:
    """Read the records of a milestone."""
    decisions, gates = state.decisions.all(), state.gates.all()
    entries = history(state)
    asked, teams = questions(entries, decisions, gates), state.with_teams(milestone).teams
    stretches = spans(entries, asked)
    outcomes = with_costs(issue_statuses(milestone.issues, state), entries)
    bootstrapped, remote = state.markers.evidence(BOOTSTRAP, Bootstrapped), state.remembered()
    times = [datetime.fromisoformat(entry["at"]) for entry in entries]
    issues = {
        issue.number: _row(milestone, issue, outcome, state)
        for issue, outcome in zip(milestone.issues, outcomes, strict=True)
    }
    return Report(
        milestone=milestone,
        facts=summarise(milestone, state),
        issues=issues,
        phase_titles={phase_name(phase.number): f"Phase {phase.number}: {phase.title}" for phase in milestone.phases},
        phases=tuple(_phases(milestone, issues, decisions, state)),
        gates=gates,
        progress={gate.gate: progress(gate, state.decisions.answers(), teams) for gate in gates},
        decisions=decisions,
        automatic=sum(decision.who == AUTONOMOUS for decision in decisions),
        waited={one.decision: one.waited for one in asked if one.decision is not None and one.waited is not None},
        seconds_waited=sum(span.seconds for span in stretches if span.waiting),
        tracks=tuple(_tracks(milestone, stretches)),
        shown_from=min((span.start for span in stretches), default=None),
        shown_to=max((span.end for span in stretches), default=None),
        period=(times[0], times[-1]) if times else None,
        baseline=bootstrapped.tests if bootstrapped else None,
        plan_review=state.markers.evidence(PLAN_REVIEW, PlanReviewed),
        entries=len(entries),
        broken=state.journal.broken(),
        asked=datetime.fromisoformat(remote.asked) if remote else None,
    )


def _row(milestone: Milestone, issue: Issue, outcome: IssueStatus, state: State) -> IssueRow:
    markers, number = state.markers, issue.number
    proposed = markers.evidence(f"{number}:{Step.PR}", Proposed)
    tested = markers.evidence(f"{number}:{Step.TEST}", Tested)
    inspected = markers.evidence(f"{number}:{Step.INSPECT}", Inspected)
    reviewed = markers.evidence(f"{number}:{Step.REVIEW}", Reviewed)
    return IssueRow(
        issue,
        outcome,
        state.registry.branch(milestone, issue),
        proposed.state if proposed else "open",
        tuple(_criteria(issue, tested, inspected, reviewed)),
        tested,
        inspected,
        markers.evidence(f"{number}:{Step.IMPLEMENT}", Implemented),
    )


def _criteria(
    issue: Issue, tested: Tested | None, inspected: Inspected | None, reviewed: Reviewed | None
) -> Iterator[CriterionRow]:
    changed, remarks = inspected.paths if inspected else (), reviewed.findings if reviewed else ()
    for number, criterion in enumerate(issue.criteria, start=1):
        proven = tested is not None and criterion.test in tested.proven
        notes = [
            _proof(criterion, tested),
            *(f"changed: {path}" for path in named(criterion.text, changed)),
            *(f"a reviewer: {finding.message}" for finding in about(number, remarks)),
        ]
        yield CriterionRow(criterion.text, proven, tuple(notes))


def _proof(criterion: Criterion, tested: Tested | None) -> str:
    if criterion.test is None:
        return "the plan names no test for it"
    if tested is None:
        return f"not run yet: {criterion.test}"
    return f"{'passed' if criterion.test in tested.proven else 'not seen to pass'}: {criterion.test}"


def _phases(
    milestone: Milestone, issues: dict[str, IssueRow], decisions: tuple[Decision, ...], state: State
) -> Iterator[PhaseRow]:
    waiting = {gate.gate for gate in state.gates.all()}
    last = {decision.gate: decision for decision in decisions if decision.verb is not Verb.ABORT}
    for phase in milestone.phases:
        name, rows = phase_name(phase.number), tuple(issues[issue.number] for issue in phase.issues)
        passed_by = last.get(name) if state.markers.read(name) else None
        yield PhaseRow(phase, rows, passed_by, name in waiting)


def _tracks(milestone: Milestone, stretches: tuple[Span, ...]) -> Iterator[Track]:
    start = min((span.start for span in stretches), default=None)
    end = max((span.end for span in stretches), default=None)
    if start is None or end is None:
        return
    percent = 100 / ((end - start).total_seconds() or 1.0)
    bars = defaultdict[str, list[Bar]](list)
    for span in stretches:
        left, width = (span.start - start).total_seconds() * percent, span.seconds * percent
        bars[span.name].append(Bar(left, width, span.seconds, span.waiting))
    names = [issue.number for issue in milestone.issues] + [phase_name(phase.number) for phase in milestone.phases]
    for name in names:
        if name in bars:
            yield Track(name, sum(bar.seconds for bar in bars[name]), tuple(bars[name]))
