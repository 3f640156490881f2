"""The tasks of the milestone itself: its branch and baseline, the review of its plan, its barriers, its end."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..core.errors import OutsideError, UsageError
from ..core.serialize import digest
from ..model import Bootstrapped, Completed, Finding, Kind, Passed, PlanReviewed, Severity
from ..plan.review import review
from ..render import transcript
from ..render.phase import listing
from ..render.plan_review import reviewed
from ..render.run_summary import completed
from ..store.issue_status import issue_statuses, phase_findings
from .task import Task
from .test import NOTHING_COLLECTED, coverage_gap, run_tests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..adapters import Hands
    from ..adapters.git import Git
    from ..model import Milestone, World
    from ..policy.graph import Node
    from ..store import State
    from .task import Asked


def bootstrap_task(
    milestone: Milestone, state: State, hands: Callable[[], Hands], world: Callable[[], World], tree: Path
) -> Task:
    """Return the task that makes the milestone branch and runs its tests before any work."""
    return Task(
        gate="bootstrap",
        shape=Bootstrapped,
        inputs=lambda: _named(
            {
                "plan.branch": milestone.branch,
                "plan.target": milestone.target,
                "plan.repository": milestone.repository,
                "plan.commands.test": milestone.commands.test,
            }
        ),
        act=lambda: _bootstrap(milestone, hands(), world(), state, tree),
        findings=_baseline_findings,
        after=partial(transcript.bootstrapped, milestone),
    )


def _named(values: dict[str, Any]) -> dict[str, str]:
    return {name: digest(value)[:16] for name, value in values.items()}


def _bootstrap(milestone: Milestone, hands: Hands, world: World, state: State, tree: Path) -> Bootstrapped:
    head = _milestone_branch(milestone, hands, world)
    if world.heads.get(milestone.branch) is None:
        head = _push_branch(hands.git, milestone.branch, head)
    hands.git.checkout(tree, head, "base")
    log = state.logs("baseline") / "test.log"
    tests = run_tests(hands.processes, milestone.commands, tree, head, log)
    return Bootstrapped(milestone.branch, head, replace(tests, unmeasured=coverage_gap(milestone)))


def _push_branch(git: Git, name: str, head: str) -> str:
    """Push the milestone branch; where another job of the same run was first, its branch is the one."""
    try:
        return git.push(head, name, None)
    except OutsideError:
        there = git.remote_heads().get(name)
        if there is None:
            raise
        git.fetch(name)
        if there != head and git.is_ancestor(head, there):
            git.set_branch(name, there, head)
        elif there != head:
            raise
        return there


def _milestone_branch(milestone: Milestone, hands: Hands, world: World) -> str:
    """Return the milestone branch's commit; the branch is made from the remote's or from the target where missing."""
    git, name = hands.git, milestone.branch
    here, there = git.head(name), world.heads.get(name)
    if here is not None:
        return here
    if there is not None:
        git.fetch(name)
    head = there or _target(milestone, hands, world)
    git.set_branch(name, head, None)
    return head


def _target(milestone: Milestone, hands: Hands, world: World) -> str:
    here, there = hands.git.head(milestone.target), world.heads.get(milestone.target)
    if here is None and there is not None:
        hands.git.fetch(milestone.target)
    head = here or there
    if head is None:
        raise UsageError(
            f"The target branch {milestone.target} does not exist in {hands.git.repository}.",
            f"Commit something on it first, or name another one in plans/{milestone.id}/plan.yaml (`target:`).",
        )
    return head


def _baseline_findings(done: Bootstrapped) -> Asked:
    """Return the baseline's failures; a repository without tests has none."""
    tests = done.tests
    found = [Finding(Kind.BASELINE, Severity.CRITICAL, "failed", name) for name in tests.failed]
    if tests.problem and tests.problem != NOTHING_COLLECTED:
        found.append(Finding(Kind.BASELINE, Severity.CRITICAL, "problem", tests.problem))
    return tuple(found), done.head if found else ""


def plan_review_task(
    milestone: Milestone, state: State, epic: Callable[[], str], *, left_out_by: str | None = None
) -> Task:
    """Return the task that reviews the plan; an issue's missing specification is asked where the issue starts."""
    looked_at = ("number", "title", "phase", "priority", "depends_on", "criteria", "tests", "external", "spec", "paths")
    return Task(
        gate="plan-review",
        shape=PlanReviewed,
        inputs=lambda: _named(
            {
                "plan": [[getattr(issue, name) for name in looked_at] for issue in milestone.issues],
                **({"epic": text} if (text := epic()) else {}),
            }
        ),
        act=lambda: _review_plan(milestone, state, epic()) if left_out_by is None else _unreviewed(state, left_out_by),
        findings=lambda done: (tuple(found for found in done.findings if found.kind is Kind.PLAN_CRITICAL), ""),
        differs=lambda done: "it was left out" if done.left_out_by and left_out_by is None else None,
        before=transcript.quality_gate if left_out_by is None else list,
        after=partial(transcript.plan_reviewed, milestone),
        shown=lambda: [f"Or mend plans/{milestone.id}/ and run the same command again: then it is reviewed again."],
    )


def _review_plan(milestone: Milestone, state: State, epic: str) -> PlanReviewed:
    findings, _ = review(milestone, epic), state.validate()
    state.write_plan_review("\n".join([f"# Plan review of {milestone.id}", "", *reviewed(milestone, findings), ""]))
    return PlanReviewed(findings)


def _unreviewed(state: State, who: str) -> PlanReviewed:
    state.validate()
    return PlanReviewed(left_out_by=who)


def barrier_task(milestone: Milestone, state: State, node: Node) -> Task:
    """Return the barrier at a phase's end. It is bound to the list it shows, not to the commits behind it."""
    phase = milestone.phases[(node.phase or 1) - 1]
    return Task(
        gate=node.name,
        shape=Passed,
        inputs=lambda: _named({"issues of the phase": phase_findings(phase, milestone, state)}),
        findings=lambda _: (phase_findings(phase, milestone, state), ""),
        after=lambda _: [f"✓ Phase {phase.number} approved"],
        shown=lambda: listing(phase, milestone, state),
    )


def complete_task(milestone: Milestone, state: State) -> Task:
    """Return the last task: everything is done or skipped, and the summary says so."""
    return Task(
        gate="complete",
        shape=Completed,
        inputs=lambda: _named({"issues": [_end(story) for story in issue_statuses(milestone, state)]}),
        act=lambda: Completed(
            tuple(story.number for story in issue_statuses(milestone, state) if story.status == "done")
        ),
        after=lambda _: ["", *completed(milestone, state)],
    )


def _end(story: Any) -> list[Any]:
    return [story.number, story.status, story.pr, story.labels, story.verdict]
