"""exchange: a plan and the issues of a milestone on the forge, each brought up to date from the other."""

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
def reached(project: Project, milestone: Milestone, *, lock: int | None = None) -> Iterator[tuple[Milestone, Forge]]:
    """Open the milestone's forge, and end everything that this started; yields the milestone as it names the forge.

    One without a plan yet lives where its repository does: on GitHub, unless the remote is on this machine.
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
