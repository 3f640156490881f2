"""The command `decide`: write the approval file that a touch would make, here or for a run on another machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.errors import UsageError
from ..core.user import whoami
from ..model import Approval, Verb
from ..policy import budget
from ..policy.gating import ahead
from ..runner.decide import gate_names, no_skip
from .state import state_sync

if TYPE_CHECKING:
    from pathlib import Path

    from ..model import Gate, Milestone
    from ..plan.project import Project
    from ..store import State


def leave_decision(milestone: Milestone, state: State, name: str, verb: str, why: str) -> Path:
    """Write the approval file for a gate, bound to what it shows now; returns its path.

    Errors: UsageError for an unknown gate or verb, or one that this gate does not offer.
    """
    name = f"{name:0>2}" if name.isdigit() else name
    known = gate_names(milestone)
    if name not in known:
        raise UsageError(f"{milestone.id} has no gate called {name!r}.", f"Its gates are {', '.join(sorted(known))}.")
    if name in _renumbered(milestone, state):
        raise UsageError(
            f"In the plan here {name} is another issue than in the records of the last run.",
            "Bring the plan up to date, or, where it is the newest, run once, so that the records follow; then decide.",
        )
    gate = state.gates.read(name)
    _check(milestone, name, verb, gate)
    if refused := budget.refusal(gate, verb, why):
        raise UsageError(f"This cannot answer gate {name}: {refused}.", "Give it with `--reason`.")
    if refused := no_skip(milestone, state, Approval("", name, verb, 0, "")):
        raise UsageError(f"{refused[0].upper()}{refused[1:]}.", f"`run-milestone status {milestone.id}` lists what is.")
    return state.approvals.leave(name, verb, why=why, who=whoami(), digest=gate.digest if gate else None)


def _renumbered(milestone: Milestone, state: State) -> set[str]:
    """Return the numbers that mean another issue in the plan than in the records, which the next run would move."""
    revisions = state.registry.foresee(milestone, state.decisions.next())
    pairs = ((one.before.number, one.now.number) for one in revisions if one.before is not None)
    return {number for before, now in pairs if before != now for number in (before, now)}


def _check(milestone: Milestone, name: str, verb: str, gate: Gate | None) -> None:
    if verb not in set(Verb):
        offered = gate.verbs if gate else tuple(Verb)
        raise UsageError(f"{verb!r} is no verb.", f"Gate {name} takes {' | '.join(offered)}.")
    if gate is None and verb not in ahead(name):
        raise UsageError(
            f"Gate {name} is not open, so {verb} has nothing to answer.",
            f"`run-milestone gates {milestone.id}` lists what waits.",
        )
    if gate is not None and verb not in gate.verbs and verb != Verb.UNSKIP:
        raise UsageError(f"Gate {name} does not offer {verb}.", f"It offers {' | '.join(gate.verbs)}.")


# ---- for a run on another machine -----------------------------------------------------------------------------


def decide_elsewhere(project: Project, milestone: Milestone, name: str, verb: str, why: str) -> list[str]:
    """Pull the state, write an approval file for a gate, and push it; returns lines to print.

    Errors: UsageError where the gate is not open, or another person answered it; then nothing is written or sent.
    """
    with state_sync(project, milestone, writes=True) as sync:
        sync.pull()
        gate, state = f"{name:0>2}" if name.isdigit() else name, sync.state
        _refuse_others(milestone, _answers(state, gate))
        shown = state.gates.read(gate)
        file = leave_decision(milestone, state, name, verb, why)
        mine = _answers(state, gate)
        try:
            for _ in sync.push_rounds():
                _refuse_others(milestone, [one for one in _answers(state, gate) if one not in mine])
                _refuse_changed(milestone, gate, shown, state.gates.read(gate))
        except BaseException:
            if mine[0] in _answers(state, gate):
                file.unlink(missing_ok=True)
            raise
    return [f"✓ {file.name} sent; the next run of {milestone.id} takes it up.", *sync.take_notes()]


def _refuse_changed(milestone: Milestone, gate: str, shown: Gate | None, now: Gate | None) -> None:
    if now != shown:
        raise UsageError(
            f"Gate {gate} was answered by somebody else at the same moment.",
            f"`run-milestone gates {milestone.id}` lists what waits.",
        )


def _answers(state: State, gate: str) -> list[Approval]:
    """Return the answers to a gate that wait for a run, without the file system's times."""
    return [replace(one, written=0) for one in state.approvals.all() if one.gate == gate]


def _refuse_others(milestone: Milestone, answers: list[Approval]) -> None:
    for answer in answers:
        raise UsageError(
            f"{answer.who} answered gate {answer.gate} with {answer.verb}, and no run has taken that up yet.",
            f"Let one run first. To take it back, delete state/{milestone.id}/approvals/{answer.file} "
            f"and run `run-milestone state push {milestone.id}`.",
        )
