"""Decide which tasks must run, as records, plan and remote snapshot are at this moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..model import Proposed, Step, Verb
from ..policy import skips
from ..policy.graph import phase_name, step_name
from ..steps.registry import lookup
from .ask import OpenQuestion, after
from .issue_seals import IssueSeals

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from ..model import Marker
    from ..policy.graph import Node
    from ..steps.run_context import RunContext
    from ..steps.task import Inputs, Task

SKIPPED = "it is skipped"
NOT_NEEDED = "it has nothing to do"
UNANSWERED = "its question is not answered"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a task must run, and why or why not. It is decided once and handed over."""

    run: bool
    why: str
    inputs: Inputs | None = None
    """What the task works from, None where nothing had to be compared."""
    question: OpenQuestion | None = None
    """The question of a task that ran already and whose evidence is still true: it is asked again, nothing runs."""


def check(ctx: RunContext, node: Node, fresh: Container[str] = ()) -> Verdict:
    """Return whether a task must run. It has no effects.

    The `fresh` tasks ran after the remote was asked, so they are not compared with what it answered.
    """
    settled_by = settled(ctx, node.issue) if node.issue else None
    if node.group or settled_by:
        return Verdict(False, settled_by or "its tasks run")
    marker = ctx.store.markers.read(node.name)
    task, on = lookup(ctx, node)
    if marker is None:
        needed = task.is_needed(on)
        return Verdict(needed, "it has not run yet, or its marker was deleted" if needed else NOT_NEEDED)
    inputs = task.inputs(on)
    if changed := _changed(marker, inputs):
        return Verdict(True, changed, inputs)
    return _compare_evidence(ctx, node, task, on, Verdict(False, _why_not(node, marker, fresh), inputs), fresh)


def is_needed(ctx: RunContext, node: Node) -> bool:
    """Return whether a task has anything to do: it did it before, or it says so."""
    task, on = lookup(ctx, node)
    return ctx.store.markers.read(node.name) is not None or task.is_needed(on)


def _changed(marker: Marker, inputs: Inputs) -> str | None:
    """Return what a task works from that is not as its marker says."""
    names = [name for name in {**marker.inputs, **inputs} if marker.inputs.get(name) != inputs.get(name)]
    return f"changed since: {', '.join(names)}" if names else None


def _why_not(node: Node, marker: Marker, fresh: Container[str]) -> str:
    return "it ran just now" if node.name in fresh else f"nothing it works from has changed since {marker.at}"


def _compare_evidence(
    ctx: RunContext, node: Node, task: Task[Any, Any], on: Any, done: Verdict, fresh: Container[str]
) -> Verdict:
    """Return `done`, unless the evidence's question is open or the world has moved since."""
    evidence = ctx.store.markers.evidence(node.name, task.shape)
    outcome = None if task.is_gate else after(ctx, node, task, on, evidence)
    question = outcome if isinstance(outcome, OpenQuestion) else None
    drift = task.drift(on, evidence) if question or node.name not in fresh else None
    if question and node.name not in fresh:
        drift = drift or task.measures_again(on, evidence)
    if question is None:
        return Verdict(True, drift, done.inputs) if drift else done
    why = UNANSWERED if drift is None or node.name in fresh else drift
    return Verdict(True, why, done.inputs, None if drift or _waits_for_commits(evidence) else question)


def _waits_for_commits(evidence: Any) -> bool:
    """Return whether a person was asked to commit: then the step looks for their commits whenever it comes."""
    return getattr(getattr(evidence, "problem", None), "rule", None) == "human"


# ---- issues -------------------------------------------------------------------------------------------------------


def settled(ctx: RunContext, number: str) -> str | None:
    """Return why an issue needs nothing more (skipped, merged), None where it does."""
    issue, store = ctx.issues[number], ctx.store
    decisions = store.decisions.at(number, phase_name(issue.phase))
    if any(one.verb in {Verb.SKIP, Verb.SKIP_PHASE} for one in decisions):
        reviewed = store.markers.read(step_name(number, Step.REVIEW_GATE)) is not None
        if skips.skipped(number, issue.phase, decisions, finished=reviewed):
            return SKIPPED
    pull = ctx.remote.pull(ctx.branch(issue)) if ctx.remote else None
    proposed = None if pull else store.markers.evidence(step_name(number, Step.PR), Proposed)
    state = pull.state if pull else proposed.state if proposed else None
    return "its pull request is merged" if state == "merged" else None


def finished(ctx: RunContext, number: str, fresh: Container[str] = ()) -> bool:
    """Return whether an issue came to its end: done, merged or skipped."""
    return settled(ctx, number) is not None or not any(check(ctx, node, fresh).run for node in _chain(ctx, number))


def _chain(ctx: RunContext, number: str) -> list[Node]:
    """Return the tasks of an issue in their order."""
    return [ctx.nodes[name] for name in ctx.nodes[number].after]


def unready(ctx: RunContext, number: str, fresh: Container[str] = ()) -> str | None:
    """Return why the evidence about an issue does not speak of what would land; None where it does.

    A base that moved is no reason: what the issue is based on lands before it.
    """
    for node in _chain(ctx, number):
        why = unready_step(ctx, node, fresh)
        if why is not None:
            return f"{node.step}: {why}"
    return None


def unready_step(ctx: RunContext, node: Node, fresh: Container[str]) -> str | None:
    """Return why a step would have to run before its issue lands; None where it would not."""
    if node.step not in {Step.BRANCH, Step.PR}:
        verdict = check(ctx, node, fresh)
        return verdict.why if verdict.run else None
    marker = ctx.store.markers.read(node.name)
    if marker is None:
        return "it has not run yet, or its marker was deleted"
    task, on = lookup(ctx, node)
    return _changed(marker, task.inputs(on))


# ---- tasks of a run that need no second look ----------------------------------------------------------------------


@dataclass(slots=True)
class DoneTasks:
    """Remember which tasks need nothing, until the next decision."""

    fresh: set[str] = field(default_factory=set)
    """Tasks that this run has done."""
    seals: IssueSeals = field(default_factory=IssueSeals)
    """The issues that were known to need nothing when the last run ended."""
    _done: set[str] = field(default_factory=set)

    def note(self, *names: str) -> None:
        """Remember that tasks are done."""
        self._done.update(names)

    def clear(self) -> None:
        """Forget it all: a decision or a branch that moved may have changed it. What is fresh stays fresh."""
        self._done.clear()
        self.seals.forget()

    def seal(self, ctx: RunContext) -> None:
        """Seal for the next run what needs nothing."""
        self.seals.keep(ctx, self._done, self.fresh)

    def __contains__(self, name: str) -> bool:
        """Return whether this run has seen, since the last decision, that a task is done."""
        return name in self._done

    def remaining(self, ctx: RunContext, names: Iterable[str]) -> list[Node]:
        """Return the nodes that these need, without those that are known to be done."""
        wanted, needed = list(names), set[str]()
        while wanted:
            name = wanted.pop()
            if name not in needed and name not in self._done:
                needed.add(name)
                wanted += ctx.nodes[name].after
        return [node for node in ctx.nodes.values() if node.name in needed]
