"""Compare the records of an issue with its branch and its pull request."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from ...core.errors import DamagedStateError
from ...model import (
    BranchMade,
    Implemented,
    Inspected,
    Linted,
    Passed,
    Proposed,
    Pushed,
    Reviewed,
    Step,
    Tested,
)
from ...policy.graph import phase_name
from ...policy.skips import skipped
from ...policy.stacking import base_of
from ...render.pull_request import mark
from ...steps.own_change import counted_from, own_base, tips
from .snapshot import finished, rests_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Issue, PullRequest
    from .snapshot import Snapshot

AT_HEAD: dict[Step, type[Any]] = {Step.TEST: Tested, Step.INSPECT: Inspected, Step.PUSH: Pushed, Step.REVIEW: Reviewed}
"""Steps whose evidence is about the head of the branch."""
BEFORE: dict[Step, type[Any]] = {Step.IMPLEMENT: Implemented, Step.LINT: Linted}
"""Steps whose commit the branch contains."""
GATES = (Step.TEST_GATE, Step.INSPECT_GATE, Step.REVIEW_GATE, Step.PEOPLE_GATE)


def differences(issue: Issue, snapshot: Snapshot) -> Iterator[str]:
    """Yield how the records of an issue differ from git and the forge."""
    made = snapshot.state.markers.evidence(f"{issue.number}:{Step.BRANCH}", BranchMade)
    pull = snapshot.world.pull(snapshot.state.registry.branch(snapshot.milestone, issue))
    for gate in GATES:
        yield from rests_on(snapshot, issue.number, snapshot.state.markers.evidence(f"{issue.number}:{gate}", Passed))
    yield from _pull(snapshot, issue, pull)
    if made is None or (pull is not None and pull.state == "merged"):
        return  # a merged branch may be gone
    yield from _branch(snapshot, issue, made)


def _branch(snapshot: Snapshot, issue: Issue, made: BranchMade) -> Iterator[str]:
    name = snapshot.state.registry.branch(snapshot.milestone, issue)
    head = snapshot.local.get(name)
    if made.branch != name:
        yield f"the marker names branch {made.branch}, the plan {name}"
    elif head is None:
        yield f"branch {name} is gone"
    elif not _holds(snapshot, made.base, head):
        yield f"{name} does not contain {made.base[:10]}, where it began"
    else:
        yield from _steps(snapshot, issue, head)
        yield from _change(snapshot, issue, made, head)
        yield from _remote(snapshot, issue, name)


def _steps(snapshot: Snapshot, issue: Issue, head: str) -> Iterator[str]:
    for step, shape in {**BEFORE, **AT_HEAD}.items():
        done = snapshot.state.markers.evidence(f"{issue.number}:{step}", shape)
        if done is None or getattr(done, "problem", None):
            continue
        holds = step in BEFORE and snapshot.git.has(done.head) and snapshot.git.is_ancestor(done.head, head)
        if done.head != head and not holds:
            yield f"{step} ran on {done.head[:10]}, the branch is at {head[:10]}"


def changes(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    """Return the identity of every inspected change, by the commits it lies between, with one git for all of them."""
    return snapshot.git.patch_ids(pair for issue in snapshot.milestone.issues for pair in _inspected(issue, snapshot))


def _inspected(issue: Issue, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield the commits that an issue's change lies between, if that was inspected and the branch is as it was."""
    with contextlib.suppress(DamagedStateError):  # it is named where the issue's records are compared
        made = snapshot.state.markers.evidence(f"{issue.number}:{Step.BRANCH}", BranchMade)
        head = snapshot.local.get(snapshot.state.registry.branch(snapshot.milestone, issue))
        inspected = snapshot.state.markers.evidence(f"{issue.number}:{Step.INSPECT}", Inspected)
        if made and head and inspected and inspected.head == head and _holds(snapshot, made.base, head):
            yield _base(snapshot, issue, made, head), head


def _holds(snapshot: Snapshot, base: str, head: str) -> bool:
    return snapshot.git.has(base) and snapshot.git.is_ancestor(base, head)


def _base(snapshot: Snapshot, issue: Issue, made: BranchMade, head: str) -> str:
    start, plan = counted_from(snapshot.state, issue.number) or made.base, snapshot.milestone
    target, milestone = (tips(name, snapshot.local, snapshot.world.heads) for name in (plan.target, plan.branch))
    return own_base(snapshot.git, start, head, target, milestone)


def _change(snapshot: Snapshot, issue: Issue, made: BranchMade, head: str) -> Iterator[str]:
    inspected = snapshot.state.markers.evidence(f"{issue.number}:{Step.INSPECT}", Inspected)
    if inspected is None or inspected.head != head:
        return
    pair = _base(snapshot, issue, made, head), head
    change = snapshot.changes[pair] if pair in snapshot.changes else snapshot.git.patch_id(*pair)
    if change != inspected.change != snapshot.git.patch_id_without_places(*pair):
        yield "the inspected change is not the one in git"


def _remote(snapshot: Snapshot, issue: Issue, name: str) -> Iterator[str]:
    pushed = snapshot.state.markers.evidence(f"{issue.number}:{Step.PUSH}", Pushed)
    remote = snapshot.world.heads.get(name)
    if pushed is None and remote is not None:
        yield f"the remote has {name} at {remote[:10]}, no marker says that it was pushed"
    if pushed is not None and not pushed.problem and pushed.head != remote:
        yield f"{pushed.head[:10]} was pushed, the remote has {name} at {remote[:10] if remote else 'no commit'}"


def _pull(snapshot: Snapshot, issue: Issue, pull: PullRequest | None) -> Iterator[str]:
    recorded = snapshot.state.markers.evidence(f"{issue.number}:{Step.PR}", Proposed)
    if recorded is None and pull is not None:
        yield f"PR #{pull.number} is {pull.state}, no marker records it"
    if recorded is None or recorded.problem:
        return
    others = (other for other in snapshot.world.pulls if other.number == recorded.number)
    actual = pull if pull is not None and pull.number == recorded.number else next(others, None)
    if actual is None:
        yield f"PR #{recorded.number} is recorded, the forge has no such pull request"
    else:
        yield from _facts(snapshot, issue, recorded, actual)


def _facts(snapshot: Snapshot, issue: Issue, recorded: Proposed, actual: PullRequest) -> Iterator[str]:
    pushed = snapshot.state.markers.evidence(f"{issue.number}:{Step.PUSH}", Pushed)
    done = finished(snapshot, issue.number)
    decisions = snapshot.state.decisions.at(issue.number, phase_name(issue.phase))
    branches = snapshot.state.registry.branches(snapshot.milestone)
    facts = {"head": (branches[issue.number], actual.head)}
    if actual.state == "open":
        facts["base"] = (base_of(snapshot.milestone, issue, snapshot.world.by_branch, branches).branch, actual.base)
    facts["state"] = (recorded.state, actual.state)
    facts["labels"] = (_listed(recorded.labels), _listed(actual.labels))
    if actual.state == "open":
        draft = bool(skipped(issue.number, issue.phase, decisions, finished=done))
        facts["draft"] = (str(draft), str(actual.draft))
    if pushed and actual.head_sha:
        facts["commit"] = (pushed.head, actual.head_sha)
    for name, (expected, value) in facts.items():
        if expected != value:
            yield f"PR #{recorded.number}: {name} should be {expected}, the forge says {value}"
    if mark(snapshot.milestone, issue) not in actual.body:
        yield f"PR #{recorded.number} does not carry this issue's mark"


def _listed(labels: tuple[str, ...]) -> str:
    return ", ".join(sorted(labels)) or "none"
