"""Run the plan's lint command on what the issue changed; what it fixed there becomes a commit."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..adapters.process.command_line import argument_list, fill_files
from ..checks.file_types import is_python
from ..checks.ruff import ruff_use
from ..checks.unavailable import failed as unavailable
from ..checks.unavailable import last_words
from ..model import Commands, Finding, Implemented, Kind, Linted, Severity, Step
from ..policy.parts import by_path
from .task import IssueStep
from .workplace import ready

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..adapters.process import Result
    from .step_context import StepContext
    from .workplace import Workplace


class Lint(IssueStep[Linted]):
    """Let the linter fix what it can in the issue's files, and commit its fixes."""

    name = Step.LINT
    shape = Linted
    settings = ("commands.lint",)
    later_settings: Mapping[str, Any] = {"commands.parts": ()}

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return the implementation's commit."""
        return {"implementation": ctx.evidence(Step.IMPLEMENT, Implemented).head}

    def run(self, ctx: StepContext) -> Linted:
        """Run the lint command on the branch and commit its fixes; a person's branch is left as it is."""
        head = ctx.head or ""
        files = ctx.git.changed(ctx.git.common_ground(ctx.base, head), head)
        commands = tuple(_commands(ctx, head, files))
        if not commands:
            return Linted(head, 0)
        place = ready(ctx, head)
        if place.problem:
            return Linted(head, 0, unavailable("setup", f"the tree could not be set up: {place.problem}"))
        results = tuple(_run(ctx, command, place) for command in commands)
        if failed := next((one for one in results if one.code is None or one.timed_out), None):
            return Linted(head, 0, _no_lint(failed))
        linted = Linted(head, 0) if ctx.agent.kind == "human" else _committed(ctx, head, files)
        return replace(linted, left=_left(ctx, results, files, place))


def _commands(ctx: StepContext, head: str, files: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield what to run; nothing where no file of the issue is for the linter."""
    for lint, chosen in by_path(ctx.milestone.commands, "lint", files):
        yield from _for_files(ctx, head, lint, chosen)


def _for_files(ctx: StepContext, head: str, lint: tuple[str, ...], files: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield what one lint command runs for its files; the default one is for Python."""
    if lint != Commands().lint:
        filled = fill_files(lint, files)
        if filled is not None:
            yield filled
        return
    places = tuple(f"./{path}" for path in files if is_python(path))
    if not places:
        return
    use = ruff_use(ctx.git, head)
    yield (*lint[:-1], *use.options, *places)
    if use.formats:
        yield (*lint[:3], "format", "--force-exclude", *places)


def _run(ctx: StepContext, command: tuple[str, ...], place: Workplace) -> Result:
    log = ctx.log_folder / "lint.log"
    argv, limit = argument_list(command, python=_python_of(command, place)), ctx.milestone.commands.timeout
    return ctx.processes.untrusted(argv, cwd=ctx.tree, env=place.env, timeout=limit, log=log, pass_env=place.pass_env)


def _python_of(command: tuple[str, ...], place: Workplace) -> str:
    """Return the tree's interpreter; for ruff that of run-milestone, where the tree's environment has none."""
    has_ruff = Path(place.python).with_name("ruff").exists()
    return sys.executable if command[:3] == ("{python}", "-m", "ruff") and not has_ruff else place.python


def _no_lint(result: Result) -> Finding:
    why = "it took too long" if result.timed_out else result.err.strip()
    return Finding(Kind.TOOL, Severity.WARNING, result.argv[0], f"lint could not run: {why}")


def _left(ctx: StepContext, results: tuple[Result, ...], files: tuple[str, ...], place: Workplace) -> str | None:
    """Return the linter's last words about what the issue brought, where its exit code says that it is not content.

    What it says of the base as well is not the issue's.
    """
    unhappy = tuple(result for result in results if result.code != 0)
    if not unhappy:
        return None
    base = ctx.git.common_ground(ctx.base, ctx.head or ctx.base)
    ctx.git.checkout(ctx.tree, base, ctx.index, keep=place.made)
    old = tuple(path for path in files if ctx.git.read(base, path) is not None)
    before = frozenset(word for command in _commands(ctx, base, old) for word in _words(_run(ctx, command, place)))
    for result in unhappy:
        lines = blamed((result.err if result.err.strip() else result.out).splitlines())
        new = [line for line in lines if line.strip() and _bare(line) not in before]
        if new or not before:
            return last_words("\n".join(new))
    return None


_SEVERITY = re.compile(
    r"(?:^|[:\d]\s*|\s{2,}|, )(error|warning|warn)(?:\s{2,}|\[|:|\s[A-Z]+\d+:|\s-\s|$)", re.IGNORECASE
)
"""How linters call what they say: `3:5  error  …`, `a.c:3:5: warning: …`, `error[E0308]: …`."""


def blamed(lines: list[str]) -> list[str]:
    """Return the lines about errors where there are any: then they decided the exit code, and no warning did."""
    errors, severity = list[str](), ""
    for line in lines:
        named = _SEVERITY.search(line)
        severity = named[1].lower() if named else severity if line.strip() else ""
        errors += [line] if severity == "error" else []
    return errors or lines


def _words(result: Result) -> frozenset[str]:
    return frozenset(_bare(line) for line in (result.out + "\n" + result.err).splitlines() if line.strip())


def _bare(line: str) -> str:
    """Return a line without numbers and padding: a finding of the base may stand on another line of a wider table."""
    return " ".join(re.sub(r"\d+", "", line).split())


def _committed(ctx: StepContext, head: str, files: tuple[str, ...]) -> Linted:
    """Commit the linter's fixes in the issue's files. What it changed elsewhere is put back."""
    git, attempt = ctx.git, ctx.evidence(Step.IMPLEMENT, Implemented).attempt
    subject = f"style({ctx.milestone.id}): Apply lint fixes {ctx.label}"
    message = f"{subject}\n\nRun-Milestone: {ctx.mark} lint-{attempt}\n"
    whole = git.commit(ctx.tree, head, ctx.index, message)
    touched = git.changed(head, whole, gone=True)
    elsewhere = tuple(path for path in touched if path not in set(files))
    ours = [path for path in touched if path in set(files)]
    fixed = git.narrowed(head, whole, ours, ctx.index, message) if elsewhere else whole
    if fixed == head:
        return Linted(head, 0, put_back=elsewhere)
    git.set_branch(ctx.branch, fixed, head)
    count, lines = git.measure(head, fixed)
    return Linted(fixed, count, lines=lines, files=git.changed(head, fixed, gone=True), put_back=elsewhere)
