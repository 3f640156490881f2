"""The timeline of a milestone, from its journal: when each issue was worked on, and when it waited for whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..model import Decision, Gate

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time of one issue or barrier; `waiting` for a person where it is not work."""

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
    """A question put to people: when, and when its answer was taken up (None: it waits)."""

    gate: str
    kind: str
    opened: datetime
    decision: int | None = None
    answered: datetime | None = None

    @property
    def waited(self) -> float | None:
        """Seconds until its answer was taken up, None while it waits."""
        return (self.answered - self.opened).total_seconds() if self.answered else None


def moment(text: str) -> datetime:
    """Read a time as the records write it."""
    return datetime.fromisoformat(text)


def questions(entries: Sequence[Entry], decisions: Sequence[Decision], gates: Sequence[Gate]) -> tuple[Question, ...]:
    """Return every question that was decided or is open, in the order of its answer; one that went away is none."""
    taken = {entry["id"]: moment(entry["at"]) for entry in entries if entry["event"] == "decision"}
    asked = [
        Question(
            decision.gate, decision.kind, _opened(entries, decision.digest, taken[decision.id]), decision.id,
            taken[decision.id],
        )
        for decision in decisions
        if decision.kind and decision.id in taken
    ]  # fmt: skip
    return (*asked, *(Question(gate.gate, gate.kind, moment(gate.opened)) for gate in gates))


def _opened(entries: Sequence[Entry], digest: str | None, until: datetime) -> datetime:
    """Return when a question was put for the last time before its answer."""
    opened = [entry for entry in entries if entry["event"] == "gate opened" and entry.get("digest") == digest]
    return max((at for entry in opened if (at := moment(entry["at"])) <= until), default=until)


def spans(entries: Sequence[Entry], asked: Sequence[Question]) -> tuple[Span, ...]:
    """Return every stretch of work and of waiting, in the order of the journal; what still waits, waits to its end."""
    if not entries:
        return ()
    last = moment(entries[-1]["at"])
    waits = [Span(question.gate, question.opened, question.answered or last, waiting=True) for question in asked]
    return (*_work(entries), *waits)


def _work(entries: Sequence[Entry]) -> Iterator[Span]:
    """Join an issue's finished steps to stretches that no question and no end of a run interrupts."""
    open_spans: dict[str, Span] = {}
    before = moment(entries[0]["at"])
    for entry in entries:
        at, name = moment(entry["at"]), _about(entry)
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


def _about(entry: Entry) -> str:
    """Return the issue that an entry tells work of; empty where it tells of none."""
    name = str(entry.get("task") or entry.get("gate") or "").partition(":")[0]
    return name if entry["event"] in {"done", "failed", "gate opened"} and name.isdigit() else ""
