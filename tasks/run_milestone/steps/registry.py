"""The registry of tasks: one row per step of an issue, and per task of the milestone itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..policy.graph import BOOTSTRAP, COMPLETE, PLAN_REVIEW, Node
from .barrier import Barrier
from .bootstrap import Bootstrap
from .branch import Branch
from .complete import Complete
from .gates import InspectGate, ReviewGate, TestGate
from .implement import Implement
from .inspect import Inspect
from .lint import Lint
from .people import People, PeopleGate
from .pr import OpenPullRequest
from .push import Push
from .review import Review
from .review_plan import ReviewPlan
from .setup import Setup
from .step_context import step_context
from .test import Test

if TYPE_CHECKING:
    from .run_context import RunContext
    from .task import IssueStep, Task

_STEPS: tuple[IssueStep[Any], ...] = (
    Branch(),
    Setup(),
    Implement(),
    Lint(),
    Test(),
    TestGate(),
    Inspect(),
    InspectGate(),
    Push(),
    OpenPullRequest(),
    Review(),
    ReviewGate(),
    People(),
    PeopleGate(),
)
STEPS = {step.name: step for step in _STEPS}
OWN: dict[str, Task[Any, Any]] = {BOOTSTRAP: Bootstrap(), PLAN_REVIEW: ReviewPlan(), COMPLETE: Complete()}
"""The tasks of the milestone itself; every other node without an issue is a phase's barrier."""


def lookup(ctx: RunContext, node: Node) -> tuple[Task[Any, Any], Any]:
    """Return the task of a graph node, and the context it works from as things are now."""
    if node.step is not None and node.issue is not None:
        return STEPS[node.step], step_context(ctx, ctx.issues[node.issue])
    return OWN.get(node.name) or Barrier(node), ctx
