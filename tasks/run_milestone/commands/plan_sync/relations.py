"""Record on the forge which issues of a plan block one another, and which are parts of the milestone's issue."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ...core.errors import OutsideError
from ...render.gate_comments import tracking_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...adapters.forge import Forge
    from ...model import ForgeIssue, Milestone


def relate(milestone: Milestone, forge: Forge, *, dry: bool = False) -> Iterator[str]:
    """Record the relations that the forge lacks, and yield each. What people added there stays.

    Only open issues block or are parts. What the forge refuses is said: the words in the issue tell the same.
    """
    listed = {issue.number: issue for issue in forge.issues(milestone.title)}
    for number, other in _missing_blockers(milestone, listed):
        what = f"#{number} is blocked by #{other}"
        yield f"· {what}: would be recorded" if dry else _recorded(what, partial(forge.block, number, by=other))
    for number, other in _missing_parts(milestone, listed):
        what = f"#{other} is a part of #{number}, the milestone's issue"
        yield f"· {what}: would be recorded" if dry else _recorded(what, partial(forge.add_sub_issue, number, other))


def _missing_blockers(milestone: Milestone, listed: dict[int, ForgeIssue]) -> Iterator[tuple[int, int]]:
    numbers = {issue.number: listed[issue.github] for issue in milestone.issues if issue.github in listed}
    for issue in milestone.issues:
        if (blocked := numbers.get(issue.number)) is None or blocked.state != "open":
            continue
        blockers = (numbers[needed] for needed in issue.depends_on if needed in numbers)
        yield from (
            (blocked.number, one.number)
            for one in blockers
            if one.state == "open" and one.number not in blocked.blocked_by
        )


def _missing_parts(milestone: Milestone, listed: dict[int, ForgeIssue]) -> Iterator[tuple[int, int]]:
    open_ones = {number: issue for number, issue in listed.items() if issue.state == "open"}
    whole = next((issue for issue in open_ones.values() if tracking_mark(milestone) in issue.body), None)
    if whole is not None:
        parts = (issue.github for issue in milestone.issues if issue.github in open_ones)
        yield from ((whole.number, part) for part in parts if part is not None and part not in whole.blocked_by)


def _recorded(what: str, record: Callable[[], object]) -> str:
    try:
        record()
    except OutsideError as error:
        return f"⚠️ {what}: not recorded, {error.what}"
    return f"✓ {what}"
