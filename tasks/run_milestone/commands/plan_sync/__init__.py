"""Commands that copy between a plan and issues on the forge: plan import, plan push."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import ExitCode
from ..base import add_milestone, current_project, load_plan, new_id, put

if TYPE_CHECKING:
    import argparse


def plan_import(args: argparse.Namespace) -> int:
    """Make a plan from the issues of a milestone on the forge, or add what is new there to a plan."""
    from .import_ import import_plan

    lines = import_plan(current_project(), new_id(args), args.title, dry=args.dry_run)
    put("".join(f"{line}\n" for line in lines))
    return ExitCode.DONE


def plan_push(args: argparse.Namespace) -> int:
    """Create the issues of a plan that the forge does not have, and write their numbers into the plan."""
    from ...render.plans import nothing_to_push
    from .push import push_plan

    project = current_project()
    milestone = load_plan(project, args.milestone)
    lines = 0
    for line in push_plan(project, milestone, dry=args.dry_run):
        put(f"{line}\n")
        lines += 1
    if not lines:
        put(nothing_to_push(milestone))
    return ExitCode.DONE


def add_import(parser: argparse.ArgumentParser) -> None:
    """Let `plan import` name the milestone on the forge."""
    add_milestone(parser)
    parser.add_argument(
        "--from", default="", metavar="TITLE", dest="title", help="what it is called there (default: the plan's title)"
    )
    _add_dry_run(parser)


def add_push(parser: argparse.ArgumentParser) -> None:
    """Let `plan push` name the milestone."""
    add_milestone(parser)
    _add_dry_run(parser)


def _add_dry_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="tell what would be done; change nothing")
