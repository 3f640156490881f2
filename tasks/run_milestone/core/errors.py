"""Errors that a user reads. Every message says what is wrong and what to do next."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class ExitCode(IntEnum):
    """Exit codes of `run-milestone` (docs/reference/exit-codes.md)."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    WAITING = 3
    BUDGET = 4
    BUSY = 5
    INTERRUPTED = 130


INTERRUPTED = "\nrun-milestone: interrupted. Progress is saved; run the same command to resume.\n"
"""The message after ^C."""


class UserError(Exception):
    """An error that the user can fix: one sentence says what is wrong, one says what to do."""

    code = ExitCode.FAILED

    def __init__(self, what: str, do: str) -> None:
        """Join `what` is wrong and what to `do` about it into the text that is shown."""
        super().__init__(f"{what} {do}")
        self.what = what
        self.do = do


class UsageError(UserError):
    """The command line, the plan or the project cannot be used as it is."""

    code = ExitCode.USAGE


class BusyError(UserError):
    """Another run of the same milestone holds the lock."""

    code = ExitCode.BUSY


class PlanError(UsageError):
    """A plan that cannot be used, with all its problems."""

    def __init__(self, problems: Iterable[str], *, more: bool = False) -> None:
        """Take lines `FILE:LINE:COL: where: what is wrong, what was expected`. `more`: others are not shown."""
        self.problems = tuple(problems)
        count = "1 error" if len(self.problems) == 1 else f"{len(self.problems)} errors"
        count = f"The first {count}" if more else count
        super().__init__("\n".join(self.problems), f"\n{count} in the plan. Fix them and run the same command again.")


class DamagedStateError(UserError):
    """A file below `state/` that cannot be read. It never counts as missing or as success."""


class OutsideError(UserError):
    """git, the forge, an agent or a tool failed, or gave an invalid answer."""


class Interrupted(UserError):
    """The run was asked to stop (SIGINT, SIGTERM, SIGHUP). Progress is saved."""

    code = ExitCode.INTERRUPTED


class PutOffError(UserError):
    """A task of a split run that another job does: one that may start commands, or one that may push."""


class Panic(Interrupted):
    """A person chose panic at the prompt: stop everything at once, and leave pull requests as drafts."""
