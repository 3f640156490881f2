"""Find the agent that implements and fixes. It is judged by the tree it leaves, not by its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import UsageError
from ...model import AgentSpec
from .base import Agent

if TYPE_CHECKING:
    from ..process import Processes

GROUP = "run_milestone.agents"
"""The entry-point group through which other packages add agents: each a callable (Processes) → Agent."""


def agent_of(spec: AgentSpec, processes: Processes) -> Agent:
    """Return the agent of the plan's kind, built in or installed by another package.

    Errors: UsageError where no agent of that name is installed.
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
