"""What a run was asked for on its command line."""

from __future__ import annotations

import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manner:
    """What a run does in another way than usual, as its flags say."""

    unreviewed: str | None = None
    """Who leaves out code review, None where nobody does."""
    plan_unreviewed: str | None = None
    """Who leaves out the plan's review."""
    one_tree: bool = False
    """Whether all issues share one tree, and people work in their own checkout."""
    prompts: bool = False
    """Whether the caller answers questions, so that no commands are listed."""
    standalone: bool = False
    """Whether the run begins and ends with doit's own."""
    verbose: bool = False
    """Whether it says of every task why it runs or does not."""
    doing: str = ""
    """What it does instead of running (Landing), as its banner says."""
    about: tuple[str, ...] = ()
    """The issues it is about, where other runs work on the others' at the same time."""


@dataclass(frozen=True, slots=True)
class Mode:
    """How a run goes, as its flags say. `time` is in seconds, `money` in US dollars; None leaves the plan's limit."""

    only: tuple[str, ...] = ()
    own: bool = False
    """Run no issue, only what is the milestone's own: bootstrap, plan review, barriers, end."""
    jobs: int = 1
    autonomous: bool = False
    watch: bool = False
    verbose: bool = False
    metrics: bool = False
    skip_code_review: bool = False
    skip_plan_review: bool = False
    no_worktree: bool = False
    time: float | None = None
    money: float | None = None
    shared: bool = False
    """Whether the state is kept on the remote; `lock` is the id of the lock that the jobs of one run share."""
    lock: str | None = None


def asks(mode: Mode) -> bool:
    """Return whether somebody can be asked: on a terminal, and nobody else answers."""
    return not mode.autonomous and not mode.watch and sys.stdin.isatty() and sys.stdout.isatty()
