"""waves: which issues can be worked on now, each by itself and wherever that is, and what comes between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import BranchMade, Kind, Step
from ..policy import budget
from ..policy.graph import step_name
from ..render.console import Console
from .session import Session
from .up_to_date import UNANSWERED

if TYPE_CHECKING:
    from ..model import Issue, Milestone
    from ..plan.project import Project
    from .up_to_date import Due


def ready(project: Project, milestone: Milestone) -> tuple[str, ...]:
    """Return the issues that a run would start or go on with now, from the records alone."""
    session = Session(project, milestone, Console())
    if session.state.gates.read(budget.GATE) is not None:
        return ()
    with session.looking():
        return tuple(issue.number for issue in milestone.issues if _is_ready(session, issue))


def _is_ready(session: Session, issue: Issue) -> bool:
    due, before = session.due, session.nodes[step_name(issue.number, Step.BRANCH)].after
    started = all(due.why(session.nodes[name]) is None for name in before)
    return started and not due.finished(issue.number) and not _waits(session, issue)


def _waits(session: Session, issue: Issue) -> bool:
    """Return whether a question about the issue stands: it is open, and nothing it was asked about has moved."""
    gate = session.state.gates.read(issue.number)
    if gate is None:
        return False
    return not (_has_commits(session, issue) if gate.kind is Kind.HUMAN else _has_moved(session.due, issue.number))


def _has_commits(session: Session, issue: Issue) -> bool:
    made = session.state.markers.evidence(step_name(issue.number, Step.BRANCH), BranchMade)
    head = session.head(session.state.registry.branch(session.milestone, issue))
    return made is not None and head not in {None, made.base}


def _has_moved(due: Due, number: str) -> bool:
    """Return whether a step that was done is due again for another reason than its open question."""
    done = [node for node in due.nodes.values() if node.issue == number and due.has_marker(node)]
    return any(due.why(node) not in {None, UNANSWERED} for node in done)
