"""How well a second look tells flaky tests from broken ones: `python -m bench.flaky [--changes N] [--seed N]`.

Each change meets one failing test. What the program decides is run as it is; only the runs of the test are drawn by
chance. A flaky test fails with the same probability on the change and on its base. A regression always fails on the
change: everywhere, or only together with the other tests.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from run_milestone.model import Case, Outcome
from run_milestone.policy.flakiness import Tries
from run_milestone.steps.flaky_tests import Reruns, SecondLook

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RATES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
TEST = Case("tests.test_a", "test_a", Outcome.FAILED)
RERUNS = 2
NOTHING: Any = None
"""Instead of what starts programs: none is started."""


@dataclass(frozen=True)
class Drawn(Reruns):
    """Runs of one test that fail by chance: `rate` alone, `with_all` where all tests run."""

    chance: random.Random
    rate: float
    with_all: float

    def alone(self, tests: Iterable[Case], times: int) -> dict[str, Tries]:
        """Draw runs of only these tests."""
        return {case.name: self._tries(times, self.rate) for case in tests}

    def together(self, tests: Iterable[Case], patience: Mapping[str, int]) -> dict[str, Tries]:
        """Draw runs of all tests until each has passed, or has run as often as its patience is."""
        return {case.name: self._until_it_passes(patience[case.name]) for case in tests}

    def _until_it_passes(self, times: int) -> Tries:
        total = Tries()
        while total.ran < times and not total.passed:
            total += self._tries(1, self.with_all)
        return total

    def _tries(self, times: int, rate: float) -> Tries:
        return Tries(times, sum(self.chance.random() < rate for _ in range(times)))


class Look(SecondLook):
    """A second look whose base is drawn as well."""

    def __init__(self, change: Drawn, base: Drawn) -> None:
        super().__init__(change, RERUNS, ctx=cast("Any", base))  # only the base is made of it
        self._base = base


def is_flaky(chance: random.Random, rate: float, alone: float, with_all: float) -> bool:
    """Return whether a test that failed once counts as flaky; on the base it fails with `rate`."""
    change = Drawn(NOTHING, NOTHING, NOTHING, NOTHING, chance, alone, with_all)
    base = Drawn(NOTHING, NOTHING, NOTHING, NOTHING, chance, rate, rate)
    before = Case(TEST.group, TEST.title, Outcome.FAILED if chance.random() < rate else Outcome.PASSED)
    return Look(change, base).look((TEST,), (before,))[TEST.name].is_flaky


@dataclass(frozen=True)
class Row:
    """What became of tests that fail at a `rate`."""

    rate: float
    wrong: float
    """Of the flaky tests that failed, the share that used up an attempt; without a second look all of them do."""
    caught: float
    """Of the tests that fail at that rate only since the change, the share that is sent back; the rest is a label."""
    hidden: int
    """Tests that fail always since the change, alone or with all others, and count as flaky."""


def measure(chance: random.Random, rate: float, changes: int) -> Row:
    """Return what became of as many failing tests of each kind."""
    wrong = sum(not is_flaky(chance, rate, rate, rate) for _ in range(changes)) / changes
    caught = sum(not is_flaky(chance, 0, rate, rate) for _ in range(changes)) / changes
    hidden = sum(is_flaky(chance, rate, 1, 1) + is_flaky(chance, rate, rate, 1) for _ in range(changes))
    return Row(rate, wrong, caught, hidden)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.flaky", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--changes", type=int, default=20_000, metavar="N", help="how many of each kind")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    args = parser.parse_args()
    rows = [measure(random.Random(args.seed), rate, args.changes) for rate in RATES]
    print(f"{args.changes:,} failing tests of each kind, `flaky: {{reruns: {RERUNS}}}`\n")
    print("| p | attempts wrongly used | made unstable by the change and sent back | regressions hidden |")
    print("| --- | --- | --- | --- |")
    for row in rows:
        print(f"| {row.rate:g} | {row.wrong:.1%} | {row.caught:.0%} | {row.hidden} of {2 * args.changes:,} |")
    return int(any(row.hidden for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
