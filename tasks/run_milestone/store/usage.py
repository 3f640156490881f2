"""Usage: what a milestone used of its budget, written to the journal as it is used."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ..model import Implemented, Reviewed
from ..policy import budget
from ..policy.issue_identity import renumbered

if TYPE_CHECKING:
    from .journal import Journal


class Usage:
    """Time, money and attempts of one milestone over all its runs. Any thread may add to it."""

    def __init__(self, journal: Journal) -> None:
        """Start with nothing used; `read` adds what earlier runs used."""
        self._journal = journal
        self._turn = threading.Lock()
        self.total = budget.Used()
        self.unknown_now = False
        """Whether an agent of this run did not tell what it cost."""

    def read(self) -> None:
        """Add up what all runs used, on every machine."""
        with self._turn:
            self.total = budget.used(renumbered(list(self._journal.entries())))

    def begin(self, task: str) -> None:
        """Record that an agent's attempt begins, so that it counts however it ends."""
        self._add(budget.BEGAN, {"task": task})

    def lost(self, task: str) -> None:
        """Record that an attempt ended with its run: what it took and cost is unknown."""
        self._add("broken off", {"task": task, "took": None, "cost": None})

    def count(self, task: str, event: str, took: float, evidence: Any = None, **facts: str) -> None:
        """Record what a task took, and what its agent cost: null where nobody measured."""
        self._add(event, {"task": task, "took": round(took, 3), **self._cost(task, evidence), **facts})

    def _cost(self, task: str, evidence: Any) -> dict[str, Any]:
        """Return what agents cost, nothing where none began."""
        if isinstance(evidence, Reviewed) and evidence.costs:
            return {"review_costs": list(evidence.costs)}
        if task not in self.total.begun:
            return {}
        return {"cost": evidence.cost if isinstance(evidence, Implemented) else None}

    def _add(self, event: str, facts: dict[str, Any]) -> None:
        with self._turn:
            self._journal.add(event, **facts)
            self.total = self.total.and_more({"event": event, **facts})
            costs = (facts.get("cost", 0.0), *facts.get("review_costs", ()))
            self.unknown_now = self.unknown_now or None in costs
