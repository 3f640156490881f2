"""ledger: what a milestone used of its budget, journalled as it is used, and the question when it is gone."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

from . import budget, gates
from .model import Gate, Implemented, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .graph import Node
    from .model import Milestone
    from .state import State


class Ledger:
    """Time and money of one milestone over all its runs."""

    def __init__(self, milestone: Milestone, state: State) -> None:
        """Start with nothing used; `open` adds what earlier runs used."""
        self._milestone = milestone
        self._state = state
        self._used = budget.Used()
        self._unknown_now = False
        self._turn = threading.Lock()

    def open(self) -> None:
        """Add up what all runs used, and take the question back where there is budget again."""
        with self._turn:
            self._used = budget.used(self._state.journal.entries())
        if not budget.reached(self._used, self._allowed()):
            self._state.gates.close(budget.GATE)

    def _allowed(self) -> dict[str, float]:
        return budget.limits(self._milestone, self._state.decisions.all())

    def question(self, node: Node) -> Gate | None:
        """Return the question to put before a task uses more, None while there is budget; only work takes attempts."""
        allowed = self._allowed()
        if node.step is not Step.IMPLEMENT or not self._is_paid(node):
            allowed.pop("attempts")
        found = budget.reached(self._used, allowed)
        asked = gates.ask(budget.GATE, found, "", self._state.decisions.all(), self._milestone) if found else None
        return asked if isinstance(asked, Gate) else None

    def told(self) -> list[str]:
        """Return what is used of what is allowed, for people."""
        return budget.told(self._used, self._allowed())

    def unmeasured(self) -> list[str]:
        """Return what to say at the end of a run whose agents did not tell what they cost."""
        return budget.unmeasured(self._used) if self._unknown_now else []

    @contextlib.contextmanager
    def counted(self, node: Node, began: float) -> Iterator[None]:
        """Count also the time of what is broken off."""
        try:
            yield
        except BaseException:
            self.count(node, "broken off", time.monotonic() - began)
            raise

    def count(self, node: Node, event: str, took: float, evidence: Any = None) -> None:
        """Write down what a task took, and what its agent cost where one worked: null where nobody measured."""
        facts = {"task": node.name, "took": round(took, 3), **self._cost(node, evidence)}
        with self._turn:
            self._state.journal.add(event, **facts)
            self._used = self._used.and_more(facts)

    def _cost(self, node: Node, evidence: Any) -> dict[str, float | None]:
        """Return what an agent's attempt cost; one that was broken off told nobody."""
        adopted = isinstance(evidence, Implemented) and evidence.adopted
        if node.step is not Step.IMPLEMENT or adopted or not self._is_paid(node):
            return {}
        cost = evidence.cost if isinstance(evidence, Implemented) else None
        self._unknown_now = self._unknown_now or cost is None
        return {"cost": cost}

    def _is_paid(self, node: Node) -> bool:
        """Return whether an agent works at the issue, and neither a person nor what was recorded."""
        issue = next(issue for issue in self._milestone.issues if issue.number == node.issue)
        return (issue.agent or self._milestone.agent).kind not in {"human", "replay"}
