"""Check the order of the issues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .findings import numbers, place, remark, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Finding, Issue, Milestone

MANY_DEPENDENCIES = 3
"""With more dependencies an issue waits for most of its phase."""


def before(issue: Issue, milestone: Milestone) -> tuple[Issue, ...]:
    """Return all that an issue depends on, through others too, in plan order."""
    if not issue.depends_on:
        return ()
    known, needed = milestone.by_number, set[str]()
    left = list(issue.depends_on)
    while left:
        number = left.pop()
        if number not in needed:
            needed.add(number)
            left += known[number].depends_on
    return tuple(one for one in milestone.issues if one.number in needed)


def _many_dependencies(issue: Issue, _: Milestone) -> Iterator[Finding]:
    if len(issue.depends_on) > MANY_DEPENDENCIES:
        message = f"Issue #{issue.number} depends on {len(issue.depends_on)} issues"
        yield warning("many-dependencies", message, place(issue))


def _urgent_waits(issue: Issue, milestone: Milestone) -> Iterator[Finding]:
    for other in before(issue, milestone):
        if issue.priority < other.priority:
            message = (
                f"Issue #{issue.number} is {issue.priority} and waits for #{other.number}, which is {other.priority}"
            )
            yield warning("priority", message)


def parallel(milestone: Milestone) -> Iterator[Finding]:
    """Yield, per phase, the issues that depend on no other issue of the phase."""
    for phase in milestone.phases:
        members = {issue.number for issue in phase.issues}
        free = [issue.number for issue in phase.issues if members.isdisjoint(issue.depends_on)]
        if len(free) > 1:
            yield remark("parallel", f"Phase {phase.number}: {numbers(free)} can run in parallel")


RULES = (_many_dependencies, _urgent_waits)
