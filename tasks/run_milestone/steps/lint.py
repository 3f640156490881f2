"""Run the plan's lint command; what it changed becomes a commit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..adapters.process.command_line import argument_list
from ..checks.file_types import is_python
from ..checks.unavailable import last_words
from ..model import Commands, Finding, Implemented, Kind, Linted, Severity, Step
from .task import IssueStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..adapters.process import Result
    from .context import StepContext


class Lint(IssueStep[Linted]):
    """Let the linter fix what it can, and commit its fixes."""

    name = Step.LINT
    shape = Linted
    settings = ("commands.lint",)

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return the implementation's commit."""
        return {"implementation": ctx.evidence(Step.IMPLEMENT, Implemented).head}

    def run(self, ctx: StepContext) -> Linted:
        """Run the lint command on the branch and commit its fixes; a person's branch is left as it is."""
        head = ctx.head or ""
        if _has_nothing_to_say(ctx, head):
            return Linted(head, 0)
        ctx.git.checkout(ctx.tree, head, ctx.index)
        command, limit = argument_list(ctx.milestone.commands.lint), ctx.milestone.commands.timeout
        log = ctx.log_folder / "lint.log"
        result = ctx.processes.untrusted(command, cwd=ctx.tree, timeout=limit, log=log)
        if result.code is None or result.timed_out:
            return Linted(head, 0, _no_lint(command[0], result))
        linted = Linted(head, 0) if ctx.agent.kind == "human" else _committed(ctx, head)
        return replace(linted, left=_left(result))


def _no_lint(program: str, result: Result) -> Finding:
    why = "it took too long" if result.timed_out else result.err.strip()
    return Finding(Kind.TOOL, Severity.WARNING, program, f"lint could not run: {why}")


def _has_nothing_to_say(ctx: StepContext, head: str) -> bool:
    """Return whether the default linter, which is for Python, would meet a repository without any."""
    is_default = ctx.milestone.commands.lint == Commands().lint
    return is_default and not any(is_python(path) for path in ctx.git.listing(head, "."))


def _left(result: Result) -> str | None:
    """Return the linter's last words where its exit code says that it is not content."""
    if result.code == 0:
        return None
    return last_words(result.err if result.err.strip() else result.out)


def _committed(ctx: StepContext, head: str) -> Linted:
    git, attempt = ctx.git, ctx.evidence(Step.IMPLEMENT, Implemented).attempt
    subject = f"style({ctx.milestone.id}): Apply lint fixes {ctx.label}"
    message = f"{subject}\n\nRun-Milestone: {ctx.mark} lint-{attempt}\n"
    fixed = git.commit(ctx.tree, head, ctx.index, message)
    if fixed == head:
        return Linted(head, 0)
    git.set_branch(ctx.branch, fixed, head)
    return Linted(fixed, git.measure(head, fixed)[0])
