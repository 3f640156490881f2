"""Decide which failures a quarantine excuses, and say what became of its tests. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Outcome
from .test_names import named

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from ..model import Case, Quarantined


def in_force(entries: Iterable[Quarantined], today: date) -> tuple[Quarantined, ...]:
    """Return the entries whose last day is not over."""
    return tuple(entry for entry in entries if today.isoformat() <= entry.until)


def excused(entries: Iterable[Quarantined], cases: Sequence[Case]) -> frozenset[str]:
    """Return the names of the tests in quarantine, of those that ran."""
    return frozenset(case.name for entry in entries for case in named(entry.test, cases))


def notes(entries: Iterable[Quarantined], cases: Sequence[Case]) -> dict[str, str]:
    """Return what became of each test in quarantine, by the name in the plan."""
    return {entry.test: f"{_ended(entry, cases)} ({entry.issue}, until {entry.until})" for entry in entries}


def _ended(entry: Quarantined, cases: Sequence[Case]) -> str:
    meant = named(entry.test, cases)
    if not meant:
        return "no test of that name ran"
    failed = sum(case.outcome is Outcome.FAILED for case in meant)
    if failed:
        return "failed" if len(meant) == 1 else f"{failed} of its {len(meant)} runs failed"
    return "passed" if any(case.outcome is Outcome.PASSED for case in meant) else "was skipped"
