"""What has landed of a milestone: `landing.json`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LandedIssue:
    """An issue's pull request that was merged: its commit, and a commit of the milestone branch that holds it."""

    issue: str
    pr: int
    head: str
    held: str
    at: str
    """When it was recorded, UTC, ISO 8601."""


@dataclass(frozen=True, slots=True)
class Landed:
    """`landing.json`: what has landed on `branch`, and the milestone's own pull request into `target`."""

    milestone: str
    branch: str
    target: str
    issues: tuple[LandedIssue, ...] = ()
    pr: int | None = None
    url: str | None = None
    state: str | None = None
    """Of the milestone's pull request: open, closed or merged."""
    together: str | None = field(default=None, metadata={"later": True})
    """The commit that joins all issues and passed its tests."""
