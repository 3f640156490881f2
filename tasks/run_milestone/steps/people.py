"""Hear what people say in reviews of the pull request, and ask about changes that they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model import Passed, PeopleHeard, Step
from ..policy.opinions import approving, findings_of, opinions
from .inspect import change_inputs, change_of, identity
from .task import IssueStep, Questions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import PersonReview
    from .context import StepContext


class People(IssueStep[PeopleHeard]):
    """Read the reviews that stand. Where nobody gave a verdict there is nothing to do."""

    name = Step.PEOPLE
    shape = PeopleHeard

    def is_needed(self, ctx: StepContext) -> bool:
        """Return whether a person gave a verdict that stands."""
        return bool(opinions(reviews_of(ctx)))

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return the change, and the reviews of people."""
        return {**change_inputs(ctx), "reviews": reviews_of(ctx)}

    def run(self, ctx: StepContext) -> PeopleHeard:
        """Return what people ask for, and who approved."""
        reviews = reviews_of(ctx)
        approved = tuple(review.author for review in approving(reviews))
        return PeopleHeard(ctx.head or "", identity(ctx, change_of(ctx)), findings_of(reviews), approved)


class PeopleGate(IssueStep[Passed]):
    """Ask about the changes that people ask for."""

    name = Step.PEOPLE_GATE
    shape = Passed
    is_gate = True
    settings = ("decisions",)

    def is_needed(self, ctx: StepContext) -> bool:
        """Return whether the reviews of people were read."""
        return ctx.recorded(Step.PEOPLE, PeopleHeard) is not None

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return what people said."""
        return {"people": ctx.recorded(Step.PEOPLE, PeopleHeard)}

    def findings(self, ctx: StepContext, evidence: Passed) -> Questions:
        """Return what people ask for, bound to the change."""
        _ = evidence
        heard = ctx.evidence(Step.PEOPLE, PeopleHeard)
        return Questions(heard.findings, heard.change)


def reviews_of(ctx: StepContext) -> tuple[PersonReview, ...]:
    """Return what people said when the forge was asked last; its answer is kept for commands that do not ask."""
    world = ctx.remote or ctx.store.remembered()
    return world.reviews_of(ctx.branch) if world else ()
