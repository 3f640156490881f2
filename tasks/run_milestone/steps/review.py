"""Review a change in two stages: specification before code quality."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..checks.reviewers import Review as ReviewerReport
from ..checks.reviewers import ask
from ..checks.static_review import review as review_change
from ..model import Finding, Kind, Linted, Proposed, Reviewed, Severity, Step, Tested
from ..policy import criteria, split
from ..policy.graph import step_name
from ..policy.stops import LEFT_OUT, STOPS
from ..render import steps as words
from .ci_checks import KINDS as AWAITED
from .ci_checks import await_checks
from .inspect import change_of, identity, inspected_inputs
from .pr import label, unlabel
from .task import IssueStep
from .workplace import release

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..checks.change import Change
    from ..model import Reviewer
    from .step_context import StepContext


class Review(IssueStep[Reviewed]):
    """Review in two stages: is it what was asked for, and, where nothing critical speaks against that, how well.

    The forge's checks on the pull request come first: what they find is asked before anybody reviews.
    Each finding is bound to its file's change, so that an approved one does not come back while that stays the same.
    """

    name = Step.REVIEW
    shape = Reviewed
    fields = ("criteria", "spec")
    settings = ("commands.review", "reviewers", "checks.required")
    later_settings: Mapping[str, Any] = {"commands.parts": ()}

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return the change, what its tests prove and what the linter left; the title only for other reviewers."""
        left, tested = ctx.evidence(Step.LINT, Linted).left, ctx.evidence(Step.TEST, Tested)
        return {
            **inspected_inputs(ctx),
            "proofs": tested.proven,
            **({"unproven": tested.unproven} if tested.unproven else {}),
            **({"lint": left} if left else {}),
            **({"issue.title": ctx.issue.title} if ctx.milestone.reviewers else {}),
        }

    def run(self, ctx: StepContext) -> Reviewed:
        """Wait for the forge's checks, then review the change."""
        if ctx.unreviewed is not None:
            return _left_out(ctx, ctx.unreviewed)
        change = change_of(ctx)
        number = ctx.evidence(Step.PR, Proposed).number
        options = ctx.run.options
        red = () if options.mirror else await_checks(ctx.run.outside, number, ctx.milestone.checks)
        if red:
            return Reviewed(change.head, identity(ctx, change), red)
        if ctx.milestone.reviewers:
            split.refuse_commands(options, "reviewers are asked")
        findings, costs = _review(ctx, change)
        release(ctx)
        ctx.run.console.say(words.unreviewed(ctx.milestone), ctx.issue.number)
        pending = any(finding.kind is Kind.REVIEW_PENDING for finding in findings)
        if not options.mirror:
            _label(ctx, pending=pending)
        return Reviewed(change.head, identity(ctx, change), findings, pending, costs)

    def drift(self, ctx: StepContext, evidence: Reviewed) -> str | None:
        """Return that the review was left out, or that checks on the pull request had not passed."""
        if any(finding.rule == LEFT_OUT for finding in evidence.findings):
            return None if ctx.unreviewed else "it was left out"
        if ctx.remote is not None and any(finding.kind in AWAITED for finding in evidence.findings):
            return "the checks on its pull request had not passed"
        return None


def _review(ctx: StepContext, change: Change) -> tuple[tuple[Finding, ...], tuple[float | None, ...]]:
    """Return the findings of both stages, and what each reviewer cost."""
    reviews = _asked(ctx, change, "compliance")
    findings = _bound_all(ctx, change, criteria.check(ctx.issue, ctx.evidence(Step.TEST, Tested)), reviews)
    if not any(finding.severity is Severity.CRITICAL for finding in findings):
        quality = _asked(ctx, change, "quality")
        findings += _bound_all(ctx, change, (*_unlinted(ctx), *review_change(change)), quality)
        reviews += quality
    return findings, tuple(cost for review in reviews for cost in review.costs)


def _label(ctx: StepContext, *, pending: bool) -> None:
    before = ctx.recorded(Step.REVIEW, Reviewed)
    if pending:
        label(ctx, (STOPS[Kind.REVIEW_PENDING].label or "",))
    elif before is not None and before.pending:
        unlabel(ctx, STOPS[Kind.REVIEW_PENDING].label or "")


def label_as_reviewed(ctx: StepContext) -> None:
    """Label the pull request as the recorded review says, which a job without rights made."""
    reviewed, name = ctx.recorded(Step.REVIEW, Reviewed), STOPS[Kind.REVIEW_PENDING].label or ""
    if reviewed is not None:
        (label(ctx, (name,)) if reviewed.pending else unlabel(ctx, name))


def _left_out(ctx: StepContext, who: str) -> Reviewed:
    """Say that nobody reviewed, in the evidence and on the pull request: not reviewed is never clean."""
    label(ctx, (STOPS[Kind.REVIEW_PENDING].label or "",))
    what = f"Code review was left out by {who} (--skip-code-review); a run without it reviews"
    finding = Finding(Kind.REVIEW_PENDING, Severity.WARNING, LEFT_OUT, what)
    return Reviewed(ctx.head or "", identity(ctx, change_of(ctx)), (finding,), pending=True)


def _asked(ctx: StepContext, change: Change, stage: str) -> tuple[ReviewerReport, ...]:
    return tuple(_answer(ctx, change, one) for one in ctx.milestone.reviewers if one.stage == stage)


def _answer(ctx: StepContext, change: Change, reviewer: Reviewer) -> ReviewerReport:
    """Ask a reviewer. That an agent begins, which costs something, is recorded and shared before it does."""
    if reviewer.format == "prompt":
        ctx.store.usage.begin_review(step_name(ctx.issue.number, Step.REVIEW))
        ctx.run.console.say(ctx.run.shared.push())
    return ask(change, reviewer)


def _bound_all(
    ctx: StepContext, change: Change, builtin: Iterable[Finding], reviews: tuple[ReviewerReport, ...]
) -> tuple[Finding, ...]:
    """Return what the built-in reviewer finds at a stage, then what the plan's reviewers do."""
    others = [finding for review in reviews for finding in review.findings]
    return tuple(_bound(ctx, change, finding) for finding in dict.fromkeys((*builtin, *others)))


def _unlinted(ctx: StepContext) -> Iterator[Finding]:
    left = ctx.evidence(Step.LINT, Linted).left
    if left is not None:
        yield Finding(Kind.REVIEW, Severity.WARNING, "lint", f"The linter is not content: {left}")


def _bound(ctx: StepContext, change: Change, finding: Finding) -> Finding:
    if finding.path is None or finding.kind is not Kind.REVIEW:
        return finding
    return replace(finding, change=ctx.git.patch_id(change.base, change.head, finding.path))
