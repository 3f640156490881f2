"""What the records say of one issue: its branch, its steps, its change, its pull request."""

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
from ...steps.context import counted_from
from .snapshot import finished, rests_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Issue, PullRequest
    from .snapshot import Ground

AT_HEAD: dict[Step, type[Any]] = {Step.TEST: Tested, Step.INSPECT: Inspected, Step.PUSH: Pushed, Step.REVIEW: Reviewed}
"""Steps that speak of the branch as it is now."""
BEFORE: dict[Step, type[Any]] = {Step.IMPLEMENT: Implemented, Step.LINT: Linted}
"""Steps whose commit the branch still holds."""
GATES = (Step.TEST_GATE, Step.INSPECT_GATE, Step.REVIEW_GATE)


def differences(issue: Issue, ground: Ground) -> Iterator[str]:
    """Yield how the records of an issue differ from git and the forge."""
    made = ground.state.markers.evidence(f"{issue.number}:{Step.BRANCH}", BranchMade)
    pull = pull_of(ground.state.registry.branch(ground.milestone, issue), ground.pulls)
    for gate in GATES:
        yield from rests_on(ground, issue.number, ground.state.markers.evidence(f"{issue.number}:{gate}", Passed))
    yield from _pull(ground, issue, pull)
    if made is None or (pull is not None and pull.state == "merged"):
        return  # a merged branch may be gone
    yield from _branch(ground, issue, made)


def _branch(ground: Ground, issue: Issue, made: BranchMade) -> Iterator[str]:
    name = ground.state.registry.branch(ground.milestone, issue)
    head = ground.here.get(name)
    if made.branch != name:
        yield f"the marker speaks of branch {made.branch}, the plan makes {name}"
    elif head is None:
        yield f"branch {name} is gone"
    elif not ground.git.has(made.base) or not ground.git.is_ancestor(made.base, head):
        yield f"{name} does not hold {made.base[:10]}, where it began"
    else:
        yield from _steps(ground, issue, head)
        yield from _change(ground, issue, counted_from(ground.state, issue.number) or made.base, head)
        yield from _remote(ground, issue, name)


def _steps(ground: Ground, issue: Issue, head: str) -> Iterator[str]:
    for step, shape in {**BEFORE, **AT_HEAD}.items():
        done = ground.state.markers.evidence(f"{issue.number}:{step}", shape)
        if done is None or getattr(done, "problem", None):
            continue
        holds = step in BEFORE and ground.git.has(done.head) and ground.git.is_ancestor(done.head, head)
        if done.head != head and not holds:
            yield f"{step} looked at {done.head[:10]}, the branch is at {head[:10]}"


def _change(ground: Ground, issue: Issue, base: str, head: str) -> Iterator[str]:
    inspected = ground.state.markers.evidence(f"{issue.number}:{Step.INSPECT}", Inspected)
    if inspected is not None and inspected.head == head and inspected.change != ground.git.patch_id(base, head):
        yield "the change that was inspected is not the one that git has"


def _remote(ground: Ground, issue: Issue, name: str) -> Iterator[str]:
    pushed, there = ground.state.markers.evidence(f"{issue.number}:{Step.PUSH}", Pushed), ground.there.get(name)
    if pushed is None and there is not None:
        yield f"the remote has {name} at {there[:10]}, no marker says that it was pushed"
    if pushed is not None and not pushed.problem and pushed.head != there:
        yield f"{pushed.head[:10]} was pushed, the remote has {name} at {there[:10] if there else 'no commit'}"


def _pull(ground: Ground, issue: Issue, pull: PullRequest | None) -> Iterator[str]:
    said = ground.state.markers.evidence(f"{issue.number}:{Step.PR}", Proposed)
    if said is None or said.problem:
        if pull is not None and said is None:
            yield f"PR #{pull.number} is {pull.state}, no marker speaks of it"
        return
    found = next((other for other in ground.pulls if other.number == said.number), None)
    if found is None:
        yield f"PR #{said.number} is recorded, the forge has none of that number"
        return
    yield from _facts(ground, issue, said, found)


def _facts(ground: Ground, issue: Issue, said: Proposed, found: PullRequest) -> Iterator[str]:
    pushed = ground.state.markers.evidence(f"{issue.number}:{Step.PUSH}", Pushed)
    left_out = skipped(issue.number, issue.phase, ground.state.decisions.all(), finished=finished(ground, issue.number))
    branches = ground.state.registry.branches(ground.milestone)
    expected = {
        "head": (ground.state.registry.branch(ground.milestone, issue), found.head),
        "base": (base_of(ground.milestone, issue, ground.pulls, branches).branch, found.base)
        if found.state == "open"
        else ("", ""),
        "state": (said.state, found.state),
        "labels": (sorted(said.labels), sorted(found.labels)),
        "draft": (bool(left_out), found.draft) if found.state == "open" else (False, False),
        "commit": (pushed.head, found.head_sha) if pushed and found.head_sha else ("", ""),
    }
    for name, (recorded, told) in expected.items():
        if recorded != told:
            yield f"PR #{said.number}: {name} should be {_shown(recorded)}, the forge says {_shown(told)}"
    if mark(ground.milestone, issue) not in found.body:
        yield f"PR #{said.number} does not carry this issue's mark"


def _shown(value: Any) -> str:
    return (", ".join(value) or "none") if isinstance(value, list) else str(value)
