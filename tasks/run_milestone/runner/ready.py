"""Which issues can be worked on now, each by itself, on whatever machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import BranchMade, Kind, Step
from ..policy.boundary import MILESTONE_GATES
from ..policy.graph import step_name
from ..render.console import Console
from .session import Session
from .up_to_date import NOT_NEEDED, UNANSWERED

if TYPE_CHECKING:
    from ..model import Issue, Milestone
    from ..plan.project import Project
    from ..policy.graph import Node


def ready(project: Project, milestone: Milestone) -> tuple[str, ...]:
    """Return the issues that a run would start or go on with now, from the records alone."""
    session = Session(project, milestone, Console())
    if any(session.store.gates.read(gate) is not None for gate in MILESTONE_GATES):
        return ()
    with session.looking():
        return tuple(issue.number for issue in milestone.issues if _is_ready(session, issue))


def _is_ready(session: Session, issue: Issue) -> bool:
    before = session.ctx.nodes[step_name(issue.number, Step.BRANCH)].after
    if any(_is_due(session, session.ctx.nodes[name]) for name in before):
        return False
    return not session.finished(issue.number) and not _waits(session, issue)


def _is_due(session: Session, node: Node) -> bool:
    """Return whether a task must run, or one before it where the task itself has nothing to do."""
    verdict = session.check(node)
    before = node.after if verdict.why == NOT_NEEDED else ()
    return verdict.run or any(_is_due(session, session.ctx.nodes[name]) for name in before)


def _waits(session: Session, issue: Issue) -> bool:
    """Return whether a question about the issue stands: it is open, and nothing it was asked about has moved."""
    gate = session.store.gates.read(issue.number)
    if gate is None:
        return False
    return not (_has_commits(session, issue) if gate.kind is Kind.HUMAN else _has_moved(session, issue.number))


def _has_commits(session: Session, issue: Issue) -> bool:
    made = session.store.markers.evidence(step_name(issue.number, Step.BRANCH), BranchMade)
    head = session.ctx.branches.heads.get(session.ctx.branch(issue))
    return made is not None and head not in {None, made.base}


def _has_moved(session: Session, number: str) -> bool:
    """Return whether a step that was done must run again for another reason than its open question."""
    nodes = [node for node in session.ctx.nodes.values() if node.issue == number]
    verdicts = [session.check(node) for node in nodes if session.store.markers.read(node.name) is not None]
    return any(verdict.run and verdict.why != UNANSWERED for verdict in verdicts)
