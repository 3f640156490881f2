"""Commands about plans: check, review, matrix, new, import, push."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ..core.errors import ExitCode, UsageError
from .base import Commands, Group, add_milestone, add_milestone_json, current_project, load_plan, near, new_id, put
from .plan_sync import add_import, add_push, plan_import, plan_push

if TYPE_CHECKING:
    from ..model import Milestone
    from ..plan.project import Project

MOST_ISSUES = 99
"""Issues of a new plan."""


def plan_check(args: argparse.Namespace) -> int:
    """Check and review a plan without running anything."""
    from ..plan.review import EPIC, review
    from ..plan.specs import epic_text
    from ..render.plans import plan_checked
    from .trial import hints

    project = current_project()
    milestone = load_plan(project, args.milestone)
    findings = review(milestone, epic_text(project.plan(milestone.id), EPIC))
    put(plan_checked(project.shown_plan(milestone.id), milestone, findings, list(hints(project, milestone))))
    return _check_online(project, milestone) if args.online else ExitCode.DONE


def _check_online(project: Project, milestone: Milestone) -> int:
    """Look at what the remote and the forge allow, and say what a run would be refused."""
    from ..adapters.process import Processes
    from ..model import Severity
    from ..render.plans import looked_ahead, not_made_yet
    from ..runner.wiring import open_forge, open_git
    from .doctor import look_ahead_of

    if milestone.repository.sample and not project.repository(milestone).exists():
        put(not_made_yet(milestone.repository.path))
        return ExitCode.DONE
    processes = Processes()
    try:
        git = open_git(project, milestone, processes, make=False)
        findings = look_ahead_of(project, milestone, git, open_forge(milestone, git, processes))
    finally:
        processes.stop()
    put(looked_ahead(findings))
    return ExitCode.FAILED if any(one.severity is Severity.CRITICAL for one in findings) else ExitCode.DONE


def plan_review(args: argparse.Namespace) -> int:
    """Review a plan: what cannot be verified, what is ambiguous, what is worth knowing."""
    from ..plan.review import EPIC, review, verdict
    from ..plan.specs import epic_text
    from ..render.plan_review import reviewed

    project = current_project()
    milestone = load_plan(project, args.milestone)
    findings = review(milestone, epic_text(project.plan(milestone.id), EPIC))
    put("\n".join([f"Plan review of {milestone.id}: {milestone.title}", *reviewed(milestone, findings), ""]))
    return ExitCode.FAILED if verdict(findings) == "ADDRESS CRITICALS" else ExitCode.DONE


def plan_matrix(args: argparse.Namespace) -> int:
    """List the issues that are ready now; each can run by itself with `--only`."""
    from ..runner.ready import ready

    project = current_project()
    numbers = ready(project, load_plan(project, args.milestone))
    put(list(numbers) if args.json else "".join(f"{number}\n" for number in numbers))
    return ExitCode.DONE


def plan_new(args: argparse.Namespace) -> int:
    """Write the skeleton of a new plan; on a terminal it asks for what no flag says."""
    from ..render.plans import plan_made
    from .scaffold import TITLE, default_target, write_plan

    project, name = current_project(), new_id(args)
    title = args.title or _ask("Title", TITLE)
    target = args.target or _ask("Target branch", default_target(project.root))
    issues = args.issues or _issue_count(_ask("Number of issues", "2"))
    put(plan_made(near(write_plan(project, name, title, target, issues)), name))
    return ExitCode.DONE


def _ask(what: str, default: str) -> str:
    """Return what the person types; the default where they type nothing, or this is not a terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return default
    try:
        return input(f"{what} [{default}]: ").strip() or default
    except EOFError:
        return default


def _issue_count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_ISSUES:
        raise UsageError(f"{text!r} is not a number of issues.", f"Give one from 1 to {MOST_ISSUES}.")
    return int(text)


def _add_plan_check(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    text = "ask the remote and the forge, too, what they would refuse: branches, rules, rights, labels"
    parser.add_argument("--online", action="store_true", help=text)


def _add_plan_new(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    parser.add_argument("--title", default="", help="what the milestone brings")
    parser.add_argument("--target", default="", metavar="BRANCH", help="target branch (default: the current one)")
    parser.add_argument("--issues", type=_issue_count, metavar="N", help="how many issues it begins with (default: 2)")


COMMANDS: Commands = {
    "plan": Group(
        "Work on a plan: check, review, matrix, new, import, push.",
        {
            "check": (plan_check, _add_plan_check),
            "review": (plan_review, add_milestone),
            "matrix": (plan_matrix, add_milestone_json),
            "new": (plan_new, _add_plan_new),
            "import": (plan_import, add_import),
            "push": (plan_push, add_push),
        },
    )
}
