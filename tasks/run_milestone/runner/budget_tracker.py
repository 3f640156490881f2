"""Keep a milestone within its budget: ask when it is used up, and count what was broken off."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from ..core.errors import PutOffError
from ..model import Gate, Step
from ..policy import budget, gating
from ..render.budget import budget_used, cost_unknown
from ..render.transcript import attempt_lost, review_lost
from .ask import OpenQuestion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from ..policy.graph import Node
    from ..steps.run_context import RunContext
    from ..steps.task import Task


def refresh(ctx: RunContext) -> None:
    """Add up what all runs used, and close the gate where there is budget again."""
    ctx.store.usage.read()
    if not budget.reached(ctx.store.usage.total, _allowed(ctx)):
        ctx.store.gates.close(budget.GATE)


def record_lost_attempts(ctx: RunContext, others: AbstractSet[str]) -> Iterator[str]:
    """Record the attempts and reviews that ended with their run, by kill -9 say, and yield a sentence for each.

    What began at an issue of `others` may still go on elsewhere.
    """
    total = ctx.store.usage.total
    for task in (*total.begun, *dict.fromkeys(total.reviewing)):
        number = task.partition(":")[0]
        if number in ctx.issues and number not in others:
            ctx.store.usage.lost(task)
            yield attempt_lost(number) if task in total.begun else review_lost(number)


def _allowed(ctx: RunContext) -> dict[str, float]:
    return budget.limits(ctx.milestone, ctx.store.decisions.all())


def question(ctx: RunContext, node: Node, task: Task[Any, Any], on: Any) -> OpenQuestion | None:
    """Return the question to ask before a task uses more, None while there is budget, of which an attempt is kept then.

    Only work takes an attempt, and none that is done already, where only its marker is missing.
    """
    allowed, is_attempt = _allowed(ctx), node.step is Step.IMPLEMENT and on.is_paid and not task.is_done(on)
    used = ctx.store.usage.reserve(node.name, allowed["attempts"]) if is_attempt else ctx.store.usage.total
    reached = tuple(one for one in budget.reached(used, allowed) if is_attempt or one.rule != "attempts")
    if not reached:
        return None
    outcome = gating.ask(budget.GATE, reached, "", ctx.store.decisions.all(), ctx.milestone)
    return OpenQuestion(outcome, tuple(budget_used(used, allowed))) if isinstance(outcome, Gate) else None


def unmeasured(ctx: RunContext) -> list[str]:
    """Return what to say at the end of a run whose agents did not tell what they cost."""
    return cost_unknown(ctx.store.usage.total) if ctx.store.usage.unknown_now else []


@contextlib.contextmanager
def counted(ctx: RunContext, node: Node, began: float) -> Iterator[None]:
    """Count also the time of a task that is broken off."""
    try:
        yield
    except PutOffError:
        raise
    except BaseException:
        ctx.store.usage.count(node.name, "broken off", time.monotonic() - began)
        raise
