"""What a plan says about verdicts of tests: their files, how often a failing one runs again, quarantine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FlakySpec:
    """How often a failing test runs again, on the change and on its base, before its failure counts."""

    reruns: int = 2


@dataclass(frozen=True, slots=True)
class KnownTests:
    """Which files are tests beside those that their names tell, as patterns."""

    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A test that runs, and whose failure does not count `until` a day (ISO 8601), that day included."""

    test: str
    issue: str
    """Where somebody works at it: a number or a URL."""
    until: str
