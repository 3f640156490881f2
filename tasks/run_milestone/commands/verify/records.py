"""Compare the records with each other: journal, decisions, open gates and summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.serialize import plain
from ...model import Step
from ...policy.graph import BOOTSTRAP, COMPLETE, PLAN_REVIEW, phase_name
from ...store.json_record import clean
from ...store.record_check import RecordCheck
from ...store.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .snapshot import Snapshot


def journal(snapshot: Snapshot) -> Iterator[str]:
    """Yield where the journal was changed, and the markers that it does not mention."""
    broken = snapshot.state.journal.broken()
    if broken:
        yield f"its chain breaks at {broken}"
    tasks = {entry.get("task") for entry in snapshot.state.journal.entries() if entry.get("event") == "done"}
    for issue in snapshot.milestone.issues:
        numbers = [mark.rpartition("/")[2] for mark in snapshot.state.registry.marks(snapshot.milestone, issue)]
        tasks |= {f"{issue.number}:{step}" for step in Step for number in numbers if f"{number}:{step}" in tasks}
    issues = [f"{issue.number}:{step}" for issue in snapshot.milestone.issues for step in Step]
    whole = [BOOTSTRAP, PLAN_REVIEW, COMPLETE, *(phase_name(phase.number) for phase in snapshot.milestone.phases)]
    check = RecordCheck(snapshot.state)
    for task in (*whole, *issues):
        if task not in tasks and snapshot.state.markers.path(task).exists():
            yield f"it does not mention {task}, which has a marker"
        elif task in tasks and (why := check.marker(task)):
            yield f"the marker of {task} {why}"


def answers(snapshot: Snapshot) -> Iterator[str]:
    """Yield the decisions and open gates that are not as the run recorded them."""
    for path, why in RecordCheck(snapshot.state).answers():
        yield f"{path.parent.name}/{path.name} {why}"


def decisions(snapshot: Snapshot) -> Iterator[str]:
    """Yield the decisions that are only in the journal, only in files, or differ."""
    entries = snapshot.state.journal.entries()
    journaled = {entry.get("id"): entry for entry in entries if entry.get("event") == "decision"}
    taken_away = snapshot.state.decisions.forgotten()
    made = {decision.id: decision for decision in snapshot.state.decisions.written()}
    yield from (
        f"the journal mentions decision {number}, its file is missing"
        for number in journaled
        if number not in made and number not in taken_away
    )
    for number, decision in made.items():
        entry = journaled.get(number)
        if entry is not None and any(
            entry.get(name) != plain(getattr(decision, name)) for name in ("gate", "verb", "who")
        ):
            yield f"decision {number} says {decision.verb} at {decision.gate} by {decision.who}, the journal differs"


def summary(snapshot: Snapshot) -> Iterator[str]:
    """Yield how `summary.json` differs from the records."""
    recorded, derived = snapshot.state.summary(), clean(summarise(snapshot.milestone, snapshot.state))
    if recorded is None:
        if snapshot.state.markers.read(COMPLETE) is not None:
            yield "the milestone is complete, summary.json is missing"
        return
    for name in derived:
        ended_otherwise = name == "status" and recorded.get("status") in {"failed", "aborted"}
        if recorded.get(name) != derived[name] and not ended_otherwise:
            yield f"`{name}` in summary.json differs from the records; the next run writes it again"
