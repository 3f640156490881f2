"""Derives from the journal when each issue was worked on, and when it waited for a decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..model import Decision, Gate

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which one issue or barrier was worked on, or was `waiting` for a decision."""

    name: str
    start: datetime
    end: datetime
    waiting: bool

    @property
    def seconds(self) -> float:
        """How long it was."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Question:
    """A gate that opened, and the decision that answered it (None while it waits)."""

    gate: str
    kind: str
    opened: datetime
    decision: int | None = None
    answered: datetime | None = None

    @property
    def waited(self) -> float | None:
        """Seconds until its answer was taken up, None while it waits."""
        return (self.answered - self.opened).total_seconds() if self.answered else None


def questions(entries: Sequence[Entry], decisions: Sequence[Decision], gates: Sequence[Gate]) -> tuple[Question, ...]:
    """Return the questions that were decided, in the order of their answers, then the open ones."""
    taken = {entry["id"]: datetime.fromisoformat(entry["at"]) for entry in entries if entry["event"] == "decision"}
    opened = defaultdict[str | None, list[datetime]](list)
    for entry in entries:
        if entry["event"] == "gate opened":
            for shown in (entry.get("digest"), *entry.get("digests", ())):
                opened[shown].append(datetime.fromisoformat(entry["at"]))
    decided = [
        Question(one.gate, one.kind, _last_before(taken[one.id], opened[one.digest]), one.id, taken[one.id])
        for one in decisions
        if one.kind and one.id in taken
    ]
    return (*decided, *(Question(gate.gate, gate.kind, datetime.fromisoformat(gate.opened)) for gate in gates))


def _last_before(answered: datetime, opened: Sequence[datetime]) -> datetime:
    """Return when a gate was last opened before its answer."""
    return max((time for time in opened if time <= answered), default=answered)


def spans(entries: Sequence[Entry], asked: Sequence[Question]) -> tuple[Span, ...]:
    """Return the times of work, then the times of waiting. An open gate waits until the journal's last entry."""
    if not entries:
        return ()
    last = datetime.fromisoformat(entries[-1]["at"])
    waits = [Span(question.gate, question.opened, question.answered or last, waiting=True) for question in asked]
    return (*_work(entries), *waits)


def _work(entries: Sequence[Entry]) -> Iterator[Span]:
    """Join the steps of an issue to one span, until a gate opens or a run starts."""
    open_spans: dict[str, Span] = {}
    before = datetime.fromisoformat(entries[0]["at"])
    for entry in entries:
        at, name = datetime.fromisoformat(entry["at"]), _issue(entry)
        if entry["event"] == "run started":
            yield from open_spans.values()
            open_spans.clear()
        elif name:
            started = open_spans[name].start if name in open_spans else before
            open_spans[name] = Span(name, started, at, waiting=False)
            if entry["event"] == "gate opened":
                yield open_spans.pop(name)
        before = at
    yield from open_spans.values()


def _issue(entry: Entry) -> str:
    """Return the issue that an entry shows work on, empty where it shows none."""
    name = str(entry.get("task") or entry.get("gate") or "").partition(":")[0]
    return name if entry["event"] in {"done", "failed", "gate opened"} and name.isdigit() else ""
