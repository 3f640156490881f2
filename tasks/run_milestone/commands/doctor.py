"""Examine Python, git, tools, and for each plan its repository, remote, forge, agent and commands."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from typing import TYPE_CHECKING

from ..core.errors import OutsideError, UserError
from ..core.units import count
from ..model import Severity
from .trial import Sign, hints, try_tests

if TYPE_CHECKING:
    from ..adapters.forge import Forge
    from ..adapters.git import Git
    from ..adapters.process import Processes
    from ..model import AgentSpec, Finding, Milestone, Reviewer
    from ..plan.project import Project

OLDEST_GIT = (2, 38)
"""The first version with `git merge-tree --write-tree`."""
EXTRAS = {
    "migrations": (("alembic", "sqlglot"), "migrations are read"),
    "licences": (("license-expression", "packaging", "poetry-core"), "licences of dependencies are recognised"),
    "secrets": (("detect-secrets",), "hardcoded credentials are looked for"),
    "report": (("jinja2",), "report.html is written"),
    "all": (("ruff", "pytest"), "a plan's default commands run"),
}
"""The packages of each extra, and their purpose."""


def examine(project: Project | None, milestones: list[str]) -> list[Sign]:
    """Examine the machine and the plans of these milestones."""
    from ..adapters.process import Processes

    processes = Processes()
    try:
        return [*_machine(processes), *_extras(), *_plans(project, milestones, processes)]
    finally:
        processes.stop()


# ---- the machine ----------------------------------------------------------------------------------------------


def _machine(processes: Processes) -> Iterator[Sign]:
    from ..adapters.git import version

    yield Sign("Python", sys.version.split()[0])
    installed = version(processes)
    shown = ".".join(map(str, installed)) if installed else "not installed"
    recent = installed >= OLDEST_GIT
    yield Sign("git", shown if recent else f"{shown}; install {'.'.join(map(str, OLDEST_GIT))} or newer", recent)
    yield _sandbox(processes)


def _sandbox(processes: Processes) -> Sign:
    """Return which kind of sandbox works here, and why a stronger one does not."""
    kind, reasons = processes.strongest()
    if kind is None:
        return Sign("sandbox", f"none works: {'; '.join(reasons)}. A run needs `--unsandboxed`", works=False)
    return Sign("sandbox", "; ".join((kind, *reasons)), None if reasons else True)


def _extras() -> Iterator[Sign]:
    for extra, (packages, purpose) in EXTRAS.items():
        versions = {package: _installed(package) for package in packages}
        missing = [package for package, version in versions.items() if version is None]
        present = ", ".join(f"{package} {version}" for package, version in versions.items() if version)
        install = f"no {', '.join(missing)}: `pip install 'run-milestone[{extra}]'`, so that {purpose}"
        state = "; ".join(filter(None, (present, install if missing else "")))
        yield Sign(f"extra {extra}", state, None if missing else True)


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
        command = getattr(milestone.commands, field)
        yield (
            _command(f"{name} {field}", command, milestone)
            if command
            else Sign(f"{name} {field}", "none, as the plan says", None)
        )
    for part in milestone.commands.parts:
        yield from (
            _command(f"{name} {part.name}", one, milestone) for one in (part.test, part.lint, part.review) if one
        )
    setup = [_command(f"{name} setup", command) for command in milestone.tree.setup]
    yield from setup
    if all(sign.works is not False for sign in setup):
        yield from _probed(project, milestone, processes)
        yield from _tried(project, milestone, processes)
    else:
        yield from _hinted(project, milestone)


def _probed(project: Project, milestone: Milestone, processes: Processes) -> Iterator[Sign]:
    """Probe the plan's sandbox, and the hosts that the plan lists. Errors: UsageError where no sandbox works."""
    from ..adapters.process.probe import probe, probe_hosts
    from ..runner.sandbox_probe import ground_of
    from ..runner.wiring import confine

    name = f"{milestone.id} sandbox"
    confine(project, milestone, processes)
    if processes.sandbox.kind == "none":
        yield Sign(name, "none, as the plan says: nothing keeps a command from your files", None)
        return
    lists = [milestone.tree.network, *(one.network for one in milestone.agents)]
    lists += [one.network for one in milestone.reviewers]
    hosts = tuple(dict.fromkeys(host for listed in lists for host in listed))
    for one in (*probe(processes, ground_of(project, milestone)), *(probe_hosts(processes, hosts) if hosts else ())):
        why = f" ({one.why})" if one.why else ""
        yield Sign(name, f"{'does not hold: ' if one.holds is False else ''}{one.what}{why}", one.holds)


def _tried(project: Project, milestone: Milestone, processes: Processes) -> Iterator[Sign]:
    """Yield what will not work, as far as files and a tree that is set up tell it."""
    from ..runner.wiring import open_git

    hinted = list(_hinted(project, milestone))
    yield from hinted
    if project.repository(milestone).exists() and not hinted:
        git = open_git(project, milestone, processes)
        try:
            yield from try_tests(project, milestone, git, processes)
        finally:
            git.close()


def _hinted(project: Project, milestone: Milestone) -> Iterator[Sign]:
    """Yield what will not work, as far as files tell it."""
    return (Sign(f"{milestone.id} tree", hint, works=False) for hint in hints(project, milestone))


def _variables(name: str, programs: Iterable[AgentSpec | Reviewer]) -> Iterator[Sign]:
    """Yield which variables of `pass_env` and `model` are set, without their values."""
    passed = (name for one in programs for name in (*one.pass_env, *([one.model.key] if one.model else ())))
    for variable in dict.fromkeys(passed):
        is_set = bool(os.environ.get(variable))
        yield Sign(name, variable if is_set else f"{variable} is not set, so it is not passed on", is_set or None)


def _places(project: Project, milestone: Milestone, processes: Processes) -> Iterator[Sign]:
    """Ask the remote for its branches and the forge for its pull requests."""
    from ..runner.wiring import open_forge, open_git

    name, repository = milestone.id, project.repository(milestone)
    if milestone.repository.sample and not repository.exists():
        yield Sign(f"{name} repository", f"{milestone.repository.path} is made from a sample by the first run", None)
        return
    git = open_git(project, milestone, processes)
    yield Sign(f"{name} repository", milestone.repository.path)
    if git.local_remote is not None and not git.local_remote.exists():
        yield Sign(f"{name} remote", "a bare repository, made by the first run", None)
    else:
        yield _remote(f"{name} remote", git)
    forge = open_forge(milestone, git, processes)
    yield _forge(f"{name} forge", milestone, forge)
    for finding in look_ahead_of(project, milestone, git, forge):
        state = finding.message + (f": {finding.detail}" if finding.detail else "")
        yield Sign(f"{name} ahead", state, None if finding.severity is Severity.INFO else False)


def look_ahead_of(project: Project, milestone: Milestone, git: Git, forge: Forge) -> tuple[Finding, ...]:
    """Return what the remote and the forge will refuse in a run, and what a person should know of them."""
    from ..steps.look_ahead import look_ahead
    from ..store import State

    return look_ahead(milestone, git, forge, State(project.state(milestone.id)).registry.branches(milestone))


def _remote(name: str, git: Git) -> Sign:
    try:
        heads = len(git.remote_heads())
    except OutsideError as error:
        return Sign(name, str(error), works=False)
    return Sign(name, f"reachable, {heads} {'branch' if heads == 1 else 'branches'}")


def _forge(name: str, milestone: Milestone, forge: Forge) -> Sign:
    """Return what the forge holds, or why it does not say."""
    try:
        return _forge_state(name, milestone, forge)
    except UserError as error:
        return Sign(name, str(error), works=False)


def _forge_state(name: str, milestone: Milestone, forge: Forge) -> Sign:
    """Return what the forge holds; for GitHub, the login and whether it has enough rights."""
    from ..adapters.forge.github import GitHubForge

    if not isinstance(forge, GitHubForge):
        return Sign(name, f"{milestone.forge}, {count(len(forge.pulls()), 'pull request')}")
    auth = forge.auth_status()
    scopes = "a token without a list of scopes" if auth.scopes is None else f"scopes {', '.join(auth.scopes) or 'none'}"
    lacks = "" if auth.enough else "; it may not push: ask for write access, or `gh auth refresh -s repo`"
    lacks += "" if auth.modern else "; install gh 2.48 or newer"
    return Sign(name, f"{auth.repository} by gh {auth.version}, logged in as {auth.login}, {scopes}{lacks}", not lacks)


def _command(name: str, command: tuple[str, ...], milestone: Milestone | None = None) -> Sign:
    """Return whether a command can start: its program is on PATH, or its Python module is installed."""
    program, *rest = command
    if "/" in program and not program.startswith("/"):
        return Sign(name, f"{program}, a file of the tree")
    if program == "{python}" and milestone and (milestone.tree.setup or milestone.tree.python):
        return Sign(name, " ".join(["python", *rest[:2]]) + ", in the environment of the tree")
    if program == "{python}":
        if rest[:1] != ["-m"] or len(rest) == 1:
            return Sign(name, " ".join(["python", *rest[:1]]))
        module = rest[1]
        installed = importlib.util.find_spec(module.partition(".")[0]) is not None
        return Sign(name, f"python -m {module}" if installed else f"Python has no module {module}", installed)
    from ..adapters.process import search_path

    where = shutil.which(program, path=search_path())
    return Sign(name, program if where else f"{program} is not on PATH", where is not None)
