"""lint: the plan's lint command fixes what it can; what it changed becomes a commit of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..adapters.process.command_line import argument_list
from ..checks.file_types import is_python
from ..checks.unavailable import last_words
from ..model import Commands, Finding, Implemented, Kind, Linted, Severity, Step

if TYPE_CHECKING:
    from ..adapters.process import Result
    from .context import Job


def lint(job: Job) -> Linted:
    """Run the lint command on the branch and commit its fixes; a person's branch is left as it is."""
    git, head = job.hands.git, job.head or ""
    if _has_nothing_to_say(job, head):
        return Linted(head, 0)
    git.checkout(job.tree, head, job.index)
    command = argument_list(job.milestone.commands.lint)
    log = job.state.logs(job.issue.number) / "lint.log"
    result = job.hands.processes.untrusted(command, cwd=job.tree, timeout=job.milestone.commands.timeout, log=log)
    if result.code is None or result.timed_out:
        why = "it took too long" if result.timed_out else result.err.strip()
        return Linted(head, 0, Finding(Kind.TOOL, Severity.WARNING, command[0], f"lint could not run: {why}"))
    linted = Linted(head, 0) if job.agent.kind == "human" else _committed(job, head)
    return replace(linted, left=_left(result))


def _has_nothing_to_say(job: Job, head: str) -> bool:
    """Return whether the default linter, which is for Python, would meet a repository without any."""
    is_default = job.milestone.commands.lint == Commands().lint
    return is_default and not any(is_python(path) for path in job.hands.git.listing(head, "."))


def _left(result: Result) -> str | None:
    """Return the linter's last words where its exit code says that it is not content."""
    if result.code == 0:
        return None
    return last_words(result.err if result.err.strip() else result.out)


def _committed(job: Job, head: str) -> Linted:
    git, attempt = job.hands.git, job.found(Step.IMPLEMENT, Implemented).attempt
    subject = f"style({job.milestone.id}): Apply lint fixes {job.label}"
    message = f"{subject}\n\nRun-Milestone: {job.mark} lint-{attempt}\n"
    fixed = git.commit(job.tree, head, job.index, message)
    if fixed == head:
        return Linted(head, 0)
    git.set_branch(job.branch, fixed, head)
    return Linted(fixed, git.measure(head, fixed)[0])
