"""checks: what CI says of a pull request's head, with the logs of what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....core.errors import OutsideError
from ....model import CheckState
from .graphql import checks_of

if TYPE_CHECKING:
    from ....model import Check
    from .gh import Gh
    from .responses import Run


class Checks:
    """The checks of one repository."""

    def __init__(self, gh: Gh) -> None:
        self._gh = gh

    def of(self, number: int) -> tuple[Check, ...]:
        """Return the checks on the head; a failed one of GitHub Actions with the end of its job's log."""
        runs = checks_of(self._gh, number)
        return tuple(run.told(self._log(run) if run.state is CheckState.FAILED else "") for run in runs)

    def _log(self, run: Run) -> str:
        told = "\n".join(filter(None, (run.summary, run.text)))
        if run.job is None:
            return told
        try:
            return str(self._gh.do("api", self._gh.path(f"actions/jobs/{run.job}/logs")))
        except OutsideError as error:  # a log that is gone makes the check no less red
            return told or f"no log: {error.what}"
