"""ledger: what a milestone used of its budget, journalled as it is used, and the question when it is gone."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

from ..model import Gate, Implemented, Reviewed, Step
from ..policy import budget, gating
from ..policy.graph import step_name
from ..policy.issue_identity import renumbered
from ..render.budget import budget_used, cost_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet

    from ..model import Milestone
    from ..policy.graph import Node
    from ..store import State


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
            self._used = budget.used(renumbered(list(self._state.journal.entries())))
        if not budget.reached(self._used, self._allowed()):
            self._state.gates.close(budget.GATE)

    def break_off(self, others: AbstractSet[str]) -> Iterator[str]:
        """Write down which attempts ended with their run, by kill -9 say, and yield a sentence for each.

        What began at an issue of `others` may still go on elsewhere.
        """
        for task in self._used.begun:
            number = task.partition(":")[0]
            if any(issue.number == number for issue in self._milestone.issues) and number not in others:
                self._add("broken off", {"task": task, "took": None, "cost": None})
                yield f"⚠️ An attempt at #{number} ended with its run: it counts, what it took and cost is unknown"

    def begin(self, issue: str) -> bool:
        """Write down that an agent's attempt at an issue begins; returns whether it is one that counts."""
        paid = self._is_paid(issue)
        if paid:
            self._add(budget.BEGAN, {"task": step_name(issue, Step.IMPLEMENT)})
        return paid

    def _allowed(self) -> dict[str, float]:
        return budget.limits(self._milestone, self._state.decisions.all())

    def question(self, node: Node, made: Callable[[], bool]) -> Gate | None:
        """Return the question to put before a task uses more, None while there is budget.

        Only work takes an attempt, and none that was `made` already, which only its marker does not say.
        """
        found = budget.reached(self._used, self._allowed())
        if any(finding.rule == "attempts" for finding in found) and not self._takes_attempt(node, made):
            found = tuple(finding for finding in found if finding.rule != "attempts")
        asked = gating.ask(budget.GATE, found, "", self._state.decisions.all(), self._milestone) if found else None
        return asked if isinstance(asked, Gate) else None

    def _takes_attempt(self, node: Node, made: Callable[[], bool]) -> bool:
        return node.step is Step.IMPLEMENT and self._is_paid(node.issue) and not made()

    def told(self) -> list[str]:
        """Return what is used of what is allowed, for people."""
        return budget_used(self._used, self._allowed())

    def unmeasured(self) -> list[str]:
        """Return what to say at the end of a run whose agents did not tell what they cost."""
        return cost_unknown(self._used) if self._unknown_now else []

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
        self._add(event, {"task": node.name, "took": round(took, 3), **self._cost(node, evidence)})

    def _add(self, event: str, facts: dict[str, Any]) -> None:
        with self._turn:
            self._state.journal.add(event, **facts)
            self._used = self._used.and_more({"event": event, **facts})
            costs = (facts.get("cost", 0.0), *facts.get("review_costs", ()))
            self._unknown_now = self._unknown_now or None in costs

    def _cost(self, node: Node, evidence: Any) -> dict[str, Any]:
        """Return what agents cost, nothing where none began; an attempt that was broken off told nobody."""
        if isinstance(evidence, Reviewed) and evidence.costs:
            return {"review_costs": list(evidence.costs)}
        if node.name not in self._used.begun:
            return {}
        return {"cost": evidence.cost if isinstance(evidence, Implemented) else None}

    def _is_paid(self, number: str | None) -> bool:
        """Return whether an agent works at an issue, and neither a person nor what was recorded."""
        issue = next(issue for issue in self._milestone.issues if issue.number == number)
        return (issue.agent or self._milestone.agent).kind not in {"human", "replay"}
