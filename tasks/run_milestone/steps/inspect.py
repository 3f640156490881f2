"""inspect and review: what the checks find in the change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..checks import inspect as inspect_change
from ..checks.change import Change
from ..checks.reading import changed_files
from ..checks.review import review as review_change
from ..model import BranchMade, Inspected, Reviewed, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..hands.process import Result
    from .job import Job


def inspect(job: Job) -> Inspected:
    """Look at the change with every check there is."""
    change = _change(job)
    findings = inspect_change(change)
    lines = sum(file.lines for file in change.files)
    return Inspected(change.head, _identity(job, change), len(change.files), lines, findings)


def review(job: Job) -> Reviewed:
    """Review the lines the change adds."""
    change = _change(job)
    return Reviewed(change.head, _identity(job, change), review_change(change))


def _identity(job: Job, change: Change) -> str:
    return job.hands.git.patch_id(change.base, change.head)


def _change(job: Job) -> Change:
    git = job.hands.git
    base, head = job.found(Step.BRANCH, BranchMade).base, job.head or ""
    git.lay_out(job.tree, head, job.issue.number)
    files = changed_files(git.diff(base, head, "--unified=0"))
    return Change(
        job.milestone, job.issue, base, head, files, job.tree, git.repository, git.read, git.listing, _tool(job)
    )


def _tool(job: Job) -> Callable[[tuple[str, ...], str | None], Result]:
    def run(command: tuple[str, ...], stdin: str | None) -> Result:
        log = job.state.logs(job.issue.number) / "tools.log"
        timeout = job.milestone.commands.timeout
        return job.hands.processes.untrusted(command, cwd=job.tree, stdin=stdin, timeout=timeout, log=log)

    return run
