"""Compare the records of an issue with its branch and its pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    pull_of,
)
from ...policy.gating import skipped
from ...policy.stacking import base_of
from ...render.pull_request import mark
from ...steps.own_change import counted_from, own_base
from .snapshot import finished, rests_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Issue, PullRequest
    from .snapshot import Snapshot

AT_HEAD: dict[Step, type[Any]] = {Step.TEST: Tested, Step.INSPECT: Inspected, Step.PUSH: Pushed, Step.REVIEW: Reviewed}
"""Steps whose evidence is about the head of the branch."""
BEFORE: dict[Step, type[Any]] = {Step.IMPLEMENT: Implemented, Step.LINT: Linted}
"""Steps whose commit the branch contains."""
GATES = (Step.TEST_GATE, Step.INSPECT_GATE, Step.REVIEW_GATE)


def differences(issue: Issue, snapshot: Snapshot) -> Iterator[str]:
    """Yield how the records of an issue differ from git and the forge."""
    made = snapshot.state.markers.evidence(f"{issue.number}:{Step.BRANCH}", BranchMade)
    pull = pull_of(snapshot.state.registry.branch(snapshot.milestone, issue), snapshot.pulls)
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
    elif not snapshot.git.has(made.base) or not snapshot.git.is_ancestor(made.base, head):
        yield f"{name} does not contain {made.base[:10]}, where it began"
    else:
        yield from _steps(snapshot, issue, head)
        start, target = counted_from(snapshot.state, issue.number) or made.base, snapshot.milestone.target
        base = own_base(snapshot.git, start, head, (snapshot.local.get(target), snapshot.remote.get(target)))
        yield from _change(snapshot, issue, base, head)
        yield from _remote(snapshot, issue, name)


def _steps(snapshot: Snapshot, issue: Issue, head: str) -> Iterator[str]:
    for step, shape in {**BEFORE, **AT_HEAD}.items():
        done = snapshot.state.markers.evidence(f"{issue.number}:{step}", shape)
        if done is None or getattr(done, "problem", None):
            continue
        holds = step in BEFORE and snapshot.git.has(done.head) and snapshot.git.is_ancestor(done.head, head)
        if done.head != head and not holds:
            yield f"{step} ran on {done.head[:10]}, the branch is at {head[:10]}"


def _change(snapshot: Snapshot, issue: Issue, base: str, head: str) -> Iterator[str]:
    inspected = snapshot.state.markers.evidence(f"{issue.number}:{Step.INSPECT}", Inspected)
    if inspected is None or inspected.head != head:
        return
    git = snapshot.git
    if inspected.change not in {git.patch_id(base, head), git.patch_id_without_places(base, head)}:
        yield "the inspected change is not the one in git"


def _remote(snapshot: Snapshot, issue: Issue, name: str) -> Iterator[str]:
    pushed, remote = snapshot.state.markers.evidence(f"{issue.number}:{Step.PUSH}", Pushed), snapshot.remote.get(name)
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
    actual = next((other for other in snapshot.pulls if other.number == recorded.number), None)
    if actual is None:
        yield f"PR #{recorded.number} is recorded, the forge has no such pull request"
    else:
        yield from _facts(snapshot, issue, recorded, actual)


def _facts(snapshot: Snapshot, issue: Issue, recorded: Proposed, actual: PullRequest) -> Iterator[str]:
    pushed = snapshot.state.markers.evidence(f"{issue.number}:{Step.PUSH}", Pushed)
    done, decisions = finished(snapshot, issue.number), snapshot.state.decisions.all()
    branches = snapshot.state.registry.branches(snapshot.milestone)
    facts = {"head": (branches[issue.number], actual.head)}
    if actual.state == "open":
        facts["base"] = (base_of(snapshot.milestone, issue, snapshot.pulls, branches).branch, actual.base)
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
