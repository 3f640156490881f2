"""structure: whether the parts of a plan can be told apart, and can do anything at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.globs import matches
from .findings import Rule, critical, numbers, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Finding, Issue, Milestone


def whole(milestone: Milestone) -> Iterator[Finding]:
    """Yield titles that more than one issue has: nobody could tell them apart, or two people would do the same."""
    holders: dict[str, list[str]] = {}
    for issue in milestone.issues:
        holders.setdefault(" ".join(issue.title.casefold().split()), []).append(issue.number)
    for found in holders.values():
        if len(found) > 1:
            yield warning("same-title", f"Issues {numbers(found)} have the same title")


def _nothing_allowed(issue: Issue, _: Milestone) -> Iterator[Finding]:
    allow, forbid = issue.paths.allow, issue.paths.forbid
    if allow and all(matches(pattern, forbid) for pattern in allow):
        message = f"Issue #{issue.number} may change nothing: all it is allowed ({', '.join(allow)}) is forbidden to it"
        yield critical("nothing-allowed", message)


RULES: tuple[Rule, ...] = (_nothing_allowed,)
