"""What tells a flaky test from a broken one."""

import pytest

from run_milestone.policy.flakiness import Trials, Tries, chance

ROWS = [
    ("passes again", Trials(Tries(2, 0), Tries(1, 0), Tries(3, 0)), True),
    ("fails on both at times", Trials(Tries(2, 1), Tries(2, 1), Tries(3, 1)), True),
    ("fails always", Trials(Tries(2, 2), Tries(), Tries(3, 0)), False),
    ("fails always, on the base at times", Trials(Tries(2, 2), Tries(6, 6), Tries(3, 1)), False),
    ("fails with all others", Trials(Tries(2, 0), Tries(2, 2), Tries(3, 0)), False),
    ("is new", Trials(Tries(2, 0), Tries(1, 0), is_new=True), False),
    ("fails often since the change", Trials(Tries(8, 6), Tries(1, 0), Tries(9, 0)), False),
    ("fails as often as before", Trials(Tries(8, 6), Tries(1, 0), Tries(9, 5)), True),
    ("has no base", Trials(Tries(2, 0), Tries(1, 0)), True),
]


@pytest.mark.parametrize(("trials", "flaky"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_only_what_passes_with_all_is_flaky(trials, flaky):
    assert trials.is_flaky is flaky


def test_chance_is_fishers():
    assert chance(Tries(9, 6), Tries(9, 0)) == pytest.approx(84 / 18564)
    assert chance(Tries(3, 0), Tries(3, 3)) == 1
