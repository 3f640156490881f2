"""The commands for GitHub Actions: ci github, check, event, publish, work."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import ExitCode, UsageError
from ...plan import milestones
from ...policy.naming import normalise
from ..base import Commands, Group, add_milestone, current_project, load_plan, near, put
from ..run import only_issues
from ..state import add_lock

if TYPE_CHECKING:
    from ...plan.project import Project


def github(args: argparse.Namespace) -> int:
    """Write the workflow that runs milestones on GitHub Actions, and list what else to set up."""
    from ...adapters.process import Processes
    from ...core.fs import read_text
    from ...render.ci import workflows_written
    from .lock import is_current, lock
    from .workflows import LOCK, SETUP, passed_on, workflows, write

    project = current_project()
    names = [normalise(name) for name in args.milestones] or _only_plan(list(milestones(project.plans)))
    plans = [load_plan(project, name) for name in names]
    wheel, present = plans[0].ci.wheel, read_text(project.root / LOCK)
    locked = present if is_current(project.root, present, wheel) else lock(project.root, wheel, Processes())
    files = write(project.root, {**workflows(plans, matrix=args.matrix), LOCK: locked or ""})
    put(workflows_written(files, plans, setup=SETUP, variables=passed_on(plans)))
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


def publish(args: argparse.Namespace) -> int:
    """Take up results, push, open pull requests and take answers in a job that may; it starts no command."""
    from . import job

    project = current_project()
    return job.publish(project, load_plan(project, args.milestone), args.lock, args.results, args.give)


def work(args: argparse.Namespace) -> int:
    """Work on issues in a job without a token; what it did is written into a folder."""
    from ...policy.graph import BOOTSTRAP
    from . import job

    project = current_project()
    milestone = load_plan(project, args.milestone)
    only = (BOOTSTRAP,) if args.only == BOOTSTRAP else only_issues(args.only, milestone)
    return job.work(project, milestone, only, (args.given, args.result))


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


def _add_publish(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    add_lock(parser)
    parser.add_argument("--results", default="", metavar="FOLDER", help="what jobs without rights handed back")
    parser.add_argument("--give", default="", metavar="FOLDER", help="where to write what such jobs work from")


def _add_work(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    parser.add_argument("--only", required=True, metavar="NN", help="the issues to work on, or `bootstrap`")
    parser.add_argument("--given", required=True, metavar="FOLDER", help="what `ci publish --give` wrote")
    parser.add_argument("--result", required=True, metavar="FOLDER", help="where to write what was done")


def _add_nothing(_: argparse.ArgumentParser) -> None:
    return


COMMANDS: Commands = {
    "ci": Group(
        "Run milestones on GitHub Actions: github, check, event, publish, work.",
        {
            "github": (github, _add_github),
            "check": (check, _add_check),
            "event": (event, _add_nothing),
            "publish": (publish, _add_publish),
            "work": (work, _add_work),
        },
    )
}
