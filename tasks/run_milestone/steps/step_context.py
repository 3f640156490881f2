"""The context of a step: everything that it works from, handed over as one argument."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from ..core.errors import DamagedStateError
from ..core.user import whoami
from ..model import AgentSpec, Bootstrapped, BranchMade, Decision, Step, Verb
from ..policy.graph import BOOTSTRAP, phase_name, step_name
from ..policy.rework import rework, rework_requested
from ..policy.skips import about
from ..store import State
from .own_change import counted_from, own_base, tips
from .run_context import RunContext

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..adapters.forge import Forge
    from ..adapters.git import Git
    from ..adapters.process import Processes
    from ..model import Issue, Milestone, Tested, World

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StepContext:
    """One issue in one run."""

    run: RunContext
    issue: Issue
    branch: str
    head: str | None
    """The commit the branch is at, None before it exists."""
    decisions: tuple[Decision, ...]
    """The decisions about this issue, in order."""
    attempt: int
    """Which attempt at the implementation this is, from 1, over all runs."""

    # ---- the run ------------------------------------------------------------------------------------------------

    @property
    def milestone(self) -> Milestone:
        """The milestone that is run."""
        return self.run.milestone

    @property
    def store(self) -> State:
        """The records of the milestone."""
        return self.run.store

    @property
    def git(self) -> Git:
        """The milestone's repository."""
        return self.run.outside.git

    @property
    def forge(self) -> Forge:
        """Where the pull requests are."""
        return self.run.outside.forge

    @property
    def processes(self) -> Processes:
        """What starts programs."""
        return self.run.outside.processes

    @property
    def remote(self) -> World | None:
        """What the remote and the forge answered last; None where nobody asked them."""
        return self.run.remote

    @property
    def heads(self) -> Mapping[str, str]:
        """The local branches and their commits."""
        return self.run.branches.heads

    @property
    def plan_folder(self) -> Path:
        """Where the plan and its specifications are."""
        return self.run.project.plan(self.milestone.id)

    @property
    def index(self) -> str:
        """Names the git index of the issue's tree: its number, or one for all."""
        return "all" if self.run.options.no_worktree else self.issue.number

    @property
    def tree(self) -> Path:
        """Where the issue's files are checked out."""
        return self.run.project.tree(self.milestone, self.index)

    @property
    def checkout(self) -> Path:
        """The person's checkout of the repository."""
        return self.run.project.repository(self.milestone)

    @property
    def log_folder(self) -> Path:
        """Where the issue's logs are."""
        return self.store.logs(self.issue.number)

    @property
    def unreviewed(self) -> str | None:
        """Who leaves out code review in this run, None where nobody does."""
        return whoami() if self.run.options.skip_code_review else None

    @property
    def baseline(self) -> Tested | None:
        """How the tests ended on the base before any work."""
        made = self.store.markers.evidence(BOOTSTRAP, Bootstrapped)
        return made.tests if made else None

    @property
    def known_failures(self) -> tuple[str, ...]:
        """Tests that failed on the base before any work; they do not count."""
        return self.baseline.failed if self.baseline else ()

    @property
    def known_rewritten(self) -> frozenset[str]:
        """Files that the tests rewrote on the base before any work."""
        return frozenset(self.baseline.rewritten if self.baseline else ())

    def with_heads(self, heads: dict[str, str]) -> StepContext:
        """Return the context with the remote's branches as they are now."""
        if self.remote is None:
            return self
        return replace(self, run=replace(self.run, remote=replace(self.remote, heads=heads)))

    # ---- the issue ----------------------------------------------------------------------------------------------

    def recorded(self, step: Step, shape: type[T]) -> T | None:
        """Return the evidence in a step's marker, None where there is no marker."""
        return self.store.markers.evidence(step_name(self.issue.number, step), shape)

    def evidence(self, step: Step, shape: type[T]) -> T:
        """Return the evidence an earlier step left."""
        evidence = self.recorded(step, shape)
        if evidence is None:
            raise DamagedStateError(
                f"The marker of {self.issue.number}:{step} is gone while later steps run.",
                "Run the same command again.",
            )
        return evidence

    @property
    def marks(self) -> tuple[str, ...]:
        """What binds commits to this issue: its mark, and those of the numbers it had."""
        return self.store.registry.marks(self.milestone, self.issue)

    @property
    def mark(self) -> str:
        """What binds commits and pull requests to this issue: `m4.1/03`."""
        return f"{self.milestone.id}/{self.issue.number}"

    @property
    def label(self) -> str:
        """The issue's reference in titles: `(#297)`, or `(03)` where the forge has no issue for it."""
        return f"(#{self.issue.github})" if self.issue.github else f"({self.issue.number})"

    @property
    def counted_from(self) -> str | None:
        """The commit that the issue's change is counted from, as recorded; None before there is a branch."""
        return counted_from(self.store, self.issue.number)

    @property
    def start(self) -> str:
        """The commit that the issue's change is counted from, in a run that has one."""
        return self.counted_from or self.evidence(Step.BRANCH, BranchMade).base

    @property
    def base(self) -> str:
        """The commit that the issue's change is compared with: what it is counted from, and what it took from others.

        Many merge the target branch into their work, or pick commits of it; what others did is no change of the issue.
        """
        remote, plan = self.remote.heads if self.remote else {}, self.milestone
        target, milestone = (tips(name, self.heads, remote) for name in (plan.target, plan.branch))
        return own_base(self.git, self.start, self.head, target, milestone)

    @property
    def agent(self) -> AgentSpec:
        """Who implements this issue."""
        return self.issue.agent or self.milestone.agent

    @property
    def is_paid(self) -> bool:
        """Whether an agent works at the issue, and neither a person nor what was recorded."""
        return self.agent.kind not in {"human", "replay"}

    @property
    def reworks(self) -> tuple[Decision, ...]:
        """The decisions that ask for another attempt at the implementation."""
        return rework_requested(self.decisions)

    @property
    def rework(self) -> Decision | None:
        """What this attempt has to do, None for the first."""
        return rework(self.decisions)

    @property
    def from_scratch(self) -> bool:
        """Whether this attempt starts from the base: it is the first, or a restart."""
        return self.rework is None or self.rework.verb is Verb.RESTART


def step_context(run: RunContext, issue: Issue) -> StepContext:
    """Return what the steps of an issue work from, as things are now."""
    branch = run.branch(issue)
    decisions = about(issue.number, issue.phase, run.store.decisions.at(issue.number, phase_name(issue.phase)))
    attempt = 1 + len(rework_requested(decisions))
    return StepContext(run, issue, branch, run.branches.heads.get(branch), decisions, attempt)
