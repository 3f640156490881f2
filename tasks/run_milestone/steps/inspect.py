"""inspect and review: what the checks find in the change."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ..checks import coverage
from ..checks import inspect as inspect_change
from ..checks.change import Change
from ..checks.diff import changed_files
from ..model import Inspected, Step, Tested
from .fail_to_pass import contract

if TYPE_CHECKING:
    from pathlib import Path

    from ..adapters.process import Result
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
    return Change(job.milestone, job.issue, base, head, files, git, TreeTools(job, head))


class TreeTools:
    """Runs tools in a checkout of the head, which is made when it is first needed."""

    def __init__(self, job: Job, head: str) -> None:
        """Prepare to check out `head` in the issue's tree."""
        self._job = job
        self._head = head

    @cached_property
    def tree(self) -> Path:
        """The checkout of the head."""
        self._job.hands.git.checkout(self._job.tree, self._head, self._job.index)
        return self._job.tree

    def run(
        self,
        command: tuple[str, ...],
        stdin: str | None,
        timeout: int | None = None,
        pass_env: tuple[str, ...] = (),
        /,
    ) -> Result:
        """Run a tool to its end, in the tree, with the log of the issue's tools."""
        job = self._job
        log = job.state.logs(job.issue.number) / "tools.log"
        limit = timeout or job.milestone.commands.timeout
        return job.hands.processes.untrusted(
            command, cwd=self.tree, stdin=stdin, timeout=limit, log=log, pass_env=pass_env
        )
