"""inspect and review: what the checks find in the change."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from ..checks import coverage
from ..checks import inspect as inspect_change
from ..checks.change import Change
from ..checks.diff import changed_files
from ..checks.reviewers import Review, ask
from ..checks.static_review import review as review_change
from ..model import Finding, Inspected, Kind, Linted, Proposed, Reviewed, Severity, Step, Tested
from ..policy import criteria
from ..policy.stops import LEFT_OUT, STOPS
from .ci_checks import await_checks
from .fail_to_pass import contract
from .pr import label, unlabel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ..adapters.process import Result
    from ..checks.change import Run
    from .context import Job


def inspect(job: Job) -> Inspected:
    """Look at the change with every check there is."""
    change = _change(job)
    limit, covered = job.milestone.limits.coverage, job.found(Step.TEST, Tested).coverage
    findings = (*inspect_change(change), *contract(job, change), *coverage.findings(covered, limit))
    lines = sum(file.lines for file in change.files)
    paths = tuple(file.path for file in change.files)
    return Inspected(change.head, _identity(job, change), len(change.files), lines, findings, paths)


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


def _identity(job: Job, change: Change) -> str:
    return job.hands.git.patch_id(change.base, change.head)


def _change(job: Job) -> Change:
    git = job.hands.git
    base, head = job.base, job.head or ""
    files = changed_files(git.diff(base, head, "--unified=0"))
    tree = cache(partial(_laid_out, job, head))
    return Change(
        job.milestone, job.issue, base, head, files, tree, git.repository, git.read, git.listing, _tool(job, tree)
    )


def _laid_out(job: Job, head: str) -> Path:
    job.hands.git.lay_out(job.tree, head, job.index)
    return job.tree


def _tool(job: Job, tree: Callable[[], Path]) -> Run:
    def run(
        command: tuple[str, ...],
        stdin: str | None,
        timeout: int | None = None,
        pass_env: tuple[str, ...] = (),
        /,
    ) -> Result:
        log = job.state.logs(job.issue.number) / "tools.log"
        limit = timeout or job.milestone.commands.timeout
        return job.hands.processes.untrusted(
            command, cwd=tree(), stdin=stdin, timeout=limit, log=log, pass_env=pass_env
        )

    return run
