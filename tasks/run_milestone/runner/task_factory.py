"""making: what each node of the graph is made of, from what a run knows of the outside at that moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..model import Bootstrapped
from ..plan.review import EPIC
from ..plan.specs import epic_text
from ..policy.gating import about
from ..policy.graph import BOOTSTRAP, COMPLETE, PLAN_REVIEW, Node
from ..steps import milestone as whole
from ..steps.context import Job
from ..steps.registry import step_task
from .options import Manner
from .world import Outside

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model import Issue, Milestone
    from ..plan.project import Project
    from ..steps.task import Task
    from ..store import State


@dataclass(frozen=True, slots=True)
class Making:
    """Makes the tasks of one milestone."""

    project: Project
    milestone: Milestone
    state: State
    outside: Outside
    attempting: Callable[[str], None]
    """Told an issue's number before its agent is asked."""
    manner: Manner = field(default_factory=Manner)
    _issues: dict[str, Issue] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Index the issues once: a run asks for them a thousand times."""
        self._issues.update({issue.number: issue for issue in self.milestone.issues})

    def task(self, node: Node) -> Task:
        """Return what a node does, as things are now."""
        if node.step is not None and node.issue is not None:
            return step_task(self.job(self.issue(node.issue)), node.step)
        if node.name == BOOTSTRAP:
            tree = self.project.tree(self.milestone, "base")
            return whole.bootstrap_task(self.milestone, self.state, self.outside.reach, self.outside.asked, tree)
        if node.name == PLAN_REVIEW:
            folder = self.project.plan(self.milestone.id)
            who = self.manner.plan_unreviewed
            return whole.plan_review_task(self.milestone, self.state, lambda: epic_text(folder, EPIC), left_out_by=who)
        if node.name == COMPLETE:
            return whole.complete_task(self.milestone, self.state)
        return whole.barrier_task(self.milestone, self.state, node)

    def issue(self, number: str) -> Issue:
        """Return an issue of the plan."""
        return self._issues[number]

    def job(self, issue: Issue) -> Job:
        """Return what the steps of an issue work from."""
        branch, index = self.state.registry.branch(self.milestone, issue), self._index(issue)
        baseline = self.state.markers.evidence(BOOTSTRAP, Bootstrapped)
        return Job(
            milestone=self.milestone,
            issue=issue,
            branch=branch,
            reach=self.outside.reach,
            world=self.outside.world,
            state=self.state,
            plan_folder=self.project.plan(self.milestone.id),
            tree=self.project.tree(self.milestone, index),
            index=index,
            one_tree=self.manner.one_tree,
            unreviewed=self.manner.unreviewed,
            attempting=self.attempting,
            head=self.outside.heads.get(branch),
            heads=self.outside.heads,
            decisions=about(issue.number, issue.phase, self.state.decisions.all()),
            marks=self.state.registry.marks(self.milestone, issue),
            known_failures=baseline.tests.failed if baseline else (),
        )

    def _index(self, issue: Issue) -> str:
        return "all" if self.manner.one_tree else issue.number
