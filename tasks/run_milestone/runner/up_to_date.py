"""due: which tasks of a milestone have to run, as its records, its plan and the world stand at this moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..model import Gate, Passed, Proposed, Step
from ..policy import gating
from ..policy.graph import compile_graph

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..policy.graph import Node
    from ..steps.task import Task
    from .task_factory import Making

SKIPPED = "it is skipped"
UNANSWERED = "its question is not answered"


@dataclass(slots=True)
class Due:
    """Tells what is due; what was found done is not asked about again before the next decision."""

    making: Making
    nodes: dict[str, Node] = field(init=False)
    fresh: set[str] = field(default_factory=set)
    """Tasks done in this run: they read their effect back after the world was asked."""
    _done: set[str] = field(default_factory=set)
    """Tasks that this run has found done, or has done itself, since the last decision."""

    def __post_init__(self) -> None:
        """Compile the graph once."""
        self.nodes = {node.name: node for node in compile_graph(self.making.milestone)}

    def note(self, node: Node) -> None:
        """Remember that a task is done."""
        self._done.add(node.name)

    def ask_again(self) -> None:
        """Forget what was found done: a decision or a moved branch may have changed it."""
        self._done.clear()

    def known_done(self, name: str) -> bool:
        """Return whether this run has found a task done since the last decision."""
        return name in self._done

    def remaining(self, names: Iterable[str]) -> list[Node]:
        """Return the nodes that these need, those left out that this run has found done since the last decision."""
        wanted, found = list(names), set[str]()
        while wanted:
            name = wanted.pop()
            if name not in found and name not in self._done:
                found.add(name)
                wanted += self.nodes[name].after
        return [node for node in self.nodes.values() if node.name in found]

    def why(self, node: Node) -> str | None:
        """Return why a task will run, None where it is done."""
        if node.group or (node.issue is not None and self.settled(node.issue)):
            return None
        task = self.making.task(node)
        if changed := self._changed(node, task):
            return changed
        evidence = self.making.state.markers.evidence(node.name, task.shape)
        unanswered = task.act is not None and isinstance(self.ask(task, evidence), Gate)
        differs = None if node.name in self.fresh else task.differs(evidence)
        return differs or (UNANSWERED if unanswered else None)

    def has_marker(self, node: Node) -> bool:
        """Return whether a task was done once, however things stand now."""
        return self.making.state.markers.read(node.name) is not None

    def _changed(self, node: Node, task: Task) -> str | None:
        """Return what a task works from that is not as its marker says."""
        marker = self.making.state.markers.read(node.name)
        if marker is None:
            return "it has not run yet, or its marker was deleted"
        now = task.inputs()
        changed = [name for name in {**marker.inputs, **now} if marker.inputs.get(name) != now.get(name)]
        return f"changed since: {', '.join(changed)}" if changed else None

    def unready(self, number: str) -> str | None:
        """Return why the evidence about an issue does not speak of what would land; None where it does.

        A base that moved is no reason: what the issue stands on lands before it.
        """
        for node in self.nodes.values():
            if node.issue == number and not node.group:
                based = node.step in {Step.BRANCH, Step.PR}
                why = self._changed(node, self.making.task(node)) if based else self.why(node)
                if why is not None:
                    return f"{node.step}: {why}"
        return None

    def why_not(self, node: Node) -> str:
        """Return why a task that is done needs nothing."""
        settled = self.settled(node.issue) if node.issue else None
        if settled or node.name in self.fresh:
            return settled or "it ran just now"
        marker = self.making.state.markers.read(node.name)
        return f"nothing it works from has changed since {marker.at if marker else 'then'}"

    def finished(self, number: str) -> bool:
        """Return whether an issue came to its end: done, merged or skipped."""
        return self.settled(number) is not None or all(
            self.why(node) is None for node in self.nodes.values() if node.issue == number
        )

    def settled(self, number: str) -> str | None:
        """Return why an issue needs nothing more (skipped, merged), None where it does."""
        state, issue = self.making.state, self.making.issue(number)
        finished = state.markers.read(f"{number}:{Step.REVIEW_GATE}") is not None
        if gating.skipped(number, issue.phase, state.decisions.all(), finished=finished):
            return SKIPPED
        world = self.making.outside.world
        pull = world.pull(state.registry.branch(self.making.milestone, issue)) if world else None
        proposed = state.markers.evidence(f"{number}:{Step.PR}", Proposed)
        told = pull.state if pull else proposed.state if proposed else None
        return "its pull request is merged" if told == "merged" else None

    def ask(self, task: Task, evidence: Any) -> Passed | Gate:
        """Return how what a task found passes, or the question that is still open."""
        return self.ask_about(task, task.findings(evidence))

    def ask_about(self, task: Task, asked: Any) -> Passed | Gate:
        """Return how these findings of a task pass, or the question that is still open."""
        found, change = asked
        making = self.making
        return gating.ask(task.gate, found, change, making.state.decisions.all(), making.milestone)
