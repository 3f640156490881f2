"""Write and remove open gates: `gates/03.json` exists while a question waits for its answer."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..core.errors import DamagedStateError
from ..model import Gate
from ..policy.topics import question_name, shrank
from .json_record import names_in, read_record, record_digest, write_record

if TYPE_CHECKING:
    from pathlib import Path

    from .journal import Journal


class OpenGates:
    """The gates of one milestone that wait for a decision."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        """Look at `folder` (`state/m4.1/gates`); `journal` tells of every gate before it is there."""
        self._folder = folder
        self._journal = journal

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def read(self, name: str) -> Gate | None:
        """Return the open gate of that name, None where none is open."""
        gate = read_record(self._path(name), Gate)
        if gate is not None and gate.gate != name:
            raise DamagedStateError(
                f"{self._path(name)} is the gate of {gate.gate}, not of {name}.",
                "Delete it, so that what it asks is asked again; then run the same command again.",
            )
        return gate

    def all(self) -> tuple[Gate, ...]:
        """Return every open gate, by name."""
        names = (name.removesuffix(".json") for name in names_in(self._folder))
        return tuple(gate for name in names if (gate := self.read(name)) is not None)

    def since(self, name: str) -> int:
        """Return when the gate's file was written, in nanoseconds of the file system's own clock.

        Approval files are dated by the same clock, so comparing the two cannot be off by a clock's granularity.
        """
        return self._path(name).stat().st_mtime_ns

    def open(self, gate: Gate) -> tuple[Gate, bool]:
        """Open a gate; one that already asks the same stays as it is. Returns it, and whether it is new."""
        current = self.read(gate.gate)
        if current is not None and replace(current, opened="", covered_by=()) == replace(gate, opened=""):
            return current, False
        since, opened = 0, replace(gate, opened=datetime.now(UTC).isoformat(timespec="milliseconds"))
        if current is not None and shrank(current, gate):
            since = self.since(gate.gate)
            opened = replace(gate, opened=current.opened, covered_by=(*current.covered_by, question_name(current)))
        self.journal(opened)
        self._folder.with_name("approvals").mkdir(parents=True, exist_ok=True)  # so that the `touch` we print works
        write_record(self._path(gate.gate), opened)
        if since:
            os.utime(self._path(gate.gate), ns=(since, since))
        return opened, True

    def journal(self, gate: Gate) -> None:
        """Enter an open gate into the journal."""
        record = record_digest(gate)
        several = {"digests": [one.digest for one in gate.topics]} if gate.topics else {}
        self._journal.add("gate opened", gate=gate.gate, kind=gate.kind, digest=gate.digest, record=record, **several)

    def close(self, name: str) -> None:
        """Remove an answered gate; closing twice is no error."""
        self._path(name).unlink(missing_ok=True)
