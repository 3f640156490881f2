"""Everything the report is made from, read once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...model import Step, Tested
from ...policy.issue_identity import renumbered
from ...store.issue_status import issue_statuses, with_costs
from ...store.summary import summarise
from ...store.timeline import questions, spans

if TYPE_CHECKING:
    from ...model import Criterion, Decision, Gate, Issue, Milestone
    from ...store import State
    from ...store.issue_status import IssueStatus
    from ...store.timeline import Entry, Question, Span


STANDING = {"done": "done", "skipped": "skipped", "waiting": "waits for a decision", "open": "not finished"}
"""How an issue stands, in words."""


@dataclass(frozen=True, slots=True)
class Records:
    """Everything the page is made from, read once."""

    milestone: Milestone
    state: State
    facts: dict[str, Any]
    told: dict[str, IssueStatus]
    decisions: tuple[Decision, ...]
    gates: tuple[Gate, ...]
    entries: tuple[Entry, ...]
    asked: tuple[Question, ...]

    def own_labels(self, number: str) -> tuple[str, ...]:
        """Return the labels that the plan itself gives an issue."""
        return next(issue.labels for issue in self.milestone.issues if issue.number == number)

    @property
    def answers(self) -> dict[int, Question]:
        """The question of each decision that answered one."""
        return {question.decision: question for question in self.asked if question.decision is not None}


def read(milestone: Milestone, state: State) -> Records:
    """Return the records of a milestone."""
    decisions, gates, entries = state.decisions.all(), state.gates.all(), _entries(state)
    told = {story.number: story for story in with_costs(issue_statuses(milestone, state), entries)}
    asked = questions(entries, decisions, gates)
    return Records(milestone, state, summarise(milestone, state), told, decisions, gates, entries, asked)


def _entries(state: State) -> tuple[dict[str, Any], ...]:
    """Return the journal in the order of time: entries of several machines stand in the order in which they came."""
    return tuple(renumbered(sorted(state.journal.entries(), key=lambda entry: str(entry["at"]))))


def proofs(records: Records, issue: Issue) -> tuple[int, int]:
    """Return how many of an issue's criteria a test proved, and how many it has; a skipped one has none to prove."""
    if records.told[issue.number].status == "skipped":
        return 0, 0
    tested = records.state.markers.evidence(f"{issue.number}:{Step.TEST}", Tested)
    return sum(proven(criterion, tested) for criterion in issue.criteria), len(issue.criteria)


def proven(criterion: Criterion, tested: Tested | None) -> bool:
    """Return whether the test that a criterion names ran and passed."""
    return tested is not None and criterion.test in tested.proven


def stretches(records: Records) -> tuple[Span, ...]:
    """Return every stretch of work and of waiting."""
    return spans(records.entries, records.asked)
