"""The review of the plan. A missing specification is asked about where its issue starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.user import whoami
from ..model import Kind, PlanReviewed
from ..plan.review import EPIC, review
from ..plan.specs import epic_text
from ..render.plan_review import reviewed
from .task import MilestoneTask, Questions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .run_context import RunContext

LOOKED_AT = ("number", "title", "phase", "priority", "depends_on", "criteria", "tests", "external", "spec", "paths")
"""The fields of an issue that the review looks at."""


class ReviewPlan(MilestoneTask[PlanReviewed]):
    """Review the plan before any work."""

    shape = PlanReviewed

    def works_from(self, ctx: RunContext) -> Mapping[str, Any]:
        """Return what the review looks at."""
        plan = [[getattr(issue, name) for name in LOOKED_AT] for issue in ctx.milestone.issues]
        text = _epic(ctx)
        return {"plan": plan, **({"epic": text} if text else {})}

    def run(self, ctx: RunContext) -> PlanReviewed:
        """Read all records, review the plan and write the review for people."""
        if ctx.options.skip_plan_review:
            ctx.store.validate()
            return PlanReviewed(left_out_by=whoami())
        milestone = ctx.milestone
        findings, _ = review(milestone, _epic(ctx)), ctx.store.validate()
        lines = [f"# Plan review of {milestone.id}", "", *reviewed(milestone, findings), ""]
        ctx.store.write_plan_review("\n".join(lines))
        return PlanReviewed(findings)

    def findings(self, ctx: RunContext, evidence: PlanReviewed) -> Questions:
        """Return the critical findings."""
        critical = tuple(finding for finding in evidence.findings if finding.kind is Kind.PLAN_CRITICAL)
        plan = ctx.project.shown_plan(ctx.milestone.id)
        hint = f"Or correct {plan} and run the same command again: then it is reviewed again."
        return Questions(critical, "", (hint,))

    def drift(self, ctx: RunContext, evidence: PlanReviewed) -> str | None:
        """Return that the review was left out, where this run does not leave it out."""
        return "it was left out" if evidence.left_out_by and not ctx.options.skip_plan_review else None


def _epic(ctx: RunContext) -> str:
    return epic_text(ctx.project.plan(ctx.milestone.id), EPIC)
