"""Wait until the merge queue of a branch merged a pull request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ...core.units import duration
from ...model import Finding, Kind, Severity
from ...steps.ci_checks import next_look

if TYPE_CHECKING:
    from ...model import PullRequest
    from ...steps.run_context import Adapters


def await_queue(outside: Adapters, pull: PullRequest, wait: int) -> PullRequest | Finding:
    """Wait at most `wait` seconds for a queued pull request; returns it merged, or why it is not."""
    began, what = time.monotonic(), f"PR #{pull.number}"
    while True:
        is_queued = outside.forge.is_queued(pull.number)  # before its state, so that a merge in between is seen
        now = next((one for one in outside.forge.pulls(pull.head) if one.number == pull.number), pull)
        waited = time.monotonic() - began
        if now.state == "merged":
            return now
        if not is_queued:
            message = f"{what} left the merge queue of {pull.base} without being merged: look there for its checks"
            return Finding(Kind.FORGE, Severity.CRITICAL, "merge-queue", message)
        if waited >= wait:
            message = f"{what} is in the merge queue of {pull.base} and not merged after {duration(wait)}"
            return Finding(Kind.CHECKS_PENDING, Severity.WARNING, "merge-queue", message)
        outside.processes.pause(next_look(waited, wait), "the merge queue", began)
