"""Review a change in two stages: specification before code quality."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..checks.change import Change
from ..checks.reviewers import Review, ask
from ..checks.static_review import review as review_change
from ..model import Finding, Kind, Linted, Proposed, Reviewed, Severity, Step, Tested
from ..policy import criteria
from ..policy.stops import LEFT_OUT, STOPS
from .ci_checks import await_checks
from .inspect import _change, _identity
from .pr import label, unlabel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .context import Job


def review(job: Job) -> Reviewed:
    """Review in two stages: is it what was asked for, and only where nothing critical speaks against that, how well.

    Nobody reviews a change before the forge's checks on it passed: what they find is asked first.

    Each finding is bound to its file's change, so that an approved one does not come back while that stays the same.
    """
    if job.unreviewed is not None:
        return _left_out(job, job.unreviewed)
    change, red = _change(job), await_checks(job.hands, job.found(Step.PR, Proposed).number, job.milestone.checks)
    if red:
        return Reviewed(change.head, _identity(job, change), red)
    asked = _asked(job, change, "compliance")
    found = _told(job, change, criteria.check(job.issue, job.found(Step.TEST, Tested).proven), asked)
    if not any(finding.severity is Severity.CRITICAL for finding in found):
        asked += (then := _asked(job, change, "quality"))
        found += _told(job, change, (*_unlinted(job), *review_change(change)), then)
    pending = any(finding.kind is Kind.REVIEW_PENDING for finding in found)
    if pending:
        label(job, (STOPS[Kind.REVIEW_PENDING].label or "",))
    else:
        _reviewed_after_all(job)
    costs = tuple(cost for review in asked for cost in review.costs)
    return Reviewed(change.head, _identity(job, change), found, pending, costs)


def _reviewed_after_all(job: Job) -> None:
    before = job.state.markers.evidence(f"{job.issue.number}:{Step.REVIEW}", Reviewed)
    if before is not None and before.pending:
        unlabel(job, STOPS[Kind.REVIEW_PENDING].label or "")


def _left_out(job: Job, who: str) -> Reviewed:
    """Say that nobody reviewed, in the evidence and on the pull request: not reviewed is never clean."""
    label(job, (STOPS[Kind.REVIEW_PENDING].label or "",))
    what = f"Code review was left out by {who} (--skip-code-review); a run without it reviews"
    found = Finding(Kind.REVIEW_PENDING, Severity.WARNING, LEFT_OUT, what)
    return Reviewed(job.head or "", _identity(job, _change(job)), (found,), pending=True)


def _asked(job: Job, change: Change, stage: str) -> tuple[Review, ...]:
    return tuple(ask(change, reviewer) for reviewer in job.milestone.reviewers if reviewer.stage == stage)


def _told(job: Job, change: Change, own: Iterable[Finding], asked: tuple[Review, ...]) -> tuple[Finding, ...]:
    """Return what the built-in reviewer says at a stage, then what the plan's reviewers do."""
    others = [finding for review in asked for finding in review.findings]
    return tuple(_bound(job, change, finding) for finding in dict.fromkeys((*own, *others)))


def _unlinted(job: Job) -> Iterator[Finding]:
    left = job.found(Step.LINT, Linted).left
    if left is not None:
        yield Finding(Kind.REVIEW, Severity.WARNING, "lint", f"The linter is not content: {left}")


def _bound(job: Job, change: Change, finding: Finding) -> Finding:
    if finding.path is None or finding.kind is not Kind.REVIEW:
        return finding
    return replace(finding, change=job.hands.git.patch_id(change.base, change.head, finding.path))
