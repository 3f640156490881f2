"""What every command begins and ends with: the project it stands in, the plan it names, what it prints."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..plan import load
from ..policy.naming import normalise

if TYPE_CHECKING:
    from ..model import Milestone
    from ..plan.project import Project
    from ..store import State

Command = Callable[[argparse.Namespace], int]
Commands = dict[str, tuple[Command, Callable[[argparse.ArgumentParser], None]]]
"""By name: what a command does, and what adds its words to its parser."""


def current_project() -> Project:
    """Return the project that the working directory lies in."""
    from ..plan.project import find_project

    return find_project(Path.cwd())


def load_plan(project: Project, identity: str) -> Milestone:
    """Return a milestone of a project, compiled once per text of its plan."""
    name = normalise(identity)
    return load(project.plan(name), cache=project.state(name) / "cache" / "plan.json")


def opened(args: argparse.Namespace) -> tuple[Milestone, State]:
    """Return the milestone that the command names, and its state."""
    from ..store import State

    project = current_project()
    milestone = load_plan(project, args.milestone)
    return milestone, State(project.state(milestone.id))


def near(path: Path) -> Path:
    """Return a path as it reads best from here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def put(what: Any) -> None:
    """Print a text as it is, anything else as JSON."""
    text = what if isinstance(what, str) else json.dumps(what, indent=2, ensure_ascii=False) + "\n"
    sys.stdout.write(text)
    sys.stdout.flush()


def add_milestone(parser: argparse.ArgumentParser) -> None:
    """Let a command name a milestone."""
    parser.add_argument("milestone", metavar="ID", help="the milestone: m4.1, M4.1 or 4.1")


def add_milestone_json(parser: argparse.ArgumentParser) -> None:
    """Let a command name a milestone, and answer programs."""
    add_milestone(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def add_commands(commands: Commands, parser: argparse.ArgumentParser) -> None:
    """Let a parser take commands, each of which takes `-C` as well; without one of them it is bad usage."""
    anywhere = argparse.ArgumentParser(add_help=False)
    anywhere.add_argument("-C", "--directory", metavar="DIR", default=argparse.SUPPRESS, help="work in DIR")
    own = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (command, add) in commands.items():
        text = (command.__doc__ or "").splitlines()[0]
        sub = own.add_parser(name, help=text, description=text, parents=[anywhere])
        sub.set_defaults(command=command)
        add(sub)
