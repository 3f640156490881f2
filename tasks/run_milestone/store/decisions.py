"""Record decisions: approvals that were taken, numbered, never changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.errors import DamagedStateError
from ..model import Decision
from ..policy.issue_identity import translated
from .json_record import RecordNames, read_record, record_digest, write_record

if TYPE_CHECKING:
    from pathlib import Path

    from ..policy.issue_identity import Known
    from .issue_registry import IssueRegistry
    from .journal import Journal
    from .steady import Steady


class Decisions:
    """The folder `state/<id>/decisions`: `0001-03-fix.json`."""

    def __init__(self, folder: Path, registry: IssueRegistry, journal: Journal, steady: Steady) -> None:
        """Look at `folder` (`state/m4.1/decisions`); `registry` knows which number each issue has now.

        `journal` tells of every decision before it is there.
        """
        self._folder = folder
        self._journal = journal
        self._registry = registry
        self._names = RecordNames(folder, steady)
        self._read: dict[str, Decision] = {}
        self._written: tuple[tuple[str, ...], tuple[Decision, ...]] = ((), ())
        self._all: tuple[tuple[Known, ...], tuple[Decision, ...], tuple[Decision, ...]] = ((), (), ())
        self._decided: tuple[tuple[Decision, ...], tuple[Decision, ...]] = ((), ())
        self._by_gate: tuple[tuple[Decision, ...], dict[str, list[Decision]]] = ((), {})

    def all(self) -> tuple[Decision, ...]:
        """Return every decision in order, each under the present number of the issue that it was made about.

        An answer that waits for others decides nothing yet, so it is not among them.
        """
        every = self.answers()
        if self._decided[0] is not every:
            decided = tuple(one for one in every if not one.waits)
            self._decided = every, decided if len(decided) < len(every) else every
        return self._decided[1]

    def answers(self) -> tuple[Decision, ...]:
        """Return every decision in order, with the answers that wait for others."""
        known, written = self._registry.roll.issues, self.written()
        if self._all[0] is not known or self._all[1] is not written:
            renumbered = any(len(entry.spans) != 1 for entry in known)
            current = tuple(translated(decision, known) for decision in written) if renumbered else written
            self._all = known, written, current
        return self._all[2]

    def at(self, *gates: str) -> tuple[Decision, ...]:
        """Return the decisions at these gates, in order, as `all` has them."""
        every = self.all()
        if self._by_gate[0] is not every:
            groups: dict[str, list[Decision]] = {}
            for decision in every:
                groups.setdefault(decision.gate, []).append(decision)
            self._by_gate = every, groups
        made = (decision for gate in gates for decision in self._by_gate[1].get(gate, ()))
        return tuple(sorted(made, key=lambda decision: decision.id))

    def next(self) -> int:
        """Return the number that the next decision will have; that of a deleted one is not given again."""
        return 1 + max((*(decision.id for decision in self.written()), *self.forgotten()), default=0)

    def forgotten(self) -> tuple[int, ...]:
        """Return the numbers of the decisions that were taken away with their issues."""
        return tuple(self._journal.last("reset").get("decisions", ()))

    def written(self) -> tuple[Decision, ...]:
        """Return every decision in order as it was written. Each file is read once per run, because none changes."""
        names = self._names.get()
        if self._written[0] is not names:
            for name in names:
                if name not in self._read:
                    self._read[name] = self._load(name)
            made = tuple(sorted((self._read[name] for name in names), key=lambda decision: decision.id))
            self._written = names, made
        return self._written[1]

    def reread(self) -> None:
        """Read every file again at the next call, because a pull wrote some."""
        self._read.clear()
        self._names.forget()
        self._written = (), ()

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
        self.journal(numbered)
        write_record(self._folder / _name(numbered), numbered)
        self._names.forget()
        return numbered

    def forget(self, gate: str) -> None:
        """Delete the decisions at a gate, whatever number its issue had when they were made."""
        numbers = {decision.id for decision in self.answers() if decision.gate == gate}
        for decision in self.written():
            if decision.id in numbers:
                (self._folder / _name(decision)).unlink()
        self.reread()

    def journal(self, decision: Decision) -> None:
        """Enter a decision into the journal, unless it stands there since a run was killed."""
        facts: dict[str, Any] = {name: getattr(decision, name) for name in ("id", "gate", "verb", "who")}
        facts["record"] = record_digest(decision, "id")
        if not facts.items() <= self._journal.last("decision").items():
            self._journal.add("decision", **facts)


def _name(decision: Decision) -> str:
    return f"{decision.id:04}-{decision.gate}-{decision.verb}.json"
