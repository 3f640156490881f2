"""Commands that show something and change nothing, such as `status`, `gates`, `why` and `forecast`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import ExitCode
from ..policy.naming import normalise
from .base import Commands, add_milestone, add_milestone_json, current_project, load_plan, near, opened, put

if TYPE_CHECKING:
    from ..model import Milestone
    from ..store import State


def status(args: argparse.Namespace) -> int:
    """Show the status of a milestone from local records."""
    from ..render.status import status_text
    from ..store.summary import summarise

    milestone, state = opened(args)
    put(summarise(milestone, state) if args.json else _plan_changes(milestone, state) + status_text(milestone, state))
    return ExitCode.DONE


def gates(args: argparse.Namespace) -> int:
    """List what waits for a decision, with the commands that answer it."""
    from ..render.status import gates_json, gates_text

    milestone, state = opened(args)
    put(gates_json(milestone, state) if args.json else _plan_changes(milestone, state) + gates_text(milestone, state))
    return ExitCode.DONE


def _plan_changes(milestone: Milestone, state: State) -> str:
    """Return what the next run will do because the plan changed."""
    from ..runner.plan_changes import foretold

    return "".join(f"{line}\n" for line in foretold(milestone, state))


def why(args: argparse.Namespace) -> int:
    """Explain for each task why it would run, or why not."""
    from .why import explain

    project = current_project()
    put(explain(project, load_plan(project, args.milestone), args.task))
    return ExitCode.DONE


def graph(args: argparse.Namespace) -> int:
    """Print the graph of a milestone: phases, issues, dependencies, barriers and their status."""
    from ..render.graph import draw
    from ..render.status import statuses

    milestone, state = opened(args)
    put(draw(milestone, statuses(milestone, state), args.format))
    return ExitCode.DONE


def report(args: argparse.Namespace) -> int:
    """Write state/ID/report.html, the whole milestone on one page."""
    from ..render.html import page

    milestone, state = opened(args)
    put(f"✓ {near(state.write_report(page(milestone, state)))}\n")
    return ExitCode.DONE


def verify(args: argparse.Namespace) -> int:
    """Derive every record again from git and the forge, and show where they differ."""
    from ..render.verify import verified
    from .verify import differences

    project = current_project()
    milestone = load_plan(project, args.milestone)
    parts = differences(project, milestone)
    put(verified(milestone.id, parts))
    return ExitCode.FAILED if parts and any(parts.values()) else ExitCode.DONE


def forecast(args: argparse.Namespace) -> int:
    """Say which open branches of a milestone conflict with each other; nothing changes."""
    from ..render.forecast import forecast_text
    from .forecast import forecast_conflicts

    project = current_project()
    milestone = load_plan(project, args.milestone)
    result = forecast_conflicts(project, milestone)
    pairs = [(clash.one.label, clash.other.label, clash.paths) for clash in result.clashes]
    put(forecast_text(milestone.id, len(result.branches), pairs))
    return ExitCode.FAILED if pairs else ExitCode.DONE


def doctor(args: argparse.Namespace) -> int:
    """Check what works here: Python, git, tools, and each plan's repository, remote, forge, agent and commands."""
    from ..plan import milestones
    from ..plan.project import project_around
    from ..render.doctor import examined, stop_table
    from .doctor import examine

    if args.stops:
        put(stop_table())
        return ExitCode.DONE
    project = current_project() if args.milestone else project_around(Path.cwd())
    names = [normalise(args.milestone)] if args.milestone else list(milestones(project.plans)) if project else []
    signs = examine(project, names)
    put(examined(signs))
    return ExitCode.FAILED if any(sign.works is False for sign in signs) else ExitCode.DONE


def _add_why(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    parser.add_argument("task", nargs="?", default="", help="an issue (03) or one of its tasks (03:test)")


def _add_graph(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    forms = ("mermaid", "dot", "json")
    parser.add_argument("--format", choices=forms, default=forms[0], help="output format (default: %(default)s)")


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("milestone", nargs="?", default="", metavar="ID", help="check one plan (default: all)")
    parser.add_argument("--stops", action="store_true", help="print the stop table instead")


COMMANDS: Commands = {
    "status": (status, add_milestone_json),
    "gates": (gates, add_milestone_json),
    "why": (why, _add_why),
    "graph": (graph, _add_graph),
    "report": (report, add_milestone),
    "verify": (verify, add_milestone),
    "forecast": (forecast, add_milestone),
    "doctor": (doctor, _add_doctor),
}
