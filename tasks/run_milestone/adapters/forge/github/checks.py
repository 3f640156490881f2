"""Read the checks on a pull request's head, with the logs of those that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....core.errors import OutsideError
from ....model import CheckState
from .base import Repository
from .graphql import checks_of

if TYPE_CHECKING:
    from ....model import Check
    from .responses import Run


class Checks(Repository):
    """The checks of one repository."""

    def checks(self, number: int) -> tuple[Check, ...]:
        """Return the checks on the head. A failed one of GitHub Actions has the end of its job's log."""
        runs = checks_of(self._gh, number)
        return tuple(run.to_model(self._log(run) if run.state is CheckState.FAILED else "") for run in runs)

    def _log(self, run: Run) -> str:
        summary = "\n".join(filter(None, (run.summary, run.text)))
        if run.job is None:
            return summary
        try:
            return self._gh.do("api", self._gh.path(f"actions/jobs/{run.job}/logs"))
        except OutsideError as error:  # a missing log makes the check no less red
            return summary or f"no log: {error.what}"
