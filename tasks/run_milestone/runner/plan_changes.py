"""Let the records follow the plan's issues to their present numbers, and say what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..policy.graph import BOOTSTRAP, COMPLETE
from ..policy.issue_identity import another
from ..render.plan_edits import describe
from ..render.transcript import refused

if TYPE_CHECKING:
    from ..model import Milestone
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


def foretold(milestone: Milestone, state: State) -> list[str]:
    """Return what the next run will take up of a changed plan; until then records stand under their old numbers."""
    if state.markers.read(BOOTSTRAP) is None:
        return []
    lines = list(describe(milestone, state, state.registry.foresee(milestone, state.decisions.next())))
    first = "⚠️ The plan's issues changed since the last run. Until the next one, records stand under their old numbers:"
    return [first, *(f"  {line}" for line in lines), ""] if lines else []
