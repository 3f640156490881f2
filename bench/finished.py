"""finished: a milestone that is complete, recorded and sealed by the program's own classes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from run_milestone.adapters.process import Processes
from run_milestone.model import (
    Bootstrapped,
    BranchMade,
    Completed,
    Decision,
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
    Verb,
)
from run_milestone.plan.review import review
from run_milestone.policy import gating
from run_milestone.policy.graph import BOOTSTRAP, COMPLETE, PLAN_REVIEW
from run_milestone.policy.naming import branch_of
from run_milestone.render.console import Console
from run_milestone.runner.session import Session
from run_milestone.runner.wiring import open_git
from run_milestone.steps.context import Adapters
from run_milestone.steps.registry import lookup

from .project import make_project

if TYPE_CHECKING:
    from pathlib import Path

    from run_milestone.adapters.forge import Forge
    from run_milestone.model import Issue, Milestone
    from run_milestone.plan.project import Project
    from run_milestone.policy.graph import Node
    from run_milestone.steps.task import Task


def make_finished(root: Path, phases: tuple[int, ...]) -> Recorded:
    """Make a project in `root` whose milestone m1, with that many issues in each phase, is complete and sealed."""
    session = Recorded(*make_project(root, phases))
    session.record()
    return session


class Recorded(Session):
    """A session that records what a run would have found, without running anything; the program judges the rest."""

    def __init__(self, project: Project, milestone: Milestone) -> None:
        """Open the repository, which is all that closing the books looks at."""
        super().__init__(project, milestone, Console())
        processes = Processes()
        repository = Adapters(processes, open_git(project, milestone, processes), cast("Forge", None))
        self.ctx = replace(self.ctx, adapters=repository)

    def record(self) -> None:
        """Leave every marker and decision of a complete run, and close the books."""
        with self.looking():
            for node in self.nodes.values():
                if not node.group:
                    self._finish(node)
            due = {name: verdict.why for name, node in self.nodes.items() if (verdict := self.check(node)).run}
        if due:
            raise RuntimeError(f"the milestone should be complete, but: {due}")
        self.write_results("complete")

    def _finish(self, node: Node) -> None:
        task, on = lookup(self.ctx, node)
        if node.issue and node.step:
            evidence = self._found(self.ctx.issues[node.issue], node.step)
        else:
            evidence = self._own(node.name) or self._approve(node.name, task)
        self.store.markers.write(node.name, dict(task.inputs(on)), evidence, 1.5)

    def _own(self, name: str) -> Any:
        """Return the evidence of the milestone's own tasks; None for a barrier's."""
        head = self.ctx.branches.heads[self.milestone.branch]
        return {
            BOOTSTRAP: Bootstrapped(self.milestone.branch, head, Tested(head, passed=40)),
            PLAN_REVIEW: PlanReviewed(review(self.milestone)),
            COMPLETE: Completed(tuple(issue.number for issue in self.milestone.issues)),
        }.get(name)

    def _found(self, issue: Issue, step: Step) -> Any:
        """Return the evidence of an issue that nothing stopped."""
        base, branch = self.ctx.branches.heads[self.milestone.branch], branch_of(self.milestone, issue)
        head, change = self.ctx.branches.heads[branch], self.ctx.branches.heads[branch]
        number = 2000 + int(issue.number)
        evidence: dict[Step, Any] = {
            Step.BRANCH: BranchMade(branch, base),
            Step.IMPLEMENT: Implemented(
                head, attempt=1, files=2, lines=120, report=("Moved the part", "Moved its tests")
            ),
            Step.LINT: Linted(head, fixed=0),
            Step.TEST: Tested(head, passed=40, proven=tuple(str(item.test) for item in issue.criteria)),
            Step.INSPECT: Inspected(head, change, files=2, lines=120),
            Step.PUSH: Pushed(head),
            Step.PR: Proposed(number, f"https://forge.example.com/product/pull/{number}"),
            Step.REVIEW: Reviewed(head, change),
        }
        return evidence.get(step, Passed())

    def _approve(self, name: str, barrier: Task[Any, Any]) -> Passed:
        """Answer a barrier's question as a person does."""
        asked = gating.ask(name, barrier.findings(self.ctx, None).findings, "", (), self.milestone)
        if isinstance(asked, Passed):
            return asked
        answer = Decision(0, asked.gate, Verb.CONTINUE, "bench", "2026-01-01", "", asked.kind, asked.digest)
        return Passed((), (self.store.decisions.record(answer).id,))
