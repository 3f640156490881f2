"""Tell a flaky test from a broken one by how often it failed on the change and on its base. Pure.

A regression that always fails is never taken for flaky: who is flaky has passed on the change, in a run of all tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

CHANCE = 0.05
"""A difference between change and base that chance alone explains more rarely than this is the change's doing."""


@dataclass(frozen=True, slots=True)
class Tries:
    """How often a test ran, and how often it failed."""

    ran: int = 0
    failed: int = 0

    @property
    def passed(self) -> int:
        """How often it passed."""
        return self.ran - self.failed

    def __add__(self, other: Tries) -> Tries:
        """Return both together."""
        return Tries(self.ran + other.ran, self.failed + other.failed)


@dataclass(frozen=True, slots=True)
class Trials:
    """How a test that failed once ended when it ran again: alone, with all tests, and alone on the base."""

    alone: Tries = Tries()
    together: Tries = Tries()
    base: Tries = Tries()
    is_new: bool = False
    """Whether the base has no such test."""

    @property
    def change(self) -> Tries:
        """All runs on the change but the first, which is why there are others."""
        return self.alone + self.together

    @property
    def may_pass(self) -> bool:
        """Whether it is worth a run of all tests: it passes alone, fails on the base too, or cannot run alone."""
        return bool(self.alone.passed or self.base.failed or not self.alone.ran)

    @property
    def wavers(self) -> bool:
        """Whether it has failed and passed on one commit, so that more runs tell more."""
        return any(tries.passed and tries.failed for tries in (self.alone, self.base)) or bool(self.base.failed)

    @property
    def is_suspect(self) -> bool:
        """Whether it failed again on the change and never on the base: then only more runs tell whose doing it is."""
        passes = self.together.passed and not self.is_new
        return bool(passes and self.change.failed and self.base.ran and not self.base.failed)

    @property
    def is_flaky(self) -> bool:
        """Whether its failure says nothing about the change."""
        return not self.is_new and self.together.passed > 0 and chance(self.change, self.base) > CHANCE

    def __str__(self) -> str:
        """Say how often it failed, the first run included."""
        first = Tries(1, 1)
        change, base = self.change + first, "it is not on the base"
        if self.base.ran:
            base = f"{self.base.failed} of {self.base.ran} on the base"
        elif not self.is_new:
            base = "not run on the base"
        return f"failed in {change.failed} of {change.ran} runs on the change, {base}"


def chance(change: Tries, base: Tries) -> float:
    """Return how likely so many failures fall on the change where it fails as often as its base (Fisher's test)."""
    ran, failed = change.ran + base.ran, change.failed + base.failed
    if not change.ran or not base.ran:
        return 1.0
    ways = range(change.failed, min(failed, change.ran) + 1)
    return sum(comb(failed, many) * comb(ran - failed, change.ran - many) for many in ways) / comb(ran, change.ran)
