"""The commands that make a project, and what belongs to an installation: init, demo, schema."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..core.errors import ExitCode
from ..policy.naming import normalise
from .base import Commands, load_plan, put


def init(args: argparse.Namespace) -> int:
    """Make the current folder a project: a first plan, a two-line dodo.py, and what git is to ignore."""
    from .scaffold import make_project

    put(make_project(Path.cwd(), normalise(args.milestone)))
    return ExitCode.DONE


def demo(args: argparse.Namespace) -> int:
    """Play the founding example with its eight recorded decisions."""
    from ..plan.project import Project
    from ..runner.answerers import read_recorded
    from ..runner.options import Mode
    from ..runner.run import run as run_milestone
    from .scaffold import make_demo

    project = Project(make_demo(Path(args.dir)))
    milestone = load_plan(project, "m4.1")
    code = run_milestone(project, milestone, Mode(), read_recorded(project.plan("m4.1") / "decisions.yaml"))
    put(f"\nIt all happened in {args.dir}: look at state/m4.1/, product/ and remote/product.forge/ there.\n")
    return code


def schema(args: argparse.Namespace) -> int:
    """Print a JSON Schema of what is read from or written for others."""
    from ..core.schemas import read_schema

    put(read_schema(args.name))
    return ExitCode.DONE


def _add_init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("milestone", nargs="?", default="m1", metavar="ID", help="the first milestone (default: m1)")


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dir", default="run-milestone-demo", metavar="DIR", help="where (default: %(default)s)")


def _add_schema(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="plan, marker, gate, decision, approval, findings, landing, summary or metrics")


COMMANDS: Commands = {
    "init": (init, _add_init),
    "demo": (demo, _add_demo),
    "schema": (schema, _add_schema),
}
