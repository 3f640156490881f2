"""The contexts of a run and of a step: everything they work from, handed over as one argument."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from ..core.errors import DamagedStateError
from ..core.user import whoami
from ..model import AgentSpec, Bootstrapped, BranchMade, Decision, RunOptions, Step, Verb
from ..policy.gating import rework_requested
from ..policy.graph import BOOTSTRAP, compile_graph, phase_name, step_name
from ..policy.skips import about
from ..policy.together import with_companions
from ..store import State
from ..sync.shared_state import LocalState
from .own_change import counted_from, own_base

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..adapters.forge import Forge
    from ..adapters.git import Git
    from ..adapters.process import Processes
    from ..model import Issue, Milestone, World
    from ..plan.project import Project
    from ..policy.graph import Node
    from ..render.console import Console

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Adapters:
    """Everything a run reaches outside with."""

    processes: Processes
    git: Git
    forge: Forge


class LocalBranches:
    """The local branches and their commits, as they were last read. Any thread may read them again."""

    def __init__(self) -> None:
        """Start with no branch read."""
        self._turn = threading.Lock()
        self.heads: Mapping[str, str] = {}

    def read(self, git: Git) -> None:
        """Read all branches again. The lock keeps an older read from overwriting a newer one."""
        with self._turn:
            self.heads = git.heads()

    def read_one(self, git: Git, branch: str) -> None:
        """Read one branch again."""
        with self._turn:
            head = git.head(branch)
            others = {name: sha for name, sha in self.heads.items() if name != branch}
            self.heads = {**others, branch: head} if head else others


@dataclass(frozen=True, slots=True)
class RunContext:
    """One run of one milestone. Only the local branches change while it runs."""

    project: Project
    milestone: Milestone
    store: State
    options: RunOptions
    console: Console
    nodes: Mapping[str, Node] = field(default_factory=dict)
    """The milestone's graph, by task name."""
    issues: Mapping[str, Issue] = field(default_factory=dict)
    """The plan's issues, by number."""
    adapters: Adapters | None = None
    """None before the run is connected, and where nothing outside is asked."""
    looked: Git | None = None  # the repository where it is only looked at, as `why` does
    remote: World | None = None
    """What the remote and the forge answered last; None where nobody asked them."""
    shared: LocalState = field(default_factory=LocalState)
    branches: LocalBranches = field(default_factory=LocalBranches)

    @property
    def outside(self) -> Adapters:
        """The adapters of a run that is connected."""
        if self.adapters is None:
            raise RuntimeError("the run is not connected")
        return self.adapters

    @property
    def git(self) -> Git:
        """The milestone's repository."""
        return self.looked or self.outside.git

    @property
    def world(self) -> World:
        """What the remote and the forge answered, in a run that has asked them."""
        if self.remote is None:
            raise RuntimeError("the run has not asked the remote")
        return self.remote

    def branch(self, issue: Issue) -> str:
        """Return the name of an issue's branch."""
        return self.store.registry.branch(self.milestone, issue)

    def read_branches(self) -> None:
        """Read the local branches again."""
        self.branches.read(self.git)


def run_context(project: Project, milestone: Milestone, console: Console, options: RunOptions) -> RunContext:
    """Return the context of a run that is not connected yet."""
    return joined_as_decided(RunContext(project, milestone, State(project.state(milestone.id)), options, console))


def joined_as_decided(run: RunContext) -> RunContext:
    """Return the context in which issues that failed together depend on one another, as people decided so far."""
    milestone = with_companions(run.milestone, run.store.decisions.all())
    nodes = {node.name: node for node in compile_graph(milestone)}
    return replace(run, milestone=milestone, nodes=nodes, issues={issue.number: issue for issue in milestone.issues})


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
    def known_failures(self) -> tuple[str, ...]:
        """Tests that failed on the base before any work; they do not count."""
        baseline = self.store.markers.evidence(BOOTSTRAP, Bootstrapped)
        return baseline.tests.failed if baseline else ()

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

        Many merge the target branch into their work; what others did there is no change of the issue.
        """
        remote = self.remote.heads.get(self.milestone.target) if self.remote else None
        return own_base(self.git, self.start, self.head, (self.heads.get(self.milestone.target), remote))

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
        """The decision this attempt answers, None for the first. A retry repeats what was asked before it."""
        return next((one for one in reversed(self.reworks) if one.verb is not Verb.RETRY), None)

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
