"""Let the records follow the plan's issues to their present numbers, and say what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..policy.graph import BOOTSTRAP, COMPLETE, phase_name
from ..policy.issue_identity import another
from ..render.phrases import one_line
from ..render.transcript import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Milestone
    from ..policy.issue_identity import Known, Revision
    from ..store import State


def take_up(milestone: Milestone, state: State) -> list[str]:
    """Let markers, decisions and branches follow their issues; returns what to say.

    What was asked or left for another issue counts no more. A run that was ended while it did this is completed first.
    """
    lines = _follow(state)
    revisions = state.registry.take_up(milestone, state.decisions.next())
    if state.markers.read(BOOTSTRAP) is not None:
        lines += describe(milestone, state, revisions)
    return lines + _follow(state)


def _follow(state: State) -> list[str]:
    """Carry out what the roster still has to move; returns which answers were refused."""
    changed = state.registry.roll.changed
    if not changed:
        return []
    for number in changed:
        state.gates.close(number)
        state.asked.drop(number)
    left = [approval for approval in state.approvals.all() if approval.gate in changed]
    whys = [(approval, another(approval.gate)) for approval in left]
    lines = [refused(approval.file, why, state.refuse(approval, why)) for approval, why in whys]
    moves = {
        move.source: move.target for move in state.registry.roll.moves if move.number or move.target.endswith("/issues")
    }
    state.journal.add("issues renumbered", moves=moves)
    state.markers.forget(COMPLETE)
    state.registry.carry_out()
    return lines


def describe(milestone: Milestone, state: State, revisions: tuple[Revision, ...]) -> Iterator[str]:
    """Yield what became of the plan's issues, one sentence each."""
    new = {one.now.number: one.now for one in revisions if one.before is None}
    for one in revisions:
        if one.before is None:
            yield f"· Issue #{_called(one.now)} is new in phase {one.now.phase}"
        elif not one.now.number:
            yield from _removed(milestone, one.before, one.now, new) if one.before.number else ()
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


def _removed(milestone: Milestone, before: Known, now: Known, new: dict[str, Known]) -> Iterator[str]:
    where = f"; its branch {now.branch} stays" if now.branch else ""
    kept = f"Its records are kept in state/{milestone.id}/{now.place}{where}"
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


def foretold(milestone: Milestone, state: State) -> list[str]:
    """Return what the next run will take up of a changed plan; until then records stand under their old numbers."""
    if state.markers.read(BOOTSTRAP) is None:
        return []
    lines = list(describe(milestone, state, state.registry.foresee(milestone, state.decisions.next())))
    first = "⚠️ The plan's issues changed since the last run. Until the next one, records stand under their old numbers:"
    return [first, *(f"  {line}" for line in lines), ""] if lines else []
