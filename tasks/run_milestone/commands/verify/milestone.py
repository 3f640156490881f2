"""Compare the records of the milestone with its branches, its plan and its pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Bootstrapped, Completed, Passed, PlanReviewed
from ...plan.review import review
from ...policy.graph import BOOTSTRAP, COMPLETE, PLAN_REVIEW, phase_name
from .snapshot import finished, rests_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .snapshot import Snapshot


def branch(snapshot: Snapshot) -> Iterator[str]:
    """Yield how the milestone branch, here and on the remote, differs from the marker of `bootstrap`."""
    done = snapshot.state.markers.evidence(BOOTSTRAP, Bootstrapped)
    if done is None:
        return
    name = snapshot.milestone.branch
    if done.branch != name:
        yield f"the marker names {done.branch}, the plan {name}"
    for place, heads in (("here", snapshot.local), ("on the remote", snapshot.world.heads)):
        head = heads.get(name)
        if head is None:
            yield f"{name} is missing {place}"
        elif not _here(snapshot, name, head):
            yield f"{name} is at {head[:10]} {place}, a commit that is not here"
        elif not snapshot.git.is_ancestor(done.head, head):
            yield f"{name} is at {head[:10]} {place}, which does not contain {done.head[:10]}, where it began"


def _here(snapshot: Snapshot, branch: str, head: str) -> bool:
    """Fetch a commit of the remote where it is missing, without moving a branch; returns whether it is here."""
    if not snapshot.git.has(head) and snapshot.world.heads.get(branch) == head:
        snapshot.git.fetch(branch)
    return snapshot.git.has(head)


def landing(snapshot: Snapshot) -> Iterator[str]:
    """Yield what is recorded as landed and is not, and how the pull request of the milestone differs."""
    landed, tip = snapshot.state.landed(), snapshot.world.heads.get(snapshot.milestone.branch)
    if landed is None:
        return
    pulls = {pull.number: pull for pull in snapshot.world.pulls}
    for one in landed.issues:
        pull = pulls.get(one.pr)
        if pull is None or pull.state != "merged":
            yield f"PR #{one.pr} is recorded as landed, the forge says {pull.state if pull else 'nothing'}"
        if tip is not None and snapshot.git.has(tip) and not snapshot.git.is_ancestor(one.held, tip):
            yield f"{landed.branch} no longer contains {one.held[:10]}, which PR #{one.pr} landed with"
    whole = pulls.get(landed.pr or 0)
    if landed.pr and (whole is None or (whole.base, whole.state) != (landed.target, landed.state)):
        actual = f"{whole.state}, into {whole.base}" if whole else "gone"
        yield f"milestone PR #{landed.pr} is recorded as {landed.state}, into {landed.target}; it is {actual}"


def plan_review(snapshot: Snapshot) -> Iterator[str]:
    """Yield the findings of a new review of the plan that the recorded one does not have."""
    done = snapshot.state.markers.evidence(PLAN_REVIEW, PlanReviewed)
    if done is not None and not done.left_out_by:
        recorded = {finding.message for finding in done.findings}
        current = {finding.message for finding in review(snapshot.milestone, snapshot.epic)}
        yield from (f"the plan has it, the record does not: {message}" for message in sorted(current - recorded))


def phases(snapshot: Snapshot) -> Iterator[str]:
    """Yield what is missing and a passed barrier or the end rests on."""
    state = snapshot.state
    for phase in snapshot.milestone.phases:
        passed = state.markers.evidence(phase_name(phase.number), Passed)
        yield from rests_on(snapshot, phase_name(phase.number), passed)
    completed = state.markers.evidence(COMPLETE, Completed)
    unfinished = [number for number in completed.done if not finished(snapshot, number)] if completed else []
    yield from (f"the milestone is recorded as complete, #{number} is not finished" for number in unfinished)
