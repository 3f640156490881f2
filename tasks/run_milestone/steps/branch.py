"""branch: the issue's branch exists, made from its base or adopted where it is there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import OutsideError
from ..model import BranchMade

if TYPE_CHECKING:
    from .job import Job


def branch(job: Job) -> BranchMade:
    """Make or adopt the branch; nothing that is there is moved."""
    git, base = job.hands.git, _base(job)
    head = git.head(job.branch) or _from_remote(job)
    if head is None:
        git.set_branch(job.branch, base, None)
        return BranchMade(job.branch, base)
    return BranchMade(job.branch, git.merge_base(base, head), adopted=head != base)


def _from_remote(job: Job) -> str | None:
    """Bring a branch that only the remote has into the user's repository."""
    there = job.world.heads.get(job.branch) if job.world else None
    if there is not None:
        job.hands.git.fetch(job.branch)
        job.hands.git.set_branch(job.branch, there, None)
    return there


def _base(job: Job) -> str:
    """Return the commit to start from: the milestone branch, with the branches it depends on merged in."""
    git = job.hands.git
    base = _head(job, job.milestone.branch)
    for number in job.issue.depends_on:
        made = job.state.markers.evidence(f"{number}:branch", BranchMade)
        upstream = git.head(made.branch) if made else None
        if upstream is None or git.is_ancestor(upstream, base):
            continue
        base = upstream if git.is_ancestor(base, upstream) else _joined(job, base, upstream, number)
    return base


def _joined(job: Job, base: str, upstream: str, number: str) -> str:
    message = f"chore({job.milestone.id}): Join #{number} into the base of #{job.issue.number}\n"
    joined = job.hands.git.join(base, upstream, message)
    if joined is None:
        raise OutsideError(
            f"The issues that #{job.issue.number} depends on conflict with each other (at #{number}).",
            f"Merge one of them into {job.milestone.branch}, or skip #{job.issue.number}; then run the same again.",
        )
    return joined


def _head(job: Job, name: str) -> str:
    head = job.hands.git.head(name)
    if head is None:
        raise OutsideError(f"Branch {name} is gone.", f"Restore it, or run `doit forget {job.milestone.id}:bootstrap`.")
    return head
