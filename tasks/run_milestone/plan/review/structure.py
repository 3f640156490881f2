"""Check that issues can be told apart and may change something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.globs import matches
from .findings import critical, numbers, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Finding, Issue, Milestone


def whole(milestone: Milestone) -> Iterator[Finding]:
    """Yield titles that more than one issue has."""
    holders: dict[str, list[str]] = {}
    for issue in milestone.issues:
        holders.setdefault(" ".join(issue.title.casefold().split()), []).append(issue.number)
    for same in holders.values():
        if len(same) > 1:
            yield warning("same-title", f"Issues {numbers(same)} have the same title")


def _nothing_allowed(issue: Issue, _: Milestone) -> Iterator[Finding]:
    allow, forbid = issue.paths.allow, issue.paths.forbid
    if allow and all(matches(pattern, forbid) for pattern in allow):
        message = f"Issue #{issue.number} may change nothing: all it is allowed ({', '.join(allow)}) is forbidden to it"
        yield critical("nothing-allowed", message)


RULES = (_nothing_allowed,)
