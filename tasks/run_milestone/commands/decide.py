"""The command `decide`: write the approval file that a touch would make, here or for a run on another machine."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..core.errors import UsageError
from ..core.fs import shown
from ..core.text import for_record
from ..core.user import whoami
from ..model import Approval, Signed, Verb
from ..policy import topics
from ..policy.approvers import is_local, several
from ..policy.gating import gate_names, refusal
from ..runner.decide import UNPROVEN, situation
from .state import state_sync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..adapters.process import Processes
    from ..model import Gate, Milestone
    from ..plan.project import Project
    from ..store import State


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs answers with the ssh key of who runs this."""

    processes: Processes
    key: str

    def sign(self, approval: Approval, milestone: str) -> Signed:
        """Return what is signed of an answer, and the signature. Errors: UsageError where that does not work."""
        from ..adapters.process.ssh_keygen import sign
        from ..policy.signatures import NAMESPACE, statement

        text = statement(milestone, approval)
        return Signed(text, sign(self.processes, text, NAMESPACE, self.key))


@contextlib.contextmanager
def opened_signer(project: Project, milestone: Milestone) -> Iterator[Signer]:
    """Open what signs an answer, with the key that the operator's git signs with."""
    from ..adapters.process import Processes
    from ..runner.wiring import open_git

    processes = Processes()
    try:
        yield Signer(processes, open_git(project, milestone, processes, make=False).signing_key)
    finally:
        processes.stop()


def leave_decision(
    milestone: Milestone, state: State, name: str, verb: str, why: str, signer: Signer | None = None
) -> Path:
    """Write the approval file for a gate, bound to what it shows now, and signed by `signer`; returns its path.

    Errors: UsageError where a run would refuse it, as for an unknown gate or a verb that the gate does not offer.
    """
    (verb, topic), why = topics.parse(verb), for_record(why)
    whole = state.gates.read(name) if name in gate_names(milestone) else None
    gate, now = topics.meant(whole, verb, topic), time.time_ns()
    approval = Approval("", name, verb, now, "", why, whoami(), gate.digest if gate else None, topic=topic)
    if refused := refusal(approval, milestone, situation(approval, (), milestone, state, {})):
        raise UsageError(f"This cannot answer gate {name}: {refused}.", _hint(milestone, name, whole))
    if name in _renumbered(milestone, state):
        raise UsageError(
            f"In the plan here {name} is another issue than in the records of the last run.",
            "Bring the plan up to date, or, where it is the newest, run once, so that the records follow; then decide.",
        )
    if signer is None and verb != Verb.ABORT and not is_local(milestone, gate.needs if gate else ()):
        raise UsageError(f"This cannot answer gate {name}: {UNPROVEN}.", "Sign it, or answer on the forge.")
    if signer is not None and gate is None:
        raise UsageError(f"Nothing is asked at gate {name}, so there is nothing to sign.", _hint(milestone, name, gate))
    if gate is not None and several(gate.needs) and any(_is_there(one, approval) for one in _answers(state, name)):
        raise UsageError(
            f"Somebody answered gate {name} with {approval.word}, and no run has counted that yet.",
            f"Run `run-milestone {milestone.id}` first, then answer.",
        )
    when = datetime.now(UTC).isoformat(timespec="milliseconds") if signer else ""
    signed = signer.sign(replace(approval, when=when), milestone.id) if signer else None
    return state.approvals.leave(
        name, verb, why=why, who=approval.who, digest=approval.digest, when=when, topic=topic, signed=signed
    )


def _is_there(waiting: Approval, answer: Approval) -> bool:
    """Return whether a signed answer that waits would be replaced by the file of another."""
    return waiting.signed is not None and waiting.word == answer.word


def gate_of(name: str) -> str:
    """Return the name of the gate that a person means: `3` is gate `03`."""
    return f"{name:0>2}" if name.isdigit() else name


def _hint(milestone: Milestone, name: str, gate: Gate | None) -> str:
    if name not in gate_names(milestone):
        return f"Its gates are {', '.join(sorted(gate_names(milestone)))}."
    if gate is None:
        return f"`run-milestone gates {milestone.id}` lists what waits."
    return f"Gate {name} takes {' | '.join(topics.answers_to(gate))}, with `--reason` for why."


def _renumbered(milestone: Milestone, state: State) -> set[str]:
    """Return the numbers that mean another issue in the plan than in the records, which the next run would move."""
    revisions = state.registry.foresee(milestone, state.decisions.next())
    pairs = ((one.before.number, one.now.number) for one in revisions if one.before is not None)
    return {number for before, now in pairs if before != now for number in (before, now)}


# ---- for a run on another machine -----------------------------------------------------------------------------


def decide_elsewhere(
    project: Project, milestone: Milestone, gate: str, verb: str, why: str, signer: Signer | None = None
) -> list[str]:
    """Pull the state, write an approval file for a gate, and push it; returns lines to print.

    Errors: UsageError where the gate is not open, or another person answered it; then nothing is written or sent.
    """
    with state_sync(project, milestone, writes=True) as sync:
        sync.pull()
        state = sync.state
        open_gate = state.gates.read(gate)
        _refuse_others(state, milestone, rivals(state, gate, verb))
        file = leave_decision(milestone, state, gate, verb, why, signer)
        mine = [one for one in _answers(state, gate) if one.file == file.name]
        try:
            for _ in sync.push_rounds():
                _refuse_others(state, milestone, [one for one in rivals(state, gate, verb) if one not in mine])
                _refuse_changed(milestone, gate, open_gate, state.gates.read(gate))
        except BaseException:
            if not {*mine}.isdisjoint(_answers(state, gate)):
                file.unlink(missing_ok=True)
            raise
    return [f"✓ {file.name} sent; the next run of {milestone.id} takes it up.", *sync.take_notes()]


def _refuse_changed(milestone: Milestone, gate: str, before: Gate | None, now: Gate | None) -> None:
    if now != before:
        raise UsageError(
            f"Gate {gate} was answered by somebody else at the same moment.",
            f"`run-milestone gates {milestone.id}` lists what waits.",
        )


def _answers(state: State, gate: str) -> list[Approval]:
    """Return the answers to a gate that wait for a run, without the file system's times."""
    return [replace(one, written=0, came=0) for one in state.approvals.all() if one.gate == gate]


def rivals(state: State, gate: str, word: str) -> list[Approval]:
    """Return the waiting answers to what a word is about; those to other questions of the gate are in nobody's way."""
    verb, topic = topics.parse(word)
    answer = Approval("", gate, verb, 0, "", topic=topic)
    return [one for one in _answers(state, gate) if topics.overlap(one, answer, state.gates.read(gate))]


def _refuse_others(state: State, milestone: Milestone, answers: list[Approval]) -> None:
    for answer in answers:
        raise UsageError(
            f"{answer.who} answered gate {answer.gate} with {answer.verb}, and no run has taken that up yet.",
            f"Let one run first. To take it back, delete {shown(state.folder)}/approvals/{answer.file} "
            f"and run `run-milestone state push {milestone.id}`.",
        )
