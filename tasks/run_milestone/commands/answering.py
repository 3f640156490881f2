"""answering: a decision for a milestone that runs elsewhere; it is checked against the newest state and sent there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.errors import UsageError
from .decide import leave_decision
from .state_exchange import desk_of

if TYPE_CHECKING:
    from ..model import Approval, Milestone
    from ..plan.project import Project
    from ..store import State


def decide_elsewhere(project: Project, milestone: Milestone, name: str, verb: str, why: str) -> list[str]:
    """Bring the state, leave an answer for a gate, and send it; returns what is said.

    Errors: UsageError where the gate is not open, or somebody else answered it; then nothing is left or sent.
    """
    said: list[str] = []
    with desk_of(project, milestone, writes=True) as desk:
        desk.pull()
        gate = f"{name:0>2}" if name.isdigit() else name
        _refuse_others(milestone, _answers(desk.state, gate))
        asked = desk.state.gates.read(gate)
        left = leave_decision(milestone, desk.state, name, verb, why)
        own = _answers(desk.state, gate)

        def still_stands() -> None:
            _refuse_others(milestone, [one for one in _answers(desk.state, gate) if one not in own])
            if desk.state.gates.read(gate) != asked:
                raise UsageError(
                    f"Gate {gate} was answered by somebody else at the same moment.",
                    f"`run-milestone gates {milestone.id}` lists what waits.",
                )

        try:
            desk.push(still_stands, said.extend)
        except BaseException:
            if own[0] in _answers(desk.state, gate):
                left.unlink(missing_ok=True)
            raise
    return [f"✓ {left.name} sent; the next run of {milestone.id} takes it up.", *said]


def _answers(state: State, gate: str) -> list[Approval]:
    """Return the answers to a gate that no run has taken up, as what they say and not as what the file system does."""
    return [replace(one, written=0) for one in state.approvals.found() if one.gate == gate]


def _refuse_others(milestone: Milestone, answers: list[Approval]) -> None:
    for answer in answers:
        raise UsageError(
            f"{answer.who} answered gate {answer.gate} with {answer.verb}, and no run has taken that up yet.",
            f"Let one run first. To take it back, delete state/{milestone.id}/approvals/{answer.file} "
            f"and run `run-milestone state push {milestone.id}`.",
        )
