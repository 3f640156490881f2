"""finished: a milestone that is complete, recorded and sealed by the program's own classes."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest import mock

from run_milestone.adapters.forge.local.files import Files
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
from run_milestone.render.pull_request import mark, title
from run_milestone.runner.pass_over import pass_over_done
from run_milestone.runner.plan_changes import take_up
from run_milestone.runner.session import Session
from run_milestone.runner.wiring import open_forge, open_git, take_snapshot
from run_milestone.steps.registry import lookup
from run_milestone.steps.run_context import Adapters
from run_milestone.store.markers import marker_digest

from .project import make_project

if TYPE_CHECKING:
    from pathlib import Path

    from run_milestone.model import Issue, Milestone
    from run_milestone.plan.project import Project
    from run_milestone.policy.graph import Node
    from run_milestone.steps.task import Task


FIRST_PULL = 2001


def make_finished(root: Path, phases: tuple[int, ...]) -> Recorded:
    """Make a project in `root` whose milestone m1, with that many issues in each phase, is complete and sealed."""
    session = Recorded(*make_project(root, phases))
    session.record()
    return session


class Recorded(Session):
    """A session that records what a run would have found, without running anything; the program judges the rest."""

    def __init__(self, project: Project, milestone: Milestone) -> None:
        """Open the repository and its forge."""
        super().__init__(project, milestone, Console())
        processes = Processes()
        git = open_git(project, milestone, processes)
        self.ctx = replace(self.ctx, adapters=Adapters(processes, git, open_forge(milestone, git, processes)))
        self._changes: dict[str, str] = {}

    def record(self) -> None:
        """Leave every marker, decision and pull request of a complete run, and its summary and seal."""
        with mock.patch.object(os, "fsync"), mock.patch.object(os, "fdatasync"), self.looking():
            self.store.journal.add("run started")
            take_up(self.milestone, self.store)
            self._propose()
            for node in self.nodes.values():
                if not node.group:
                    self._finish(node)
            due = {name: verdict.why for name, node in self.nodes.items() if (verdict := self.check(node)).run}
            if due:
                raise RuntimeError(f"the milestone should be complete, but: {due}")
            self.done.seals.taken_over(self.ctx.world)
            pass_over_done(self, [COMPLETE])
            self.store.journal.add("run ended", status="complete")
            self.write_results("complete")

    def _propose(self) -> None:
        """Write a pull request for every issue, ask the remote and the forge, and read what each branch changes."""
        base, heads = self.milestone.branch, self.ctx.branches.heads
        place = self.outside.git.common / "run-milestone" / "remote.forge"
        for number, issue in enumerate(self.milestone.issues, start=FIRST_PULL):
            text = {"title": title(self.milestone, issue), "body": mark(self.milestone, issue)}
            branch = {"head": self.ctx.branch(issue), "base": base, "state": "open"}
            Files(place).write("pulls", {"number": number, **text, **branch})
        branches = [self.ctx.branch(issue) for issue in self.milestone.issues]
        self.ctx = replace(self.ctx, remote=take_snapshot(self.outside, branches, self.milestone.id))
        self.store.remember(self.ctx.world)
        pairs = [(heads[base], heads[branch]) for branch in branches]
        self._changes = {head: change for (_, head), change in self.outside.git.patch_ids(pairs).items()}

    def _finish(self, node: Node) -> None:
        task, on = lookup(self.ctx, node)
        if not task.is_needed(on):
            return
        if node.issue and node.step:
            evidence = self._found(self.ctx.issues[node.issue], node.step)
        else:
            evidence = self._own(node.name) or self._approve(node.name, task)
        inputs = dict(task.inputs(on))
        self.store.usage.count(node.name, "done", 1.5, evidence, record=marker_digest(inputs, evidence))
        self.store.markers.write(node.name, inputs, evidence, 1.5)

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
        head = self.ctx.branches.heads[branch]
        change = self._changes[head]
        pull = self.ctx.world.pull(branch)
        evidence: dict[Step, Any] = {
            Step.BRANCH: BranchMade(branch, base, start=base, onto=self.milestone.branch, tip=base),
            Step.IMPLEMENT: Implemented(
                head, attempt=1, files=2, lines=120, report=("Moved the part", "Moved its tests")
            ),
            Step.LINT: Linted(head, fixed=0),
            Step.TEST: Tested(head, passed=40, proven=tuple(str(item.test) for item in issue.criteria)),
            Step.INSPECT: Inspected(head, change, files=2, lines=120),
            Step.PUSH: Pushed(head),
            Step.PR: Proposed(pull.number, pull.url) if pull else None,
            Step.REVIEW: Reviewed(head, change),
        }
        return evidence.get(step, Passed())

    def _approve(self, name: str, barrier: Task[Any, Any]) -> Passed:
        """Answer a barrier's question as a person does."""
        unlisted = replace(self.ctx, adapters=None)  # what does not fit together is shown to people only
        asked = gating.ask(name, barrier.findings(unlisted, None).findings, "", (), self.milestone)
        if isinstance(asked, Passed):
            return asked
        answer = Decision(0, asked.gate, Verb.CONTINUE, "bench", "2026-01-01", "", asked.kind, asked.digest)
        answer = replace(answer, findings=asked.findings)
        taken = self.store.decisions.record(answer)
        return Passed((), (taken.id,))
