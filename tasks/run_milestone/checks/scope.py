"""Finds files outside the issue's paths, sensitive topics and protected surfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.globs import matches
from ..model import Finding, Kind, Severity
from ..policy.codeowners import PLACES
from ..policy.signatures import SIGNERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.change import ChangedFile
    from .change import Change

CONTAINERS = (
    *("**/Dockerfile*", "**/*.dockerfile", "**/Containerfile*", "**/docker-compose*.y*ml", "**/compose.y*ml"),
    "**/compose.*.y*ml",
)
"""What builds and starts containers is deployment, whatever the plan protects beside it."""


POLICY = (*PLACES, *SIGNERS, "run-milestone.toml", "**/plan.yaml", ".github/workflows/**")
"""What decides over others' work once it has landed, whatever the plan protects beside it."""


def check(change: Change) -> Iterator[Finding]:
    """Yield one finding per file and reason. A renamed file counts under both names."""
    for file in change.files:
        paths = sorted({path for path in (file.before, file.after) if path})
        yield from _outside(change, paths)
        yield from _sensitive(change, file, paths)
        if any(matches(path, (*change.milestone.protected, *CONTAINERS, *POLICY)) for path in paths):
            yield Finding(Kind.PROTECTED, Severity.WARNING, "protected", f"Protected surface: {file.path}", file.path)


def _outside(change: Change, paths: list[str]) -> Iterator[Finding]:
    allow, forbid = change.issue.paths.allow, change.issue.paths.forbid
    for path in paths:
        if matches(path, forbid):
            yield _scope("forbidden", f"Forbidden for this issue: {path}", path)
            return
        if allow and not matches(path, allow):
            yield _scope("outside", f"Outside the issue's paths: {path}", path)
            return


def _sensitive(change: Change, file: ChangedFile, paths: list[str]) -> Iterator[Finding]:
    for topic, patterns in sorted(change.milestone.sensitive.items()):
        if not any(matches(path, patterns) for path in paths):
            continue
        message = f"Sensitive code ({topic}): {file.path}"
        if topic in change.milestone.scope:
            yield Finding(Kind.SENSITIVE, Severity.INFO, topic, message, file.path)
        else:
            yield _scope(topic, message, file.path, f"`{topic}` is not among the milestone's scope tags")


def _scope(rule: str, message: str, path: str, detail: str | None = None) -> Finding:
    return Finding(Kind.SCOPE, Severity.CRITICAL, rule, message, path, detail=detail)
