"""inspect and review: what the checks find in the change."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from ..checks import coverage
from ..checks import inspect as inspect_change
from ..checks.change import Change
from ..checks.diff import changed_files
from ..model import Inspected, Step, Tested
from .fail_to_pass import contract

if TYPE_CHECKING:
    from collections.abc import Callable
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
