"""Predict which open branches of a milestone conflict with each other, before anybody waits for a merge."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from ..core.errors import UsageError
from ..store import State
from ..store.issue_status import issue_statuses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..adapters.git import Git
    from ..model import Milestone
    from ..plan.project import Project


@dataclass(frozen=True, slots=True)
class OpenBranch:
    """The branch of an issue that is neither merged nor skipped."""

    issue: str
    name: str
    head: str

    @property
    def label(self) -> str:
        """How a sentence names it."""
        return f"#{self.issue} ({self.name})"


@dataclass(frozen=True, slots=True)
class Clash:
    """Two branches that git cannot merge, and the files in which they conflict."""

    one: OpenBranch
    other: OpenBranch
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """The open branches, and the pairs of them that conflict."""

    branches: tuple[OpenBranch, ...]
    clashes: tuple[Clash, ...]


def forecast_conflicts(project: Project, milestone: Milestone) -> Forecast:
    """Merge every pair of open branches in memory. No branch, tree or record changes, and nothing is fetched.

    Errors: UsageError where there is no repository yet.
    """
    from ..adapters.process import Processes
    from ..runner.wiring import open_git

    place = project.repository(milestone)
    if not place.exists():
        raise UsageError(f"The repository {place} does not exist.", f"Run `run-milestone {milestone.id}` first.")
    processes = Processes()
    try:
        git = open_git(project, milestone, processes)
        branches = tuple(_open_branches(milestone, State(project.state(milestone.id)), git))
        return Forecast(branches, tuple(_clashes(git, branches)))
    finally:
        processes.stop()


def _open_branches(milestone: Milestone, state: State, git: Git) -> Iterator[OpenBranch]:
    heads, names = git.heads(), state.registry.branches(milestone)
    for issue in issue_statuses(milestone.issues, state):
        name = names[issue.number]
        if name in heads and not issue.merged and issue.status != "skipped":
            yield OpenBranch(issue.number, name, heads[name])


def _clashes(git: Git, branches: tuple[OpenBranch, ...]) -> Iterator[Clash]:
    for one, other in combinations(branches, 2):
        if paths := git.conflicts(one.head, other.head):
            yield Clash(one, other, paths)
