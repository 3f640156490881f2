"""doctor: what works here: Python, git, tools, and for each plan its repository, remote, forge, agent and commands."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from ..core.errors import UserError
from ..core.units import count
from ..model import Tier
from ..policy.stops import STOPS

if TYPE_CHECKING:
    from ..adapters.git import Git
    from ..adapters.process import Processes
    from ..model import AgentSpec, Milestone, Reviewer
    from ..plan.project import Project
    from ..policy.stops import Stop

OLDEST_GIT = (2, 38)
"""`git merge-tree --write-tree` came with it."""
EXTRAS = {
    "migrations": (("alembic", "sqlglot"), "migrations are read"),
    "licences": (("license-expression", "packaging"), "dependencies and licences are told apart"),
    "secrets": (("detect-secrets",), "hardcoded credentials are looked for"),
    "report": (("jinja2",), "report.html is written"),
    "all": (("ruff", "pytest"), "a plan's default commands run"),
}
"""What each extra brings, and what for."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that was looked at. `works` is None where nothing fails but something is missing."""

    name: str
    told: str
    works: bool | None = True


def examine(project: Project | None, milestones: list[str]) -> tuple[str, bool]:
    """Return what works here, for people, and whether everything that is needed does."""
    from ..adapters.process import Processes

    processes = Processes()
    try:
        signs = [*_machine(processes), *_extras(), *_plans(project, milestones, processes)]
    finally:
        processes.stop()
    broken = sum(sign.works is False for sign in signs)
    width = max(len(sign.name) for sign in signs)
    lines = [f"{_MARKS[sign.works]} {sign.name:<{width}}  {sign.told}" for sign in signs]
    end = f"✗ {count(broken, 'thing')} to mend" if broken else "✓ Everything that is needed works"
    return "\n".join([*lines, "", end]) + "\n", not broken


_MARKS = {True: "✓", None: "·", False: "✗"}


# ---- the machine ----------------------------------------------------------------------------------------------


def _machine(processes: Processes) -> Iterator[Sign]:
    from ..adapters.git import version

    yield Sign("Python", sys.version.split()[0])
    found, wanted = version(processes), ".".join(map(str, OLDEST_GIT))
    told = ".".join(map(str, found)) if found else "not found"
    good = found >= OLDEST_GIT
    yield Sign("git", told if good else f"{told}; install {wanted} or newer", good)
    yield Sign(
        "sandbox", "none yet: agents, tests and linters run as you; use a container for what you do not trust", None
    )


def _extras() -> Iterator[Sign]:
    for extra, (packages, purpose) in EXTRAS.items():
        found = {package: _installed(package) for package in packages}
        missing = [package for package, version in found.items() if version is None]
        told = ", ".join(f"{package} {version}" for package, version in found.items() if version)
        lacks = f"no {', '.join(missing)}: `pip install 'run-milestone[{extra}]'`, so that {purpose}"
        yield Sign(
            f"extra {extra}", "; ".join(filter(None, (told, lacks if missing else ""))), None if missing else True
        )


def _installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


# ---- the plans ------------------------------------------------------------------------------------------------


def _plans(project: Project | None, milestones: list[str], processes: Processes) -> Iterator[Sign]:
    from ..plan import load

    if project is None:
        yield Sign("project", "none here: `run-milestone init` makes one", None)
        return
    for name in milestones:
        try:
            yield from _plan(project, load(project.plan(name)), processes)
        except UserError as error:
            yield Sign(name, " ".join(str(error).split()), works=False)


def _plan(project: Project, milestone: Milestone, processes: Processes) -> Iterator[Sign]:
    name = milestone.id
    yield Sign(f"{name} plan", f"{count(len(milestone.issues), 'issue')}, {count(len(milestone.phases), 'phase')}")
    yield from _places(project, milestone, processes)
    for agent in milestone.agents:
        yield _command(f"{name} agent", agent.command) if agent.kind == "command" else Sign(f"{name} agent", agent.kind)
    yield from _variables(f"{name} pass_env", (*milestone.agents, *milestone.reviewers))
    for field in ("lint", "test", "review"):
        yield _command(f"{name} {field}", getattr(milestone.commands, field))


def _variables(name: str, programs: Iterable[AgentSpec | Reviewer]) -> Iterator[Sign]:
    """Tell which variables are there to be passed on, never what is in them."""
    for variable in dict.fromkeys(variable for program in programs for variable in program.pass_env):
        there = bool(os.environ.get(variable))
        yield Sign(name, variable if there else f"{variable} is not set, so it is not passed on", there or None)


def _places(project: Project, milestone: Milestone, processes: Processes) -> Iterator[Sign]:
    """Ask the remote for its branches and the forge for its pull requests, as a run would."""
    from ..runner.wiring import open_git

    name, repository = milestone.id, project.repository(milestone)
    if milestone.repository.sample and not repository.exists():
        yield Sign(f"{name} repository", f"{milestone.repository.path} is made from a sample by the first run", None)
        return
    git = open_git(project, milestone, processes)
    yield Sign(f"{name} repository", milestone.repository.path)
    if git.local_remote is not None and not git.local_remote.exists():
        yield Sign(f"{name} remote", "a bare repository, made by the first run", None)
    else:
        yield Sign(
            f"{name} remote", f"reachable, {count(len(git.remote_heads()), 'branch').replace('branchs', 'branches')}"
        )
    yield _forge(f"{name} forge", milestone, git, processes)


def _forge(name: str, milestone: Milestone, git: Git, processes: Processes) -> Sign:
    """Tell what the forge holds; of GitHub, who is logged in and whether that is enough."""
    from ..adapters.forge.github import GitHubForge
    from ..runner.wiring import open_forge

    forge = open_forge(milestone, git, processes)
    if not isinstance(forge, GitHubForge):
        return Sign(name, f"{milestone.forge}, {count(len(forge.pulls()), 'pull request')}")
    told = forge.standing()
    scopes = "a token that tells no scopes" if told.scopes is None else f"scopes {', '.join(told.scopes) or 'none'}"
    lacks = "" if told.enough else "; it may not push: ask for write access, or `gh auth refresh -s repo`"
    lacks += "" if told.modern else "; install gh 2.48 or newer"
    return Sign(name, f"{told.repository} by gh {told.version}, logged in as {told.login}, {scopes}{lacks}", not lacks)


def _command(name: str, command: tuple[str, ...]) -> Sign:
    """Tell whether a plan's command can start: its program is on PATH, or its Python module is installed."""
    program, *rest = command
    if program == "{python}":
        if rest[:1] != ["-m"] or len(rest) == 1:
            return Sign(name, " ".join(["python", *rest[:1]]))
        module = rest[1]
        found = importlib.util.find_spec(module.partition(".")[0]) is not None
        return Sign(name, f"python -m {module}" if found else f"there is no Python module {module}", found)
    where = shutil.which(program)
    return Sign(name, program if where else f"{program} is not on PATH", where is not None)


# ---- the stop table -------------------------------------------------------------------------------------------


def stop_table() -> str:
    """Return the stop table as it is in force: what stops, who finds it, what answers it, what nobody at all does."""
    head = ("STOP", "FOUND BY", "TIER", "VERBS OR LABEL", "UNATTENDED")
    rows = [head, *(_row(stop) for stop in STOPS.values())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n" for row in rows
    )


def _row(stop: Stop) -> tuple[str, ...]:
    answered = " | ".join(stop.verbs) if stop.tier is Tier.HARD else stop.label or "-"
    otherwise = "waits" if stop.tier is Tier.HARD else "goes on"
    return (stop.title, stop.found_by, stop.tier, answered, ", then ".join(stop.autonomous) or otherwise)
