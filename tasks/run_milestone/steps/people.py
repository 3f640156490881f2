"""Hear what people say in reviews of the pull request, and ask about changes that they ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.errors import OutsideError
from ..model import Implemented, Passed, PeopleHeard, Proposed, Step
from ..policy.approvers import excludes_makers
from ..policy.opinions import (
    OUTDATED,
    OWN,
    approving,
    asked_by_bots,
    asking_for_changes,
    findings_of,
    missing_approvals,
    opinions,
    without_bots,
    worked_on,
)
from ..policy.teams import bare
from ..render import person_reviews as words
from .inspect import inspected_inputs
from .own_change import changed_between, makers_of
from .task import IssueStep, Questions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..model import Finding, PeopleSpec, PersonReview
    from .step_context import StepContext


class People(IssueStep[PeopleHeard]):
    """Read the reviews that stand. Where nobody gave a verdict there is nothing to do."""

    name = Step.PEOPLE
    shape = PeopleHeard

    def is_needed(self, ctx: StepContext) -> bool:
        """Return whether a person gave a verdict that stands, or the plan requires one."""
        reviews = reviews_of(ctx)
        return bool(opinions(_of_people(ctx, reviews)) or _spec(ctx).required or asked_by_bots(reviews, _bots(ctx)))

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return the change, what people ask for, and who approved."""
        reviews = reviews_of(ctx)
        approved = [(one.author, one.commit) for one in approving(_of_people(ctx, reviews))]
        required = {"required": (_spec(ctx), _teams(ctx))} if _spec(ctx).required else {}
        return {**inspected_inputs(ctx), "asked": _asked(ctx, reviews), "approved": approved, **required}

    def run(self, ctx: StepContext) -> PeopleHeard:
        """Answer the reviews that were worked on; returns what people ask for, and who approved."""
        reviews = reviews_of(ctx)
        heard = hear(ctx, reviews)
        ctx.run.console.say(_answer(ctx, _of_people(ctx, reviews), heard.change), ctx.issue.number)
        return heard


class PeopleGate(IssueStep[Passed]):
    """Ask about the changes that people ask for."""

    name = Step.PEOPLE_GATE
    shape = Passed
    is_gate = True
    settings = ("decisions",)

    def is_needed(self, ctx: StepContext) -> bool:
        """Return whether the reviews of people are read."""
        return ctx.recorded(Step.PEOPLE, PeopleHeard) is not None or People().is_needed(ctx)

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return what people said."""
        return {"people": ctx.recorded(Step.PEOPLE, PeopleHeard)}

    def findings(self, ctx: StepContext, evidence: Passed) -> Questions:
        """Return what people ask for, bound to the change."""
        _ = evidence
        heard = ctx.evidence(Step.PEOPLE, PeopleHeard)
        return Questions(heard.findings, heard.change)


def hear(ctx: StepContext, reviews: tuple[PersonReview, ...]) -> PeopleHeard:
    """Return what these reviews say of the change as it is: what is asked for, what is missing, and who approved it."""
    change = ctx.git.patch_id(ctx.base, ctx.head or "")
    given, makers = approving(_of_people(ctx, reviews)), _makers(ctx)
    why = {one.author: OUTDATED for one in given if not _saw(ctx, one.commit, change)}
    why |= {one.author: OWN for one in given if bare(one.author) in makers}
    counted = tuple(one.author for one in given if one.author not in why)
    missing = missing_approvals(_spec(ctx), _teams(ctx), counted, why)
    return PeopleHeard(ctx.head or "", change, (*_asked(ctx, reviews), *missing), counted)


def _asked(ctx: StepContext, reviews: tuple[PersonReview, ...]) -> tuple[Finding, ...]:
    """Return what people ask for, and what the bots that the plan names found."""
    return (*findings_of(_of_people(ctx, reviews)), *asked_by_bots(reviews, _bots(ctx)))


def _of_people(ctx: StepContext, reviews: Iterable[PersonReview]) -> tuple[PersonReview, ...]:
    return without_bots(reviews, _bots(ctx))


def _bots(ctx: StepContext) -> tuple[str, ...]:
    return (*ctx.milestone.people.bots, *_spec(ctx).bots)


def _makers(ctx: StepContext) -> frozenset[str]:
    """Return who made the change, as names are compared, where the plan lets nobody approve their own."""
    span = changed_between(ctx.run, ctx.issue.number)
    if span is None or not excludes_makers(ctx.milestone.approvers, ctx.git.changed(*span, gone=True)):
        return frozenset()
    return frozenset(map(bare, makers_of(ctx.run, ctx.issue.number, span)))


def _saw(ctx: StepContext, commit: str, change: str) -> bool:
    """Return whether the change at a commit is the one that is there now; a clean merge of the base keeps it."""
    if commit == ctx.head:
        return True
    known = bool(commit) and ctx.git.has(commit)
    return known and ctx.git.patch_id(replace(ctx, head=commit).base, commit) == change


def _spec(ctx: StepContext) -> PeopleSpec:
    return ctx.issue.people or ctx.milestone.people


def _teams(ctx: StepContext) -> Mapping[str, tuple[str, ...]]:
    """Return the teams of the plan, and those of the forge as it told them last."""
    return ctx.store.with_teams(ctx.milestone).teams


def _answer(ctx: StepContext, reviews: tuple[PersonReview, ...], change: str) -> list[str]:
    """Answer in each thread of a review that a `fix` worked on, and ask its author again; returns what to say.

    The forge is asked first what was answered already, so that nothing is said twice.
    """
    if not any(worked_on(review, ctx.decisions, change) for review in asking_for_changes(reviews)):
        return []
    number = ctx.evidence(Step.PR, Proposed).number
    commit = ctx.evidence(Step.IMPLEMENT, Implemented).head
    standing = asking_for_changes(_of_people(ctx, ctx.forge.reviews(number)[number]))
    due = [review for review in standing if worked_on(review, ctx.decisions, change)]
    answers = [_answer_threads(ctx, number, review, words.answer(commit)) for review in due]
    asked = [_ask_again(ctx, number, review.author) for review in due if not review.is_asked_again]
    return [words.answered(number, commit, sum(answers))] * bool(sum(answers)) + asked


def _answer_threads(ctx: StepContext, number: int, review: PersonReview, body: str) -> int:
    """Answer in the open threads of a review; returns how many did not have this answer."""
    open_ones = [thread for thread in review.threads if not thread.resolved and thread.answer != body]
    for thread in open_ones:
        ctx.forge.answer_thread(number, thread, body)
    return len(open_ones)


def _ask_again(ctx: StepContext, number: int, login: str) -> str:
    """Ask for another review; one who cannot be asked holds nothing up."""
    try:
        ctx.forge.ask_again(number, login)
    except OutsideError as error:
        return words.not_asked_again(number, login, error.what)
    return words.asked_again(number, login)


def reviews_of(ctx: StepContext) -> tuple[PersonReview, ...]:
    """Return what people said when the forge was asked last; its answer is kept for commands that do not ask."""
    world = ctx.remote or ctx.store.remembered()
    return world.reviews_of(ctx.branch) if world else ()
