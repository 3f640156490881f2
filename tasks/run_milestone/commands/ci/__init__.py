"""The commands for GitHub Actions: ci github, check, event, run, wave."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import ExitCode, UsageError
from ...plan import milestones
from ...policy.naming import normalise
from ..base import Commands, Group, add_milestone, current_project, load_plan, near, put
from ..run import add_only, only_issues
from ..state import add_lock

if TYPE_CHECKING:
    from ...plan.project import Project


def github(args: argparse.Namespace) -> int:
    """Write the workflow that runs milestones on GitHub Actions, and list what else to set up."""
    from ...render.ci import workflows_written
    from .workflows import SETUP, passed_on, workflows, write

    project = current_project()
    names = [normalise(name) for name in args.milestones] or _only_plan(list(milestones(project.plans)))
    plans = [load_plan(project, name) for name in names]
    files = write(project.root, workflows(plans, matrix=args.matrix))
    put(workflows_written(files, plans, setup=SETUP, variables=passed_on(plans), waves=args.matrix))
    return ExitCode.DONE


def _only_plan(names: list[str]) -> list[str]:
    if len(names) != 1:
        raise UsageError(
            f"This project has {len(names)} plans; the schedule needs to know which of them to run.",
            f"Name them: `run-milestone ci github {' '.join(names) or 'm1'}`.",
        )
    return names


def check(args: argparse.Namespace) -> int:
    """Check workflows with zizmor and for what run-milestone needs."""
    from ...adapters.process import Processes
    from ...render.ci import workflows_checked
    from .check import problems, workflow_files

    files = [Path(name) for name in args.files] or [near(path) for path in workflow_files(_repository(Path.cwd()))]
    broken = problems(files, Processes())
    put(workflows_checked(broken, len(files)))
    return ExitCode.FAILED if broken else ExitCode.DONE


def _repository(start: Path) -> Path:
    """Return the nearest folder upwards with `.github/`, `start` where there is none."""
    return next((folder for folder in (start, *start.parents) if (folder / ".github").is_dir()), start)


def event(_: argparse.Namespace) -> int:
    """Decide which milestones the event of this job asks for. Only people of the project start a run."""
    from . import actions
    from .event import read_event

    kind, payload = actions.event()
    scheduled = os.environ.get("SCHEDULED", "").split()
    request = read_event(kind, payload, scheduled, _known(current_project()))
    actions.output("milestones", request.milestones)
    put(f"{request.why}\nTo run: {', '.join(request.milestones) or 'nothing'}\n")
    return ExitCode.DONE


def run(args: argparse.Namespace) -> int:
    """Run or resume a milestone in a job. Writes the job summary; waiting for a decision is no failure."""
    from ...model import RunOptions
    from . import job

    project = current_project()
    milestone = load_plan(project, args.milestone)
    return job.run(project, milestone, RunOptions(only_issues(args.only, milestone), shared=True, lock=args.lock))


def wave(args: argparse.Namespace) -> int:
    """Take decisions and pass barriers in a job, and output the issues that are ready for jobs of their own."""
    from . import job

    project = current_project()
    return job.wave(project, load_plan(project, args.milestone), args.lock)


def _known(project: Project) -> dict[str, tuple[int, ...]]:
    """Return the milestones that have a plan, with the numbers of their issues on the forge."""
    return {name: _numbers(project, name) for name in milestones(project.plans)}


def _numbers(project: Project, name: str) -> tuple[int, ...]:
    """Return the numbers of a plan's issues, none for a bad plan: its own run reports that."""
    try:
        return tuple(issue.github for issue in load_plan(project, name).issues if issue.github)
    except UsageError:
        return ()


def _add_github(parser: argparse.ArgumentParser) -> None:
    what = "a milestone that the schedule runs (default: the only one)"
    parser.add_argument("milestones", nargs="*", metavar="ID", help=what)
    parser.add_argument("--matrix", action="store_true", help="run each issue that is ready in a job of its own")


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE", help="a workflow or an action (default: all of them)")


def _add_run(parser: argparse.ArgumentParser) -> None:
    _add_wave(parser)
    add_only(parser)


def _add_wave(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    add_lock(parser)


def _add_nothing(_: argparse.ArgumentParser) -> None:
    return


COMMANDS: Commands = {
    "ci": Group(
        "Run milestones on GitHub Actions: github, check, event, run, wave.",
        {
            "github": (github, _add_github),
            "check": (check, _add_check),
            "event": (event, _add_nothing),
            "run": (run, _add_run),
            "wave": (wave, _add_wave),
        },
    )
}
