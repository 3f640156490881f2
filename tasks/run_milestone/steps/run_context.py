"""The context of a run: everything that it works from, handed over as one argument."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..model import RunOptions
from ..policy.graph import compile_graph
from ..policy.together import with_companions
from ..store import State
from ..sync.shared_state import LocalState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..adapters.forge import Forge
    from ..adapters.git import Git
    from ..adapters.process import Processes
    from ..model import Issue, Milestone, World
    from ..plan.project import Project
    from ..policy.graph import Node
    from ..render.console import Console


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
