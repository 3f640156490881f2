"""Set the issue's tree up, once for the same commands and lock files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model import BranchMade, Step, TreeSetUp
from .task import IssueStep
from .workplace import not_set_up, ready, setup_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .step_context import StepContext


class Setup(IssueStep[TreeSetUp]):
    """Run the plan's setup in the issue's tree, or take over what it made elsewhere."""

    name = Step.SETUP
    shape = TreeSetUp
    settings = ("tree",)

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return what the setup depends on at the commit where the branch starts."""
        made = ctx.evidence(Step.BRANCH, BranchMade)
        return {"lock files": setup_key(ctx.run, made.tip or made.base)}

    def run(self, ctx: StepContext) -> TreeSetUp:
        """Set the tree up for the commit that the branch is at."""
        place = ready(ctx, ctx.head or ctx.evidence(Step.BRANCH, BranchMade).base)
        problem = not_set_up(place.problem, place.output) if place.problem else None
        return TreeSetUp(place.key, place.made, place.reused, problem)
