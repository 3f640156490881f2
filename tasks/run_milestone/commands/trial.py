"""Try a plan without running a test: set a tree up, and let the test command collect what it would run."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..adapters.process import Grants
from ..adapters.process.command_line import argument_list
from ..core.fs import remove_tree, temporary_folder
from ..core.globs import plain
from ..core.presets import runner_of
from ..core.units import count
from ..policy.parts import suites
from ..render.sandbox import not_shown
from .look_around import look_around

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..adapters.git import Git
    from ..adapters.process import Processes
    from ..core.presets import Command
    from ..model import Milestone
    from ..plan.project import Project
    from ..steps.workplace import Workplace

_PATIENCE = 300
"""Seconds that collecting may take."""
_NO_TESTS = 5
"""pytest's exit code where it collects none."""


class Sign(NamedTuple):
    """One part that was examined. `works` is None where something optional is missing."""

    name: str
    state: str
    works: bool | None = True


def hints(project: Project, milestone: Milestone) -> Iterator[str]:
    """Yield what in a plan will not work, as far as files tell it."""
    root, spec = project.repository(milestone), milestone.tree
    yield from (not_shown(path) for path in milestone.sandbox.read if not Path(path).exists())
    if milestone.repository.prepare and not milestone.repository.sample:
        yield "`repository.prepare` only runs for a sample; what a tree needs is installed by `tree: {setup: [[…]]}`"
    parts = look_around(root).parts if root.is_dir() and not spec.setup else ()
    for part in parts:
        missing = [name for name in part.manager.cache if part.language.name != "Python"] if part.manager else []
        present = [path for name in missing if (root / (path := part.path(name))).exists()]
        if present and not set(present) & set(spec.copy):
            setup = " ".join(part.setup[0]) if part.setup else "…"
            yield f"{present[0]} is in your checkout and not in git, so a tree has none: `tree: {{setup: [[{setup}]]}}`"
    for piece in milestone.commands.parts:
        top = piece.name.partition("/")[0]
        if root.is_dir() and plain(top) and not (root / top).exists():
            yield f"`commands` has {piece.pattern}, but the repository has no {top}/"
    is_seen = any(part.manager and "node_modules" in part.manager.cache for part in parts)
    if not spec.setup and not spec.copy and (root / "node_modules").is_dir() and not is_seen:
        yield "node_modules is in your checkout and not in git, so a tree has none: install it with `tree: {setup: …}`"


def try_tests(project: Project, milestone: Milestone, git: Git, processes: Processes) -> Iterator[Sign]:
    """Set a tree of the target branch up and collect its tests, in the plan's sandbox; yields what was seen."""
    from ..runner.wiring import confine

    name, head = milestone.id, git.head(milestone.branch) or git.head(milestone.target)
    if head is None:
        what = f"{milestone.target} has no commit in this repository; commit, or name another `target`"
        yield Sign(f"{name} target", what, works=False)
        return
    wanted = suites(milestone.commands)
    if not milestone.tree.setup and not any(collecting(suite.commands.test) for suite in wanted):
        yield Sign(f"{name} tests", "not tried: this command cannot collect tests without running them", None)
        return
    confine(project, milestone, processes)
    try:
        with temporary_folder("doctor-") as journal:  # the milestone's own belongs to its run
            place = _place(project, milestone, git, processes, head, journal)
        if milestone.tree.setup:
            done = f"{count(len(milestone.tree.setup), 'command')} made {', '.join(place.made) or 'nothing'}"
            yield Sign(f"{name} setup", " ".join((place.problem or done).split()), place.problem is None)
        for suite in () if place.problem else wanted:
            yield _collected(" ".join(filter(None, (name, suite.name, "tests"))), suite.commands.test, place, processes)
    finally:
        remove_tree(_tree(project, milestone))


def _tree(project: Project, milestone: Milestone) -> Path:
    return project.tree(milestone, "doctor")


def _place(
    project: Project, milestone: Milestone, git: Git, processes: Processes, head: str, journal: Path
) -> Workplace:
    from ..model import RunOptions
    from ..render.console import Console
    from ..runner.wiring import open_forge
    from ..steps.run_context import Adapters, run_context
    from ..steps.workplace import workplace
    from ..store import State

    run = run_context(project, milestone, Console(), RunOptions())
    local = replace(milestone, forge="local")
    adapters = Adapters(processes, git, open_forge(local, git, processes))
    connected = replace(run, adapters=adapters, store=State(journal))
    tree = _tree(project, milestone)
    log = tree.with_name(f"{tree.name}.log")  # beside the tree: no run has made a state yet
    log.unlink(missing_ok=True)
    return workplace(connected, tree, head, "doctor", "doctor", log)


def _collected(name: str, test: Command, place: Workplace, processes: Processes) -> Sign:
    """Return how many tests were collected, or why they cannot be."""
    from ..steps.import_origin import guarded
    from ..steps.workplace import said

    command = collecting(test)
    if command is None:
        return Sign(name, "not tried: this command cannot collect tests without running them", None)
    with temporary_folder("run-milestone-") as folder:
        argv = argument_list(command, python=place.python, junit=f"{folder}/junit.xml", coverage=f"{folder}/coverage")
        env = guarded(folder, place.tree, place.mine, place.env) if place.mine else place.env
        result = processes.untrusted(
            argv,
            cwd=place.tree,
            env=env,
            timeout=_PATIENCE,
            pass_env=place.pass_env,
            grants=Grants(write=(folder,)),
        )
    shown = " ".join(command).replace("{python}", "python")
    if result.code == 0:
        number = re.search(r"^(\d+)(?:/\d+)? tests? collected", result.out, re.MULTILINE)
        return Sign(name, f"{number[1]} collected by {place.python}" if number else f"`{shown}` works")
    if result.code == _NO_TESTS and "pytest" in command:
        return Sign(name, "none there yet", None)
    errors = re.findall(r"^E +(\w+(?:Error|Exception).*)", result.out, re.MULTILINE)
    words = errors[0] if errors else said(result)
    return Sign(name, f"`{shown}` does not work: {words.strip()[:200]}", works=False)


def collecting(test: Command) -> Command | None:
    """Return the command that collects what a test command would run, None where there is none."""
    words = test[3:] if test[:2] == ("env", "-C") else test
    before = test[: len(test) - len(words)]
    if "pytest" in (Path(word).name for word in words):
        return (*test, "--collect-only", "-q")
    runner = runner_of(test)
    return (*before, *runner.collect) if runner and runner.collect else None
