"""Know which tasks a job of a split run leaves to another: one may push, the others may start commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.errors import PutOffError
from ..model import Step
from .graph import BOOTSTRAP

if TYPE_CHECKING:
    from ..model import RunOptions
    from .graph import Node

COMMANDS = frozenset({Step.SETUP, Step.IMPLEMENT, Step.LINT, Step.TEST, Step.INSPECT})
"""Steps that start commands which a tree can steer."""
WITHOUT_RIGHTS = COMMANDS | {Step.TEST_GATE, Step.INSPECT_GATE, Step.REVIEW, Step.REVIEW_GATE}
"""Steps that a job without rights takes."""


def put_off(node: Node, options: RunOptions) -> PutOffError | None:
    """Return why another job does a task; None where this one does.

    The baseline and the review begin outside: those two tasks say themselves where they would start a command.
    """
    if options.no_commands and node.step in COMMANDS:
        return PutOffError(f"{node.name} starts commands.", "A job without rights does that.")
    if options.mirror and node.step not in WITHOUT_RIGHTS and node.name != BOOTSTRAP:
        return PutOffError(f"{node.name} reaches the remote or the forge.", "The job that may push does that.")
    return None


def refuse_commands(options: RunOptions, what: str) -> None:
    """Raise PutOffError where a job may start no command, in a task that did its other part here."""
    if options.no_commands:
        raise PutOffError(f"In this job nothing starts by which {what}.", "A job without rights does that.")
