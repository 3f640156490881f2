"""verifying: derive what the records say again from git and the forge, and tell where they differ; changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from .digest import plain
from .errors import DamagedStateError
from .gates import skipped
from .graph import BOOTSTRAP, COMPLETE, PLAN_REVIEW, phase_name
from .model import (
    Bootstrapped,
    BranchMade,
    Completed,
    Implemented,
    Inspected,
    Linted,
    Passed,
    PlanReviewed,
    Proposed,
    Pushed,
    Reviewed,
    Step,
    Tested,
    pull_of,
)
from .plan.review import EPIC, review
from .plan.specs import epic_text
from .show.pull_request import mark
from .show.summary import summarise
from .show.words import count
from .stack import base_of
from .state import State
from .state.records import clean
from .steps.base import counted_from

if TYPE_CHECKING:
    from .hands.git import Git
    from .model import Issue, Milestone, PullRequest
    from .project import Project

AT_HEAD: dict[Step, type[Any]] = {Step.TEST: Tested, Step.INSPECT: Inspected, Step.PUSH: Pushed, Step.REVIEW: Reviewed}
"""Steps that speak of the branch as it is now."""
BEFORE: dict[Step, type[Any]] = {Step.IMPLEMENT: Implemented, Step.LINT: Linted}
"""Steps whose commit the branch still holds."""
GATES = (Step.TEST_GATE, Step.INSPECT_GATE, Step.REVIEW_GATE)


@dataclass(frozen=True, slots=True)
class Ground:
    """What records are held against: the branches here and on the remote, and the pull requests."""

    milestone: Milestone
    state: State
    git: Git
    here: dict[str, str]
    there: dict[str, str]
    pulls: tuple[PullRequest, ...]
    epic: str


Check = Callable[[Ground], Iterator[str]]


def verify(project: Project, milestone: Milestone) -> tuple[str, bool]:
    """Return what agrees and what differs, for people, and whether all agrees."""
    from .hands.opening import open_forge, open_git
    from .hands.process import Processes

    state = State(project.state(milestone.id))
    if state.markers.read(BOOTSTRAP) is None:
        return f"Nothing is recorded of {milestone.id} yet; `run-milestone {milestone.id}` begins it.\n", True
    processes = Processes()
    try:
        git = open_git(project, milestone, processes)
        branches = state.roster.branches(milestone).values()
        pulls = open_forge(milestone, git, processes).pulls(milestone.branch, *branches)
        epic = epic_text(project.plan(milestone.id), EPIC)
        return _told(Ground(milestone, state, git, git.heads(), git.remote_heads(), pulls, epic))
    finally:
        processes.stop()


def _told(ground: Ground) -> tuple[str, bool]:
    lines, differing = [], 0
    for name, check in _checks(ground.milestone):
        found = list(_safely(check, ground))
        differing += len(found)
        lines += [f"✗ {name}: {what}" for what in found] or [f"✓ {name}"]
    end = f"✗ {count(differing, 'difference')}" if differing else "✓ Records, git and forge agree"
    return "\n".join([*lines, "", end]) + "\n", not differing


def _checks(milestone: Milestone) -> Iterator[tuple[str, Check]]:
    yield from (("milestone branch", _milestone_branch), ("plan review", _plan_review))
    for issue in milestone.issues:
        yield f"#{issue.number} {issue.title}", partial(_issue, issue)
    yield from (
        ("landing", _landing),
        ("phases", _phases),
        ("journal", _journal),
        ("decisions", _decisions),
        ("open gates", _gates),
    )
    yield "summary", _summary


def _safely(check: Check, ground: Ground) -> Iterator[str]:
    """Yield what differs; a record that cannot be read differs from everything."""
    try:
        yield from check(ground)
    except DamagedStateError as error:
        yield str(error)


# ---- the milestone --------------------------------------------------------------------------------------------


def _milestone_branch(ground: Ground) -> Iterator[str]:
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


def _landing(ground: Ground) -> Iterator[str]:
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


def _plan_review(ground: Ground) -> Iterator[str]:
    done = ground.state.markers.evidence(PLAN_REVIEW, PlanReviewed)
    if done is not None and not done.left_out_by:
        recorded = {finding.message for finding in done.findings}
        found = {finding.message for finding in review(ground.milestone, ground.epic)}
        yield from (f"the plan has it, the record has not: {message}" for message in sorted(found - recorded))


def _phases(ground: Ground) -> Iterator[str]:
    state = ground.state
    for phase in ground.milestone.phases:
        passed = state.markers.evidence(phase_name(phase.number), Passed)
        yield from _stands_on(ground, phase_name(phase.number), passed)
    completed = state.markers.evidence(COMPLETE, Completed)
    unfinished = [number for number in completed.done if not _finished(ground, number)] if completed else []
    yield from (f"the milestone is recorded as complete, #{number} is not finished" for number in unfinished)


def _finished(ground: Ground, number: str) -> bool:
    markers = ground.state.markers
    proposed = markers.evidence(f"{number}:{Step.PR}", Proposed)
    return markers.read(f"{number}:{Step.REVIEW_GATE}") is not None or bool(proposed and proposed.state == "merged")


def _stands_on(ground: Ground, gate: str, passed: Passed | None) -> Iterator[str]:
    known = {decision.id: decision for decision in ground.state.decisions.all()}
    for number in passed.decisions if passed else ():
        if number not in known or known[number].gate != gate:
            yield f"{gate} was passed by decision {number}, which is not there"


# ---- one issue ------------------------------------------------------------------------------------------------


def _issue(issue: Issue, ground: Ground) -> Iterator[str]:
    made = ground.state.markers.evidence(f"{issue.number}:{Step.BRANCH}", BranchMade)
    pull = pull_of(ground.state.roster.branch(ground.milestone, issue), ground.pulls)
    for gate in GATES:
        yield from _stands_on(ground, issue.number, ground.state.markers.evidence(f"{issue.number}:{gate}", Passed))
    yield from _pull(ground, issue, pull)
    if made is None or (pull is not None and pull.state == "merged"):
        return  # a merged branch may be gone
    yield from _branch(ground, issue, made)


def _branch(ground: Ground, issue: Issue, made: BranchMade) -> Iterator[str]:
    name = ground.state.roster.branch(ground.milestone, issue)
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
    left_out = skipped(
        issue.number, issue.phase, ground.state.decisions.all(), finished=_finished(ground, issue.number)
    )
    branches = ground.state.roster.branches(ground.milestone)
    expected = {
        "head": (ground.state.roster.branch(ground.milestone, issue), found.head),
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


# ---- records against records ----------------------------------------------------------------------------------


def _journal(ground: Ground) -> Iterator[str]:
    broken = ground.state.journal.broken()
    if broken:
        yield f"its chain breaks at {broken}"
    told = {entry.get("task") for entry in ground.state.journal.entries() if entry.get("event") == "done"}
    for issue in ground.milestone.issues:
        numbers = [mark.rpartition("/")[2] for mark in ground.state.roster.marks(ground.milestone, issue)]
        told |= {f"{issue.number}:{step}" for step in Step for number in numbers if f"{number}:{step}" in told}
    issues = [f"{issue.number}:{step}" for issue in ground.milestone.issues for step in Step]
    own = [BOOTSTRAP, PLAN_REVIEW, COMPLETE, *(phase_name(phase.number) for phase in ground.milestone.phases)]
    for task in (*own, *issues):
        if task not in told and ground.state.markers.path(task).exists():
            yield f"it does not tell of {task}, which has a marker"


def _decisions(ground: Ground) -> Iterator[str]:
    told = {entry.get("id"): entry for entry in ground.state.journal.entries() if entry.get("event") == "decision"}
    made = {decision.id: decision for decision in ground.state.decisions.written()}
    yield from (
        f"the journal tells of decision {number}, there is no file of it"
        for number in [number for number in told if number not in made]
    )
    for number, decision in made.items():
        entry = told.get(number)
        if entry is None:
            yield f"decision {number} ({decision.gate}: {decision.verb}) is not in the journal"
        elif any(entry.get(name) != plain(getattr(decision, name)) for name in ("gate", "verb", "who")):
            yield f"decision {number} says {decision.verb} at {decision.gate} by {decision.who}, the journal another"


def _gates(ground: Ground) -> Iterator[str]:
    told = {entry.get("digest") for entry in ground.state.journal.entries() if entry.get("event") == "gate opened"}
    for gate in ground.state.gates.all():
        if gate.digest not in told:
            yield f"gate {gate.gate} asks what the journal does not tell of"


def _summary(ground: Ground) -> Iterator[str]:
    said, told = ground.state.summary(), clean(summarise(ground.milestone, ground.state))
    if said is None:
        if ground.state.markers.read(COMPLETE) is not None:
            yield "the milestone is complete, there is no summary.json"
        return
    for name in told:
        if said.get(name) != told[name] and not (name == "status" and said.get("status") in {"failed", "aborted"}):
            yield f"`{name}` in summary.json is not what the records say; the next run writes it again"
