"""Record what changed on the operator's side while untrusted commands ran, until a person approves it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .journal import Journal

EVENT = "boundary crossed"


class Crossings:
    """The journal's entries about such changes. Any thread may add to them."""

    def __init__(self, journal: Journal) -> None:
        """Read nothing before it is asked for."""
        self._journal = journal
        self._turn = threading.Lock()
        self._known: list[tuple[int, str]] | None = None
        """Each change with the number of approvals before it."""

    def note(self, changes: list[str], approvals: int) -> None:
        """Record changes. `approvals` were given before them."""
        with self._turn:
            self._journal.add(EVENT, changes=changes, approvals=approvals)
            self._known = None

    def waiting(self, approvals: int) -> tuple[str, ...]:
        """Return the changes that are not approved, after so many approvals."""
        with self._turn:
            if self._known is None:
                entries = (entry for entry in self._journal.entries() if entry["event"] == EVENT)
                self._known = [(entry["approvals"], change) for entry in entries for change in entry["changes"]]
            return tuple(dict.fromkeys(change for before, change in self._known if before >= approvals))
