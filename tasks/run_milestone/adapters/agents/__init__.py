"""agents: whoever implements and fixes; judged by the tree they leave, never by their word."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ...core.errors import UsageError
from ...model import AgentSpec, Finding, Issue, Milestone

if TYPE_CHECKING:
    from ..process import Processes

GROUP = "run_milestone.agents"
"""The entry-point group by which other packages add agents: each a callable (Processes) → Agent."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One attempt at one issue. `tree` is a plain folder of files (no git directory); `attempt` counts from 1."""

    milestone: Milestone
    issue: Issue
    tree: Path
    attempt: int
    findings: tuple[Finding, ...]
    plan_folder: Path
    log: Path


@dataclass(frozen=True, slots=True)
class Report:
    """What an agent says it did: data, shown as its own words. `problem` is set where it failed."""

    lines: tuple[str, ...] = ()
    cost: float | None = None
    problem: str | None = None


class Agent(Protocol):
    """One file or small class per agent."""

    def work(self, assignment: Assignment) -> Report:
        """Change the tree in place; never raises for what the agent itself did wrong, that is `problem`."""


def agent_of(spec: AgentSpec, processes: Processes) -> Agent:
    """Return the agent that a plan names by kind; other packages add theirs by entry point.

    Errors: UsageError where nobody of that name is installed.
    """
    if spec.kind == "replay":
        from .replay import ReplayAgent

        return ReplayAgent(processes)
    if spec.kind == "command":
        from .command import CommandAgent

        return CommandAgent(processes)
    return _installed(spec.kind, processes)


def _installed(kind: str, processes: Processes) -> Agent:
    from importlib.metadata import entry_points

    for entry in entry_points(group=GROUP, name=kind):
        agent: Agent = entry.load()(processes)
        return agent
    raise UsageError(
        f"There is no agent called {kind!r}.", "Use human, replay or command, or install one of that name."
    )
