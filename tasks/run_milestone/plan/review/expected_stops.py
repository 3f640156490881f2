"""Predict the stops of an issue from its entry in the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Finding, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Issue, Milestone


def expected_stops(issue: Issue, milestone: Milestone, *, implement: bool) -> tuple[Finding, ...]:
    """Return the stops to expect: waiting for a person, and what its allowed paths may reach."""
    return (*(_person(issue, milestone) if implement else ()), *_reached(issue, milestone))


def _person(issue: Issue, milestone: Milestone) -> Iterator[Finding]:
    if (issue.agent or milestone.agent).kind == "human":
        yield Finding(Kind.HUMAN, Severity.INFO, "agent", "a person implements it")


def _reached(issue: Issue, milestone: Milestone) -> Iterator[Finding]:
    yield from _touching(issue, Kind.PROTECTED, "a protected surface", milestone.protected)
    for topic, patterns in milestone.sensitive.items():  # a label inside the scope, a question outside
        kind = Kind.SENSITIVE if topic in milestone.scope else Kind.SCOPE
        yield from _touching(issue, kind, f"sensitive code ({topic})", patterns)
    yield from _touching(issue, Kind.MIGRATION_ADDITIVE, "migrations", (milestone.migrations,))


def _touching(issue: Issue, kind: Kind, what: str, patterns: tuple[str, ...]) -> Iterator[Finding]:
    for allowed in issue.paths.allow:
        for pattern in patterns:
            if _leads_into(allowed, pattern):
                message = f"its path {allowed} may reach {what} ({pattern})"
                yield Finding(kind, Severity.INFO, "paths", message, path=allowed)
                return


def _leads_into(allowed: str, pattern: str) -> bool:
    """Return whether an allowed path lies below the fixed part of a pattern; a wide one like `src/**` does not."""
    fixed = _fixed(pattern)
    return bool(fixed) and _fixed(allowed)[: len(fixed)] == fixed


def _fixed(pattern: str) -> list[str]:
    parts = pattern.rstrip("/").split("/")
    return parts[: next((place for place, part in enumerate(parts) if set(part) & set("*?[")), len(parts))]
