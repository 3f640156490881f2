"""The barrier at a phase's end: it asks about the pull requests it lists, each with its change, labels and risks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.errors import OutsideError
from ..model import Passed
from ..policy.graph import phase_name
from ..policy.phase_answers import ACCEPTED
from ..render import phase as words
from ..store.issue_status import issue_statuses, phase_findings
from .across import across
from .phase_changes import changes_since_answer, moved_since
from .task import MilestoneTask, Questions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Finding
    from ..policy.graph import Node
    from ..store.issue_status import IssueStatus
    from .run_context import RunContext

CHANGES = "changes of the phase"
"""The input that binds a phase's marker to its changes; version 0.1.0 recorded none."""


class Barrier(MilestoneTask[Passed]):
    """Ask whether a phase may end."""

    shape = Passed
    is_gate = True

    def __init__(self, node: Node) -> None:
        """Stand at the end of the phase that `node` is about."""
        self._number = node.phase or 1

    def works_from(self, ctx: RunContext) -> Mapping[str, Any]:
        """Return the list that is asked about, and the change of each pull request in it."""
        listed = self._listed(ctx)
        names = [_as_before(item) for item in listed]
        changes = {item.rule: (item.change, item.message) for item in listed if item.change is not None}
        return {"issues of the phase": names, **({} if self._holds_unbound(ctx, listed) else {CHANGES: changes})}

    def _holds_unbound(self, ctx: RunContext, listed: tuple[Finding, ...]) -> bool:
        """Return whether a marker without changes still holds, because nothing was reviewed after it."""
        marker = ctx.store.markers.read(phase_name(self._number))
        if marker is None or CHANGES in marker.inputs:
            return False
        return not any(moved_since(marker.at, item.rule, ctx.store) for item in listed)

    def findings(self, ctx: RunContext, evidence: Passed) -> Questions:
        """Return the phase's list, which a person has to pass, and what moved since it was passed before."""
        _ = evidence
        phase = ctx.milestone.phases[self._number - 1]
        moved = changes_since_answer(ctx, phase_name(self._number), self._listed(ctx))
        new = {change.issue: change.what for change in moved}
        listed = tuple(replace(item, detail=new.get(item.rule)) for item in self._listed(ctx))
        return Questions(listed, "", (*words.listing(phase, ctx.store, moved), *self._across(ctx)))

    def _across(self, ctx: RunContext) -> tuple[str, ...]:
        """Return what does not fit together among the issues that are done so far and not merged."""
        tip = _milestone_tip(ctx)
        if tip is None:
            return ()
        open_ones = {one.number for one in issue_statuses(ctx.issues.values(), ctx.store) if _lands(one)}
        numbers = [node.issue for node in ctx.nodes.values() if node.group and node.issue in open_ones and node.issue]
        try:
            look = across(ctx, tip, numbers)
            return (
                *(words.conflicting(*one) for one in look.clashes()),
                *(words.forked(one.early, one.late, one.finding.message) for one in look.forks()),
                *(words.differing(*one) for one in look.versions()),
            )
        except OutsideError as error:  # the list is worth more than the look
            return (words.not_looked_at(error.what),)

    def _listed(self, ctx: RunContext) -> tuple[Finding, ...]:
        return phase_findings(ctx.milestone.phases[self._number - 1], ctx.store)


def _milestone_tip(ctx: RunContext) -> str | None:
    """Return a commit of the milestone branch that is here; None where nothing outside may be asked."""
    if ctx.adapters is None:
        return None
    heads = (ctx.remote.heads if ctx.remote else {}), ctx.branches.heads
    tips = (known.get(ctx.milestone.branch) for known in heads)
    return next((tip for tip in tips if tip and ctx.git.has(tip)), None)


def _lands(issue: IssueStatus) -> bool:
    return issue.status == "done" and not issue.merged


def _as_before(item: Finding) -> Finding:
    """Return an item as version 0.1.0 recorded it, so that its markers hold."""
    return replace(item, change=None, message=item.message.partition(ACCEPTED)[0])
