"""What commands share: find the project, load the plan, print the answer, add arguments to a parser."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..core.errors import UsageError
from ..plan import load, milestones
from ..policy.naming import normalise

if TYPE_CHECKING:
    from ..model import Milestone
    from ..plan.project import Project
    from ..store import State

Command = Callable[[argparse.Namespace], int]
Commands = Mapping[str, "tuple[Command, Callable[[argparse.ArgumentParser], None]] | Group"]
"""By name: a command and what adds its arguments to a parser, or a group of commands."""


class Group(NamedTuple):
    """Commands below a word, such as `plan check`, and one line about them for `--help`."""

    text: str
    commands: Commands


def current_project() -> Project:
    """Return the project that contains the working directory."""
    from ..plan.project import find_project

    return find_project(Path.cwd())


def new_id(args: argparse.Namespace) -> str:
    """Return the normalised id of the milestone that a command makes.

    Errors: UsageError where it is a command's name: `run-milestone ID` runs a milestone.
    """
    name = normalise(args.milestone)
    if name in args.reserved:
        raise UsageError(f"{name} is a command of run-milestone, so it cannot name a milestone.", "Choose another id.")
    return name


def load_plan(project: Project, identity: str, *, write: bool = True) -> Milestone:
    """Return a milestone of a project, without a name its only one; the compiled form is cached in the state folder.

    Without `write` nothing changes.
    """
    name = normalise(identity or _only_milestone(project))
    return load(project.plan(name), cache=project.plan_cache(name), write=write)


def opened(args: argparse.Namespace) -> tuple[Milestone, State]:
    """Return the milestone that the command names, and its state."""
    from ..store import State

    project = current_project()
    milestone = load_plan(project, args.milestone)
    return milestone, State(project.state(milestone.id))


def _only_milestone(project: Project) -> str:
    """Return the one milestone of a project. Errors: UsageError where there are several, or none."""
    names = list(milestones(project.plans))
    if len(names) == 1:
        return names[0]
    what = f"There are several milestones here: {', '.join(names)}." if names else "There is no milestone here."
    raise UsageError(what, "Name the one you mean." if names else "`run-milestone init` makes a first one.")


def near(path: Path) -> Path:
    """Return a path relative to the working directory where it lies below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def put(what: Any) -> None:
    """Print a text as it is, anything else as JSON."""
    if not isinstance(what, str):
        from ..core.serialize import as_json

        what = as_json(what)
    sys.stdout.write(what)
    sys.stdout.flush()


def add_milestone(parser: argparse.ArgumentParser) -> None:
    """Let a command name a milestone."""
    parser.add_argument("milestone", metavar="ID", help="the milestone: m4.1, M4.1 or 4.1")


def add_milestone_json(parser: argparse.ArgumentParser) -> None:
    """Let a command name a milestone, where there are several, and print JSON."""
    text = "the milestone: m4.1, M4.1 or 4.1 (default: the only one)"
    parser.add_argument("milestone", nargs="?", default="", metavar="ID", help=text)
    parser.add_argument("--json", action="store_true", help="print JSON")


def add_commands(commands: Commands, parser: argparse.ArgumentParser) -> None:
    """Add commands to a parser. Each takes `-C` as well; one of them is required."""
    anywhere = argparse.ArgumentParser(add_help=False)
    anywhere.add_argument("-C", "--directory", metavar="DIR", default=argparse.SUPPRESS, help="work in DIR")
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, entry in commands.items():
        text = entry.text if isinstance(entry, Group) else (entry[0].__doc__ or "").splitlines()[0]
        sub = parsers.add_parser(name, help=text, description=text, parents=[anywhere], allow_abbrev=False)
        if isinstance(entry, Group):
            add_commands(entry.commands, sub)
        else:
            command, add = entry
            sub.set_defaults(command=command)
            add(sub)
