"""What the records say of the milestone itself: its branch, its plan's review, its landing, its phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Bootstrapped, Completed, Passed, PlanReviewed
from ...plan.review import review
from ...policy.graph import BOOTSTRAP, COMPLETE, PLAN_REVIEW, phase_name
from .snapshot import finished, rests_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .snapshot import Ground


def branch(ground: Ground) -> Iterator[str]:
    """Yield how the milestone branch differs, here and on the remote, from what began on it."""
    done = ground.state.markers.evidence(BOOTSTRAP, Bootstrapped)
    if done is None:
        return
    name = ground.milestone.branch
    if done.branch != name:
        yield f"the marker speaks of {done.branch}, the plan of {name}"
    for place, heads in (("here", ground.here), ("on the remote", ground.there)):
        head = heads.get(name)
        if head is None:
            yield f"{name} is not there {place}"
        elif not _here(ground, name, head):
            yield f"{name} is at {head[:10]} {place}, a commit that is not here"
        elif not ground.git.is_ancestor(done.head, head):
            yield f"{name} is at {head[:10]} {place}, which does not hold {done.head[:10]}, where it began"


def _here(ground: Ground, branch: str, head: str) -> bool:
    """Return whether a commit is here; what the remote has is brought first, and no branch moves by that."""
    if not ground.git.has(head) and ground.there.get(branch) == head:
        ground.git.fetch(branch)
    return ground.git.has(head)


def landing(ground: Ground) -> Iterator[str]:
    """Yield what is recorded as landed and is not, and how the milestone's own pull request differs."""
    landed, tip = ground.state.landed(), ground.there.get(ground.milestone.branch)
    if landed is None:
        return
    pulls = {pull.number: pull for pull in ground.pulls}
    for one in landed.issues:
        pull = pulls.get(one.pr)
        if pull is None or pull.state != "merged":
            yield f"PR #{one.pr} is recorded as landed, the forge says {pull.state if pull else 'that there is none'}"
        if tip is not None and ground.git.has(tip) and not ground.git.is_ancestor(one.held, tip):
            yield f"{landed.branch} no longer holds {one.held[:10]}, which PR #{one.pr} landed with"
    own = pulls.get(landed.pr or 0)
    if landed.pr and (own is None or (own.base, own.state) != (landed.target, landed.state)):
        told = f"{own.state}, into {own.base}" if own else "gone"
        yield f"milestone PR #{landed.pr} is recorded as {landed.state}, into {landed.target}; it is {told}"


def plan_review(ground: Ground) -> Iterator[str]:
    """Yield what a review of the plan finds and the recorded one did not."""
    done = ground.state.markers.evidence(PLAN_REVIEW, PlanReviewed)
    if done is not None and not done.left_out_by:
        recorded = {finding.message for finding in done.findings}
        found = {finding.message for finding in review(ground.milestone, ground.epic)}
        yield from (f"the plan has it, the record has not: {message}" for message in sorted(found - recorded))


def phases(ground: Ground) -> Iterator[str]:
    """Yield what a passed barrier or the end rests on and is not there."""
    state = ground.state
    for phase in ground.milestone.phases:
        passed = state.markers.evidence(phase_name(phase.number), Passed)
        yield from rests_on(ground, phase_name(phase.number), passed)
    completed = state.markers.evidence(COMPLETE, Completed)
    unfinished = [number for number in completed.done if not finished(ground, number)] if completed else []
    yield from (f"the milestone is recorded as complete, #{number} is not finished" for number in unfinished)
