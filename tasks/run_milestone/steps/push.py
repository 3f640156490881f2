"""push: the branch's commit reaches the remote branch of the same name, and nothing else moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import OutsideError
from ..model import Finding, Kind, Pushed, Severity

if TYPE_CHECKING:
    from .job import Job


def push(job: Job) -> Pushed:
    """Reconcile, push with a lease on what is there, read back."""
    git, head = job.hands.git, job.head or ""
    if job.branch in {job.milestone.target, job.milestone.branch}:
        return _stopped(job, Kind.TARGET, f"{job.branch} is not an issue's branch")
    try:
        there = git.remote_heads().get(job.branch)
        if there == head:
            return Pushed(head)
        if there is not None and not _ours(job, there, head):
            return _stopped(
                job, Kind.CONFLICT, f"{job.branch} has commits on the remote that are not here ({there[:10]})"
            )
        return Pushed(git.push(head, job.branch, there))
    except OutsideError as error:
        return _stopped(job, Kind.FORGE, error.what)


def _ours(job: Job, there: str, head: str) -> bool:
    """Return whether the remote's commit is contained in what is pushed, or was kept when its work was thrown away.

    Either way nobody's commit is lost.
    """
    git = job.hands.git
    if not git.has(there):
        git.fetch(job.branch)
    return any(git.is_ancestor(there, known) for known in (head, *git.kept(f"{job.mark}/")))


def _stopped(job: Job, kind: Kind, message: str) -> Pushed:
    head = job.head or ""
    return Pushed(head, Finding(kind, Severity.CRITICAL, "push", message))
