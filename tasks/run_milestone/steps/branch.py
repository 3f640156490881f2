"""branch: the issue's branch exists and holds its base; made, adopted, or brought up to a base that moved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.errors import OutsideError
from ..model import BranchMade, Finding, Implemented, Kind, Severity, Step
from .base_branch import behind, counting, milestone_head, stands_on, tip_of

if TYPE_CHECKING:
    from ..policy.stacking import Base
    from .context import Job


def branch(job: Job) -> BranchMade:
    """Make the branch, adopt it as it was found, or merge a base into it that moved; no commit is ever lost."""
    git, upon = job.hands.git, stands_on(job)
    tip = _tip(job, upon)
    head = git.head(job.branch) or _from_remote(job)
    made = BranchMade(job.branch, tip, start=tip, onto=upon.branch, tip=tip, work=_work(job))
    if head is None:
        git.set_branch(job.branch, tip, None)
        return made
    if behind(job, tip, head, upon):
        return _restacked(job, replace(made, start=_start(job, tip, head)), head)
    adopted = head != tip and job.counted_from is None
    return replace(made, base=counting(job, tip, head), start=_start(job, tip, head), adopted=adopted)


def _work(job: Job) -> str:
    done = job.state.markers.evidence(f"{job.issue.number}:{Step.IMPLEMENT}", Implemented)
    return done.head if done else ""


def _start(job: Job, tip: str, head: str) -> str:
    before = job.state.markers.evidence(f"{job.issue.number}:{Step.BRANCH}", BranchMade)
    return before.start or before.base if before else counting(job, tip, head)


def _from_remote(job: Job) -> str | None:
    """Bring a branch that only the remote has into the user's repository."""
    there = job.world.heads.get(job.branch) if job.world else None
    if there is not None:
        job.hands.git.fetch(job.branch)
        job.hands.git.set_branch(job.branch, there, None)
    return there


# ---- the base moved -----------------------------------------------------------------------------------------------


def _restacked(job: Job, made: BranchMade, head: str) -> BranchMade:
    """Merge the base into the branch; nobody's commits are rewritten. What conflicts is asked where it is pushed."""
    git, tip = job.hands.git, made.tip
    joined = tip if git.is_ancestor(head, tip) else git.join(head, tip, _message(job, made))
    before = replace(made, base=job.counted_from or git.merge_base(tip, head))
    if joined is None:
        return replace(before, conflict=tip)
    place = git.checked_out(job.branch)
    if place is not None:
        return replace(before, problem=_by_hand(job, made, str(place)))
    git.set_branch(job.branch, joined, head)
    return replace(made, restacked=True)


def _message(job: Job, made: BranchMade) -> str:
    subject = f"chore({job.milestone.id}): Merge {made.onto} into {job.branch}"
    return f"{subject}\n\nRun-Milestone: {job.mark} restack-{made.tip[:10]}\n"


def _by_hand(job: Job, made: BranchMade, place: str) -> Finding:
    """Ask whoever has the branch checked out to merge: no run touches a checkout."""
    name = made.onto if job.heads.get(made.onto) == made.tip else made.tip[:12]
    what = f"{made.onto} moved and {job.branch} is checked out: `git -C {place} merge {name}`, then run again"
    return Finding(Kind.HUMAN, Severity.INFO, "human", what)


# ---- the commit to stand on ---------------------------------------------------------------------------------------


def _tip(job: Job, upon: Base) -> str:
    """Return the commit to stand on; several open issues are joined on a branch that only ever grows."""
    if len(upon.issues) > 1:
        return _joined(job, upon)
    tip = tip_of(job, upon)
    if tip is None:
        raise OutsideError(
            f"Branch {upon.branch}, which #{job.issue.number} stands on, is gone.",
            f"Restore it, or run `doit forget {job.milestone.id}:{upon.issues[0]}`; then run the same command again.",
        )
    return tip


def _joined(job: Job, upon: Base) -> str:
    git, before = job.hands.git, job.heads.get(upon.branch)
    tip = before or tip_of(job, upon) or milestone_head(job)
    for number in upon.issues:
        made = job.state.markers.evidence(f"{number}:{Step.BRANCH}", BranchMade)
        needed = git.head(made.branch) if made else None
        if needed is not None and not git.is_ancestor(needed, tip):
            tip = _join(job, upon, tip, needed, number)
    if tip != before:
        git.set_branch(upon.branch, tip, before)
    return tip


def _join(job: Job, upon: Base, tip: str, needed: str, number: str) -> str:
    subject = f"chore({job.milestone.id}): Join issue {number} into the base of issue {job.issue.number}"
    joined = job.hands.git.join(tip, needed, f"{subject}\n\nRun-Milestone: {job.mark} restack-{needed[:10]}\n")
    if joined is None:
        raise OutsideError(
            f"The issues that #{job.issue.number} depends on conflict with each other (at #{number}).",
            f"Merge {', '.join(f'#{name}' for name in upon.issues)} by hand on a branch called {upon.branch}, "
            f"or skip #{job.issue.number}; then run the same command again.",
        )
    return joined
