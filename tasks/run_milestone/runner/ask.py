"""Evaluate the gate of a task: before it runs, and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..model import Gate, Passed
from ..policy import gating

if TYPE_CHECKING:
    from ..policy.graph import Node
    from ..steps.run_context import RunContext
    from ..steps.task import Questions, Task


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A gate that waits for an answer, and the lines that are shown with it."""

    gate: Gate
    listing: tuple[str, ...] = ()


def before(ctx: RunContext, node: Node, task: Task[Any, Any], on: Any) -> Passed | OpenQuestion:
    """Evaluate what blocks a task, before it runs."""
    return ask_about(ctx, node.issue or node.name, task.blockers(on))


def after(ctx: RunContext, node: Node, task: Task[Any, Any], on: Any, evidence: Any) -> Passed | OpenQuestion:
    """Evaluate what a task found, after it ran."""
    return ask_about(ctx, node.issue or node.name, task.findings(on, evidence))


def ask_about(ctx: RunContext, name: str, questions: Questions) -> Passed | OpenQuestion:
    """Return how findings pass the gate of that name, or the question that is still open."""
    decisions = ctx.store.decisions.all()
    outcome = gating.ask(name, questions.findings, questions.change, decisions, ctx.milestone)
    return outcome if isinstance(outcome, Passed) else OpenQuestion(outcome, questions.listing)
