"""Say what became of the plan's issues since the last run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.fs import shown
from ..policy.graph import phase_name
from .phrases import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Milestone
    from ..policy.issue_identity import Known, Revision
    from ..store import State


def describe(milestone: Milestone, state: State, revisions: tuple[Revision, ...]) -> Iterator[str]:
    """Yield what became of the plan's issues, one sentence each."""
    new = {one.now.number: one.now for one in revisions if one.before is None}
    for one in revisions:
        if one.before is None:
            yield f"· Issue #{_called(one.now)} is new in phase {one.now.phase}"
        elif not one.now.number:
            yield from _removed(state, one.before, one.now, new) if one.before.number else ()
        elif not one.before.number:
            yield f"✓ Issue #{_called(one.now)} is back in the plan, with its records"
        elif one.before.number != one.now.number:
            yield f"· Issue #{_called(one.before)} is #{one.now.number} now, with its records, branch and decisions"
        elif one.before.slug != one.now.slug and one.now.branch:
            yield f"· Issue #{_called(one.now)} has another title; its branch stays {one.now.branch}"
        yield from _between_phases(one)
    yield from _open_again(milestone, state, revisions)


def _called(known: Known) -> str:
    return f"{known.number} {one_line(known.title)}"


def _removed(state: State, before: Known, now: Known, new: dict[str, Known]) -> Iterator[str]:
    where = f"; its branch {now.branch} stays" if now.branch else ""
    kept = f"Its records are kept in {shown(state.folder)}/{now.place}{where}"
    yield f"⚠️ Issue #{_called(before)} is no longer in the plan. {kept}. Put it back into the plan to go on with it."
    if before.number in new:
        yield f"   Where #{before.number} is the same issue with another title, give it `slug: {before.slug}`."


def _between_phases(one: Revision) -> Iterator[str]:
    if one.before is not None and one.before.number and one.now.number and one.before.phase != one.now.phase:
        yield f"· Issue #{_called(one.now)} moved from phase {one.before.phase} to phase {one.now.phase}"


def _open_again(milestone: Milestone, state: State, revisions: tuple[Revision, ...]) -> Iterator[str]:
    """Yield the approved phases that have other issues than when they were approved; numbers make no other issue."""
    touched = {
        known.phase
        for one in revisions
        if one.before is None or _place(one.before) != _place(one.now)
        for known in (one.before, one.now)
        if known is not None and known.number
    }
    for phase in milestone.phases:
        if phase.number in touched and state.markers.read(phase_name(phase.number)) is not None:
            yield f"· Phase {phase.number} was approved with another list, so it is asked again"


def _place(known: Known) -> int | None:
    return known.phase if known.number else None
