"""The commands about plans: check, review, matrix, new, import, push."""

from __future__ import annotations

import argparse
import sys

from ..core.errors import ExitCode, UsageError
from ..policy.naming import normalise
from .base import Commands, Group, add_milestone, add_milestone_json, current_project, load_plan, near, put
from .plan_sync import add_import, add_push, plan_import, plan_push

MOST_ISSUES = 99
"""Issues that a new plan is sketched with; nobody describes more at once."""


def plan_check(args: argparse.Namespace) -> int:
    """Check a plan and its review without running anything."""
    from ..core.units import count
    from ..plan.review import EPIC, review
    from ..plan.specs import epic_text
    from ..render.phrases import sign

    project = current_project()
    milestone = load_plan(project, args.milestone)
    findings = review(milestone, epic_text(project.plan(milestone.id), EPIC))
    issues, phases = count(len(milestone.issues), "issue"), count(len(milestone.phases), "phase")
    lines = [
        f"✓ plans/{milestone.id}/plan.yaml: {issues} in {phases}",
        *(f"  {sign(item)} {item.message}" for item in findings),
    ]
    put("\n".join(lines) + "\n")
    return ExitCode.DONE


def plan_review(args: argparse.Namespace) -> int:
    """Review a plan: what nobody could tell, what two people would read differently, what is worth knowing."""
    from ..plan.review import EPIC, review, verdict
    from ..plan.specs import epic_text
    from ..render.plan_review import reviewed

    project = current_project()
    milestone = load_plan(project, args.milestone)
    findings = review(milestone, epic_text(project.plan(milestone.id), EPIC))
    put("\n".join([f"Plan review of {milestone.id}: {milestone.title}", *reviewed(milestone, findings), ""]))
    return ExitCode.FAILED if verdict(findings) == "ADDRESS CRITICALS" else ExitCode.DONE


def plan_matrix(args: argparse.Namespace) -> int:
    """List the issues that are ready now, each of which can run by itself with `--only`."""
    from ..runner.ready import ready

    project = current_project()
    numbers = ready(project, load_plan(project, args.milestone))
    put(list(numbers) if args.json else "".join(f"{number}\n" for number in numbers))
    return ExitCode.DONE


def plan_new(args: argparse.Namespace) -> int:
    """Write the skeleton of a new plan; on a terminal what no flag says is asked."""
    from .scaffold import Sketch, default_target, sketch_plan

    project, name = current_project(), normalise(args.milestone)
    asks = sys.stdin.isatty() and sys.stdout.isatty()
    plain = Sketch()
    sketch = Sketch(
        args.title or _asked(asks, "Title", plain.title),
        args.target or _asked(asks, "Target branch", default_target(project.root)),
        args.issues or _how_many(_asked(asks, "Number of issues", str(plain.issues))),
    )
    path = sketch_plan(project, name, sketch)
    put(f"✓ made {near(path)}\nNow describe your issues in it, then `run-milestone plan review {name}`.\n")
    return ExitCode.DONE


def _asked(asks: bool, what: str, default: str) -> str:  # noqa: FBT001
    """Return what the person types, the default where they type nothing or nobody is there."""
    if not asks:
        return default
    try:
        return input(f"{what} [{default}]: ").strip() or default
    except EOFError:
        return default


def _how_many(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_ISSUES:
        raise UsageError(f"{text!r} is no number of issues.", f"Give one from 1 to {MOST_ISSUES}.")
    return int(text)


def _add_plan_new(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    parser.add_argument("--title", default="", help="what the milestone brings")
    parser.add_argument("--target", default="", metavar="BRANCH", help="where it ends (default: what is checked out)")
    parser.add_argument("--issues", type=_how_many, metavar="N", help="how many issues to sketch (default: 2)")


COMMANDS: Commands = {
    "plan": Group(
        "Work on a plan: check, review, matrix, new, import, push.",
        {
            "check": (plan_check, add_milestone),
            "review": (plan_review, add_milestone),
            "matrix": (plan_matrix, add_milestone_json),
            "new": (plan_new, _add_plan_new),
            "import": (plan_import, add_import),
            "push": (plan_push, add_push),
        },
    )
}
