"""Open the forge of a milestone for `plan import` and `plan push`."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from ...adapters.process import Processes
from ...runner.wiring import open_forge, open_git

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...adapters.forge import Forge
    from ...model import Milestone
    from ...plan.project import Project


@contextlib.contextmanager
def open_forge_of(
    project: Project, milestone: Milestone, *, lock: int | None = None
) -> Iterator[tuple[Milestone, Forge]]:
    """Open the forge of a milestone and stop its processes afterwards; yields the milestone with the forge it has.

    A milestone without a plan is on GitHub, unless the remote is on this machine.
    """
    processes = Processes(hold=() if lock is None else (lock,))
    try:
        git = open_git(project, milestone, processes, make=False)
        if not milestone.phases:
            milestone = replace(milestone, forge="local" if git.local_remote else "github")
        yield milestone, open_forge(milestone, git, processes)
        git.close()
    finally:
        processes.stop()
