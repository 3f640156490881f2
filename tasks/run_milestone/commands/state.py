"""The commands of the shared state: state pull, push, show, lock, unlock."""

from __future__ import annotations

import argparse

from ..core.errors import ExitCode
from .base import Commands, Group, add_milestone, add_milestone_json, current_project, load_plan, put


def state_pull(args: argparse.Namespace) -> int:
    """Bring the state that others pushed, and the branches it speaks of."""
    from .state_exchange import pull

    project = current_project()
    put("\n".join([*pull(project, load_plan(project, args.milestone)), ""]))
    return ExitCode.DONE


def state_push(args: argparse.Namespace) -> int:
    """Send the state that was recorded here, merged with what others sent."""
    from .state_exchange import push

    project = current_project()
    put("\n".join([*push(project, load_plan(project, args.milestone)), ""]))
    return ExitCode.DONE


def state_show(args: argparse.Namespace) -> int:
    """Tell what the remote has: who pushed last and when, what is in it, who holds the lock."""
    from ..core.text import for_terminal
    from .state_exchange import shown, tell

    project = current_project()
    facts = tell(project, load_plan(project, args.milestone))
    put(facts if args.json else "\n".join([*(for_terminal(line) for line in shown(facts)), ""]))
    return ExitCode.DONE


def state_lock(args: argparse.Namespace) -> int:
    """Lock the milestone's runs on all machines, and print the lock's id."""
    from .state_exchange import lock

    project = current_project()
    put(f"{lock(project, load_plan(project, args.milestone), args.lock).id}\n")
    return ExitCode.DONE


def state_unlock(args: argparse.Namespace) -> int:
    """Take the lock away; only its id does that."""
    from .state_exchange import unlock

    project = current_project()
    milestone = load_plan(project, args.milestone)
    there = unlock(project, milestone, args.lock)
    put(f"✓ {milestone.id} is unlocked\n" if there else f"· {milestone.id} was not locked\n")
    return ExitCode.DONE


def add_state_ref(parser: argparse.ArgumentParser) -> None:
    """Let a command keep the state on the remote."""
    parser.add_argument("--state-ref", action="store_true", help="keep the state on a ref of the remote, with a lock")


def add_lock(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Let a command name the lock that the jobs of one run share."""
    text = "the id of the lock" if required else "an id of your own; who gives the same one works under the same lock"
    parser.add_argument("--lock", metavar="LOCK", required=required, help=text)


def _add_lock(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    add_lock(parser)


def _add_unlock(parser: argparse.ArgumentParser) -> None:
    add_milestone(parser)
    add_lock(parser, required=True)


COMMANDS: Commands = {
    "state": Group(
        "Work on the state that machines share: pull, push, show, lock, unlock.",
        {
            "pull": (state_pull, add_milestone),
            "push": (state_push, add_milestone),
            "show": (state_show, add_milestone_json),
            "lock": (state_lock, _add_lock),
            "unlock": (state_unlock, _add_unlock),
        },
    )
}
