"""Run one task: act, record last of all, and ask about what was found."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..core.errors import OutsideError, PlanError, UsageError
from ..model import STEPS, Implemented, Step, Tested
from ..policy import split, unboxed
from ..policy.graph import COMPLETE, Node
from ..render import steps as words
from ..render.gate import why_asked, why_passed
from ..render.transcript import task_note
from ..steps.registry import lookup
from ..steps.task import Questions, failure
from ..store.markers import marker_digest
from . import budget_tracker, operator_watch
from .ask import OpenQuestion, after, ask_about, before

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Passed
    from ..steps.run_context import RunContext
    from ..steps.task import Inputs, Task
    from .gates import Gates
    from .up_to_date import DoneTasks, Verdict

MOVES_ITS_BRANCH = frozenset({Step.IMPLEMENT, Step.LINT})
"""Steps that move no branch but their own, which is read again after them."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One task while it runs."""

    ctx: RunContext
    node: Node
    task: Task[Any, Any]
    on: Any
    """The context that the task works from."""
    gates: Gates

    def explain(self, what: str) -> None:
        """Say what a verbose run says of the task."""
        if self.ctx.options.verbose:
            self.ctx.console.say(task_note(self.node.name, what), self.node.issue)

    def passed(self, outcome: Passed | OpenQuestion) -> Passed:
        """Return how the task passed; raises Stopped where a question is open."""
        if isinstance(outcome, OpenQuestion):
            self.explain(f"asks: {why_asked(outcome.gate)}")
            self.gates.stop(self.ctx, outcome, self.node.issue)
        return outcome


def execute(ctx: RunContext, node: Node, verdict: Verdict, gates: Gates, done: DoneTasks) -> None:
    """Run one task and record it; raises Stopped where a person has to decide first.

    What fails inside a step of an issue is a question as well.
    """
    try:
        _execute(ctx, node, verdict, gates, done)
    except (OutsideError, UsageError, OSError) as error:
        if node.issue is None or node.step is None or isinstance(error, PlanError):
            raise
        outcome = ask_about(ctx, node.issue, Questions((failure(node.step, error),)))
        if not isinstance(outcome, OpenQuestion):
            raise
        gates.stop(ctx, outcome, node.issue)
    finally:
        ctx.store.usage.release(node.name)


def _execute(ctx: RunContext, node: Node, verdict: Verdict, gates: Gates, done: DoneTasks) -> None:
    one = Execution(ctx, node, *lookup(ctx, node), gates)
    _ask_about_changes(one)
    _keep_budget(one)
    if node.issue is not None:
        ctx.store.markers.forget(COMPLETE)  # whatever happens next, the milestone has work left
        ctx.console.enter(ctx.issues[node.issue])
    one.explain(f"runs: {verdict.why}")
    one.passed(before(ctx, node, one.task, one.on))
    inputs = one.task.inputs(one.on)
    if verdict.question is not None and inputs == verdict.inputs:
        one.passed(verdict.question)
    if (why := split.put_off(node, ctx.options)) is not None:
        raise why
    evidence = None if one.task.is_gate else _run(one, inputs, done)
    passed = one.passed(after(ctx, node, one.task, one.on, evidence))
    ctx.store.gates.close(node.issue or node.name)  # whatever was asked before is answered or out of date
    if one.task.is_gate:
        one.explain(f"passes: {why_passed(passed)}")
        _record(one, inputs, passed, 0.0, done)
    done.note(node.name)
    if node.step is STEPS[-1]:
        ctx.console.leave(node.issue or "")


def _ask_about_changes(one: Execution) -> None:
    """Stop while nobody has approved what changed on the operator's side."""
    if (asked := operator_watch.question(one.ctx)) is not None:
        one.gates.stop(one.ctx, asked, None)


def _keep_budget(one: Execution) -> None:
    """Stop before a task that takes time, money or an attempt, once all of it is used up."""
    if one.task.is_gate or one.node.name == COMPLETE:
        return
    asked = budget_tracker.question(one.ctx, one.node, one.task, one.on)
    if asked is not None:
        one.gates.stop(one.ctx, asked, None)


def _run(one: Execution, inputs: Inputs, done: DoneTasks) -> Any:
    """Run a task; its marker comes last, after every effect it records."""
    ctx, node, began = one.ctx, one.node, time.monotonic()
    marker = ctx.store.markers.read(node.name)
    if marker is None or marker.inputs != inputs:
        ctx.store.gates.close(node.issue or node.name)  # it asked about something else
    ctx.console.say(_starting(one), node.issue)
    with (
        operator_watch.watched(ctx, node),
        _unboxed(one),
        budget_tracker.counted(ctx, node, began),
        ctx.console.working(node.name),
    ):
        evidence = _with_box(one, one.task.run(one.on))
    took = time.monotonic() - began
    if (asked := operator_watch.question(ctx)) is not None:
        ctx.store.usage.count(node.name, "broken off", took, evidence)  # what it cost was spent
        one.gates.stop(ctx, asked, None)
    _read_branches(one)
    _record(one, inputs, evidence, took, done)
    return ctx.store.markers.evidence(node.name, one.task.shape)  # as recorded: without secrets, as later runs see it


def _with_box(one: Execution, evidence: Any) -> Any:
    """Return the evidence of an agent or of tests with the kind of box that they ran in."""
    if isinstance(evidence, (Implemented, Tested)):
        return replace(evidence, sandbox=one.ctx.outside.processes.sandbox.kind)
    return evidence


@contextlib.contextmanager
def _unboxed(one: Execution) -> Iterator[None]:
    """Record that commands run without a sandbox: approvals that come in meanwhile are not taken."""
    if one.ctx.outside.processes.sandbox.kind != "none" or not unboxed.starts_commands(one.node):
        yield
        return
    one.ctx.store.journal.add(unboxed.BEGAN, task=one.node.name)
    try:
        yield
    finally:
        one.ctx.store.journal.add(unboxed.ENDED, task=one.node.name)


def _read_branches(one: Execution) -> None:
    """Read again the branches that a task may have moved."""
    if one.node.issue is None or one.node.step is Step.BRANCH:
        one.ctx.read_branches()
    elif one.node.step in MOVES_ITS_BRANCH:
        one.ctx.branches.read_one(one.ctx.git, one.on.branch)


def _record(one: Execution, inputs: Inputs, evidence: Any, took: float, done: DoneTasks) -> None:
    store, record = one.ctx.store, marker_digest(inputs, evidence)
    store.usage.count(one.node.name, "done", took, evidence, record=record)
    store.markers.write(one.node.name, dict(inputs), evidence, took)
    done.fresh.add(one.node.name)
    one.ctx.console.say(_finished(one, evidence), one.node.issue)


def _starting(one: Execution) -> list[str]:
    if one.node.step is None:
        return words.before_milestone_task(one.node.name, unreviewed=one.ctx.options.skip_plan_review)
    return words.before(one.node.step, one.on.attempt, from_scratch=one.on.from_scratch)


def _finished(one: Execution, evidence: Any) -> list[str]:
    if one.node.step is None:
        return words.after_milestone_task(one.node, evidence, one.ctx.milestone, one.ctx.store)
    return words.after(one.node.step, evidence, one.on.attempt, from_scratch=one.on.from_scratch)
