"""verifying: derive what the records say again from git and the forge, and tell where they differ; changes nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ...core.errors import DamagedStateError
from ...core.units import count
from ...plan.review import EPIC
from ...plan.specs import epic_text
from ...policy.graph import BOOTSTRAP
from ...store import State
from . import milestone as whole
from . import records
from .issue import differences
from .snapshot import Ground

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Milestone
    from ...plan.project import Project
    from .snapshot import Check


def verify(project: Project, milestone: Milestone) -> tuple[str, bool]:
    """Return what agrees and what differs, for people, and whether all agrees."""
    from ...adapters.process import Processes
    from ...runner.wiring import open_forge, open_git

    state = State(project.state(milestone.id))
    if state.markers.read(BOOTSTRAP) is None:
        return f"Nothing is recorded of {milestone.id} yet; `run-milestone {milestone.id}` begins it.\n", True
    processes = Processes()
    try:
        git = open_git(project, milestone, processes)
        branches = state.registry.branches(milestone).values()
        pulls = open_forge(milestone, git, processes).pulls(milestone.branch, *branches)
        epic = epic_text(project.plan(milestone.id), EPIC)
        return _told(Ground(milestone, state, git, git.heads(), git.remote_heads(), pulls, epic))
    finally:
        processes.stop()


def _told(ground: Ground) -> tuple[str, bool]:
    lines, differing = [], 0
    for name, check in _checks(ground.milestone):
        found = list(_safely(check, ground))
        differing += len(found)
        lines += [f"✗ {name}: {what}" for what in found] or [f"✓ {name}"]
    end = f"✗ {count(differing, 'difference')}" if differing else "✓ Records, git and forge agree"
    return "\n".join([*lines, "", end]) + "\n", not differing


def _checks(milestone: Milestone) -> Iterator[tuple[str, Check]]:
    yield from (("milestone branch", whole.branch), ("plan review", whole.plan_review))
    for issue in milestone.issues:
        yield f"#{issue.number} {issue.title}", partial(differences, issue)
    yield from (("landing", whole.landing), ("phases", whole.phases))
    yield from (("journal", records.journal), ("decisions", records.decisions))
    yield from (("open gates", records.gates), ("summary", records.summary))


def _safely(check: Check, ground: Ground) -> Iterator[str]:
    """Yield what differs; a record that cannot be read differs from everything."""
    try:
        yield from check(ground)
    except DamagedStateError as error:
        yield str(error)
