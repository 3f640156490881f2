"""push: the branch's commit reaches the remote branch of the same name, and nothing else moves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.errors import OutsideError
from ..model import Finding, Kind, Pushed, Severity, Step
from ..policy.stacking import join_of
from .base_branch import conflict, stands_on

if TYPE_CHECKING:
    from .context import Job


def push(job: Job) -> Pushed:
    """Reconcile, push with a lease on what is there, read back."""
    git, head = job.hands.git, job.head or ""
    try:
        job, heads = seen_now(job)
        if wrong := wrong_way(job, job.branch, {job.milestone.target, job.milestone.branch}):
            return _stopped(job, Kind.TARGET, f"The push is refused: {wrong}")
        if (clash := conflict(job)) is not None:
            return Pushed(head, clash)
        _push_base(job, heads)
        if (theirs := foreign(job, head, heads)) is not None:
            return replace(_stopped(job, Kind.CONFLICT, _told(job, theirs)), there=theirs)
        there = heads.get(job.branch)
        return Pushed(head if there == head else git.push(head, job.branch, there))
    except OutsideError as error:
        return _stopped(job, Kind.FORGE, error.what)


def seen_now(job: Job) -> tuple[Job, dict[str, str]]:
    """Return the job with the remote's branches as they are now, and these."""
    heads = job.hands.git.remote_heads()
    return replace(job, world=replace(job.world, heads=heads) if job.world else None), heads


def wrong_way(job: Job, branch: str, never: set[str]) -> str | None:
    """Return what leads from a branch to one that must never be reached; None where nothing does.

    A remote may hold a branch that is another name for `main`; whoever pushes to it pushes to `main`.
    """
    landing = job.hands.git.lands_on(branch)
    if branch in never:
        return f"{branch} is no branch of an issue"
    return f"on the remote {branch} is another name for {landing}" if landing in never else None


def foreign(job: Job, head: str, heads: dict[str, str]) -> str | None:
    """Return the commit of the remote's branch where others pushed to it what `head` does not hold."""
    there = heads.get(job.branch)
    return None if there is None or there == head or _ours(job, there, head) else there


def _push_base(job: Job, heads: dict[str, str]) -> None:
    """Push the branch that joins several open issues; only such a base is the runner's own to push here."""
    name = join_of(job.branch)
    here, there = job.heads.get(name), heads.get(name)
    if stands_on(job).branch == name and here is not None and here != there:
        job.hands.git.push(here, name, there)


def _told(job: Job, there: str) -> str:
    """Return what is in the way, and the way out of it by hand."""
    held = f"{job.branch} has commits on the remote that are not here ({there[:10]})"
    return f"{held}: merge or rebase onto them here, or push over them yourself, then run again"


def _ours(job: Job, there: str, head: str) -> bool:
    """Return whether the remote's commit may be replaced by what is pushed, so that nobody's commit is lost.

    It is contained in that, it was kept when its work was thrown away, or it is what this runner pushed last and
    somebody rewrote here: then it is kept as well, and none of what goes away may be a person's.
    """
    git = job.hands.git
    if not git.has(there):
        git.fetch(job.branch)
    if any(git.is_ancestor(there, known) for known in (head, *_kept(job))):
        return True
    before = job.state.markers.evidence(f"{job.issue.number}:{Step.PUSH}", Pushed)
    if before is None or before.head != there or not all(one.ours for one in git.commits(head, there, *job.marks)):
        return False
    git.keep(f"{job.mark}/rewritten", there)
    return True


def _kept(job: Job) -> tuple[str, ...]:
    """Return the work of this issue that was thrown away, under whatever number."""
    return tuple(commit for mark in job.marks for commit in job.hands.git.kept(f"{mark}/"))


def _stopped(job: Job, kind: Kind, message: str) -> Pushed:
    head = job.head or ""
    return Pushed(head, Finding(kind, Severity.CRITICAL, "push", message))
