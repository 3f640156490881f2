"""The last task of a milestone: every issue is done or skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model import Completed
from ..policy.version_tag import next_tag
from ..store.issue_status import issue_statuses
from .task import MilestoneTask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .run_context import RunContext


class Complete(MilestoneTask[Completed]):
    """Record how each issue ended."""

    shape = Completed

    def works_from(self, ctx: RunContext) -> Mapping[str, Any]:
        """Return how each issue ended."""
        with ctx.store.steady.block():
            return {"issues": [_end(story) for story in issue_statuses(ctx.milestone.issues, ctx.store)]}

    def run(self, ctx: RunContext) -> Completed:
        """Return the issues that are done."""
        with ctx.store.steady.block():
            ended = issue_statuses(ctx.milestone.issues, ctx.store)
        done = tuple(story.number for story in ended if story.status == "done")
        return Completed(done, next_tag(ctx.git.tags(), ctx.milestone.id))


def _end(story: Any) -> list[Any]:
    return [story.number, story.status, story.pr, story.labels, story.verdict]
