"""errors: what a user is meant to read; every message ends with what to do next."""

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


INTERRUPTED = "\nrun-milestone: interrupted; what is recorded stays. The same command goes on from there.\n"
"""What is said after ^C."""


class UserError(Exception):
    """Something the user can mend: one sentence that says what is wrong, one that says what to do."""

    code = ExitCode.FAILED

    def __init__(self, what: str, do: str) -> None:
        """Join `what` is wrong and what to `do` about it into the text that is shown."""
        super().__init__(f"{what} {do}")
        self.what = what
        self.do = do


class UsageError(UserError):
    """The command line, the plan or the project is not usable as given."""

    code = ExitCode.USAGE


class BusyError(UserError):
    """Another run of the same milestone holds the lock."""

    code = ExitCode.BUSY


class PlanError(UsageError):
    """A plan that cannot be used, with every reason at once."""

    def __init__(self, problems: Iterable[str], *, more: bool = False) -> None:
        """Take lines of the form `FILE:LINE:COL: where: what is wrong, what was expected`; `more` is not shown."""
        self.problems = tuple(problems)
        count = "1 error" if len(self.problems) == 1 else f"{len(self.problems)} errors"
        count = f"The first {count}" if more else count
        super().__init__("\n".join(self.problems), f"\n{count} in the plan; mend and run the same command again.")


class DamagedStateError(UserError):
    """A file below `state/` that cannot be read; it is never taken for absent or for success."""


class OutsideError(UserError):
    """git, the forge, an agent or a tool failed or gave an answer that cannot be trusted."""


class Interrupted(UserError):
    """The run was asked to stop (SIGINT, SIGTERM, SIGHUP); everything recorded so far stays."""

    code = ExitCode.INTERRUPTED


class Panic(Interrupted):
    """A person at the prompt wants everything to stop at once, and nothing that it left to be merged."""
