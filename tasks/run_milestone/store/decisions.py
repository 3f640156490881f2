"""Record decisions: approvals that were taken, numbered, never changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.errors import DamagedStateError
from ..model import Decision
from ..policy.issue_identity import translated
from .json_record import names_in, read_record, write_record

if TYPE_CHECKING:
    from pathlib import Path

    from ..policy.issue_identity import Known
    from .issue_registry import IssueRegistry


class Decisions:
    """The folder `state/<id>/decisions`: `0001-03-fix.json`."""

    def __init__(self, folder: Path, registry: IssueRegistry) -> None:
        """Look at `folder` (`state/m4.1/decisions`); `registry` knows which number each issue has now."""
        self._folder = folder
        self._registry = registry
        self._read: dict[str, Decision] = {}
        self._now: tuple[tuple[Known, ...], dict[int, Decision]] = ((), {})

    def all(self) -> tuple[Decision, ...]:
        """Return every decision in order, each under the present number of the issue that it was made about."""
        known = self._registry.roll.issues
        if all(len(entry.spans) == 1 for entry in known):
            return self.written()
        if self._now[0] != known:
            self._now = known, {}
        translations = self._now[1]
        for decision in self.written():
            if decision.id not in translations:
                translations[decision.id] = translated(decision, known)
        return tuple(translations[decision.id] for decision in self.written())

    def next(self) -> int:
        """Return the number that the next decision will have."""
        return 1 + max((decision.id for decision in self.written()), default=0)

    def written(self) -> tuple[Decision, ...]:
        """Return every decision in order as it was written. Each file is read once per run, because none changes."""
        names = names_in(self._folder)
        for name in names:
            if name not in self._read:
                self._read[name] = self._load(name)
        return tuple(sorted((self._read[name] for name in names), key=lambda decision: decision.id))

    def reread(self) -> None:
        """Read every file again at the next call, because a pull wrote some."""
        self._read.clear()

    def _load(self, name: str) -> Decision:
        decision = read_record(self._folder / name, Decision)
        if decision is None or name != _name(decision):
            raise DamagedStateError(
                f"{self._folder / name} does not hold the decision that its name says.",
                "Restore it from a backup, or delete it so that the gate asks again; then run the same command again.",
            )
        return decision

    def record(self, decision: Decision) -> Decision:
        """Write a decision under the next number; an earlier one from the same approval is returned instead."""
        for earlier in self.written():
            if decision.source and earlier.source == decision.source:
                return earlier
        numbered = replace(decision, id=self.next())
        write_record(self._folder / _name(numbered), numbered)
        return numbered


def _name(decision: Decision) -> str:
    return f"{decision.id:04}-{decision.gate}-{decision.verb}.json"
