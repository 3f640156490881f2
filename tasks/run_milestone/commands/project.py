"""Commands that need no project: init, demo, schema."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..core.errors import ExitCode
from .base import Commands, current_project, load_plan, near, new_id, put


def init(args: argparse.Namespace) -> int:
    """Make the current folder a project: a first plan, dodo.py and state/."""
    from ..render.plans import project_made
    from .plan_sync.first_issues import first_issues
    from .scaffold import FirstIssues, make_project, new_project

    milestone = new_id(args)
    project = new_project(Path.cwd(), milestone)
    has_plan = (project.plan(milestone) / "plan.yaml").exists()
    first = FirstIssues() if has_plan else first_issues(project, milestone)
    files = [(near(path), new) for path, new in make_project(project, milestone, first)]
    put(project_made(files, first.note, current_project().shown_plan(milestone), milestone))
    return ExitCode.DONE


def demo(args: argparse.Namespace) -> int:
    """Play the founding example with its eight recorded decisions; with `--short` one approval, in seconds."""
    if args.short:
        from .short_demo import play

        return play(Path(args.dir))
    from ..model import RunOptions
    from ..plan.project import Project
    from ..render.plans import demo_ended
    from ..runner.answerers import read_recorded
    from ..runner.run import run as run_milestone
    from .scaffold import make_demo

    project = Project(make_demo(Path(args.dir)))
    milestone = load_plan(project, "m4.1")
    code = run_milestone(project, milestone, RunOptions(), read_recorded(project.plan("m4.1") / "decisions.yaml"))
    put(demo_ended(args.dir))
    return code


def schema(args: argparse.Namespace) -> int:
    """Print the JSON Schema of a file that run-milestone reads or writes."""
    from ..core.schemas import read_schema

    put(read_schema(args.name))
    return ExitCode.DONE


def _add_init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("milestone", nargs="?", default="m1", metavar="ID", help="the first milestone (default: m1)")


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--short", action="store_true", help="one issue, one approval, one changed line: ten seconds, no extras"
    )
    parser.add_argument("--dir", default="run-milestone-demo", metavar="DIR", help="folder (default: %(default)s)")


def _add_schema(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="plan, marker, gate, decision, approval, findings, landing, summary or metrics")


COMMANDS: Commands = {
    "init": (init, _add_init),
    "demo": (demo, _add_demo),
    "schema": (schema, _add_schema),
}
