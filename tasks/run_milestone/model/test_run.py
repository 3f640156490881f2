"""What one run of a test command reports: each test, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """How a test ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


NOTHING_COLLECTED = "no tests were collected"
"""The problem of a run that had no tests to run."""


def is_empty(problem: str | None) -> bool:
    """Return whether a run, or that of a part, only had no tests to run."""
    return (problem or "").endswith(NOTHING_COLLECTED)


@dataclass(frozen=True, slots=True)
class Case:
    """One test of a report. `group` is its class or module there; `file` and `suite` are empty where it names none."""

    group: str
    title: str
    outcome: Outcome
    file: str = ""
    suite: str = ""
    output: str = ""
    """Why it failed: the assertion and the last lines, bounded."""

    @property
    def name(self) -> str:
        """The test's name in evidence: `tests.test_a.TestB::test_c`."""
        return f"{self.group}::{self.title}" if self.group else self.title


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many changed lines are executable, how many the tests ran, and which they missed (`src/a.py: 3-5`)."""

    lines: int
    covered: int
    missed: tuple[str, ...] = ()
    unseen: tuple[str, ...] = field(default=(), metadata={"later": True})
    """Changed files with code that the report does not know."""


@dataclass(frozen=True, slots=True)
class Imports:
    """From where the tests imported the packages of the repository, each as `name (place)`."""

    python: str = ""
    """The interpreter; empty where none said so."""
    places: tuple[str, ...] = ()
    """Relative to the tree."""
    elsewhere: tuple[str, ...] = ()
    """What came from another place than the tree: then the tests prove nothing about it."""
    unknown: bool = False
    """Whether the repository has Python packages, and no Python said from where it took them."""
