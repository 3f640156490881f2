"""What an agent is asked, what it reports, and what it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...model import Finding, Issue, Milestone


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
