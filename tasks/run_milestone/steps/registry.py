"""The chain of an issue: which function carries out which step, and what the step asks, says and compares."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..model import (
    BranchMade,
    Finding,
    Implemented,
    Inspected,
    Kind,
    Linted,
    Passed,
    Proposed,
    Pushed,
    Reviewed,
    Severity,
    Step,
    Tested,
)
from ..plan.review import unspecified
from ..policy.gating import skipped
from ..policy.stops import LEFT_OUT
from ..render.phrases import found_at, wanted
from ..render.steps import after, before
from .base_branch import BASE, conflict, moved, stands_on
from .branch import branch
from .ci_checks import KINDS as AWAITED
from .implement import implement, is_made
from .inputs import inputs
from .inspect import inspect
from .lint import lint
from .pr import pr
from .push import push
from .review import review
from .task import Task
from .test import test

if TYPE_CHECKING:
    from collections.abc import Callable

    from .context import Job
    from .task import Asked

_STEPS: dict[Step, tuple[type[Any], Callable[[Job], Any] | None]] = {
    Step.BRANCH: (BranchMade, branch),
    Step.IMPLEMENT: (Implemented, implement),
    Step.LINT: (Linted, lint),
    Step.TEST: (Tested, test),
    Step.TEST_GATE: (Passed, None),
    Step.INSPECT: (Inspected, inspect),
    Step.INSPECT_GATE: (Passed, None),
    Step.PUSH: (Pushed, push),
    Step.PR: (Proposed, pr),
    Step.REVIEW: (Reviewed, review),
    Step.REVIEW_GATE: (Passed, None),
}


def step_task(job: Job, step: Step) -> Task:
    """Return what one step of an issue does."""
    shape, act = _STEPS[step]
    return Task(
        gate=job.issue.number,
        shape=shape,
        inputs=partial(inputs, job, step),
        act=partial(act, job) if act else None,
        made=partial(is_made, job),
        hindrances=partial(_hindrances, job, step),
        findings=partial(_findings, job, step),
        differs=partial(_differs, job, step),
        shown=partial(_shown, job, step),
        before=partial(before, step, job.attempt, from_scratch=job.afresh),
        after=partial(after, step, attempt=_told_as(job, step)),
    )


def _shown(job: Job, step: Step) -> list[str]:
    """Return what a person needs to know who is asked to implement: what is wanted, and what was found before."""
    if step is not Step.IMPLEMENT or job.agent.kind != "human":
        return []
    found = [f"- {found_at(finding)}" for finding in job.rework.findings] if job.rework else []
    return [*wanted(job.issue), *(["", "To be mended:", *found] if found else [])]


def _told_as(job: Job, step: Step) -> int:
    """Return as which attempt a step is told: what begins afresh after a failure implements, and fixes nothing."""
    return 1 if step is Step.IMPLEMENT and job.afresh else job.attempt


def _hindrances(job: Job, step: Step) -> Asked:
    """Return what keeps an issue from being started: no specification, or a skipped issue it depends on."""
    if step is not Step.BRANCH:
        return (), ""
    return (*unspecified(job.issue), *_blocked(job)), ""


def _blocked(job: Job) -> tuple[Finding, ...]:
    phases = {issue.number: issue.phase for issue in job.milestone.issues}
    decisions = job.state.decisions.all()
    what, way_out = "it depends on issue #{}, which was skipped", "`unskip` at {} takes that back"
    return tuple(
        Finding(Kind.BLOCKED, Severity.WARNING, "depends_on", what.format(number), detail=way_out.format(number))
        for number in job.issue.depends_on
        if skipped(number, phases[number], decisions, finished=False)
    )


def _findings(job: Job, step: Step, evidence: Any) -> Asked:
    """Return what a step asks about: a gate what the step before it found, another step its own problem."""
    match step:
        case Step.TEST_GATE:
            tested = job.found(Step.TEST, Tested)
            failures = _failures(tested)
            return failures, _change(job, tested.head) if failures else ""
        case Step.INSPECT_GATE:
            inspected = job.found(Step.INSPECT, Inspected)
            return inspected.findings, inspected.change
        case Step.REVIEW_GATE:
            reviewed = job.found(Step.REVIEW, Reviewed)
            return reviewed.findings, reviewed.change
        case Step.TEST:
            return (), ""
        case _:
            problem = getattr(evidence, "problem", None)
            return ((problem,) if problem else (), "")


def _change(job: Job, head: str) -> str:
    return job.hands.git.patch_id(job.base, head)


def _failures(tested: Tested) -> tuple[Finding, ...]:
    if tested.problem:
        return (Finding(Kind.TESTS, Severity.CRITICAL, "problem", tested.problem),)
    return tuple(Finding(Kind.TESTS, Severity.CRITICAL, name, name.rpartition("::")[2]) for name in tested.failed)


def _differs(job: Job, step: Step, evidence: Any) -> str | None:
    """Return how the remote or the forge contradicts a marker; None where it agrees or was not asked."""
    if step is Step.REVIEW and _left_out(evidence):
        return None if job.unreviewed else "it was left out"
    if job.world is None:
        return None
    if step is Step.BRANCH:
        return None if evidence.problem else moved(job, evidence)
    if step is Step.PUSH:
        return _remote_differs(job, evidence)
    if step is Step.REVIEW and any(finding.kind in AWAITED for finding in evidence.findings):
        return "the checks on its pull request had not passed"
    return _forge_differs(job, evidence) if step is Step.PR else None


def _left_out(reviewed: Reviewed) -> bool:
    return any(finding.rule == LEFT_OUT for finding in reviewed.findings)


def _remote_differs(job: Job, pushed: Pushed) -> str | None:
    if pushed.problem and pushed.problem.rule == BASE:
        return None if conflict(job) else "git merges it into its base now"
    world, pull = job.world, job.world.pull(job.branch) if job.world else None
    there = world.heads.get(job.branch) if world else None
    if there is None and pull is not None and pull.state == "closed":
        return None  # whoever closed it may have deleted its branch: the next step asks
    expected = pushed.there if pushed.problem else pushed.head
    if there == expected or (pushed.problem and pushed.there is None):
        return None
    return f"the remote has {job.branch} at {there or 'no commit'}"


def _forge_differs(job: Job, proposed: Proposed) -> str | None:
    pull = job.world.pull(job.branch) if job.world else None
    if proposed.problem:
        return None if pull is None or pull.state == "closed" else f"its pull request is {pull.state}"
    if pull is None or pull.state != "open":
        return f"its pull request is {pull.state if pull else 'gone'}"
    base = stands_on(job).branch
    return None if pull.base == base else f"its pull request goes to {pull.base}, not to {base}"
