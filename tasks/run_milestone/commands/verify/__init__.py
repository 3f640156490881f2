"""Derive what the records say again from git and the forge, and list where they differ; nothing changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...core.errors import DamagedStateError
from ...model import World
from ...plan.review import EPIC
from ...plan.specs import epic_text
from ...policy.graph import BOOTSTRAP
from ...store import State
from . import issue, milestone, records
from .signed_answers import signed_answers
from .snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...model import Milestone
    from ...plan.project import Project


def differences(project: Project, plan: Milestone) -> dict[str, list[str]] | None:
    """Return the differences by part of the milestone, None where nothing is recorded yet."""
    from ...adapters.process import Processes
    from ...runner.wiring import open_forge, open_git

    state = State(project.state(plan.id))
    if state.markers.read(BOOTSTRAP) is None:
        return None
    processes = Processes()
    try:
        git = open_git(project, plan, processes)
        branches = state.registry.branches(plan).values()
        pulls = open_forge(plan, git, processes).pulls(plan.branch, *branches)
        epic = epic_text(project.plan(plan.id), EPIC)
        snapshot = Snapshot(plan, state, git, git.heads(), World("", git.remote_heads(), pulls), epic)
        snapshot = replace(snapshot, changes=issue.changes(snapshot))
        with state.steady.block():
            parts = [*_parts(snapshot)]
            if any(one.signed for one in state.decisions.written()):
                parts.append(("signed answers", signed_answers(snapshot, processes)))
            return {name: list(_readable(differing)) for name, differing in parts}
    finally:
        processes.stop()


def _parts(snapshot: Snapshot) -> Iterator[tuple[str, Iterator[str]]]:
    yield from (("milestone branch", milestone.branch(snapshot)), ("plan review", milestone.plan_review(snapshot)))
    for one in snapshot.milestone.issues:
        yield f"#{one.number} {one.title}", issue.differences(one, snapshot)
    yield from (("landing", milestone.landing(snapshot)), ("phases", milestone.phases(snapshot)))
    yield from (("journal", records.journal(snapshot)), ("decisions", records.decisions(snapshot)))
    yield from (("answers and open gates", records.answers(snapshot)), ("summary", records.summary(snapshot)))


def _readable(parts: Iterable[str]) -> Iterator[str]:
    """Yield the differences of a part; a record that cannot be read is one."""
    try:
        yield from parts
    except DamagedStateError as error:
        yield str(error)
