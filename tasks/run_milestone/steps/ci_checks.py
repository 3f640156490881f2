"""Wait for the forge's checks on a pull request; a check that has not ended does not count as passed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.units import duration
from ..model import CheckState, Finding, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Check, Checks
    from .run_context import Adapters

SHORTEST, LONGEST = 1.0, 30.0
"""Seconds between two questions to the forge: a tenth of what was waited so far, within these."""

LOG = 2_000
"""Characters of a failed check's log that are shown and sent, from its end."""

KINDS = frozenset({Kind.CHECKS, Kind.CHECKS_PENDING})


@dataclass(frozen=True, slots=True)
class Standing:
    """How the checks that count stand; `missing` are names that the plan requires and the forge does not know."""

    failed: tuple[Check, ...] = ()
    pending: tuple[Check, ...] = ()
    missing: tuple[str, ...] = ()
    started: bool = False

    @property
    def ended(self) -> bool:
        """Whether waiting longer changes nothing: one failed, or all passed."""
        return bool(self.failed) or not (self.pending or self.missing)


def standing(checks: tuple[Check, ...], required: tuple[str, ...]) -> Standing:
    """Judge the checks that count: those the plan names, else those the forge requires, else all there are."""
    demanded = [check for check in checks if check.required]
    counted = [check for check in checks if check.name in required] if required else demanded or list(checks)
    return Standing(
        tuple(check for check in counted if check.state is CheckState.FAILED),
        tuple(check for check in counted if check.state is CheckState.PENDING),
        tuple(name for name in required if name not in {check.name for check in checks}),
        bool(checks),
    )


def await_checks(outside: Adapters, number: int, plan: Checks) -> tuple[Finding, ...]:
    """Wait for the checks of a pull request, for the plan's limit at most; returns what speaks against going on."""
    began = time.monotonic()
    while True:
        now = standing(outside.forge.checks(number), plan.required)
        waited = time.monotonic() - began
        if now.ended or waited >= plan.wait:
            return tuple(_findings(now, number, plan))
        outside.processes.pause(next_look(waited, plan.wait), "checks", began)


def next_look(waited: float, limit: int) -> float:
    """Return in how many seconds to look again: the longer the wait, the more rarely, and never after the limit."""
    return min(max(SHORTEST, waited / 10), LONGEST, limit - waited)


def _findings(now: Standing, number: int, plan: Checks) -> Iterator[Finding]:
    if now.failed:
        yield from (_failed(check) for check in now.failed)
        return
    limit = duration(plan.wait)
    for check in now.pending:
        yield _waiting(check.name, f"{check.name} on PR #{number} has not ended after {limit}{_at(check)}")
    if now.missing and not now.started:
        yield _waiting("never started", _never(number, now.missing, limit))
    elif now.missing:
        yield from (_waiting(name, f"{name} on PR #{number} has not started after {limit}") for name in now.missing)


def _failed(check: Check) -> Finding:
    tail = check.log[-LOG:].strip() or None
    return Finding(Kind.CHECKS, Severity.CRITICAL, check.name, f"{check.name} failed{_at(check)}", detail=tail)


def _waiting(rule: str, message: str) -> Finding:
    return Finding(Kind.CHECKS_PENDING, Severity.WARNING, rule, message)


def _never(number: int, names: tuple[str, ...], limit: str) -> str:
    return (
        f"No check ever started on PR #{number} within {limit}, and the plan requires {', '.join(names)}; a pull "
        "request that was opened with the token of GitHub Actions starts none: close it and open it again as a person"
    )


def _at(check: Check) -> str:
    return f" ({check.url})" if check.url else ""
