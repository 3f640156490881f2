"""Look at an issue: the command `diff` shows its change, `shell` opens its tree as the tests see it."""

from __future__ import annotations

import argparse
import os
import shlex
from typing import TYPE_CHECKING

from ..core.errors import ExitCode, UsageError
from .base import Commands, add_milestone, current_project, load_plan, put

if TYPE_CHECKING:
    from pathlib import Path

    from ..adapters.git import Git
    from ..model import Milestone
    from ..plan.project import Project
    from ..steps.workplace import Workplace


def diff(args: argparse.Namespace) -> int:
    """Show an issue's change as it would be proposed, from local commits."""
    from ..adapters.process import Processes
    from ..core.text import for_terminal
    from ..runner.wiring import open_git
    from ..steps.own_change import counted_from
    from ..store import State
    from .decide import gate_of

    project = current_project()
    milestone = load_plan(project, args.milestone)
    issue = next((one for one in milestone.issues if one.number == gate_of(args.issue)), None)
    state = State(project.state(milestone.id))
    base = counted_from(state, issue.number) if issue else None
    if issue is None or base is None:
        raise _unknown(milestone.id, args.issue, "has no change yet" if issue else "is no issue of this plan")
    git = open_git(project, milestone, Processes(), make=False)
    head = git.head(state.registry.branch(milestone, issue))
    shown = git.diff(base, head or base)
    if not shown:
        raise _unknown(milestone.id, args.issue, "changes nothing yet")
    put(for_terminal(shown))
    return ExitCode.DONE


def shell(args: argparse.Namespace) -> int:
    """Open a shell in an issue's tree, with the variables and the interpreter of its tests, or run one command."""
    from ..adapters.process import Processes, run_in_terminal
    from ..core.fs import temporary_folder
    from ..runner.wiring import open_git
    from ..steps.workplace import reopened
    from ..store import State
    from .decide import gate_of

    project = current_project()
    milestone = load_plan(project, args.milestone)
    number = gate_of(args.issue) if args.issue.isdigit() else args.issue
    tree = project.tree(milestone, number)
    if number not in {"base", *(issue.number for issue in milestone.issues)}:
        raise _unknown(milestone.id, args.issue, "is no issue of this plan")
    if not tree.is_dir():
        raise _unknown(milestone.id, args.issue, "has no tree yet")
    issue = next((one for one in milestone.issues if one.number == number), None)
    git = open_git(project, milestone, Processes(), make=False)
    branch = State(project.state(milestone.id)).registry.branch(milestone, issue) if issue else milestone.target
    head = git.head(branch)
    place = reopened(git, milestone, tree, number, head)
    with temporary_folder("run-milestone-") as folder:
        env = _as_tests(git, project, milestone, head, place, folder)
        return run_in_terminal(tuple(args.words), tree, env, place.pass_env)


def _as_tests(
    git: Git, project: Project, milestone: Milestone, head: str | None, place: Workplace, folder: Path
) -> dict[str, str]:
    """Return the variables of a tree's tests: `python` is their interpreter, and imports the tree's packages."""
    from ..adapters.process import search_path
    from ..steps.import_origin import guarded, sources

    env = dict(place.env)
    if head is not None:
        env = guarded(folder, place.tree, sources(git, project.repository(milestone), head), env)
    programs = folder / "bin"
    programs.mkdir()
    (programs / "python").write_text(f'#!/bin/sh\nexec {shlex.quote(place.python)} "$@"\n', encoding="utf-8")
    (programs / "python").chmod(0o755)
    return {**env, "PATH": os.pathsep.join((str(programs), env.get("PATH") or search_path()))}


def _unknown(milestone: str, issue: str, what: str) -> UsageError:
    return UsageError(f"{issue} {what}.", f"`run-milestone status {milestone}` lists the issues and how far they are.")


def _add_diff(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    parser.add_argument("issue", metavar="NN", help="the issue: 03 or 3")


def _add_shell(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    parser.add_argument("issue", metavar="NN", help="the issue: 03 or 3; `base` for the tree of the baseline")
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND", help="run this instead of a shell")


COMMANDS: Commands = {"diff": (diff, _add_diff), "shell": (shell, _add_shell)}
