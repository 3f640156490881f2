"""What the records say of each other: journal, decisions, open gates and summary agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.serialize import plain
from ...model import Step
from ...policy.graph import BOOTSTRAP, COMPLETE, PLAN_REVIEW, phase_name
from ...store.json_record import clean
from ...store.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .snapshot import Ground


def journal(ground: Ground) -> Iterator[str]:
    """Yield where the journal was changed, and the markers that it does not tell of."""
    broken = ground.state.journal.broken()
    if broken:
        yield f"its chain breaks at {broken}"
    told = {entry.get("task") for entry in ground.state.journal.entries() if entry.get("event") == "done"}
    for issue in ground.milestone.issues:
        numbers = [mark.rpartition("/")[2] for mark in ground.state.registry.marks(ground.milestone, issue)]
        told |= {f"{issue.number}:{step}" for step in Step for number in numbers if f"{number}:{step}" in told}
    issues = [f"{issue.number}:{step}" for issue in ground.milestone.issues for step in Step]
    own = [BOOTSTRAP, PLAN_REVIEW, COMPLETE, *(phase_name(phase.number) for phase in ground.milestone.phases)]
    for task in (*own, *issues):
        if task not in told and ground.state.markers.path(task).exists():
            yield f"it does not tell of {task}, which has a marker"


def decisions(ground: Ground) -> Iterator[str]:
    """Yield the decisions that are only in the journal, only in files, or another there."""
    told = {entry.get("id"): entry for entry in ground.state.journal.entries() if entry.get("event") == "decision"}
    made = {decision.id: decision for decision in ground.state.decisions.written()}
    yield from (
        f"the journal tells of decision {number}, there is no file of it"
        for number in [number for number in told if number not in made]
    )
    for number, decision in made.items():
        entry = told.get(number)
        if entry is None:
            yield f"decision {number} ({decision.gate}: {decision.verb}) is not in the journal"
        elif any(entry.get(name) != plain(getattr(decision, name)) for name in ("gate", "verb", "who")):
            yield f"decision {number} says {decision.verb} at {decision.gate} by {decision.who}, the journal another"


def gates(ground: Ground) -> Iterator[str]:
    """Yield the open questions that the journal does not tell of."""
    told = {entry.get("digest") for entry in ground.state.journal.entries() if entry.get("event") == "gate opened"}
    for gate in ground.state.gates.all():
        if gate.digest not in told:
            yield f"gate {gate.gate} asks what the journal does not tell of"


def summary(ground: Ground) -> Iterator[str]:
    """Yield what `summary.json` says otherwise than the records."""
    said, told = ground.state.summary(), clean(summarise(ground.milestone, ground.state))
    if said is None:
        if ground.state.markers.read(COMPLETE) is not None:
            yield "the milestone is complete, there is no summary.json"
        return
    for name in told:
        if said.get(name) != told[name] and not (name == "status" and said.get("status") in {"failed", "aborted"}):
            yield f"`{name}` in summary.json is not what the records say; the next run writes it again"
