"""carrying: one task is carried out, recorded and asked about; what does not pass opens a gate and stops there."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..model import Gate, Passed, Step
from ..policy.gating import ask
from ..policy.graph import COMPLETE, Node
from ..render.gate import why_asked, why_passed
from .gates import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model import Finding
    from ..render.console import Console
    from ..steps.task import Task
    from ..store import State
    from .budget_tracker import Ledger
    from .gates import Questions
    from .up_to_date import Due

MOVING = frozenset({Step.IMPLEMENT, Step.LINT})
"""Steps that move no branch but their own, which is read again after them."""


@dataclass(slots=True)
class Carrying:
    """Carries tasks out: acts, records last of all, and asks what was found."""

    due: Due
    console: Console
    ledger: Ledger
    questions: Questions
    send: Callable[[], None]
    """Sends what was recorded to whoever shares it."""
    _told: set[str] = field(default_factory=set)
    """Tasks of which a verbose run said that they are done."""

    @property
    def _state(self) -> State:
        return self.due.making.state

    def done(self, node: Node) -> bool:
        """Return whether a task needs nothing as it comes, remember that, and say why in a verbose run."""
        if self.due.why(node) is not None:
            return False
        self.due.note(node)
        if node.step is Step.REVIEW_GATE:
            self.console.leave(node.issue or "")  # earlier steps of it may have run
        if self.due.making.manner.verbose and node.name not in self._told:
            self._told.add(node.name)
            self.console.say([f"· {node.name} is done: {self.due.why_not(node)}"])
        return True

    def carry_out(self, node: Node) -> None:
        """Do one task and record it; raises Stopped where a person has to decide first."""
        task = self.due.making.task(node)
        if task.act is not None and node.name != COMPLETE:
            self._keep_budget(node, task)
        if node.issue is not None:
            self._state.markers.forget(COMPLETE)  # whatever happens next, the milestone has work left
            self.console.enter(self.due.making.issue(node.issue))
        if self.due.making.manner.verbose:
            self._explain(node, f"runs: {self.due.why(node)}")
        self._pass(node, task, self.due.ask_about(task, task.hindrances()))
        evidence = self._standing(node, task) or self._act(node, task)
        passed = self._pass(node, task, self.due.ask(task, evidence))
        self._state.gates.close(task.gate)  # whatever was asked before is answered or out of date
        if task.act is None:
            self._explain(node, f"passes: {why_passed(passed)}")
            self._record(node, self.due.making.task(node), task.inputs(), passed, 0.0)
        self.due.note(node)
        if node.step is Step.REVIEW_GATE:
            self.console.leave(node.issue or "")
        if node.step in {None, Step.REVIEW_GATE}:
            self.send()

    def _keep_budget(self, node: Node, task: Task) -> None:
        """Stop before a task that takes time, money or an attempt, once all of it is used up."""
        asked = self.ledger.question(node, task.made)
        if asked is not None:
            raise Stopped(self._ask(asked, self.ledger.told()))

    def _explain(self, node: Node, what: str) -> None:
        if self.due.making.manner.verbose:
            self.console.say([f"· {node.name} {what}"], node.issue)

    def _standing(self, node: Node, task: Task) -> Any:
        """Return the evidence of a task that already acted and only asks again; a person's commits are looked for."""
        marker = self._state.markers.read(node.name)
        if task.act is None or marker is None or marker.inputs != task.inputs():
            return None
        evidence = self._state.markers.evidence(node.name, task.shape)
        asks = isinstance(self.due.ask(task, evidence), Gate) and not task.differs(evidence)
        waits_for_commits = getattr(getattr(evidence, "problem", None), "rule", None) == "human"
        return evidence if asks and not waits_for_commits else None

    def _act(self, node: Node, task: Task) -> Any:
        """Run a task; its marker comes last, after every effect it records."""
        if task.act is None:
            return None
        began, inputs, marker = time.monotonic(), task.inputs(), self._state.markers.read(node.name)
        if marker is None or marker.inputs != inputs:
            self._state.gates.close(task.gate)  # it asked about something else; one who only looks again asks the same
        self.console.say(task.before(), node.issue)
        with self.ledger.counted(node, began), self.console.working(node.name):
            evidence = task.act()
        if node.issue is None or node.step is Step.BRANCH:
            self.due.making.outside.read_heads()
        elif node.step in MOVING:
            self.due.making.outside.read_head(
                self._state.registry.branch(self.due.making.milestone, self.due.making.issue(node.issue))
            )
        self._record(node, task, inputs, evidence, time.monotonic() - began)
        return self._state.markers.evidence(node.name, task.shape)  # as recorded: without secrets, as later runs see it

    def _record(self, node: Node, task: Task, inputs: dict[str, str], evidence: Any, took: float) -> None:
        self._state.markers.write(node.name, inputs, evidence, took)
        self.ledger.count(node, "done", took, evidence)
        self.due.fresh.add(node.name)
        self.console.say(task.after(evidence), node.issue)

    def _pass(self, node: Node, task: Task, outcome: Passed | Gate) -> Passed:
        """Let what is passed go on; open a gate for what is not, and stop."""
        if isinstance(outcome, Passed):
            return outcome
        self._explain(node, f"asks: {why_asked(outcome)}")
        raise Stopped(self._ask(outcome, task.shown(), node.issue))

    def passes(self, issue: str, findings: tuple[Finding, ...], change: str) -> bool:
        """Return whether nothing found about an issue's `change` waits for an answer; else its question is put."""
        outcome = ask(issue, findings, change, self._state.decisions.all(), self.due.making.milestone)
        if isinstance(outcome, Gate):
            self._ask(outcome, [], issue)
            return False
        self._state.gates.close(issue)
        return True

    def _ask(self, asked: Gate, listing: list[str], issue: str | None = None) -> Gate:
        return self.questions.ask(asked, listing, issue, self.send)
