"""base: what an issue's branch stands on, the commit its change is counted from, and whether both fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.errors import OutsideError
from ..model import BranchMade, Finding, Kind, Pushed, Severity, Step
from ..policy.stacking import base_of

if TYPE_CHECKING:
    from ..adapters.git import Git
    from ..policy.stacking import Base
    from .context import Job


BASE = "base"
"""The rule of a finding that tells of a conflict with the base."""


def stands_on(job: Job) -> Base:
    """Return on what the issue stands, as the forge was when it was asked."""
    branches = job.state.registry.branches(job.milestone)
    return base_of(job.milestone, job.issue, job.world.pulls if job.world else (), branches)


def tip_of(job: Job, upon: Base) -> str | None:
    """Return the commit that the base's branch is at; None where it is not there."""
    return milestone_head(job) if upon.branch == job.milestone.branch else _here_or_there(job, upon.branch)


def milestone_head(job: Job) -> str:
    """Return the milestone branch's commit: the remote's, unless the branch here goes on from it."""
    name = job.milestone.branch
    here, there = job.heads.get(name), job.world.heads.get(name) if job.world else None
    if here is not None and here == there:
        return here
    if there is not None and not job.hands.git.has(there):
        job.hands.git.fetch(name)
    head = there if here is None or (there and job.hands.git.is_ancestor(here, there)) else here
    if head is None:
        raise OutsideError(f"Branch {name} is gone.", f"Restore it, or run `doit forget {job.milestone.id}:bootstrap`.")
    return head


def _here_or_there(job: Job, name: str) -> str | None:
    here, there = job.heads.get(name), job.world.heads.get(name) if job.world else None
    if here is None and there is not None and not job.hands.git.has(there):
        job.hands.git.fetch(name)
    return here or there


def behind(job: Job, tip: str, head: str, upon: Base) -> bool:
    """Return whether the branch has to take its base in: it lacks work it depends on, or its change reads wrong.

    An issue on the milestone branch is not behind because others were merged: only where what it depends on got there
    as other commits (squashed, or joined in another way), so that its change would be counted from too early.
    """
    git = job.hands.git
    if git.is_ancestor(tip, head):
        return False
    if upon.issues:
        return True
    known = job.counted_from
    if known is None:
        return len(git.merge_bases(tip, head)) > 1
    return not git.is_ancestor(known, tip) or any(not git.is_ancestor(sha, head) for sha in _needed(job))


def _needed(job: Job) -> tuple[str, ...]:
    """Return the last pushed commits of what the issue depends on, those that are here."""
    found = (job.state.markers.evidence(f"{number}:{Step.PUSH}", Pushed) for number in job.issue.depends_on)
    return tuple(pushed.head for pushed in found if pushed and job.hands.git.has(pushed.head))


def counting(job: Job, tip: str, head: str) -> str:
    """Return from which commit the change of `head` is counted: the newest of its base that it holds."""
    git, known = job.hands.git, job.counted_from
    if tip in {known, head} or git.is_ancestor(tip, head):
        return tip
    shared = git.merge_base(tip, head)
    return shared if known is None or git.is_ancestor(known, shared) else known


def moved(job: Job, made: BranchMade) -> str | None:
    """Return how the base moved since the branch was made or took it in; None where the branch still stands on it."""
    upon = stands_on(job)
    tip = tip_of(job, upon)
    if tip is None or job.head is None or tip == made.conflict or (tip == made.tip and tip == made.base):
        return None
    if behind(job, tip, job.head, upon):
        return f"{upon.branch} moved to {tip[:10]}"
    return None if counting(job, tip, job.head) == job.counted_from else f"it holds {upon.branch} at {tip[:10]} now"


def conflict(job: Job) -> Finding | None:
    """Return where the branch and its base change the same lines differently; None where git merges them."""
    upon = stands_on(job)
    tip = tip_of(job, upon)
    return conflict_with(job.hands.git, job.branch, job.head or "", upon.branch, tip) if tip else None


def conflict_with(git: Git, branch: str, head: str, base: str, tip: str) -> Finding | None:
    """Return where `head` of a branch and `tip` of its base change the same lines; None where git merges them."""
    paths = () if git.is_ancestor(tip, head) else git.merged(tip, head).conflicts
    if not paths:
        return None
    where = f"{', '.join(paths[:5])}{f' and {len(paths) - 5} more' if len(paths) > 5 else ''}"
    what = f"{branch} and {base} ({tip[:10]}) change the same lines in {where}"
    return Finding(Kind.CONFLICT, Severity.CRITICAL, BASE, what)
