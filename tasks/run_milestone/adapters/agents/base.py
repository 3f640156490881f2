"""The port of an agent: its assignment and its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    reason: str = ""
    """Why the person who sent the findings back did so."""
    change: str = ""
    """What the last attempt changed in the files that the findings are about, where that has to be taken back."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables of the tree."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an agent reports: data that proves nothing. `problem` is set where it failed."""

    lines: tuple[str, ...] = ()
    cost: float | None = None
    problem: str | None = None
    connections: tuple[str, ...] = ()
    """The hosts that it reached, and was refused."""


class Agent(Protocol):
    """Implements one attempt at an issue."""

    def work(self, assignment: Assignment) -> Report:
        """Change the tree in place. A failure of the agent is a `problem`, not an exception."""
