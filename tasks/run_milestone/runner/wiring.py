"""Open the adapters: the repository, the remote and the forge, in the order in which they need each other."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..adapters.git import Git
from ..adapters.git.repository import common_directory, require_git
from ..adapters.process import Processes
from ..core.errors import UsageError
from ..model import World
from ..render import transcript as words
from ..render.sandbox import sandbox_note
from ..steps.run_context import Adapters
from ..store import State
from .sample_repo import ensure_repository, make_bare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..adapters.forge import Forge
    from ..model import Milestone, RunOptions
    from ..plan.project import Project
    from ..render.console import Console

    Say = Callable[[Iterable[str]], object]


def connect_adapters(
    project: Project, milestone: Milestone, lock: int, console: Console, options: RunOptions
) -> tuple[Adapters, list[str]]:
    """Open everything a run reaches outside with; returns it, and what to say about it.

    Every program that is started holds the run's `lock` too, and every untrusted one runs in the plan's sandbox.
    Errors: UsageError where that does not work here.
    """
    require_git()
    processes = Processes(hold=(lock,), progress=console.progress)
    notes = _confined(project, milestone, processes, options)
    if ensure_repository(project, milestone, processes):
        notes += words.made("Sample repository", str(milestone.repository.path))
    git = open_git(project, milestone, processes, mirror=options.mirror)
    if git.local_remote is not None and not git.local_remote.exists():
        make_bare(processes, git.local_remote, milestone.target)
        notes += words.made("Local remote", os.path.relpath(git.local_remote, project.root))
    dirty = git.uncommitted()
    notes += words.uncommitted(milestone.repository.path, dirty) if dirty else []
    if options.mirror:
        from ..adapters.forge.remembered import remembered_forge

        return Adapters(processes, git, remembered_forge(State(project.state(milestone.id)).remembered)), notes
    return Adapters(processes, git, open_forge(milestone, git, processes, console.say)), notes


def _confined(project: Project, milestone: Milestone, processes: Processes, options: RunOptions) -> list[str]:
    """Choose the sandbox of a run, or let no command start where the run may start none; returns what to say of it."""
    if options.no_commands:
        processes.commands = False
        return []
    confine(project, milestone, processes, unsandboxed=options.unsandboxed, mirror=options.mirror)
    absent = [path for path in milestone.sandbox.read if not Path(path).exists()]
    return sandbox_note(processes.sandbox.kind, absent)


def confine(
    project: Project, milestone: Milestone, processes: Processes, *, unsandboxed: bool = False, mirror: str = ""
) -> None:
    """Put every untrusted command into the sandbox that the plan asks for; without one, where the run asks for that.

    Errors: UsageError where it does not work here.
    """
    trees = project.tree(milestone, "")
    if unsandboxed:
        processes.confine(replace(milestone.sandbox, kind="none"), trees=trees)
        return
    remote = project.root / milestone.repository.remote if milestone.repository.remote else None
    beside = (*((remote, remote.with_suffix(".forge")) if remote else ()), *((Path(mirror),) if mirror else ()))
    repository = project.repository(milestone)
    git = (repository / ".git", common_directory(repository))
    processes.confine(milestone.sandbox, (project.states, project.plans, *git, *beside), trees)


def open_git(
    project: Project, milestone: Milestone, processes: Processes, *, make: bool = True, mirror: str = ""
) -> Git:
    """Open the milestone's repository; without `make` only to look at its branches. A `mirror` is its remote."""
    remote = mirror or milestone.repository.remote
    return Git(processes, project.repository(milestone), remote, name=milestone.id, root=project.root, make=make)


def open_forge(milestone: Milestone, git: Git, processes: Processes, say: Say = list) -> Forge:
    """Return the forge that the plan names; `say` hears why it lets the run wait.

    The local forge lies beside a bare remote on this machine, else in the repository's git directory.
    """
    folder = git.common / "run-milestone"
    if milestone.forge == "local":
        from ..adapters.forge.local import LocalForge

        remote = git.local_remote
        place = remote.with_suffix(".forge") if remote else folder / "local.forge"
        return LocalForge(place, git, milestone.target)
    if milestone.forge == "github":
        from ..adapters.forge.github import open_github

        return open_github(milestone, git.urls.all, processes, folder / "gh", say)
    raise UsageError(
        f"The forge {milestone.forge!r} is not available in this version.", "Use `forge: local` or `forge: github`."
    )


def take_snapshot(outside: Adapters, branches: Iterable[str], name: str) -> World:
    """Ask the remote, and the forge for the pull requests of `branches` and of others named for the milestone, once."""
    at, heads = datetime.now(UTC).isoformat(timespec="seconds"), outside.git.remote_heads()
    wanted = dict.fromkeys((*branches, *(head for head in heads if f"/{name}-" in head)))
    pulls = outside.forge.pulls(*wanted)
    reviews = outside.forge.reviews(*(pull.number for pull in pulls if pull.state == "open"))
    return World(at, heads, pulls, {str(number): given for number, given in reviews.items() if given})
