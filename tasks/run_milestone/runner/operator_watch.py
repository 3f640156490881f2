"""Watch the operator's side while a task runs commands that a tree can steer, and ask about what changed there."""

from __future__ import annotations

import contextlib
import os
import site
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core import file_watch
from ..core.errors import DamagedStateError
from ..core.fs import read_json
from ..model import Gate
from ..policy import boundary, gating, unboxed
from ..policy.stacking import join_of
from ..store.record_check import RecordCheck
from .ask import OpenQuestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..core.file_watch import Seen
    from ..policy.graph import Node
    from ..steps.run_context import RunContext

RECORDS = ("decisions", "gates", "issues", "phases", "bootstrap.json", "plan-review.json", "complete.json")
"""What the journal holds a digest of, below a milestone's state."""
MOST = 20
"""Changes that one question lists."""


@dataclass(frozen=True, slots=True)
class Look:
    """The operator's side at one moment: files, and the commit of each branch that the run does not move."""

    files: Mapping[str, Seen]
    branches: Mapping[str, str]


@contextlib.contextmanager
def watched(ctx: RunContext, node: Node) -> Iterator[None]:
    """Compare the operator's side before and after a task. What changed is recorded, whatever became of the task."""
    if not unboxed.starts_commands(node):
        yield
        return
    before = _look(ctx)
    try:
        yield
    finally:
        changes = list(_changes(ctx, before, _look(ctx)))
        if changes:
            more = [f"… and {len(changes) - MOST} more"] if len(changes) > MOST else []
            noted = [f"{what} while {node.name} ran" for what in changes[:MOST]] + more
            ctx.store.crossings.note(noted, boundary.approvals(ctx.store.decisions.all()))


def question(ctx: RunContext) -> OpenQuestion | None:
    """Return the question about changes that nobody has approved, None where there are none."""
    decisions = ctx.store.decisions.all()
    waiting = ctx.store.crossings.waiting(boundary.approvals(decisions))
    if not waiting:
        return None
    # An approval holds for what it saw: the same change made again after it is another question.
    seen = str(boundary.approvals(decisions))
    outcome = gating.ask(boundary.GATE, tuple(map(boundary.finding, waiting)), seen, decisions, ctx.milestone)
    listing = (f"`run-milestone verify {ctx.milestone.id}` names the records that somebody else wrote.",)
    return OpenQuestion(outcome, listing) if isinstance(outcome, Gate) else None


# ---- what is looked at ----------------------------------------------------------------------------------------


def _look(ctx: RunContext) -> Look:
    """Look at the records; without a box at everything, because there nothing else keeps a command from it."""
    folder = ctx.store.folder
    if ctx.outside.processes.sandbox.kind != "none":
        return Look(file_watch.look(folder / name for name in RECORDS[:2]), {})
    files = file_watch.look((*(folder / name for name in RECORDS), *_places(ctx)))
    environment = {path: seen for path in _folders_of_programs() if (seen := file_watch.seen_at(path)) is not None}
    return Look({**files, **environment}, dict(_foreign_branches(ctx)))


def _places(ctx: RunContext) -> Iterator[Path]:
    """Yield the files and folders outside of the state that only people change."""
    project = ctx.project
    yield from (project.plan(ctx.milestone.id), project.root / "dodo.py", *project.settings)
    remote = ctx.git.local_remote
    for directory in (ctx.git.common, ctx.git.dir, *((remote,) if remote else ())):
        yield from (directory / "config", directory / "hooks", directory / "info" / "attributes")
    yield Path(__file__).parents[1]


def _folders_of_programs() -> Iterator[str]:
    """Yield the folders of the runner's environment. They change when something is added there or removed."""
    yield os.path.dirname(sys.executable)
    for folder in site.getsitepackages():
        yield folder
        with contextlib.suppress(OSError):
            yield from (entry.path for entry in os.scandir(folder) if entry.name.endswith(".pth"))


def _foreign_branches(ctx: RunContext) -> Iterator[tuple[str, str]]:
    """Yield the branches that the run never moves, here and on a remote on this machine."""
    issues = ctx.store.registry.all_branches(ctx.milestone)
    mine = {ctx.milestone.branch, *issues, *map(join_of, issues)}
    sides = [("here", ctx.git.heads())]
    if ctx.git.local_remote is not None:
        sides.append(("on the remote", ctx.git.remote_heads()))
    for side, heads in sides:
        for name, commit in heads.items():
            if name not in mine:
                yield f"{name} {side}", commit


# ---- what changed ---------------------------------------------------------------------------------------------


def _changes(ctx: RunContext, before: Look, after: Look) -> Iterator[str]:
    if not ctx.store.journal.is_as_written():
        yield "journal.jsonl was written by somebody else"
    yield from _changed_files(ctx, file_watch.changed(before.files, after.files), after)
    for branch in sorted({*before.branches, *after.branches}):
        if before.branches.get(branch) != after.branches.get(branch):
            yield f"branch {branch} was moved"


def _changed_files(ctx: RunContext, paths: list[str], after: Look) -> Iterator[str]:
    """Yield what happened to each file. A record that is as the journal has it was written by the run itself."""
    check, folder = RecordCheck(ctx.store) if paths else None, ctx.store.folder
    for path in map(Path, paths):
        name, is_there = os.path.relpath(path, ctx.project.root), str(path) in after.files
        if not path.is_relative_to(folder):
            yield f"{name} was {'changed' if is_there else 'removed'}"
        elif not is_there:
            if path.parent.name == "decisions" and not ctx.store.is_shared:
                yield f"{name} was removed"
        elif check is not None and (why := _difference(check, path)):
            yield f"{name} {why},"


def _difference(check: RecordCheck, path: Path) -> str | None:
    """Return how a record differs from what the journal has, None where it does not or is gone again."""
    try:
        return check.difference(path, read_json(path))
    except DamagedStateError:
        return "cannot be read"
