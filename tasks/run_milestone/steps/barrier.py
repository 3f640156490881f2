"""The barrier at a phase's end: it asks about the list it shows, not about the commits behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model import Passed
from ..render.phase import listing
from ..store.issue_status import phase_findings
from .task import MilestoneTask, Questions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Finding
    from ..policy.graph import Node
    from .context import RunContext


class Barrier(MilestoneTask[Passed]):
    """Ask whether a phase may end."""

    shape = Passed
    is_gate = True

    def __init__(self, node: Node) -> None:
        """Stand at the end of the phase that `node` is about."""
        self._number = node.phase or 1

    def works_from(self, ctx: RunContext) -> Mapping[str, Any]:
        """Return the list that is asked about."""
        return {"issues of the phase": self._listed(ctx)}

    def findings(self, ctx: RunContext, evidence: Passed) -> Questions:
        """Return the phase's list, which a person has to pass."""
        _ = evidence
        phase = ctx.milestone.phases[self._number - 1]
        return Questions(self._listed(ctx), "", tuple(listing(phase, ctx.milestone, ctx.store)))

    def _listed(self, ctx: RunContext) -> tuple[Finding, ...]:
        return phase_findings(ctx.milestone.phases[self._number - 1], ctx.milestone, ctx.store)
