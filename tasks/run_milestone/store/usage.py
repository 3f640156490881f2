"""Usage: what a milestone used of its budget, written to the journal as it is used."""

from __future__ import annotations

import threading
from dataclasses import replace
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
        self._reserved = set[str]()
        self.total = budget.Used()
        self.unknown_now = False
        """Whether an agent of this run did not tell what it cost."""

    def read(self) -> None:
        """Add up what all runs used, on every machine."""
        with self._turn:
            self.total = budget.used(renumbered(list(self._journal.entries())))

    def reserve(self, task: str, limit: float) -> budget.Used:
        """Keep an attempt for a task where one is left, so that tasks that run side by side do not take the same one.

        Returns what is used, with the attempts that are kept for other tasks.
        """
        with self._turn:
            others = self._reserved - {task}
            used = replace(self.total, attempts=self.total.attempts + len(others))
            if used.attempts < limit:
                self._reserved.add(task)
            return used

    def release(self, task: str) -> None:
        """Give back an attempt that was kept for a task and did not begin."""
        with self._turn:
            self._reserved.discard(task)

    def begin(self, task: str) -> None:
        """Record that an agent's attempt begins, so that it counts however it ends."""
        self._add(budget.BEGAN, {"task": task})

    def begin_review(self, task: str) -> None:
        """Record that an agent begins to review, so that it counts however it ends."""
        self._add(budget.REVIEW_BEGAN, {"task": task})

    def lost(self, task: str) -> None:
        """Record that an attempt or a review ended with its run: what it took and cost is unknown."""
        self._add("broken off", {"task": task, "took": None, **self._cost(task, None)})

    def count(self, task: str, event: str, took: float, evidence: Any = None, **facts: str) -> None:
        """Record what a task took, and what its agent cost: null where nobody measured."""
        self._add(event, {"task": task, "took": round(took, 3), **self._cost(task, evidence), **facts})

    def _cost(self, task: str, evidence: Any) -> dict[str, Any]:
        """Return what agents cost, nothing where none began."""
        reviews = self.total.reviewing.count(task)
        if isinstance(evidence, Reviewed) and (evidence.costs or reviews):
            return {"review_costs": list(evidence.costs)}
        if reviews:
            return {"review_costs": [None] * reviews}
        if task not in self.total.begun:
            return {}
        return {"cost": evidence.cost if isinstance(evidence, Implemented) else None}

    def _add(self, event: str, facts: dict[str, Any]) -> None:
        with self._turn:
            self._journal.add(event, **facts)
            if event == budget.BEGAN:
                self._reserved.discard(facts["task"])
            self.total = self.total.and_more({"event": event, **facts})
            costs = (facts.get("cost", 0.0), *facts.get("review_costs", ()))
            self.unknown_now = self.unknown_now or None in costs
